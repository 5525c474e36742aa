package build

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"machlup/internal/engine"
	"machlup/internal/spec"
	"machlup/pathint"
)

// An estimator table [estimator.NAME]: kind is the estimator, NAME unless the table says.
type estimator struct {
	name string
	kind estimatorKind
	cfg  any
	path []string // tables whose values determine it besides the system's
	bind func(doc *spec.Doc, s *system, env engine.Env) (engine.Runner, error)
}

func (e estimator) tables() []string { return e.path }

// estimatorKind is a line of the catalogue of estimators. new receives the decoded
// config; estimators of paths also get the path and its moves.
type estimatorKind struct {
	name, doc string
	config    func() any
	paths     bool
	new       func(cfg any, in inputs) (engine.Runner, error)
}

// inputs is what an estimator is bound to.
type inputs struct {
	env   engine.Env
	model *engine.Model
	setup engine.PathSetup
	all   []pathint.Move
}

// estimators is the catalogue.
var estimators = []estimatorKind{
	{"ensemble", "forward ensemble: fluctuations about the classical trajectory, traces, generated samples", ptr(engine.DefaultEnsemble), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewEnsemble(*c.(*engine.EnsembleConfig), in.env, in.model)
		}},
	{"stationary", "time averages along long chains, with autocorrelation", ptr(engine.DefaultStationary), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewStationary(*c.(*engine.StationaryConfig), in.env, in.model)
		}},
	{"phase", "order parameter over replicas: mean, χ, U₄, escape from collapse", ptr(engine.DefaultPhase), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewPhase(*c.(*engine.PhaseConfig), in.env, in.model)
		}},
	{"escape", "rates over a barrier: decay of the population's correlation, first passage", ptr(engine.DefaultEscape), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewEscape(*c.(*engine.EscapeConfig), in.env, in.model)
		}},
	{"transition", "statistics of a transition over a sweep of control parameter and size: χ, U₄, heat capacity, reweighted curves, crossings, data collapse, verdict", ptr(engine.DefaultTransition), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewTransition(*c.(*engine.TransitionConfig), in.env, in.model)
		}},
	{"hysteresis", "ramps of any number of the config, there and back: loops and their area against the rate", ptr(engine.DefaultHysteresis), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewHysteresis(*c.(*engine.HysteresisConfig), in.env, in.model)
		}},
	{"collapse", "metrics of mode collapse along training beside a perfect sampler and a uniform box: modes covered, quality, KL, JSD, W₂, precision, recall", ptr(engine.DefaultCollapse), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewCollapse(*c.(*engine.CollapseConfig), in.env, in.model)
		}},
	{"paths", "Metropolis sampling of trajectories: acceptance, action, τ, cost of each move; certificate O1", ptr(engine.DefaultPaths), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewPaths(*c.(*engine.PathsConfig), in.setup, in.env, in.model)
		}},
	{"ti", "log Z(s)/Z(0) by thermodynamic integration", ptr(engine.DefaultTI), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewTI(*c.(*engine.TIConfig), in.setup, in.env, in.model)
		}},
	{"ais", "log Z(s)/Z(0) by annealed importance sampling", ptr(engine.DefaultAIS), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewAIS(*c.(*engine.AISConfig), in.setup, in.env, in.model)
		}},
	{"forward", "log Z(s)/Z(0) as the forward average of exp(−sO)", ptr(engine.DefaultForward), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewForward(*c.(*engine.ForwardConfig), in.setup, in.env, in.model)
		}},
	{"laplace", "log Z(s)/Z(0), or of a pinned end, by the Gaussian integral about the minimum of −log weight, and its correction", ptr(engine.DefaultLaplace), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewLaplace(*c.(*engine.LaplaceConfig), in.setup, in.env, in.model)
		}},
	{"smc", "log Z(s)/Z(0) by sequential Monte Carlo over the tilt or over time", ptr(engine.DefaultSMC), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewSMC(*c.(*engine.SMCConfig), in.setup, in.env, in.model)
		}},
	{"scgf", "scaled cumulant generating function: growth of log Z(s)/Z(0) with the length of the path, and its slope", ptr(engine.DefaultSCGF), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewSCGF(*c.(*engine.SCGFConfig), in.setup, in.env, in.model)
		}},
	{"exchange", "replica exchange over s or ħ: log Z by stepping stones, BAR and MBAR with the overlap matrix", ptr(engine.DefaultExchange), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewExchange(*c.(*engine.ExchangeConfig), in.setup, in.env, in.model)
		}},
	{"tempering", "replica exchange over the temperature of a potential: log Z(T) by stepping stones, BAR and MBAR, mean energy and heat capacity", ptr(engine.DefaultTempering), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewTempering(*c.(*engine.TemperingConfig), in.env, in.model)
		}},
	{"free-energy", "ln Z₁/Z₀ between a toy potential and its multiple", ptr(engine.DefaultFreeEnergy), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewFreeEnergy(*c.(*engine.FreeEnergyConfig), in.env, in.model)
		}},
	{"non-equilibrium", "entropy production, probability currents and fluctuation theorems of a steady state, from the action of each step and of its reverse", ptr(engine.DefaultNonEquilibrium), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewNonEquilibrium(*c.(*engine.NonEquilibriumConfig), in.env, in.model)
		}},
	{"temperatures", "kinetic and configurational temperature against the scheme's own expected value; fluctuation–dissipation: effective temperature from the response to a force", ptr(engine.DefaultTemperatures), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewTemperatures(*c.(*engine.TemperaturesConfig), in.env, in.model)
		}},
	{"discretisation", "bias of plain Euler–Maruyama in the free energy of a potential at ε, ε/2 and ε/4 on common random numbers", ptr(engine.DefaultDiscretisation), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewDiscretisation(*c.(*engine.DiscretisationConfig), in.env, in.model)
		}},
	{"sgd-inference", "constant-step SGD as approximate inference: stationary covariance against discrete, published and exact theory and the posterior, optimal step", ptr(engine.DefaultSGDInference), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewSGDInference(*c.(*engine.SGDInferenceConfig), in.env, in.model)
		}},
	{"derivatives", "analytic gradients, tangents and natural gradients against central differences and dense solves", ptr(engine.DefaultDerivatives), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewDerivatives(*c.(*engine.DerivativesConfig), in.env, in.model)
		}},
	{"stability", "eigenvalues of the noise-free step at a state, exact or by differences: spectral radius, rates and frequencies", ptr(engine.DefaultStability), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewStability(*c.(*engine.StabilityConfig), in.env, in.model)
		}},
	{"gradient-noise", "noise of minibatch gradients along training: covariance, spectrum, alignment with Hessian and metric, temperature, normality and tails", ptr(engine.DefaultGradientNoise), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewGradientNoise(*c.(*engine.GradientNoiseConfig), in.env, in.model)
		}},
	{"w2-flow", "flows on the Wasserstein space with the optimal discriminator: decay, dissipation, rates against the exact gap", ptr(engine.DefaultW2Flow), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewW2Flow(*c.(*engine.W2FlowConfig), in.env, in.model)
		}},
	{"paper", "the number that decides a statement of the paper: right, or wrong and what is true", ptr(engine.DefaultPaper), false,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewPaper(*c.(*engine.PaperConfig), in.env, in.model)
		}},
	{"rate", "rate of transitions from A to B: the plateau of d/dt Z_AB(t)/Z_A, by forward trajectories and by paths through nested sets", ptr(engine.DefaultRate), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewRate(*c.(*engine.RateConfig), in.setup, in.env, in.model)
		}},
	{"transition-paths", "transition path ensemble from A to B: acceptance and cost, transition times, the committor along the paths", ptr(engine.DefaultTransitionPaths), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewTransitionPaths(*c.(*engine.TransitionPathsConfig), in.setup, in.env, in.model)
		}},
	{"minimum-action", "path of least action between two states by L-BFGS with the exact gradient", ptr(engine.DefaultMinimumAction), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewMinimumAction(*c.(*engine.MinimumActionConfig), in.setup, in.env, in.model)
		}},
	{"spectrum", "frequencies of the quantised theory from imaginary-time correlators of a ring polymer, energy by two estimators", ptr(engine.DefaultSpectrum), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewSpectrum(*c.(*engine.SpectrumConfig), in.setup, in.env, in.model)
		}},
	{"log-z", "log Z of imaginary-time paths over the strength of the potential, from an exact Gaussian reference", ptr(engine.DefaultStrength), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewStrength(*c.(*engine.StrengthConfig), in.setup, in.env, in.model)
		}},
	{"o10", "certificate O10: forward ensemble, positions and innovations have the same law", ptr(engine.DefaultO10), true,
		func(c any, in inputs) (engine.Runner, error) {
			return engine.NewO10(*c.(*engine.O10Config), in.setup, in.all, in.env, in.model)
		}},
}

// ptr makes a constructor of a pointer from one of a value.
func ptr[C any](value func() C) func() any {
	return func() any { c := value(); return &c }
}

// kindConfig is the key that every named plug-in table may have besides its own.
type kindConfig struct {
	Kind string `toml:"kind" doc:"the plug-in, when the table has another name"`
}

// decodeEstimators decodes all [estimator.NAME] and keeps those that run.estimators
// names; all if it names none.
func decodeEstimators(doc *spec.Doc, only []string) ([]estimator, error) {
	present := doc.Names("estimator")
	for _, name := range only {
		if !slices.Contains(present, name) {
			return nil, unknownName(doc.Table("run"), "estimators", name, present)
		}
	}
	if len(present) == 0 {
		return nil, doc.Table("estimator").Errorf("", "found no [estimator.NAME] table, allowed %s: nothing would be computed", strings.Join(estimatorNames(), ", "))
	}
	var out []estimator
	for _, name := range present {
		e, err := decodeEstimator(doc, name)
		if err != nil {
			return nil, err
		}
		if len(only) == 0 || slices.Contains(only, name) {
			out = append(out, e)
		}
	}
	return out, nil
}

func decodeEstimator(doc *spec.Doc, name string) (estimator, error) {
	table := join("estimator", name)
	kind := kindConfig{Kind: name}
	if err := doc.Table(table).Decode(&kind); err != nil {
		return estimator{}, err
	}
	i := slices.IndexFunc(estimators, func(k estimatorKind) bool { return k.name == kind.Kind })
	if i < 0 {
		return estimator{}, unknownName(doc.Table(table), "kind", kind.Kind, estimatorNames())
	}
	e := estimator{name: name, kind: estimators[i], cfg: estimators[i].config(), path: []string{table}}
	if err := doc.Table(table).Decode(e.cfg); err != nil {
		return e, err
	}
	if e.kind.paths {
		e.path = append(e.path, "path", "move")
	}
	e.bind = func(doc *spec.Doc, s *system, env engine.Env) (engine.Runner, error) {
		m, err := s.build(env)
		if err != nil {
			return nil, err
		}
		if name != e.kind.name {
			env.Alias = name
		}
		in := inputs{env: env, model: m}
		if e.kind.paths {
			if in.setup, in.all, err = bindPath(doc, table, movesOptional(e.cfg)); err != nil {
				return nil, err
			}
		}
		r, err := e.kind.new(e.cfg, in)
		return r, cite(doc, table, err)
	}
	return e, nil
}

// cite gives the position of the key that an estimator refused.
func cite(doc *spec.Doc, table string, err error) error {
	var k *engine.KeyError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &k):
		return doc.Table(table).Errorf("", "%v", err)
	case k.Key == "move" || strings.Contains(k.Key, "."):
		return citeKey(doc, table, k.Key, "found %s, allowed %s", k.Found, k.Allowed)
	}
	return doc.Table(table).Errorf(k.Key, "found %s, allowed %s", k.Found, k.Allowed)
}

// citeKey is an error about a key of another table: at the estimator's table if the file
// leaves the other one to its defaults.
func citeKey(doc *spec.Doc, table, key, format string, args ...any) error {
	top, _, _ := strings.Cut(key, ".")
	if doc.Table("").Has(top) {
		last := max(strings.LastIndex(key, "."), len(top))
		return doc.Table(key[:last]).Errorf(strings.TrimPrefix(key[last:], "."), format, args...)
	}
	err := doc.Table(table).Errorf("", format, args...).(*spec.Error)
	err.Key = key
	return err
}

// decodePath reads [path] and [move.NAME].
func decodePath(doc *spec.Doc) (engine.PathSetup, []pathint.Move, error) {
	setup := engine.PathSetup{Config: engine.DefaultPath()}
	if err := doc.Table("path").Decode(&setup.Config); err != nil {
		return setup, nil, err
	}
	present := doc.Names("move")
	for _, name := range setup.Config.Moves {
		if !slices.Contains(present, name) {
			return setup, nil, unknownName(doc.Table("path"), "moves", name, present)
		}
	}
	var together []pathint.Move
	for _, name := range present {
		m, err := decodeMove(doc, name)
		if err != nil {
			return setup, nil, err
		}
		setup.Each = append(setup.Each, engine.NamedMove{Name: name, Move: m})
		if len(setup.Config.Moves) == 0 || slices.Contains(setup.Config.Moves, name) {
			together = append(together, m)
		}
	}
	return setup, together, nil
}

// movesOptional tells whether an estimator, as configured, gets along without a move.
func movesOptional(cfg any) bool {
	c, ok := cfg.(interface{ Moveless() bool })
	return ok && c.Moveless()
}

// bindPath is decodePath for an estimator of paths, which needs a move that applies unless
// they are optional.
func bindPath(doc *spec.Doc, table string, optional bool) (engine.PathSetup, []pathint.Move, error) {
	setup, together, err := decodePath(doc)
	if err != nil {
		return setup, nil, err
	}
	coordinates := pathint.Positions
	if setup.Config.Action == "innovation" {
		coordinates = pathint.Innovations
	}
	setup.Moves = engine.Applicable(together, coordinates)
	setup.Each = slices.DeleteFunc(setup.Each, func(m engine.NamedMove) bool { return engine.MoveCoordinates(m.Move) != coordinates })
	for _, m := range setup.Each {
		if len(setup.Config.Moves) == 0 || slices.Contains(setup.Config.Moves, m.Name) {
			setup.Names = append(setup.Names, m.Name)
		}
	}
	if len(setup.Moves) == 0 && !optional {
		var valid []string
		for _, e := range pathint.Moves() {
			if e.Coordinates == coordinates || e.Coordinates == pathint.Either {
				valid = append(valid, "[move."+e.Name+"]")
			}
		}
		return setup, nil, citeKey(doc, table, "path.action", "found %q and no move that works on %s, allowed with one of %s",
			setup.Config.Action, coordinates, strings.Join(valid, ", "))
	}
	return setup, together, nil
}

func decodeMove(doc *spec.Doc, name string) (pathint.Move, error) {
	table := join("move", name)
	kind := kindConfig{Kind: name}
	if err := doc.Table(table).Decode(&kind); err != nil {
		return nil, err
	}
	var valid []string
	for _, e := range pathint.Moves() {
		if e.Name == kind.Kind {
			m := e.New()
			err := doc.Table(table).Decode(m)
			if d, ok := m.(*pathint.Delayed); ok && err == nil {
				err = decodeInner(doc, table, d)
			}
			if name != kind.Kind {
				return alias{m, name}, err
			}
			return m, err
		}
		valid = append(valid, e.Name)
	}
	return nil, unknownName(doc.Table(table), "kind", kind.Kind, valid)
}

// alias is a move whose table has a name of its own, by which results tell it apart.
type alias struct {
	pathint.Move
	name string
}

func (a alias) Name() string         { return a.name }
func (a alias) Unwrap() pathint.Move { return a.Move }

func estimatorNames() []string {
	var out []string
	for _, k := range estimators {
		out = append(out, k.name)
	}
	return out
}

func listEstimators() []Entry {
	var out []Entry
	for _, k := range estimators {
		out = append(out, Entry{Name: k.name, Doc: k.doc, Fields: spec.Fields(k.config())})
	}
	return out
}

func listMoves() []Entry {
	var out []Entry
	for _, m := range pathint.Moves() {
		out = append(out, Entry{Name: m.Name, Doc: fmt.Sprintf("%s (%s)", m.Doc, m.Coordinates), Fields: spec.Fields(m.New())})
	}
	return out
}

func listActions() []Entry {
	return []Entry{
		{Name: "onsager-machlup", Doc: "Σ ‖residual‖²/2s² − ½ Σ log det F in positions; recurrences of order ≤ 2 with noise on every component"},
		{Name: "onsager-machlup-midpoint", Doc: "the same of the implicit midpoint (Stratonovich), − Σ log|det(I − ½∂v)|; one block of at most 32 components with derivatives, isotropic noise, no momentum"},
		{Name: "innovation", Doc: "½ Σ |ξ|² in the map's own standard normal inputs; any optimizer, any noise"},
		{Name: "euclidean", Doc: "Σ Δt(½‖q̇‖²_F + V), constant F: imaginary time in the system's potential; periodic: tr e^{−βH}, which needs a potential that confines", Fields: spec.Fields(&engine.Imaginary{})},
		{Name: "lagrangian", Doc: "Σ Δt(½‖q̇‖²_F − V), the paper's literal B.1: finite for a bounded V, for a harmonic one up to a horizon", Fields: spec.Fields(&engine.Imaginary{})},
	}
}

// listTables is the reference of the tables that every experiment has.
func listTables() []Entry {
	start, obs, path, head, run, toy := defaultStart(), defaultObservables(), engine.DefaultPath(), Head{Seed: 1}, defaultRun(), defaultToyTrainer()
	output := defaultOutput()
	var out []Entry
	for _, t := range []tableConfig{
		{"(top level)", "name and seed", &head},
		{"system", "what is simulated", &SystemConfig{}},
		{"start", "where it starts", &start},
		{"observables", "what is recorded", &obs},
		{"path", "trajectories that are sampled", &path},
		{"run", "tasks", &run},
		{"output", "what is written to csv/", &output},
		{"trainer", "trainer of a toy system (of a GAN: see machlup list systems)", &toy},
	} {
		out = append(out, Entry{Name: t.path, Doc: t.doc, Fields: spec.Fields(t.config)})
	}
	return append(out,
		Entry{Name: "sweep.grid", Doc: "every combination: quoted dotted keys = list, {linspace = [a, b, n]} or {logspace = [a, b, n]}"},
		Entry{Name: "sweep.zip", Doc: "lists of equal length that vary together"})
}
