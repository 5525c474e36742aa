package build

import (
	"fmt"
	"slices"
	"strings"

	"machlup/gan"
	"machlup/internal/engine"
	"machlup/internal/record"
	"machlup/internal/spec"
	"machlup/langevin"
)

// MLPConfig is the table [system.mlp].
type MLPConfig struct {
	Target string `toml:"target" doc:"data distribution, see machlup list targets; configured by [system.mlp.TARGET]"`
}

// MLPTrainerConfig is the table [trainer] of a GAN.
type MLPTrainerConfig struct {
	Batch        int      `toml:"batch" range:"[1,10000000]" unit:"1" doc:"B, samples of a minibatch"`
	Loss         string   `toml:"loss" doc:"see machlup list losses; one with settings is configured by [trainer.LOSS]"`
	Regularisers []string `toml:"regularisers" doc:"see machlup list regularisers; each is configured by [trainer.NAME]"`
	Dynamics     string   `toml:"dynamics" doc:"see machlup list dynamics; configured by [trainer.DYNAMICS]"`
	Packing      int      `toml:"packing" range:"[1,10000000]" unit:"1" doc:"m, samples in one row of the discriminator (PacGAN); must divide the batch"`
}

// PlayerConfig is the table [trainer.generator] or [trainer.discriminator].
type PlayerConfig struct {
	Optimizer string `toml:"optimizer" doc:"see machlup list optimizers; configured by the table of its name beside it"`
	Schedule  string `toml:"schedule" doc:"of the learning rate, see machlup list schedules; configured by the table of its name beside it"`
}

// GANNoiseConfig is the table [noise] of a GAN.
type GANNoiseConfig struct {
	gan.NoiseConfig
	Gradient        string  `toml:"gradient" enum:"batch|control-variate|svrg" doc:"estimate of the gradient: that of the batch; control-variate and svrg are refused on a GAN, whose latents are drawn afresh and are no finite sum to anchor at"`
	CorrelationTime float64 `toml:"correlation_time" range:"[0,inf)" unit:"step" doc:"of coloured injected noise, an Ornstein-Uhlenbeck process of the intensity that the temperatures give; 0: white"`
	Schedule        string  `toml:"schedule" doc:"of both injected temperatures, see machlup list schedules; configured by [noise.SCHEDULE]"`
}

// defaultMLPTrainer plays the game with a loss.
func defaultMLPTrainer(loss string) MLPTrainerConfig {
	return MLPTrainerConfig{Batch: 128, Loss: loss, Dynamics: "alternating", Packing: 1}
}

// perceptronLoss is the listing's.
const perceptronLoss = "non-saturating"

func defaultPlayer() PlayerConfig { return PlayerConfig{Optimizer: "sgd", Schedule: "constant"} }

func defaultGANNoise() GANNoiseConfig {
	return GANNoiseConfig{NoiseConfig: gan.DefaultNoise(), Gradient: "batch", Schedule: "constant"}
}

func mlpTables() []tableConfig {
	g, d := gan.DefaultGenerator(), gan.DefaultDiscriminator()
	return append([]tableConfig{
		{"system.mlp", "the game", &MLPConfig{Target: "gaussian"}},
		{"system.mlp.generator", "generator network", &g},
		{"system.mlp.discriminator", "discriminator network", &d},
	}, append(trainerTables(perceptronLoss), optimalTables()...)...)
}

// trainerTables are those that every GAN has.
func trainerTables(loss string) []tableConfig {
	t, n, pg, pd := defaultMLPTrainer(loss), defaultGANNoise(), defaultPlayer(), defaultPlayer()
	return []tableConfig{
		{"trainer", "trainer of a GAN", &t},
		{"trainer.generator", "generator's optimizer", &pg},
		{"trainer.discriminator", "discriminator's optimizer", &pd},
		{"noise", "noise of a GAN", &n},
	}
}

// samplesConfig is the table of a target given by the user's samples.
type samplesConfig struct {
	File string `toml:"file" required:"true" doc:"CSV of numbers, one sample a row, one column a coordinate; a header is allowed; relative to this file"`
	path string // where it is
}

// Target reads the file.
func (c *samplesConfig) Target() (gan.Target, error) {
	_, rows, err := record.ReadNumericCSV(c.path)
	if err != nil {
		return nil, err
	}
	return gan.NewSamples(rows)
}

// targetChoices are gan's targets and the user's samples.
func targetChoices() []choice[gan.TargetConfig] {
	var out []choice[gan.TargetConfig]
	for _, t := range gan.Targets() {
		out = append(out, choice[gan.TargetConfig]{t.Name, t.Doc, t.New})
	}
	return append(out, choice[gan.TargetConfig]{"samples", "the user's samples, from a CSV file", func() gan.TargetConfig { return &samplesConfig{} }})
}

func lossChoices() []choice[gan.LossConfig] {
	var out []choice[gan.LossConfig]
	for _, l := range gan.Losses() {
		out = append(out, choice[gan.LossConfig]{l.Name, l.Doc, l.New})
	}
	return out
}

func optimizerChoices() []choice[gan.OptimizerConfig] {
	var out []choice[gan.OptimizerConfig]
	for _, o := range gan.Optimizers() {
		out = append(out, choice[gan.OptimizerConfig]{o.Name, o.Doc, o.New})
	}
	return out
}

func scheduleChoices() []choice[gan.ScheduleConfig] {
	var out []choice[gan.ScheduleConfig]
	for _, c := range gan.Schedules() {
		out = append(out, choice[gan.ScheduleConfig]{c.Name, c.Doc, c.New})
	}
	return out
}

func dynamicsChoices() []choice[gan.DynamicsConfig] {
	var out []choice[gan.DynamicsConfig]
	for _, d := range gan.AllDynamics() {
		out = append(out, choice[gan.DynamicsConfig]{d.Name, d.Doc, d.New})
	}
	return out
}

func regulariserChoices() []choice[gan.RegulariserConfig] {
	var out []choice[gan.RegulariserConfig]
	for _, r := range gan.Regularisers() {
		out = append(out, choice[gan.RegulariserConfig]{r.Name, r.Doc, r.New})
	}
	return out
}

// decodeMLP reads the tables of a GAN into gan.Config.
func decodeMLP(doc *spec.Doc, s *system) error {
	cfg := gan.Config{Observables: s.obs.Names, EvaluationBatch: s.obs.Batch}
	if err := decodeTrainer(doc, s, &cfg, perceptronLoss); err != nil {
		return err
	}
	if err := decodeNetworks(doc, s, &cfg); err != nil {
		return err
	}
	if err := checkNoise(doc, cfg); err != nil {
		return err
	}
	if chosen, err := decodeOptimal(doc, s, cfg); chosen || err != nil {
		return err
	}
	return finishGAN(doc, s, cfg)
}

// finishGAN checks the observables of a GAN and says how its model is made.
func finishGAN(doc *spec.Doc, s *system, cfg gan.Config) error {
	if err := checkNames(doc, cfg.Observables, cfg.AllObservables()); err != nil {
		return err
	}
	if len(cfg.Observables) == 0 {
		cfg.Observables = defaultGANObservables(cfg)
	}
	kind, shape, correlation := s.name, s.shape, s.correlation
	s.build = func(env engine.Env) (*engine.Model, error) {
		m, err := ganModel(kind, cfg, correlation, env)
		if err == nil {
			m.Shape = shape
		}
		return m, err
	}
	return nil
}

// decodeNetworks follows decodeTrainer: the discriminator's output belongs to the loss.
func decodeNetworks(doc *spec.Doc, s *system, cfg *gan.Config) error {
	mlp, g, d := MLPConfig{Target: "gaussian"}, gan.DefaultGenerator(), gan.DefaultDiscriminator()
	for _, t := range []tableConfig{{path: "system.mlp", config: &mlp}, {path: "system.mlp.generator", config: &g}, {path: "system.mlp.discriminator", config: &d}} {
		if err := doc.Table(t.path).Decode(t.config); err != nil {
			return err
		}
	}
	var err error
	if cfg.Target, err = decodeTarget(doc, s, "system.mlp", mlp.Target); err != nil {
		return err
	}
	s.paths = append(s.paths, "system.mlp.generator", "system.mlp.discriminator")
	dim := cfg.Target.Dim()
	if cfg.Generator, err = g.Network(dim); err != nil {
		return doc.Table("system.mlp.generator").Errorf("", "%v", err)
	}
	if cfg.Discriminator, err = d.Network(dim * cfg.Packing); err != nil {
		return doc.Table("system.mlp.discriminator").Errorf("", "%v", err)
	}
	s.shape = fmt.Sprintf("mlp: generator %s, discriminator %s", widths(cfg.Generator, g.Hidden, g.Activation), widths(cfg.Discriminator, d.Hidden, d.Activation))
	if cfg.Loss, err = gan.WithOutput(cfg.Loss, gan.Output(d.Output)); err != nil {
		return doc.Table("system.mlp.discriminator").Errorf("output", "%v", err)
	}
	return nil
}

// widths is a network as "16-32-1 relu".
func widths(n gan.Network, hidden []int, activation string) string {
	s := fmt.Sprint(n.In())
	for _, w := range hidden {
		s += fmt.Sprintf("-%d", w)
	}
	return fmt.Sprintf("%s-%d %s", s, n.Out(), activation)
}

// decodeTarget reads the data that the key target of a system's table names.
func decodeTarget(doc *spec.Doc, s *system, table, name string) (gan.Target, error) {
	c, err := choose(doc, table, "target", name, targetChoices())
	if err != nil {
		return nil, err
	}
	own := join(table, name)
	s.paths = append(s.paths, join(table, "target"))
	f, isFile := c.(*samplesConfig)
	if isFile {
		f.path = locate(doc.Table(own), "file", f.File, inputName(f.File))
	} else {
		s.paths = append(s.paths, own)
	}
	target, err := c.Target()
	if err != nil {
		return nil, doc.Table(own).Errorf("", "%v", err)
	}
	if isFile {
		in, err := hashInput(inputName(f.File), f.path)
		if err != nil {
			return nil, doc.Table(own).Errorf("file", "%v", err)
		}
		s.inputs = append(s.inputs, in)
		s.files = append(s.files, "# contents of "+own+".file: SHA-256 "+in.SHA256+"\n")
	}
	return target, nil
}

// decodeTrainer reads what every GAN has; loss is the one of a config that names none.
func decodeTrainer(doc *spec.Doc, s *system, cfg *gan.Config, loss string) error {
	t, n := defaultMLPTrainer(loss), defaultGANNoise()
	if err := doc.Table("trainer").Decode(&t); err != nil {
		return err
	}
	if err := doc.Table("noise").Decode(&n); err != nil {
		return err
	}
	chosen, err := choose(doc, "trainer", "loss", t.Loss, lossChoices())
	if err != nil {
		return err
	}
	if cfg.Loss, err = chosen.Loss(); err != nil {
		return doc.Table("trainer."+t.Loss).Errorf("", "%v", err)
	}
	cfg.Batch, cfg.Packing, cfg.Noise = t.Batch, t.Packing, n.Noise()
	temperature, err := decodeSchedule(doc, s, "noise", n.Schedule)
	if err != nil {
		return err
	}
	if n.Gradient != "batch" {
		return doc.Table("noise").Errorf("gradient", "found %q, allowed \"batch\": it corrects a batch's gradient by that at an anchor over all data, and a GAN's loss is a mean over latents drawn afresh, no finite sum (a quenched batch is used whole: there is nothing to reduce); the scheme sgld of a quadratic-sum has it", n.Gradient)
	}
	if !cfg.Noise.Injected() && n.Schedule != "constant" {
		return doc.Table("noise").Errorf("schedule", "found %q with noise.kind = %q, allowed \"constant\": that kind injects no noise whose temperature could follow it", n.Schedule, n.Kind)
	}
	if !cfg.Noise.Injected() && n.CorrelationTime > 0 {
		return doc.Table("noise").Errorf("correlation_time", "found %v with noise.kind = %q, allowed 0: that kind injects no noise that could be coloured; use injected or a sum with it", n.CorrelationTime, n.Kind)
	}
	s.correlation = n.CorrelationTime
	for _, f := range spec.Fields(&n) {
		s.paths = append(s.paths, "noise."+f.Key)
	}
	s.paths = append(s.paths, "trainer.batch", "trainer.loss", "trainer."+t.Loss, "trainer.regularisers", "trainer.packing")
	if err := decodeRegularisers(doc, s, t.Regularisers, cfg); err != nil {
		return err
	}
	dynamics, err := choose(doc, "trainer", "dynamics", t.Dynamics, dynamicsChoices())
	if err != nil {
		return err
	}
	if cfg.Dynamics, err = dynamics.Dynamics(); err != nil {
		return doc.Table("trainer."+t.Dynamics).Errorf("", "%v", err)
	}
	s.paths = append(s.paths, "trainer.dynamics", "trainer."+t.Dynamics)
	for _, p := range []struct {
		name string
		dst  *gan.Optimizer
	}{{"generator", &cfg.OptimizerG}, {"discriminator", &cfg.OptimizerD}} {
		table := "trainer." + p.name
		player := defaultPlayer()
		if err := doc.Table(table).Decode(&player); err != nil {
			return err
		}
		opt, err := choose(doc, table, "optimizer", player.Optimizer, optimizerChoices())
		if err != nil {
			return err
		}
		s.paths = append(s.paths, table+".optimizer", table+"."+player.Optimizer)
		if *p.dst, err = opt.Optimizer(); err != nil {
			return doc.Table(table+"."+player.Optimizer).Errorf("", "%v", err)
		}
		rate, err := decodeSchedule(doc, s, table, player.Schedule)
		if err != nil {
			return err
		}
		p.dst.Rule = gan.Scheduled(p.dst.Rule, rate, temperature)
	}
	return nil
}

// decodeSchedule reads the schedule that the key schedule of a table names.
func decodeSchedule(doc *spec.Doc, s *system, table, name string) (gan.Schedule, error) {
	c, err := choose(doc, table, "schedule", name, scheduleChoices())
	if err != nil {
		return nil, err
	}
	s.paths = append(s.paths, table+".schedule", table+"."+name)
	if _, noise := c.(*gan.CyclicalNoiseSchedule); noise && strings.HasPrefix(table, "trainer.") {
		return nil, doc.Table(table).Errorf("schedule", "found %q, allowed as noise.schedule: it is 0 in the first part of each period, and a learning rate of 0 trains nothing; use \"cyclical\"", name)
	}
	schedule, err := c.Schedule()
	if err != nil {
		return nil, doc.Table(table+"."+name).Errorf("", "%v", err)
	}
	return schedule, nil
}

// scheduled is a plug-in that follows a schedule, named by the key schedule of its table.
type scheduled interface {
	ScheduleName() string
	Follow(gan.Schedule)
}

// decodeRegularisers reads the table of each name.
func decodeRegularisers(doc *spec.Doc, s *system, names []string, cfg *gan.Config) error {
	chosen, err := chooseAll(doc, "trainer", "regularisers", names, regulariserChoices())
	if err != nil {
		return err
	}
	for i, c := range chosen {
		table := "trainer." + names[i]
		if f, ok := c.(scheduled); ok {
			schedule, err := decodeSchedule(doc, s, table, f.ScheduleName())
			if err != nil {
				return err
			}
			f.Follow(schedule)
		}
		r, err := c.Regulariser()
		if err != nil {
			return doc.Table(table).Errorf("", "%v", err)
		}
		s.paths = append(s.paths, table)
		cfg.Regularisers = append(cfg.Regularisers, r)
	}
	return nil
}

// checkNoise refuses noise that the kind or the optimizers do not have, at its key.
func checkNoise(doc *spec.Doc, cfg gan.Config) error {
	n, t, metric := cfg.Noise, doc.Table("noise"), false
	for _, p := range []struct {
		key, table  string
		temperature float64
		metric      bool
		opt         gan.Optimizer
		net         gan.Network
	}{{"d", "discriminator", n.TD, n.MetricD, cfg.OptimizerD, cfg.Discriminator}, {"g", "generator", n.TG, n.MetricG, cfg.OptimizerG, cfg.Generator}} {
		if p.temperature > 0 && !n.Injected() {
			return t.Errorf("temperature_"+p.key, "found %v with noise.kind = %q, allowed 0: that kind injects none; use injected or a sum with it", p.temperature, n.Kind)
		}
		if p.metric && !p.opt.Direction.Natural {
			return t.Errorf("metric_"+p.key, "found \"natural\" for the optimizer %q, allowed \"isotropic\": only natural and natural-momentum have a metric", p.opt.Name)
		}
		if err := n.Estimable(p.opt, p.temperature); err != nil {
			return doc.Table("trainer."+p.table+".momentum").Errorf("noise_estimate", "%v", err)
		}
		if p.temperature > 0 && p.metric {
			metric = true
			if err := n.Correctable(p.net, p.opt); err != nil {
				return t.Errorf("correction", "%v", err)
			}
		}
	}
	if n.Corrected() && !metric {
		return t.Errorf("correction", "found %q and no player has metric noise at a temperature > 0, allowed \"none\": isotropic noise has no Γ; set metric_g or metric_d to \"natural\"; noise in RMSProp's metric has its Γ on toys only, it takes the diagonal of the Hessian of the batch's loss", n.Correction)
	}
	return nil
}

func defaultGANObservables(cfg gan.Config) []string {
	var out []string
	for _, o := range cfg.AllObservables() {
		if !slices.Contains([]string{"norm_theta", "norm_psi", "penalty"}, o.Name) {
			out = append(out, o.Name)
		}
	}
	return out
}

// ganModel makes the trainer of one part: initial parameters, quenched and evaluation
// batches come from streams of the task, so all parts have the same.
func ganModel(kind string, cfg gan.Config, correlation float64, env engine.Env) (*engine.Model, error) {
	cfg.QuenchedSource, cfg.EvaluationSource = env.Stream("quenched batch"), env.Stream("evaluation batch")
	t, err := gan.New(cfg)
	if err != nil {
		return nil, err
	}
	m := &engine.Model{Kind: kind, Map: t, Observer: t, Start: make([]float64, t.Config()), Size: cfg.Generator.Params(),
		Quenched: !cfg.Noise.Fresh()}
	if t.Latent() > 0 { // a fixed point is no distribution to draw from
		m.Generator = generator{t, cfg.Target}
	}
	m.Eta = cfg.OptimizerG.Rule.Rate()
	if kind == "mlp" {
		m.Unconfined = cfg.Confined()
	}
	m.Recurrence, m.NoRecurrence = t.Recurrence()
	m.Linear, m.NoLinear = t.Linearizer()
	m.BatchLinear, m.NoBatchLinear = t.BatchLinearizer()
	if m.MeanMap, err = withReplacement(t, cfg); err != nil {
		return nil, err
	}
	if err := colour(m, t, correlation); err != nil {
		return nil, err
	}
	m.Gradients = gradientModel(cfg)
	t.InitConfig(m.Start, env.Stream("initial parameters"))
	return m, nil
}

// withReplacement is the map whose mean step is the classical trajectory of epochs, nil for
// other noise.
func withReplacement(t *gan.Trainer, cfg gan.Config) (langevin.Map, error) {
	if cfg.Noise.Kind != "minibatch-epoch" && cfg.Noise.Kind != "minibatch-epoch+injected" {
		return nil, nil
	}
	cfg.Noise.Kind = strings.Replace(cfg.Noise.Kind, "minibatch-epoch", "minibatch", 1)
	return gan.New(cfg)
}

// generator adapts a trainer to engine.Generator.
type generator struct {
	t      trainer
	target gan.Target
}

// trainer is a gan.Trainer or gan.Optimal.
type trainer interface {
	SampleDim() int
	Latent() int
	Generate(dst, q, z []float64)
	GeneratorLosses(dst, q, samples []float64)
}

func (g generator) DataDim() int { return g.t.SampleDim() }

func (g generator) Generate(dst, q []float64, src langevin.Source) {
	z := make([]float64, len(dst)/g.t.SampleDim()*g.t.Latent())
	src.Normals(z)
	g.t.Generate(dst, q, z)
}

func (g generator) TargetSamples(dst []float64, src langevin.Source) {
	xi := make([]float64, len(dst)/g.target.Dim()*g.target.Normals())
	src.Normals(xi)
	g.target.Sample(dst, xi)
}

func (g generator) TargetDensity(x []float64) (float64, bool) {
	d, ok := g.target.(gan.DensityTarget)
	if !ok {
		return 0, false
	}
	return d.Density(x), true
}

// Quantile is the data's quantile function, ok = false where unknown.
func (g generator) Quantile(u float64) (float64, bool) {
	q, ok := g.target.(gan.QuantileTarget)
	if !ok {
		return 0, false
	}
	return q.Quantile(u), true
}

func (g generator) Loss(dst, q, samples []float64) { g.t.GeneratorLosses(dst, q, samples) }

func listSchedules() []Entry  { return entries(scheduleChoices()) }
func listTargets() []Entry    { return entries(targetChoices()) }
func listOptimizers() []Entry { return entries(optimizerChoices()) }
func listDynamics() []Entry   { return entries(dynamicsChoices()) }

func listMetrics() []Entry {
	var out []Entry
	names, docs := gan.Metrics()
	for i, name := range names {
		out = append(out, Entry{Name: name, Doc: docs[i]})
	}
	return out
}

func listRegularisers() []Entry { return entries(regulariserChoices()) }

func listLosses() []Entry { return entries(lossChoices()) }

func listActivations() []Entry {
	return []Entry{{Name: "relu", Doc: "max(x, 0)"}, {Name: "leaky-relu", Doc: "x for x ≥ 0, slope·x below"},
		{Name: "tanh", Doc: "hyperbolic tangent"}, {Name: "softplus", Doc: "ln(1 + eˣ)"}}
}

func listInits() []Entry {
	var out []Entry
	for _, e := range gan.Inits() {
		out = append(out, Entry{Name: e.Name, Doc: e.Doc})
	}
	return out
}

func listNoise() []Entry {
	return []Entry{
		{Name: "minibatch", Doc: "fresh data and latents every step: the trainer's true noise"},
		{Name: "injected", Doc: "drift on one quenched batch plus Gaussian noise at temperature_d, temperature_g; isotropic or in the metric of a natural optimizer"},
		{Name: "minibatch-epoch", Doc: "minibatches of a finite data set (target samples) without replacement over an epoch; latents are fresh"},
		{Name: "minibatch-gaussian", Doc: "normal noise with the covariance C(x)/B of minibatches drawn from the rows of the quenched batch, at the current point; F⁻¹CF⁻ᵀ/B for a natural player"},
		{Name: "minibatch+injected", Doc: "their sum; minibatch-epoch+injected and minibatch-gaussian+injected likewise"},
		{Name: "none", Doc: "the quenched batch without noise"},
	}
}

func listObservables() []Entry {
	var out []Entry
	seen := map[string]bool{}
	add := func(system string, obs []langevin.Observable) {
		for _, o := range obs {
			if !seen[system+o.Name] {
				seen[system+o.Name] = true
				out = append(out, Entry{Name: o.Name, Doc: fmt.Sprintf("%s (%s)", o.Doc, system), Unit: o.Unit})
			}
		}
	}
	for _, t := range gan.Targets() {
		if target, err := t.New().Target(); err == nil {
			add("mlp", gan.AllObservables(target))
			if target.Dim() == 1 {
				add("mlp, optimal discriminator", gan.OptimalObservables(target, 1, true))
			}
		}
	}
	for _, g := range gan.Games() {
		if cfg, err := exampleGame(g); err == nil {
			add(g.Name, cfg.AllObservables())
		}
	}
	add("toy systems", langevin.NewCoordinates(1, langevin.Potential(&langevin.Free{})).Observables())
	return out
}
