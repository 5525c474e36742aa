package engine

import (
	"context"
	"fmt"
	"math"

	"machlup/analysis"
	"machlup/internal/record"
)

// HysteresisConfig configures ramps of a control parameter, there and back.
type HysteresisConfig struct {
	Observable string  `toml:"observable" doc:"order parameter m, one of the selected observables"`
	Key        string  `toml:"key" doc:"dotted key of the number that is ramped, such as \"system.curie-weiss.field\", \"noise.temperature_g\" or a learning rate; whatever it has in the file is not used"`
	From       float64 `toml:"from" range:"(-inf,inf)" unit:"control" doc:"value at the beginning and the end of the loop"`
	To         float64 `toml:"to" range:"(-inf,inf)" unit:"control" doc:"value at the turning point"`
	Points     int     `toml:"points" range:"[4,100000]" unit:"1" doc:"values on the way from one to the other, both included; the ramp is a staircase"`
	Dwells     []int   `toml:"dwells" range:"[1,inf)" unit:"step" doc:"steps at each value, one loop for each: the rate of a ramp is |to − from|/(points·dwell)"`
	Warmup     int     `toml:"warmup" range:"[0,inf)" unit:"step" doc:"steps at from before the loop"`
	Chains     int     `toml:"chains" range:"[1,100000]" unit:"1" doc:"independent loops at each rate, for the errors"`
}

// DefaultHysteresis is the configuration with no key set.
func DefaultHysteresis() HysteresisConfig {
	return HysteresisConfig{Observable: "rho", Key: "noise.temperature_g", To: 0.01, Points: 41, Dwells: []int{10, 30, 100, 300}, Warmup: 100, Chains: 8}
}

type hysteresis struct {
	cfg  HysteresisConfig
	env  Env
	cols []record.Column
	obs  int
	size float64
}

// NewHysteresis checks the configuration against the model at both ends of the ramp.
func NewHysteresis(cfg HysteresisConfig, env Env, m *Model) (Runner, error) {
	h := &hysteresis{cfg: cfg, env: env, cols: observableColumns(m.Observer), size: float64(m.Size)}
	if h.obs = indexOf(h.cols, cfg.Observable); h.obs < 0 {
		return nil, &KeyError{"observable", fmt.Sprintf("%q", cfg.Observable), "one of the selected observables: " + columnNames(h.cols)}
	}
	switch {
	case cfg.From == cfg.To:
		return nil, &KeyError{"to", fmt.Sprint(cfg.To), "a value that differs from from"}
	case len(cfg.Dwells) == 0:
		return nil, &KeyError{"dwells", "no value", "one or more numbers of steps; three or more give the exponent of the area"}
	case cfg.Key == "":
		return nil, &KeyError{"key", "nothing", "the dotted key of the number that is ramped"}
	}
	for i, d := range cfg.Dwells {
		for _, other := range cfg.Dwells[:i] {
			if d == other {
				return nil, &KeyError{"dwells", fmt.Sprintf("%d twice", d), "each once: use chains for repeats"}
			}
		}
	}
	for _, v := range []float64{cfg.From, cfg.To} {
		at, err := env.NewModelAt(cfg.Key, v)
		if err != nil {
			return nil, err
		}
		if at.Map.Dim() != m.Map.Dim() || at.Map.Config() != m.Map.Config() {
			return nil, &KeyError{"key", fmt.Sprintf("%q, which changes the number of components", cfg.Key), "a number that leaves the state as it is"}
		}
	}
	return h, nil
}

// HysteresisPart is one loop: mean of m at each value, there and back.
type HysteresisPart struct {
	DivergedStep int
	Mean         []float64 // 2·points
}

func (h *hysteresis) Parts() int { return len(h.cfg.Dwells) * h.cfg.Chains }
func (h *hysteresis) Work(part int) float64 {
	return float64(h.cfg.Warmup + 2*h.cfg.Points*h.cfg.Dwells[part/h.cfg.Chains])
}
func (h *hysteresis) NewResult() any { return new(HysteresisPart) }

// control is the value of leg i of 2·points.
func (h *hysteresis) control(i int) float64 {
	n := h.cfg.Points
	return between(h.cfg.From, h.cfg.To, min(i, 2*n-1-i), n)
}

// hysteresisState is a loop on its way.
type hysteresisState struct {
	Trajectory TrajectoryState
	Sum        float64
	Mean       []float64
}

func (h *hysteresis) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	dwell := h.cfg.Dwells[part/h.cfg.Chains]
	m, err := h.env.NewModelAt(h.cfg.Key, h.cfg.From)
	if err != nil {
		return nil, err
	}
	t, sum := newTrajectory(m, h.env.Part("hysteresis", part)), 0.0
	var mean []float64
	session, saved := SessionOf(ctx), hysteresisState{}
	if session.Restore(&saved) {
		if err := t.restore(saved.Trajectory); err != nil {
			return nil, err
		}
		sum, mean = saved.Sum, saved.Mean
	}
	state := func() any { return hysteresisState{t.save(), sum, mean} }
	at, values := -1, make([]float64, len(h.cols))
	for {
		leg, within := 0, 0 // the step to come
		if done := t.k - h.cfg.Warmup; done >= 0 {
			leg, within = done/dwell, done%dwell
		}
		if leg == 2*h.cfg.Points {
			return &HysteresisPart{DivergedStep: -1, Mean: mean}, nil
		}
		if t.k%64 == 0 {
			if err := session.Offer(ctx, state); err != nil {
				return nil, err
			}
			progress(float64(t.k))
		}
		if leg != at {
			if t.m, err = h.env.NewModelAt(h.cfg.Key, h.control(leg)); err != nil {
				return nil, err
			}
			at, t.xi = leg, make([]float64, t.m.Map.Inputs()) // a temperature of 0 draws nothing
		}
		if !t.step() {
			return &HysteresisPart{DivergedStep: t.k, Mean: mean}, nil
		}
		if t.k <= h.cfg.Warmup {
			continue
		}
		t.m.Observer.Observe(values, t.config())
		sum += values[h.obs] / float64(dwell)
		if within == dwell-1 {
			mean, sum = append(mean, sum), 0
		}
	}
}

// rampResult is what the verdict needs of a task.
type rampResult struct {
	Observable        string // "" of runs of before it was kept
	Size              float64
	Slowest, Exponent *analysis.Estimate
}

func (h *hysteresis) PoolKey() string { return transitionPool }

// Pool is called where there is no sweep: nothing is left to compare. With one, the sweep's
// estimator takes the ramps as evidence.
func (h *hysteresis) Pool(tasks []Finished, out *Output) error { return poolTransitions(tasks, out) }

// Condense keeps the areas.
func (h *hysteresis) Condense(parts []any) []any {
	if len(parts) == 0 {
		return []any{&rampResult{Observable: h.cfg.Observable, Size: h.size}}
	}
	if _, done := parts[0].(*rampResult); done {
		return parts
	}
	r := &rampResult{Observable: h.cfg.Observable, Size: h.size}
	areas, _ := h.areas(parts)
	slow := 0
	for i, d := range h.cfg.Dwells {
		if d > h.cfg.Dwells[slow] {
			slow = i
		}
	}
	if a := areas[slow]; a.StdErr > 0 {
		a.Value = math.Abs(a.Value) // a lag: negative where m falls with the control parameter
		r.Slowest = &a
	}
	if l, err := h.exponent(areas); err == nil {
		r.Exponent = &l.Slope
	}
	return []any{r}
}

// areas are ∮ m dλ of the loops at each rate, with the number of loops: ∫(m back − m there)dλ
// by the trapezoid rule, positive where m lags behind a control parameter that it rises with, negative where it falls.
// The error is that over independent loops; NaN below three.
func (h *hysteresis) areas(parts []any) (areas []analysis.Estimate, loops []int) {
	n := h.cfg.Points
	for d := range h.cfg.Dwells {
		var of []float64
		for c := range h.cfg.Chains {
			p := parts[d*h.cfg.Chains+c].(*HysteresisPart)
			if p.DivergedStep >= 0 {
				continue
			}
			area := 0.0
			for i := 0; i+1 < n; i++ {
				gap := func(i int) float64 { return p.Mean[2*n-1-i] - p.Mean[i] }
				area += (gap(i) + gap(i+1)) / 2 * (h.control(i+1) - h.control(i))
			}
			of = append(of, area)
		}
		areas, loops = append(areas, overLoops(of)), append(loops, len(of))
	}
	return areas, loops
}

// overLoops is the mean over independent values; the error is NaN below three.
func overLoops(x []float64) analysis.Estimate {
	var m analysis.Moments
	for _, v := range x {
		m.Add(v)
	}
	switch {
	case len(x) == 0:
		return analysis.Estimate{Value: math.NaN(), StdErr: math.NaN()}
	case len(x) < 3:
		return analysis.Estimate{Value: m.Mean(), StdErr: math.NaN()}
	}
	return analysis.Estimate{Value: m.Mean(), StdErr: m.StdErr()}
}

func (h *hysteresis) rate(dwell int) float64 {
	return math.Abs(h.cfg.To-h.cfg.From) / float64(h.cfg.Points*dwell)
}

// exponent fits |area| ∼ rate^x.
func (h *hysteresis) exponent(areas []analysis.Estimate) (analysis.Line, error) {
	var rates []float64
	var size []analysis.Estimate
	for i, a := range areas {
		if a.StdErr > 0 {
			rates = append(rates, h.rate(h.cfg.Dwells[i]))
			size = append(size, analysis.Estimate{Value: math.Abs(a.Value), StdErr: a.StdErr})
		}
	}
	if len(rates) < 3 {
		return analysis.Line{}, fmt.Errorf("rates whose area has an error: %d; three are needed for an exponent and its test", len(rates))
	}
	return analysis.PowerLaw(rates, size)
}

// Finish writes the loops, their areas and the exponent of the area.
func (h *hysteresis) Finish(parts []any, out *Output) (Outcome, error) {
	outcome := Done()
	diverged := 0
	for _, p := range parts {
		if k := p.(*HysteresisPart).DivergedStep; k >= 0 {
			diverged++
			outcome.DivergedStep = k
		}
	}
	if diverged == len(parts) {
		outcome.Status, outcome.Note = Diverged, "every loop diverged"
		return outcome, nil
	}
	if diverged > 0 {
		outcome.Note = fmt.Sprintf("%d of %d loops diverged and are left out", diverged, len(parts))
	}
	areas, loops := h.areas(parts)
	for d, dwell := range h.cfg.Dwells {
		h.writeLoop(parts[d*h.cfg.Chains:(d+1)*h.cfg.Chains], dwell, out)
		status := "ok"
		if !(areas[d].StdErr >= 0) {
			status = fmt.Sprintf("loops: %d; fewer than three have no error", loops[d])
		}
		out.Table(HysteresisArea).Add(h.size, h.rate(dwell), dwell, areas[d].Value, areas[d].StdErr, loops[d], status, h.cols[h.obs].Name, h.cfg.Key, h.cfg.From, h.cfg.To)
	}
	l, err := h.exponent(areas)
	switch {
	case err != nil:
		out.Table(Summary).Add("hysteresis exponent", nil, nil, nil, nil, "1", err.Error())
	case l.P < 1e-3:
		out.Table(Summary).Add("hysteresis exponent", l.Slope.Value, l.Slope.StdErr, nil, nil, "1", fmt.Sprintf("area ∼ rate^x does not fit all rates (p = %.1g): the error is too small", l.P))
	default:
		out.Table(Summary).Add("hysteresis exponent", l.Slope.Value, l.Slope.StdErr, nil, nil, "1", "ok; area ∼ rate^x")
	}
	return outcome, nil
}

func (h *hysteresis) writeLoop(parts []any, dwell int, out *Output) {
	for i := range 2 * h.cfg.Points {
		var at []float64
		for _, p := range parts {
			if p := p.(*HysteresisPart); p.DivergedStep < 0 {
				at = append(at, p.Mean[i])
			}
		}
		direction := "there"
		if i >= h.cfg.Points {
			direction = "back"
		}
		m := overLoops(at)
		out.Table(HysteresisTable).Add(h.size, h.cols[h.obs].Name, h.rate(dwell), dwell, direction, h.control(i), m.Value, m.StdErr, len(at), h.cfg.Key)
	}
}

// The tables of ramps.
var (
	colRate  = float("rate", "control/step", "|to − from|/(points·dwell)")
	colDwell = integer("dwell", "step", "steps at each value")

	colRamped = text("key", "dotted key of the control parameter, the number that is ramped")

	HysteresisTable = record.Schema{Name: "hysteresis", Doc: "order parameter along ramps of the control parameter, there and back",
		Columns: []record.Column{colTask, colSize, colObservable, colRate, colDwell, text("direction", "there (from → to) or back"), colControl,
			float("mean", "observable", "mean over the dwell and the loops"), float("stderr", "observable", "standard error over loops; empty below three"), integer("loops", "1", "independent loops"), colRamped}}

	HysteresisArea = record.Schema{Name: "hysteresis_area", Doc: "area of the hysteresis loop against the rate of the ramp",
		Columns: []record.Column{colTask, colSize, colRate, colDwell, float("area", "observable·control", "∫(m back − m there) dcontrol, trapezoid: a lag is positive where m rises with the control parameter, negative where it falls"),
			float("stderr", "observable·control", "standard error over loops"), integer("loops", "1", "independent loops"), colStatus,
			colObservable, colRamped, float("from", "control", "value at the beginning and the end of the loop"), float("to", "control", "value at the turning point")}}
)
