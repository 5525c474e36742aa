package build

import (
	"fmt"

	"machlup/internal/engine"
	"machlup/internal/spec"
	"machlup/langevin"
)

const regressionDoc = "linear or logistic regression of a made-up data set by SGD at a constant step, fresh batches"

func defaultRegression() langevin.RegressionConfig {
	return langevin.RegressionConfig{Loss: "linear", Points: 1000, Dim: 3, Condition: 4, Noise: 1, Ridge: 0, Batch: 10, Eta: 0.1, DataSeed: 1}
}

func regressionKind() systemKind {
	return systemKind{"regression", regressionDoc,
		func() []tableConfig {
			c := defaultRegression()
			return []tableConfig{{"system.regression", regressionDoc, &c}}
		}, decodeRegression}
}

func decodeRegression(doc *spec.Doc, s *system) error {
	cfg, table := defaultRegression(), doc.Table("system.regression")
	if err := table.Decode(&cfg); err != nil {
		return err
	}
	s.paths = append(s.paths, "system.regression")
	r, err := langevin.NewRegression(cfg)
	if err != nil {
		return table.Errorf("batch", "%v", err)
	}
	if err := checkNames(doc, s.obs.Names, langevin.NewCoordinates(r.Dim(), r).Observables()); err != nil {
		return err
	}
	s.build = func(engine.Env) (*engine.Model, error) { return regressionModel(cfg, s.obs.Names) }
	return nil
}

func regressionModel(cfg langevin.RegressionConfig, names []string) (*engine.Model, error) {
	r, err := langevin.NewRegression(cfg)
	if err != nil {
		return nil, err
	}
	start, err := r.Minimum()
	if err != nil {
		return nil, err
	}
	sgd, err := langevin.NewMinibatch(r, langevin.Player{Name: "w", Hi: r.Dim(), Eta: cfg.Eta})
	if err != nil {
		return nil, err
	}
	noise := fmt.Errorf("the noise of a batch has no Gaussian density in positions")
	return &engine.Model{Kind: "regression", Map: sgd, Regression: r, Observer: selectObservables(langevin.NewCoordinates(r.Dim(), r), names),
		Start: start, Size: r.Dim(), Eta: cfg.Eta, NoRecurrence: noise,
		NoLinear:    fmt.Errorf("inputs of zero are one batch, not the mean of all"),
		NoPotential: fmt.Errorf("SGD's stationary law is that of its batches, not e^{−U/T}")}, nil
}
