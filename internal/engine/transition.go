package engine

import (
	"fmt"

	"machlup/analysis"
	"machlup/internal/record"
)

// TransitionConfig configures the statistics of a transition: long chains at every sweep point,
// and what they say together.
type TransitionConfig struct {
	Observable string `toml:"observable" doc:"order parameter m, one of the selected observables"`
	Energy     string `toml:"energy" doc:"observable that is the energy E; empty: none, and neither heat capacity nor reweighting"`
	Conjugate  string `toml:"conjugate" doc:"how control enters the stationary law: beta (e^{−control·E}), temperature (e^{−E/control}), or none: no reweighting"`
	Chains     int    `toml:"chains" range:"[1,100000]" unit:"1" doc:"independent chains of a task, from its start"`
	Warmup     int    `toml:"warmup" range:"[0,inf)" unit:"step" doc:"steps dropped at the beginning of each chain"`
	Steps      int    `toml:"steps" range:"[1,inf)" unit:"step" doc:"steps averaged over, per chain"`
	Every      int    `toml:"every" range:"[1,inf)" unit:"step" doc:"interval between draws"`
	Bins       int    `toml:"bins" range:"[4,10000]" unit:"1" doc:"bins of −log P(m)"`
	Curve      int    `toml:"curve" range:"[5,10000]" unit:"1" doc:"points of a reweighted curve"`
	SweepConfig
}

// DefaultTransition is the configuration with no key set.
func DefaultTransition() TransitionConfig {
	return TransitionConfig{Observable: "rho", Conjugate: "none", Chains: 2, Warmup: 1000, Steps: 10000, Every: 1, Bins: 40, Curve: 41, SweepConfig: defaultSweep()}
}

type transition struct {
	stationary
	cfg         TransitionConfig
	obs, energy int // columns; energy −1 without
}

// NewTransition checks the configuration against the model and binds it to a task.
func NewTransition(cfg TransitionConfig, env Env, m *Model) (Runner, error) {
	if err := cfg.SweepConfig.check(); err != nil {
		return nil, err
	}
	if cfg.Control == "" && cfg.Conjugate != "none" {
		return nil, &KeyError{"control", "nothing", "the swept key that is the control parameter, or conjugate = \"none\""}
	}
	base, err := NewStationary(StationaryConfig{Chains: cfg.Chains, Warmup: cfg.Warmup, Steps: cfg.Steps, Every: cfg.Every}, env, m)
	if err != nil {
		return nil, err
	}
	t := &transition{stationary: *base.(*stationary), cfg: cfg, energy: -1}
	t.size = float64(m.Size)
	if t.obs = indexOf(t.cols, cfg.Observable); t.obs < 0 {
		return nil, &KeyError{"observable", fmt.Sprintf("%q", cfg.Observable), "one of the selected observables: " + columnNames(t.cols)}
	}
	if cfg.Energy != "" {
		if t.energy = indexOf(t.cols, cfg.Energy); t.energy < 0 {
			return nil, &KeyError{"energy", fmt.Sprintf("%q", cfg.Energy), "one of the selected observables: " + columnNames(t.cols)}
		}
	}
	return t, t.checkConjugate(m)
}

// checkConjugate refuses a Boltzmann law where there is none.
func (t *transition) checkConjugate(m *Model) error {
	if t.cfg.Conjugate == "none" {
		return nil
	}
	found := fmt.Sprintf("%q", t.cfg.Conjugate)
	switch {
	case t.cfg.Conjugate != "beta" && t.cfg.Conjugate != "temperature":
		return &KeyError{"conjugate", found, "beta, temperature or none"}
	case t.energy < 0:
		return &KeyError{"conjugate", found, "none where energy is empty: nothing is conjugate to the control parameter"}
	case m.Potential == nil && m.InverseTemperature == 0:
		reason := "this system has no Boltzmann law"
		if m.NoPotential != nil {
			reason = m.NoPotential.Error()
		}
		return &KeyError{"conjugate", found, "none: " + reason}
	case m.OtherLaw != nil:
		return &KeyError{"conjugate", found, "none: " + m.OtherLaw.Error()}
	case m.Reference != nil && t.cfg.Energy == "energy":
		return &KeyError{"energy", `"energy", F − T log prior, which depends on the temperature itself`, "functional_quenched, the F that 1/T multiplies in the law e^{−F/T}·prior"}
	case m.Drawn && t.env.Coupling != "":
		return &KeyError{"conjugate", found, "none, or run.common_random_numbers = true: every sweep point draws latents of its own, so their potentials differ by more than the control parameter"}
	case m.Drawn && t.env.Replica > 0:
		return &KeyError{"conjugate", found, "none, or run.replicas = 1 (raise chains): every replica draws latents of its own, so it has a potential of its own"}
	}
	return nil
}

// Finish writes τ of the task's own chains; all else is made of all tasks together.
func (t *transition) Finish(parts []any, out *Output) (Outcome, error) {
	for _, p := range parts {
		if k := p.(*StationaryPart).DivergedStep; k >= 0 {
			return Outcome{Status: Diverged, DivergedStep: k, Note: "a chain diverged: there is no stationary law at this step size"}, nil
		}
	}
	m, e := t.draws(parts)
	stats, err := analysis.Transition(analysis.TransitionDraws{M: m, E: e, Symmetric: t.cfg.Symmetric}, analysis.TransitionNorms{Chi: 1, Heat: 1})
	if err != nil {
		out.Table(Summary).Add("tau_int", nil, nil, nil, nil, "draw", err.Error())
		return None("%s: %v", t.cols[t.obs].Name, err), nil
	}
	out.Table(Summary).Add("tau_int", stats.Tau.Tau, stats.Tau.TauErr, nil, nil, "draw", "ok; the slowest of m, |m|, m² and the energy")
	return Done(), nil
}

// draws are m and the energy of the task's chains.
func (t *transition) draws(parts []any) (m, e [][]float64) {
	for _, p := range parts {
		series := p.(*StationaryPart).Series
		x := clone(series[t.obs])
		for i := range x {
			x[i] -= t.cfg.Offset
		}
		m = append(m, x)
		if t.energy >= 0 {
			e = append(e, series[t.energy])
		}
	}
	return m, e
}

func (t *transition) PoolKey() string              { return transitionPool }
func (t *transition) SweptKeys() map[string]string { return t.cfg.SweptKeys() }

// A transitionDraws is what Pool needs of a task.
type transitionDraws struct{ m, e [][]float64 }

// Condense keeps m and the energy.
func (t *transition) Condense(parts []any) []any {
	if len(parts) == 0 {
		return parts
	}
	if _, done := parts[0].(transitionDraws); done {
		return parts
	}
	m, e := t.draws(parts)
	return []any{transitionDraws{m, e}}
}

// Pool compares the sweep points.
func (t *transition) Pool(tasks []Finished, out *Output) error { return poolTransitions(tasks, out) }

// transitionPool is the key under which sweeps and ramps of an experiment are pooled.
const transitionPool = "transition"

// poolTransitions analyses each series of sweep points; ramps are evidence beside them.
func poolTransitions(tasks []Finished, out *Output) error {
	var order []string
	series, runners := map[string][]sweepTask{}, map[string]*transition{}
	var ramps []*rampResult
	for _, f := range tasks {
		switch r := f.Runner.(type) {
		case *transition:
			s := r.cfg.place(f, r.size)
			if !s.diverged {
				d := r.Condense(f.Parts)[0].(transitionDraws)
				s.m, s.e = d.m, d.e
			}
			if series[s.series] == nil {
				order, runners[s.series] = append(order, s.series), r
			}
			series[s.series] = append(series[s.series], s)
		case *hysteresis:
			if f.Outcome.Status != Diverged {
				ramps = append(ramps, r.Condense(f.Parts)[0].(*rampResult))
			}
		}
	}
	for _, name := range order {
		r := runners[name]
		s := sweepAnalysis{cfg: r.cfg.SweepConfig, name: name, observable: r.cols[r.obs], energy: r.energy >= 0,
			conjugate: r.cfg.Conjugate, bins: r.cfg.Bins, curve: r.cfg.Curve, src: r.env.Own("collapse of " + name), out: out, ramps: ramps}
		s.run(gather(series[name]))
	}
	return nil
}

// The tables of transitions. control is the value of the control parameter, in its unit.
var (
	colSize    = float("size", "1", "system size: spins, generator parameters, or the swept key")
	colControl = float("control", "control", "control parameter, in the unit of its key")
	colWhat    = text("quantity", "m, abs_m (⟨|m|⟩), m2, m4, chi (N_χ(⟨m²⟩ − ⟨|m|⟩²)), binder (1 − ⟨m⁴⟩/3⟨m²⟩²), energy (of the whole), heat_capacity (β²Var(E)/size); of curves also log_z (ln Z relative to the lowest value swept)")

	Transition = record.Schema{Name: "transition", Doc: "statistics of the order parameter at every sweep point, over all replicas and starts",
		Columns: []record.Column{colTask, text("series", "estimator and the swept keys that are neither control, size nor starts"), colSize, colControl, colWhat,
			float("value", "quantity", "estimate, bias corrected by the jackknife"), float("stderr", "quantity", "jackknife over blocks of at least 10τ"),
			float("norm", "1", "N_χ of chi, β²/size of heat_capacity; empty otherwise"),
			colTau, colESS, float("rhat", "1", "worst rank-normalised split R̂ of m (|m| if symmetric) and the energy, over chains and starts"),
			integer("chains", "1", "chains or replicas"), integer("blocks", "1", "jackknife blocks"), colStatus}}

	TransitionCovariance = record.Schema{Name: "transition_covariance", Doc: "covariance of the errors of two quantities at one sweep point",
		Columns: []record.Column{colTask, text("series", "as in transition.csv"), colSize, colControl, text("quantity_a", "first quantity"), text("quantity_b", "second quantity"),
			float("covariance", "quantity²", "of the errors (jackknife)"), float("correlation", "1", "of the errors")}}

	Reweighted = record.Schema{Name: "reweighted", Doc: "continuous curves by multiple-histogram reweighting (MBAR) of all sweep points of a size",
		Columns: []record.Column{colTask, colSize, colControl, colWhat, float("value", "quantity", "estimate"),
			float("stderr", "quantity", "from the influence of blocks of at least 10τ; neighbouring points have nearly the same error"), colESS, colStatus}}

	Crossings = record.Schema{Name: "crossings", Doc: "where the Binder cumulants of two sizes cross",
		Columns: []record.Column{colTask, float("size_a", "1", "smaller size"), float("size_b", "1", "larger size"), colControl,
			float("control_stderr", "control", "its standard error"), float("binder", "1", "U₄ at the crossing"), float("binder_stderr", "1", "its standard error"),
			text("method", "reweighted: of the curves; points: linear between sweep points"),
			float("ess", "1", "least effective number of draws behind either size at the crossing; empty for points"), colStatus}}

	Scaling = record.Schema{Name: "scaling", Doc: "data collapse y·size^b = g((control − critical)·size^a) with fitted exponents (Houdayer and Hartmann 2004)",
		Columns: []record.Column{colTask, text("quantity", "what is collapsed"), text("parameter", "critical, a (1/ν per power of the size), b, quality (S, about 1 for a good collapse)"),
			float("value", "see parameter", "fitted value"), float("stderr", "see parameter", "parametric bootstrap × the root of χ² per degree of freedom above 1, and in quadrature the changes without the smallest and without the largest size, taken on to infinite size; empty for what is fixed"),
			integer("resamples", "1", "bootstrap resamples behind stderr"), colStatus}}

	ScalingPoints = record.Schema{Name: "scaling_points", Doc: "the points of the data collapse in scaled variables",
		Columns: []record.Column{colTask, text("quantity", "what is collapsed"), colSize, colControl,
			float("x", "scaled", "(control − critical)·size^a"), float("y", "scaled", "value·size^b"), float("y_stderr", "scaled", "standard error of y at fixed exponents"),
			integer("used", "1", "1 if within collapse_window, 0 if the fit left it out")}}

	OrderLawTable = record.Schema{Name: "order_law", Doc: "law of the order parameter: P(m) and −log P(m)",
		Columns: []record.Column{colTask, text("series", "as in transition.csv"), colSize, colControl,
			float("bin_low", "observable", "lower edge"), float("bin_high", "observable", "upper edge"),
			float("density", "1/observable", "P(m)"), float("density_stderr", "1/observable", "binomial with the effective number of draws"),
			float("neg_log_p", "nat", "−log of the density; empty where nothing was drawn"), float("neg_log_p_stderr", "nat", "its standard error"),
			text("method", "points: draws of the sweep point; reweighted: to the maximum of χ")}}

	VerdictTable = record.Schema{Name: "verdict", Doc: "what the sweep looks like, with the evidence; a system of fixed size has no singularity",
		Columns: []record.Column{colTask, text("clue", "piece of evidence; verdict: the conclusion"), float("value", "see text", "number"), float("stderr", "see text", "its standard error"),
			text("supports", "first-order-like, continuous-like, crossover; undecided only for the verdict"), text("against", "verdict that the clue speaks against"), text("text", "what the number is and why it says so")}}
)
