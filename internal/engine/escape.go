package engine

import (
	"context"
	"fmt"
	"math"

	"machlup/analysis"
	"machlup/internal/record"
)

// EscapeConfig configures rates over a barrier, from chains that start in one well: the decay
// of the population's correlation in the stationary state, and the first passage from the start.
type EscapeConfig struct {
	Observable string  `toml:"observable" doc:"what tells the wells apart, one of the selected observables; empty: the first of them"`
	Threshold  float64 `toml:"threshold" range:"(-inf,inf)" unit:"observable" doc:"the population is 1 where the observable is above it, 0 elsewhere"`
	Chains     int     `toml:"chains" range:"[20,100000]" unit:"1" doc:"independent chains, over which errors are taken"`
	Warmup     int     `toml:"warmup" range:"[0,inf)" unit:"step" doc:"steps of each chain before the correlation is taken; several relaxation times"`
	Steps      int     `toml:"steps" range:"[1,inf)" unit:"step" doc:"steps of each chain after that"`
	Every      int     `toml:"every" range:"[1,inf)" unit:"step" doc:"interval between records of the population; the first passage is seen at every step"`
	Only       bool    `toml:"passage_only" doc:"only the first passage: a chain ends with it, and neither every nor lags is used"`
	Lags       []int   `toml:"lags" range:"[1,inf)" unit:"step" doc:"lags of the correlation, ascending multiples of every: the rate is the decay from the first, which must be longer than the relaxation within a well, to the last"`
}

// DefaultEscape is the configuration with no key set.
func DefaultEscape() EscapeConfig {
	return EscapeConfig{Chains: 64, Warmup: 2000, Steps: 20000, Every: 10, Lags: []int{100, 200, 400}}
}

// Escape is the table of the estimator.
var Escape = record.Schema{Name: "escape", Doc: "rates over a barrier, errors over independent chains",
	Columns: []record.Column{colTask,
		text("quantity", "population: its mean; correlation: its normalised autocorrelation at the lag; rate: −Δln(correlation)/Δtime from the lag before; relaxation_rate: the same from the first lag to the last; first_passage: mean time from the start to the first step on the other side of the threshold"),
		integer("lag", "step", "lag; empty for quantities without"),
		float("value", "see unit", "estimate; empty where it must not be used"), float("stderr", "see unit", "standard error"),
		float("ess", "1", "independent chains; of first_passage those that passed"), text("unit", "unit of value; time is kη, steps times the step size of the flow"), colStatus}}

type escape struct {
	cfg  EscapeConfig
	env  Env
	obs  int
	n    int // observables
	eta  float64
	size float64
}

// NewEscape checks the configuration against the model and binds the estimator to a task.
func NewEscape(cfg EscapeConfig, env Env, m *Model) (Runner, error) {
	cols := observableColumns(m.Observer)
	e := &escape{cfg: cfg, env: env, n: len(cols), eta: m.Eta, size: float64(m.Size)}
	if cfg.Observable != "" {
		e.obs = indexOf(cols, cfg.Observable)
	}
	if e.obs < 0 {
		return nil, &KeyError{"observable", fmt.Sprintf("%q", cfg.Observable), "one of the selected observables: " + columnNames(cols)}
	}
	if m.NoStationary != nil {
		return nil, m.NoStationary
	}
	if cfg.Only {
		return e, nil
	}
	if len(cfg.Lags) < 2 {
		return nil, &KeyError{"lags", fmt.Sprintf("%d lags", len(cfg.Lags)), "at least 2: a rate is a decay from one to another"}
	}
	before := 0
	for _, l := range cfg.Lags {
		if l <= before || l%cfg.Every != 0 || 2*l > cfg.Steps {
			return nil, &KeyError{"lags", fmt.Sprint(cfg.Lags), fmt.Sprintf("ascending multiples of every = %d, at most steps/2 = %d", cfg.Every, cfg.Steps/2)}
		}
		before = l
	}
	return e, nil
}

// EscapePart is one chain.
type EscapePart struct {
	DivergedStep int
	Passage      int    // first step on the other side of the threshold; 0 if there was none
	Above        []byte // 1 where the record is above the threshold
}

func (e *escape) Parts() int       { return e.cfg.Chains }
func (e *escape) Work(int) float64 { return float64(e.cfg.Warmup + e.cfg.Steps) }
func (e *escape) NewResult() any   { return new(EscapePart) }

// escapeState is a part on its way.
type escapeState struct {
	Trajectory TrajectoryState
	Part       *EscapePart
}

func (e *escape) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := e.env.NewModel()
	if err != nil {
		return nil, err
	}
	t, p := newTrajectory(m, e.env.Part("escape", part)), &EscapePart{DivergedStep: -1}
	session, saved := SessionOf(ctx), escapeState{}
	if session.Restore(&saved) {
		if err := t.restore(saved.Trajectory); err != nil {
			return nil, err
		}
		p = saved.Part
	}
	state := func() any { return escapeState{t.save(), p} }
	values := make([]float64, e.n)
	above := func(q []float64) bool {
		m.Observer.Observe(values, q)
		return values[e.obs] > e.cfg.Threshold
	}
	start := above(m.Start)
	for t.k < e.cfg.Warmup+e.cfg.Steps {
		if t.k%1024 == 0 {
			if err := session.Offer(ctx, state); err != nil {
				return nil, err
			}
			progress(float64(t.k))
		}
		if !t.step() {
			p.DivergedStep = t.k
			return p, nil
		}
		recorded := !e.cfg.Only && t.k > e.cfg.Warmup && (t.k-e.cfg.Warmup)%e.cfg.Every == 0
		if !recorded && p.Passage > 0 {
			continue
		}
		now := above(t.config())
		if p.Passage == 0 && now != start {
			if p.Passage = t.k; e.cfg.Only {
				return p, nil
			}
		}
		if recorded && now {
			p.Above = append(p.Above, 1)
		} else if recorded {
			p.Above = append(p.Above, 0)
		}
	}
	return p, nil
}

// Finish writes escape.csv.
func (e *escape) Finish(parts []any, out *Output) (Outcome, error) {
	chains := make([]*EscapePart, len(parts))
	for i, p := range parts {
		chains[i] = p.(*EscapePart)
		if k := chains[i].DivergedStep; k >= 0 {
			return Outcome{Status: Diverged, DivergedStep: k, Note: "a chain diverged: there is no rate at this step size"}, nil
		}
	}
	outcome := e.passages(chains, out)
	if e.cfg.Only {
		return outcome, nil
	}
	if o := e.relaxation(chains, out); o.Status != OK {
		outcome = o
	}
	return outcome, nil
}

// passages writes the mean first-passage time.
func (e *escape) passages(chains []*EscapePart, out *Output) Outcome {
	var times []float64
	var passed []bool
	n := 0
	for _, p := range chains {
		t := p.Passage
		if t > 0 {
			n++
		} else {
			t = e.cfg.Warmup + e.cfg.Steps
		}
		times, passed = append(times, float64(t)), append(passed, p.Passage > 0)
	}
	refuse := func(format string, args ...any) Outcome {
		reason := fmt.Sprintf(format, args...)
		out.Table(Escape).Add("first_passage", nil, nil, nil, float64(n), "time", reason)
		return None("first_passage: %s", reason)
	}
	p, err := analysis.Exponential(times, passed)
	if n == len(chains) {
		status := "ok"
		if err == nil && p < 1e-3 {
			status = fmt.Sprintf("ok; not exponential (p = %.1g): its inverse is no rate", p)
		}
		mean, stderr := meanAndError(times)
		out.Table(Escape).Add("first_passage", nil, mean*e.eta, stderr*e.eta, float64(n), "time", status)
		out.Table(Phase).Add(e.size, "first_passage", mean*e.eta, stderr*e.eta, nil, float64(n), nil)
		return Done()
	}
	switch {
	case err != nil:
		return refuse("%v", err)
	case p < 1e-3:
		return refuse("%d of %d chains had not passed, and the times are not exponential (p = %.1g): run longer", len(chains)-n, len(chains), p)
	}
	rate, stderr := analysis.EscapeRate(times, passed)
	out.Table(Escape).Add("first_passage", nil, e.eta/rate, e.eta*stderr/(rate*rate), float64(n), "time",
		fmt.Sprintf("ok; %d of %d chains had not passed: exponential law assumed", len(chains)-n, len(chains)))
	out.Table(Phase).Add(e.size, "first_passage", e.eta/rate, e.eta*stderr/(rate*rate), nil, float64(n), nil)
	return Done()
}

func meanAndError(x []float64) (mean, stderr float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		stderr += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(stderr / (n * (n - 1)))
}

// relaxation writes the correlation of the population and its rate of decay. Every chain is a
// block of its own, so the errors hold however long the correlation is.
func (e *escape) relaxation(chains []*EscapePart, out *Output) Outcome {
	blocks := make([][]float64, len(chains))
	for i, p := range chains {
		blocks[i] = e.block(p.Above)
	}
	n, table := float64(len(chains)), out.Table(Escape)
	add := func(quantity string, lag any, value, stderr float64, unit, status string) {
		if math.IsNaN(value) || math.IsInf(value, 0) || math.IsInf(stderr, 0) {
			table.Add(quantity, lag, nil, nil, n, unit, "the correlation has no logarithm: it is lost in the noise; use shorter lags, more chains or longer ones")
			return
		}
		table.Add(quantity, lag, value, stderr, n, unit, status)
	}
	population, stderr := analysis.Jackknife(blocks, func(m []float64) float64 { return m[0] })
	table.Add("population", nil, population, stderr, n, "1", "ok")
	for l, lag := range e.cfg.Lags {
		c, err := analysis.Jackknife(blocks, func(m []float64) float64 { return covariance(m, l) / (m[0] * (1 - m[0])) })
		add("correlation", lag, c, err, "1", "ok")
		if l > 0 {
			r, err := analysis.Jackknife(blocks, e.decay(l-1, l))
			add("rate", lag, r, err, "1/time", "ok")
		}
	}
	value, stderr, reason := e.relaxationRate(blocks)
	if reason != "" {
		table.Add("relaxation_rate", nil, nil, nil, n, "1/time", reason)
		return None("relaxation_rate: %s", reason)
	}
	table.Add("relaxation_rate", nil, value, stderr, n, "1/time", "ok")
	return Done()
}

// block condenses a chain: its mean, and for each lag ⟨hh_l⟩ and the means of both factors;
// last the difference of the means of its halves.
func (e *escape) block(above []byte) []float64 {
	mean := func(h []byte) float64 {
		sum := 0
		for _, x := range h {
			sum += int(x)
		}
		return float64(sum) / float64(len(h))
	}
	b := []float64{mean(above)}
	for _, lag := range e.cfg.Lags {
		l := lag / e.cfg.Every
		n, sum := len(above)-l, 0
		for i, x := range above[:n] {
			sum += int(x & above[i+l])
		}
		b = append(b, float64(sum)/float64(n), mean(above[:n]), mean(above[l:]))
	}
	half := len(above) / 2
	return append(b, mean(above[half:])-mean(above[:half]))
}

// covariance is that of the population at lag l, from the mean of blocks.
func covariance(m []float64, l int) float64 { return m[1+3*l] - m[2+3*l]*m[3+3*l] }

// decay is the rate between two lags, as a function of the mean of blocks.
func (e *escape) decay(from, to int) func(m []float64) float64 {
	dt := float64(e.cfg.Lags[to]-e.cfg.Lags[from]) * e.eta
	return func(m []float64) float64 { return math.Log(covariance(m, from)/covariance(m, to)) / dt }
}

// relaxationRate is the decay from the first lag to the last, or the reason why it is no rate.
func (e *escape) relaxationRate(blocks [][]float64) (value, stderr float64, reason string) {
	last := len(e.cfg.Lags) - 1
	value, stderr = analysis.Jackknife(blocks, e.decay(0, last))
	drift, err := analysis.Jackknife(blocks, func(m []float64) float64 { return m[len(m)-1] })
	switch {
	case math.IsNaN(value) || math.IsInf(value, 0) || math.IsInf(stderr, 0):
		return value, stderr, "the correlation at the last lag is lost in the noise: use shorter lags, more chains or longer ones"
	case math.Abs(drift) > 4*err:
		return value, stderr, fmt.Sprintf("the population drifts from the first half to the second by %.2g ± %.1g: not stationary; raise warmup", drift, err)
	case !(value > 3*stderr):
		return value, stderr, fmt.Sprintf("the decay %.2g ± %.1g is not distinct from none: use longer lags, more chains or longer ones", value, stderr)
	case last > 1:
		d, err := analysis.Jackknife(blocks, func(m []float64) float64 { return e.decay(0, 1)(m) - e.decay(last-1, last)(m) })
		if math.Abs(d) > 4*err {
			return value, stderr, fmt.Sprintf("no plateau: the rate falls by %.2g ± %.1g from the first lags to the last; use longer lags", d, err)
		}
	}
	return value, stderr, ""
}

// Bytes counts a byte for each record.
func (e *escape) Bytes() float64 {
	return float64(e.cfg.Chains) * (float64(e.cfg.Steps/e.cfg.Every) + 256)
}
