package build

import (
	"machlup/gan"
	"machlup/internal/spec"
)

// gameKinds are the small games of package gan, systems beside the GAN of perceptrons.
func gameKinds() []systemKind {
	var out []systemKind
	for _, g := range gan.Games() {
		out = append(out, systemKind{g.Name, g.Doc,
			func() []tableConfig {
				return append([]tableConfig{{"system." + g.Name, "the game", g.New()}}, trainerTables(g.Loss)...)
			},
			func(doc *spec.Doc, s *system) error { return decodeGame(doc, s, g) }})
	}
	return out
}

// onTarget is a game that is played on data of the user's choice.
type onTarget interface{ TargetName() string }

func decodeGame(doc *spec.Doc, s *system, g gan.GameEntry) error {
	table, c := "system."+g.Name, g.New()
	if err := doc.Table(table).Decode(c); err != nil {
		return err
	}
	for _, f := range spec.Fields(c) {
		s.paths = append(s.paths, join(table, f.Key))
	}
	cfg := gan.Config{Observables: s.obs.Names, EvaluationBatch: s.obs.Batch}
	if err := decodeTrainer(doc, s, &cfg, g.Loss); err != nil {
		return err
	}
	var data gan.Target
	if d, ok := c.(onTarget); ok {
		var err error
		if data, err = decodeTarget(doc, s, table, d.TargetName()); err != nil {
			return err
		}
	}
	game, err := c.Game(data)
	if err != nil {
		return doc.Table(table).Errorf("", "%v", err)
	}
	cfg.Generator, cfg.Discriminator, cfg.Target = game.Generator, game.Discriminator, game.Target
	if err := checkNoise(doc, cfg); err != nil {
		return err
	}
	return finishGAN(doc, s, cfg)
}

// exampleGame is the game with its defaults, for what a list must know of it.
func exampleGame(g gan.GameEntry) (gan.Config, error) {
	target, err := gan.DefaultGaussian().Target()
	if err != nil {
		return gan.Config{}, err
	}
	game, err := g.New().Game(target)
	return gan.Config{Generator: game.Generator, Discriminator: game.Discriminator, Target: game.Target}, err
}
