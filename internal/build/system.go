package build

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"machlup/internal/engine"
	"machlup/internal/spec"
	"machlup/langevin"
)

// SystemConfig is the table [system].
type SystemConfig struct {
	Kind string `toml:"kind" doc:"required: what is simulated, see machlup list systems; configured by the table of its name"`
}

// system is a decoded system with its trainer, noise, start and observables. It makes
// one model for each part of a task.
type system struct {
	name  string
	paths []string // keys and tables whose values determine it
	build func(env engine.Env) (*engine.Model, error)
	start StartConfig
	obs   ObservablesConfig

	correlation float64 // time of coloured injected noise, in steps; 0: white

	observed []string // names of the observables
	shape    string   // architecture, in words
	from     *engine.FinalStates
	inputs   []Input  // files that the config names
	files    []string // contents of the user's files that determine it, as lines of SHA-256
}

// systemKind decodes the tables of one kind of system.
type systemKind struct {
	name, doc string
	configs   func() []tableConfig // for the reference
	decode    func(doc *spec.Doc, s *system) error
}

// tableConfig is a table of the config with its defaults.
type tableConfig struct {
	path, doc string
	config    any
}

// systems is the catalogue of systems.
var systems = append([]systemKind{
	{"mlp", "GAN of two multilayer perceptrons, the paper's", mlpTables, decodeMLP},
}, slices.Concat(gameKinds(), toyKinds(), spinKinds(), []systemKind{regressionKind()})...)

// ObservablesConfig is the table [observables].
type ObservablesConfig struct {
	Names []string `toml:"names" doc:"observables, in the order of the columns; empty: the system's default, see machlup list observables"`
	Batch int      `toml:"batch" range:"[16,10000000]" unit:"1" doc:"size of the fixed evaluation batch of a GAN's observables"`
}

func defaultObservables() ObservablesConfig { return ObservablesConfig{Batch: 1024} }

// decodeSystem reads [system], [start], [observables] and what the kind needs.
func decodeSystem(doc *spec.Doc) (*system, error) {
	var cfg SystemConfig
	if err := doc.Table("system").Decode(&cfg); err != nil {
		return nil, err
	}
	if cfg.Kind == "" {
		return nil, doc.Table("system").Errorf("kind", "found nothing, allowed %s", strings.Join(systemNames(), ", "))
	}
	s := &system{name: cfg.Kind, paths: []string{"system.kind", "start.steps", "start.noise", "observables"}, start: defaultStart(), obs: defaultObservables()}
	if err := doc.Table("start").Decode(&s.start); err != nil {
		return nil, err
	}
	if err := doc.Table("observables").Decode(&s.obs); err != nil {
		return nil, err
	}
	for _, k := range systems {
		if k.name == cfg.Kind {
			if err := k.decode(doc, s); err != nil {
				return nil, err
			}
			m, err := s.build(engine.Env{}) // refuse now what cannot be built
			if err != nil {
				return nil, doc.Table("system").Errorf("", "%v", err)
			}
			if err := s.start.check(doc, m); err != nil {
				return nil, err
			}
			s.shape = cmp.Or(m.Shape, cfg.Kind)
			for _, o := range m.Observer.Observables() {
				s.observed = append(s.observed, o.Name)
			}
			if err := startFrom(doc, s); err != nil {
				return nil, err
			}
			return s, s.checkStart(doc, m)
		}
	}
	return nil, unknownName(doc.Table("system"), "kind", cfg.Kind, systemNames())
}

func systemNames() []string {
	var names []string
	for _, k := range systems {
		names = append(names, k.name)
	}
	return names
}

// checkNames refuses observables that the system does not have, or twice.
func checkNames(doc *spec.Doc, names []string, all []langevin.Observable) error {
	var valid []string
	for _, o := range all {
		valid = append(valid, o.Name)
	}
	for i, n := range names {
		if !slices.Contains(valid, n) {
			return unknownName(doc.Table("observables"), "names", n, valid)
		}
		if slices.Contains(names[:i], n) {
			return doc.Table("observables").Errorf("names", "found %q twice, allowed once: each is a column", n)
		}
	}
	return nil
}

// model builds the system of a task; [start] steps are still to come.
func (s *system) model(env engine.Env) (*engine.Model, error) {
	m, err := s.build(env)
	if err == nil && s.from != nil {
		copy(m.Start, s.from.States[0].Q)
	}
	return m, err
}

// check refuses a factor where noise is not additive: inputs that choose a minibatch make no
// smaller noise when they are smaller.
func (c StartConfig) check(doc *spec.Doc, m *engine.Model) error {
	switch {
	case c.Noise == 1:
		return nil
	case c.Steps == 0:
		return doc.Table("start").Errorf("noise", "found %v with steps = 0, allowed 1: there are no steps before the start", c.Noise)
	case m.NoRecurrence != nil:
		return doc.Table("start").Errorf("noise", "found %v, allowed 1: of additive noise in a recurrence alone a part can be taken; %v", c.Noise, m.NoRecurrence)
	case m.Recurrence == nil:
		return doc.Table("start").Errorf("noise", "found %v, allowed 1: this system has no additive noise", c.Noise)
	}
	return nil
}

// A start is the configuration after [start] steps, of one sweep point and replica: trained
// once for all parts and estimators of a run.
type start struct {
	mu sync.Mutex
	q  []float64
}

// train brings a model to its start, by the steps unless they are done.
func (s *start) train(ctx context.Context, sys *system, env engine.Env) (*engine.Model, error) {
	m, err := sys.model(env)
	if err != nil || sys.start.Steps == 0 {
		return m, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.q != nil {
		copy(m.Start, s.q)
		return m, nil
	}
	if err := engine.Train(ctx, m, sys.start.Steps, sys.start.Noise, env.Stream("start")); err != nil {
		return m, err
	}
	s.q = append([]float64(nil), m.Start...)
	return m, nil
}

func (s *system) tables() []string { return s.paths }

func listSystems() []Entry {
	var out []Entry
	for _, k := range systems {
		e := Entry{Name: k.name, Doc: k.doc}
		for _, t := range k.configs() {
			for _, f := range spec.Fields(t.config) {
				f.Key = t.path + "." + f.Key
				e.Fields = append(e.Fields, f)
			}
		}
		out = append(out, e)
	}
	return out
}
