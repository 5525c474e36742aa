package engine

import (
	"context"
	"math"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/pathint"
)

// aisBothWays anneals forward from exact draws, and back from chains at path.tilt; the
// parts of the chains follow those of the forward runs.
type aisBothWays struct{ *ais }

// AISBackPart is one chain at path.tilt: the log weight of each run back, and O of the draw it
// started from.
type AISBackPart struct{ LogW, O []float64 }

// AISEitherPart is a part of runs forward, or of a chain.
type AISEitherPart struct {
	Forward *AISPart
	Back    *AISBackPart
}

func (a *aisBothWays) forward() int        { return a.ais.Parts() }
func (a *aisBothWays) Parts() int          { return a.forward() + a.cfg.Chains }
func (a *aisBothWays) NewResult() any      { return new(AISEitherPart) }
func (a *aisBothWays) backRuns() int       { return (a.cfg.Runs + a.cfg.Chains - 1) / a.cfg.Chains }
func (a *aisBothWays) perSweep() float64   { return float64(a.setup.Config.Steps * len(a.setup.Moves)) }
func (a *aisBothWays) backStages() float64 { return float64(1 + (a.cfg.Stages-1)*a.cfg.Sweeps) }

func (a *aisBothWays) Work(part int) float64 {
	if part < a.forward() {
		return a.ais.Work(part)
	}
	return a.perSweep() * (float64(a.cfg.Warm+a.cfg.Burn) + float64(a.backRuns())*(float64(a.cfg.Spacing)+a.backStages()))
}

// aisBackState is a chain between two runs back.
type aisBackState struct {
	Source *rng.Stream
	Chain  []byte
	Result *AISBackPart
}

func (a *aisBothWays) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	if part < a.forward() {
		r, err := a.ais.Run(ctx, part, progress)
		if err != nil {
			return nil, err
		}
		return &AISEitherPart{Forward: r.(*AISPart)}, nil
	}
	m, err := a.env.NewModel()
	if err != nil {
		return nil, err
	}
	chain, err := a.setup.Chain(m, a.setup.Config.Tilt)
	if err != nil {
		return nil, err
	}
	l, err := pathint.NewTilted(chain)
	if err != nil {
		return nil, err
	}
	i := part - a.forward()
	src := a.env.Part(a.name+"/"+a.setup.Config.Action+"/back", i)
	back, saved := &AISBackPart{}, aisBackState{}
	if SessionOf(ctx).Restore(&saved) {
		*src, back = *saved.Source, saved.Result
		err = unmarshal(chain, saved.Chain)
	} else if err = a.setup.start(chain, i, src); err == nil {
		chain.Warm(a.cfg.Warm, src)
		for range a.cfg.Burn {
			chain.Sweep(src)
		}
	}
	if err != nil {
		return nil, err
	}
	schedule := pathint.Ramp(0, a.setup.Config.Tilt, a.cfg.Stages)
	var state []float64
	for j := len(back.LogW); j < a.backRuns(); j++ {
		if err := SessionOf(ctx).Offer(ctx, func() any { return aisBackState{src, marshal(chain), back} }); err != nil {
			return nil, err
		}
		for range a.cfg.Spacing {
			l.Sweep(src)
		}
		back.O = append(back.O, l.Slope())
		state = l.Save(state[:0])
		back.LogW = append(back.LogW, pathint.AnnealBack(l, schedule, a.cfg.Sweeps, src))
		l.SetLambda(a.setup.Config.Tilt)
		l.Restore(state)
		progress(a.Work(part) * float64(j+1) / float64(a.backRuns()))
	}
	return &AISEitherPart{Back: back}, nil
}

func (a *aisBothWays) split(parts []any) (forward []any, logR, o [][]float64) {
	for _, p := range parts {
		if e := p.(*AISEitherPart); e.Forward != nil {
			forward = append(forward, e.Forward)
		} else {
			logR, o = append(logR, e.Back.LogW), append(o, e.Back.O)
		}
	}
	return
}

// analysedAIS is everything the runs say.
type analysedAIS struct {
	forward, reverse, bar pathint.Estimate
	bounds                pathint.Bounds
}

func (a *aisBothWays) analyse(parts []any) analysedAIS {
	forward, logR, o := a.split(parts)
	r := analysedAIS{forward: a.ais.estimate(forward)}
	var logF []float64
	for _, p := range forward {
		logF = append(logF, p.(*AISPart).LogW...)
	}
	r.reverse, r.bar, r.bounds = pathint.Reversed(logF, logR, o)
	return r
}

// estimates are those of either direction, which share no draws; where one is refused,
// Bennett's ratio speaks for both.
func (a *aisBothWays) estimates(parts []any) []pathint.Estimate {
	r := a.analyse(parts)
	switch {
	case r.forward.Err == nil && r.reverse.Err == nil:
		return []pathint.Estimate{r.forward, r.reverse}
	case r.forward.Err == nil:
		return []pathint.Estimate{r.bar, r.reverse}
	case r.reverse.Err == nil:
		return []pathint.Estimate{r.bar, r.forward}
	}
	return []pathint.Estimate{r.bar, r.forward, r.reverse}
}

// Finish writes a row of each direction, Bennett's ratio, and the bounds.
func (a *aisBothWays) Finish(parts []any, out *Output) (Outcome, error) {
	r := a.analyse(parts)
	s := a.setup.Config.Tilt
	a.write(r.forward, s, out)
	a.write(r.reverse, s, out)
	outcome := a.write(r.bar, s, out)
	a.writeBound("ais-lower", "at least", r.bounds.Lower, r.bounds.LowerErr, "", out)
	a.writeBound("ais-upper", "at most", r.bounds.Upper, r.bounds.UpperErr, refusal(r.reverse, r.bar), out)
	return outcome, nil
}

// writeBound writes the mean log weight of one direction (Jensen).
func (a *aisBothWays) writeBound(name, side string, value, stderr float64, doubt string, out *Output) {
	status := "ok; a bound: log Z is " + side + " its expectation"
	if doubt != "" {
		status, value, stderr = "no-estimate: "+doubt, math.NaN(), math.NaN()
	}
	out.Table(Partition).Add("log_z_bound", name, "s", a.setup.Config.Tilt, a.setup.measure(), value, stderr, stderr, nil, nil, nil, nil, nil, status)
}

// refusal is why draws at path.tilt must not be used: no equilibrium, which the other
// reasons of an estimate (its weights) are not.
func refusal(es ...pathint.Estimate) string {
	for _, e := range es {
		if r, ok := analysis.Refused(e.Err); ok && r.Reason != analysis.HeavyWeights && r.Reason != analysis.InfiniteVariance && r.Reason != analysis.LowOverlap {
			return e.Err.Error()
		}
	}
	return ""
}
