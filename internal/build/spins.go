package build

import (
	"fmt"

	"machlup/internal/engine"
	"machlup/internal/spec"
	"machlup/langevin"
)

// spinConfig builds a system of spins: the map, the configuration of step 0 and β.
type spinConfig interface {
	spins() (spinSystem, []float64, float64, error)
}

// spinSystem is a map on spins that knows its observables.
type spinSystem interface {
	langevin.Map
	langevin.Observer
}

type (
	curieWeissSpins struct{ langevin.CurieWeissConfig }
	isingSpins      struct{ langevin.IsingConfig }
)

func (c *curieWeissSpins) spins() (spinSystem, []float64, float64, error) {
	s, start, err := langevin.NewCurieWeiss(c.CurieWeissConfig)
	return s, start, c.Beta, err
}

func (c *isingSpins) spins() (spinSystem, []float64, float64, error) {
	s, start, err := langevin.NewIsing(c.IsingConfig)
	return s, start, c.Beta, err
}

// spinChoices is the catalogue of spin systems.
var spinChoices = []choice[spinConfig]{
	{"curie-weiss", "N spins that all couple, E = −M²/2N − hM: a transition with exact finite-size laws", func() spinConfig {
		return &curieWeissSpins{langevin.CurieWeissConfig{Spins: 100, Beta: 1, Start: "mixed"}}
	}},
	{"ising", "L×L Ising spins with periodic borders", func() spinConfig {
		return &isingSpins{langevin.IsingConfig{Length: 4, Beta: 0.44, Update: "heat-bath", Start: "mixed"}}
	}},
	{"potts", "N spins of q colours that all couple, E = −Σn_a²/2N: a transition of first order with exact finite-size laws", newPottsSpins},
}

func spinKinds() []systemKind {
	var out []systemKind
	for _, c := range spinChoices {
		out = append(out, systemKind{c.name, c.doc,
			func() []tableConfig { return []tableConfig{{"system." + c.name, c.doc, c.config()}} },
			func(doc *spec.Doc, s *system) error { return decodeSpins(doc, s, c) }})
	}
	return out
}

func decodeSpins(doc *spec.Doc, s *system, c choice[spinConfig]) error {
	cfg, table := c.config(), "system."+c.name
	if err := doc.Table(table).Decode(cfg); err != nil {
		return err
	}
	s.paths = append(s.paths, table)
	spins, _, _, err := cfg.spins()
	if err != nil {
		return doc.Table(table).Errorf("", "%v", err)
	}
	if err := checkNames(doc, s.obs.Names, spins.Observables()); err != nil {
		return err
	}
	s.build = func(engine.Env) (*engine.Model, error) { return spinModel(c.name, cfg, s.obs.Names) }
	return nil
}

func spinModel(name string, cfg spinConfig, names []string) (*engine.Model, error) {
	spins, start, beta, err := cfg.spins()
	if err != nil {
		return nil, err
	}
	discrete := fmt.Errorf("the spins of %s are discrete", name)
	return &engine.Model{Kind: name, Map: spins, Start: start, Size: spins.Config(), Eta: 1, Quenched: true,
		Observer: selectObservables(spins, names), InverseTemperature: beta,
		NoRecurrence: fmt.Errorf("%w, and their paths have no density in positions; use path.action = \"innovation\"", discrete),
		NoLinear:     fmt.Errorf("%w and have no tangent", discrete),
		NoPotential:  fmt.Errorf("%w: their energy has no gradient", discrete)}, nil
}
