package build

import (
	"fmt"
	"slices"
	"strings"

	"machlup/gan"
	"machlup/internal/engine"
	"machlup/internal/spec"
	"machlup/langevin"
)

// DiscriminatorKind is the key of [system.mlp.discriminator] that says what it is.
type DiscriminatorKind struct {
	Kind string `toml:"kind" doc:"mlp: the network of this table; optimal: the exact discriminator of the smoothed densities, configured by [system.mlp.discriminator.optimal]"`
}

// PriorChoice is the key of [system.mlp] that names the prior.
type PriorChoice struct {
	Prior string `toml:"prior" doc:"normalised law of the generator's parameters, with the optimal discriminator; see machlup list priors; configured by [system.mlp.PRIOR]"`
}

// SchemeChoice is the key of [trainer] that puts the exact potential under a scheme.
type SchemeChoice struct {
	Scheme string `toml:"scheme" doc:"with the optimal discriminator: empty, trainer.generator.optimizer trains the generator; a name of machlup list schemes, configured by [trainer.SCHEME], moves it in the exact potential on the quenched batch"`
}

// emptyConfig is the table of a plug-in without settings.
type emptyConfig struct{}

func discriminatorChoices() []choice[any] {
	return []choice[any]{
		{"mlp", "multilayer perceptron, a player of its own", func() any { return &emptyConfig{} }},
		{"optimal", "exact D* = p_h/(p_h + q_h) of the densities smoothed with a Gaussian kernel, one-dimensional data: the generator has a true potential", func() any { c := gan.DefaultOptimal(); return &c }},
	}
}

func priorChoices() []choice[gan.PriorConfig] {
	var out []choice[gan.PriorConfig]
	for _, p := range gan.Priors() {
		out = append(out, choice[gan.PriorConfig]{p.Name, p.Doc, p.New})
	}
	return out
}

func listDiscriminators() []Entry { return entries(discriminatorChoices()) }
func listPriors() []Entry         { return entries(priorChoices()) }

func optimalTables() []tableConfig {
	return []tableConfig{
		{"system.mlp", "the game: prior", &PriorChoice{"none"}},
		{"system.mlp.discriminator", "what the discriminator is", &DiscriminatorKind{"mlp"}},
		{"trainer", "trainer of a GAN with the optimal discriminator", &SchemeChoice{}},
	}
}

// decodeOptimal reads what belongs to the optimal discriminator and, if it is chosen, makes
// the system of it.
func decodeOptimal(doc *spec.Doc, s *system, cfg gan.Config) (chosen bool, err error) {
	kind, prior, scheme := DiscriminatorKind{"mlp"}, PriorChoice{"none"}, SchemeChoice{}
	for _, t := range []tableConfig{{path: "system.mlp.discriminator", config: &kind}, {path: "system.mlp", config: &prior}, {path: "trainer", config: &scheme}} {
		if err := doc.Table(t.path).Decode(t.config); err != nil {
			return false, err
		}
	}
	d, err := choose(doc, "system.mlp.discriminator", "kind", kind.Kind, discriminatorChoices())
	if err != nil {
		return false, err
	}
	p, err := choose(doc, "system.mlp", "prior", prior.Prior, priorChoices())
	if err != nil {
		return false, err
	}
	s.paths = append(s.paths, "system.mlp.prior", "system.mlp."+prior.Prior, "trainer.scheme")
	if kind.Kind == "mlp" {
		if prior.Prior != "none" {
			return false, doc.Table("system.mlp").Errorf("prior", "found %q with discriminator.kind = \"mlp\", allowed \"none\": the losses of two players have no potential for a prior to belong to; use the regulariser weight-decay, or kind = \"optimal\"", prior.Prior)
		}
		if scheme.Scheme != "" {
			return false, doc.Table("trainer").Errorf("scheme", "found %q with discriminator.kind = \"mlp\", allowed \"\": the drift of two players is not a gradient; choose optimizers, or kind = \"optimal\"", scheme.Scheme)
		}
		return false, nil
	}
	o := optimalSystem{scheme: scheme.Scheme}
	if err := o.decode(doc, s, cfg, d.(*gan.OptimalConfig), p, prior.Prior); err != nil {
		return false, err
	}
	generator, _, _ := strings.Cut(s.shape, ", discriminator")
	s.shape = generator + ", discriminator optimal"
	if prior.Prior == "box" { // whose coordinates are not the parameters
		s.shape += ", " + o.game.Prior.Formula()
	}
	shape := s.shape
	s.build = func(env engine.Env) (*engine.Model, error) {
		m, err := o.model(env)
		if err == nil {
			m.Shape = shape
		}
		return m, err
	}
	return true, nil
}

// An optimalSystem is a generator against the optimal discriminator: a trainer of one
// player, or its potential under a scheme.
type optimalSystem struct {
	game   gan.OptimalGame
	scheme string // "" for the trainer
	under  schemeConfig
}

func (o *optimalSystem) decode(doc *spec.Doc, s *system, cfg gan.Config, d *gan.OptimalConfig, p gan.PriorConfig, priorName string) (err error) {
	if err := refuseOptimal(doc, cfg); err != nil {
		return err
	}
	prior, err := p.Prior()
	if err != nil {
		return doc.Table("system.mlp."+priorName).Errorf("", "%v", err)
	}
	discriminator, err := d.Discriminator(cfg.Target, cfg.Loss)
	if err != nil {
		return doc.Table("system.mlp.discriminator.optimal").Errorf("", "%v", err)
	}
	o.game = gan.OptimalGame{Generator: cfg.Generator, Discriminator: discriminator, Target: cfg.Target, Prior: prior,
		Optimizer: cfg.OptimizerG, Batch: cfg.Batch, Noise: cfg.Noise, Observables: cfg.Observables, EvaluationBatch: cfg.EvaluationBatch}
	if err := o.decodeScheme(doc, s); err != nil {
		return err
	}
	if n := cfg.Noise; priorName == "box" && n.Corrected() {
		return doc.Table("noise").Errorf("correction", "found %q with the prior \"box\", allowed \"none\": in its folded coordinates F⁻¹ jumps at the walls, where Γ has delta functions; use the prior weight-decay", n.Correction)
	}
	if prior != nil && o.scheme == "" && cfg.Noise.TG == 0 {
		return doc.Table("system.mlp").Errorf("prior", "found %q with generator noise at temperature 0, allowed \"none\": the prior's term of the potential is −T log π; set noise.temperature_g, or use no prior", priorName)
	}
	if prior != nil && o.scheme == "" {
		if n := defaultGANNoise(); doc.Table("noise").Decode(&n) == nil && n.Schedule != "constant" {
			return doc.Table("noise").Errorf("schedule", "found %q with a prior, allowed \"constant\": the prior's term of the potential is −T log π at one T", n.Schedule)
		}
	}
	quenched := cfg.Noise.Kind == "injected" || cfg.Noise.Kind == "none"
	all := gan.OptimalObservables(cfg.Target, cfg.Generator.Params(), quenched)
	if err := checkNames(doc, cfg.Observables, all); err != nil {
		return err
	}
	if len(o.game.Observables) == 0 {
		o.game.Observables = defaultOptimalObservables(all)
	}
	return nil
}

// decodeScheme reads the scheme, which brings the noise and the temperature.
func (o *optimalSystem) decodeScheme(doc *spec.Doc, s *system) (err error) {
	if o.scheme == "" {
		return nil
	}
	if o.under, err = choose(doc, "trainer", "scheme", o.scheme, schemes); err != nil {
		return err
	}
	s.paths = append(s.paths, "trainer."+o.scheme)
	if k := o.game.Noise.Kind; k != "none" {
		return doc.Table("noise").Errorf("kind", "found %q with trainer.scheme = %q, allowed \"none\": the scheme brings the noise, the potential is that of the quenched batch of latents", k, o.scheme)
	}
	if blocks := playerTemperatures(o.under); len(blocks) > 0 {
		return doc.Table("trainer."+o.scheme).Errorf("temperatures", "found %v, allowed none with the optimal discriminator: there is one block, and its potential contains T; set temperature", blocks)
	}
	o.game.Temperature = o.under.temperature()
	return nil
}

// refuseOptimal refuses settings of a second player.
func refuseOptimal(doc *spec.Doc, cfg gan.Config) error {
	refuse := func(table, key, found, allowed, why string) error {
		return doc.Table(table).Errorf(key, "found %s with discriminator.kind = \"optimal\", allowed %s: %s", found, allowed, why)
	}
	dynamics := gan.DefaultAlternating()
	if err := doc.Table("trainer.alternating").Decode(&dynamics); err != nil {
		return err
	}
	network := gan.DefaultDiscriminator()
	if err := doc.Table("system.mlp.discriminator").Decode(&network); err != nil {
		return err
	}
	switch n := cfg.Noise; {
	case network.Output != gan.DefaultDiscriminator().Output:
		return refuse("system.mlp.discriminator", "output", fmt.Sprintf("%q", network.Output), fmt.Sprintf("%q", gan.DefaultDiscriminator().Output), "its output is the logit log(p_h/q_h)")
	case n.TD != 0:
		return refuse("noise", "temperature_d", fmt.Sprint(n.TD), "0", "it has no parameters to move")
	case len(cfg.Regularisers) > 0:
		return refuse("trainer", "regularisers", fmt.Sprintf("%d of them", len(cfg.Regularisers)), "none", "the prior does what weight decay of the generator does, the bandwidth what instance noise does")
	case cfg.Packing > 1:
		return refuse("trainer", "packing", fmt.Sprint(cfg.Packing), "1", "its D* is of single samples")
	case cfg.Dynamics != nil && cfg.Dynamics.Name() != "alternating":
		return refuse("trainer", "dynamics", fmt.Sprintf("%q", cfg.Dynamics.Name()), "\"alternating\"", "there is one player")
	case dynamics != gan.DefaultAlternating():
		return refuse("trainer.alternating", "", fmt.Sprintf("%+v", dynamics), "the default", "it takes no steps")
	case cfg.OptimizerD.Name != defaultPlayer().Optimizer:
		return refuse("trainer.discriminator", "optimizer", fmt.Sprintf("%q", cfg.OptimizerD.Name), fmt.Sprintf("%q", defaultPlayer().Optimizer), "it takes no steps")
	}
	return nil
}

func defaultOptimalObservables(all []langevin.Observable) []string {
	var out []string
	for _, o := range all {
		if slices.Contains([]string{"functional", "gen_mean", "gen_std", "rho", "w2"}, o.Name) {
			out = append(out, o.Name)
		}
	}
	return out
}

// model makes the trainer or the potential of one part. Initial parameters, quenched and
// evaluation latents come from streams of the task, so all parts have the same.
func (o *optimalSystem) model(env engine.Env) (*engine.Model, error) {
	game := o.game
	game.QuenchedSource, game.EvaluationSource = env.Stream("quenched batch"), env.Stream("evaluation batch")
	t, err := gan.NewOptimal(game)
	if err != nil {
		return nil, err
	}
	m := &engine.Model{Kind: "mlp", Drawn: true, Map: t, Observer: t, Start: make([]float64, t.Config()), Size: t.Config(), Eta: game.Optimizer.Rule.Rate(),
		Quenched: game.Noise.Kind == "injected" || game.Noise.Kind == "none", Generator: generator{t, game.Target}, NoStationary: t.Stationary()}
	if err := t.InitConfig(m.Start, env.Stream("initial parameters")); err != nil {
		return nil, err
	}
	if o.scheme != "" {
		return m, o.underScheme(m, t)
	}
	m.Recurrence, m.NoRecurrence = t.Recurrence()
	m.Linear, m.NoLinear = t.Linearizer()
	if m.NoPotential = t.Boltzmann(); m.NoPotential == nil {
		m.Temperature = game.Noise.TG
		if m.Potential, err = t.Potential(); err != nil {
			return nil, err
		}
		m.Reference = reference(game)
	}
	return m, nil
}

// underScheme puts the potential of the trainer under the scheme.
func (o *optimalSystem) underScheme(m *engine.Model, t *gan.Optimal) error {
	u, err := t.Potential()
	if err != nil {
		return err
	}
	m.Potential, m.Temperature, m.Eta = u, o.game.Temperature, o.under.step()
	if m.Map, err = o.under.scheme(langevin.Descent(u)); err != nil {
		return err
	}
	samplesGradient(m, o.under)
	m.Recurrence, m.NoRecurrence = recurrence(m.Map, m.Temperature)
	if lin, ok := langevin.AsLinearizer(m.Map); ok {
		m.Linear = lin
	} else {
		m.NoLinear = fmt.Errorf("the scheme %s has no derivative", o.scheme)
	}
	m.Reference = reference(o.game)
	return nil
}

// reference is the prior that log Z is quoted relative to, nil without.
func reference(g gan.OptimalGame) *engine.Reference {
	if g.Prior == nil {
		return nil
	}
	n := g.Generator.Params()
	_, functional := g.Discriminator.Functional()
	measure := fmt.Sprintf("the prior %s (%s on %d parameters), normalised to 1: Z = its mean of exp(−%s/T)", g.Prior.Name(), g.Prior.Formula(), n, functional)
	if l, signs := gan.Multiplicity(g.Generator); l > 0 || signs {
		measure += fmt.Sprintf("; it counts the permutations of hidden units, log multiplicity %.6g", l)
		if signs {
			measure += ", and their changes of sign"
		}
	}
	return &engine.Reference{Measure: measure, Potential: gan.PriorPotential{Prior: g.Prior, N: n}, Draw: g.Prior.Draw}
}
