package engine

import (
	"fmt"
	"strings"

	"machlup/internal/record"
)

// TemperingOrderConfig follows an order parameter along the ladder, whose levels are then the
// points of a sweep over T.
type TemperingOrderConfig struct {
	Observable string `toml:"observable" doc:"order parameter m, one of the selected observables, followed at every level: transition.csv, crossings.csv, verdict.csv as by [estimator.transition], T the control parameter; empty: none"`
	Size       string `toml:"size" doc:"swept key that changes the size; empty: one size"`
	Starts     string `toml:"starts" doc:"swept key whose values are different starts, not different laws, such as \"trainer.start\" where its length goes with the size"`
	Symmetric  bool   `toml:"symmetric" doc:"the law is even in m: ⟨m⟩ is not estimated, and convergence is judged on |m|"`
	ChiNorm    string `toml:"chi_norm" doc:"N_χ of χ = N_χ(⟨m²⟩ − ⟨|m|⟩²): one, or size"`
	Bins       int    `toml:"bins" range:"[4,10000]" unit:"1" doc:"bins of −log P(m)"`
	Curve      int    `toml:"curve" range:"[5,10000]" unit:"1" doc:"points of a reweighted curve"`
}

func defaultTemperingOrder() TemperingOrderConfig {
	return TemperingOrderConfig{ChiNorm: "one", Bins: 40, Curve: 41}
}

// unused refuses keys that mean nothing without an order parameter.
func (c TemperingOrderConfig) unused() error {
	if c.Size != "" || c.Starts != "" || c.Symmetric {
		return &KeyError{"observable", "nothing", "an order parameter, where size, starts or symmetric is set"}
	}
	return nil
}

// sweep is what the ladder looks like as a sweep.
func (c TemperingOrderConfig) sweep() SweepConfig {
	s := defaultSweep()
	s.Size, s.Starts, s.Symmetric, s.ChiNorm = c.Size, c.Starts, c.Symmetric, c.ChiNorm
	return s
}

// temperingOrder is where the order parameter is found.
type temperingOrder struct {
	*tempering
	obs    int
	column record.Column
	size   float64
}

func newTemperingOrder(t *tempering, m *Model) (Runner, error) {
	c := t.cfg.TemperingOrderConfig
	cols := observableColumns(m.Observer)
	o := &temperingOrder{tempering: t, obs: indexOf(cols, c.Observable), size: float64(m.Size)}
	switch {
	case o.obs < 0:
		return nil, &KeyError{"observable", fmt.Sprintf("%q", c.Observable), "one of the selected observables: " + columnNames(cols)}
	case c.ChiNorm != "one" && c.ChiNorm != "size":
		return nil, &KeyError{"chi_norm", fmt.Sprintf("%q", c.ChiNorm), "one or size"}
	}
	o.column, t.order = cols[o.obs], o
	return o, nil
}

// see notes m at every level.
func (o *temperingOrder) see(l *temperingLadder, result *ExchangePart) {
	if o == nil {
		return
	}
	if result.Order == nil {
		result.Order = make([][]float64, len(o.lambda))
	}
	values := make([]float64, len(l.observer.Observables()))
	for k := range result.Order {
		l.observer.Observe(values, l.members[l.replicas.At(k)].State())
		result.Order[k] = append(result.Order[k], values[o.obs])
	}
}

// PoolKey keeps ladders of other estimators apart.
func (o *temperingOrder) PoolKey() string { return "tempering-order" }

// SweptKeys is the size, if one is named.
func (o *temperingOrder) SweptKeys() map[string]string { return o.cfg.sweep().SweptKeys() }

// Pool takes the levels of all ladders as the points of a sweep over T. Levels of a ladder that
// exchange are not independent of each other: errors at one level are right, a fit through
// several takes them as independent.
func (o *temperingOrder) Pool(tasks []Finished, out *Output) error {
	var order []string
	series, runners := map[string][]sweepTask{}, map[string]*temperingOrder{}
	for _, f := range tasks {
		r := f.Runner.(*temperingOrder)
		s := r.cfg.sweep().place(f, r.size)
		if series[s.series] == nil {
			order, runners[s.series] = append(order, s.series), r
		}
		series[s.series] = append(series[s.series], r.levelTasks(s, f.Parts)...)
	}
	for _, name := range order {
		r := runners[name]
		a := sweepAnalysis{cfg: r.cfg.sweep(), name: name, observable: r.column, energy: true, conjugate: "temperature",
			bins: r.cfg.Bins, curve: r.cfg.Curve, src: r.env.Own("collapse of " + name), out: out}
		a.run(gather(series[name]))
	}
	return nil
}

// levelTasks are the levels of a finished task at finite T, each a point of the sweep.
func (o *temperingOrder) levelTasks(s sweepTask, parts []any) []sweepTask {
	var out []sweepTask
	for k, lambda := range o.lambda {
		if lambda == 0 {
			continue
		}
		at := s
		at.control = 1 / lambda
		at.label = fmt.Sprintf("%s,T=%.4g", s.label, at.control)
		if !strings.Contains(s.label, "/") {
			at.label = fmt.Sprintf("%s/T=%.4g", s.label, at.control)
		}
		for _, p := range parts {
			part := p.(*ExchangePart)
			at.m, at.e = append(at.m, part.Order[k]), append(at.e, part.Series[k])
		}
		out = append(out, at)
	}
	return out
}
