package build

import (
	"fmt"
	"slices"

	"machlup/internal/engine"
	"machlup/internal/spec"
	"machlup/langevin"
)

// ToyTrainerConfig is the table [trainer] of a toy system.
type ToyTrainerConfig struct {
	Scheme string    `toml:"scheme" doc:"see machlup list schemes; configured by [trainer.SCHEME]"`
	Start  []float64 `toml:"start" unit:"1" doc:"configuration of step 0: one value for all components, or one each"`
}

// ToyNoiseConfig is the table [noise] of a toy system.
type ToyNoiseConfig struct {
	Temperature float64 `toml:"temperature" range:"[0,inf)" unit:"1" doc:"T (k_B = 1)"`
}

// toyConfig builds a potential, or a drift that is not a gradient.
type toyConfig interface {
	system() (langevin.Drift, langevin.Potential, error)
}

// A toy's config is langevin's, with a method that builds it.
type (
	harmonicToy     struct{ langevin.HarmonicConfig }
	ouToy           struct{ langevin.OUConfig }
	freeToy         struct{ langevin.FreeConfig }
	doubleWellToy   struct{ langevin.DoubleWellConfig }
	muellerBrownToy struct{ langevin.MuellerBrownConfig }
	singularToy     struct{ langevin.SingularConfig }
	linearGameToy   struct{ langevin.LinearGameConfig }
)

func potential[P langevin.Potential](u P, err error) (langevin.Drift, langevin.Potential, error) {
	if err != nil {
		return nil, nil, err
	}
	return langevin.Descent(u), u, nil
}

func (c *harmonicToy) system() (langevin.Drift, langevin.Potential, error) {
	return potential(langevin.NewHarmonic(c.HarmonicConfig))
}
func (c *ouToy) system() (langevin.Drift, langevin.Potential, error) {
	return potential(langevin.NewOU(c.OUConfig))
}
func (c *freeToy) system() (langevin.Drift, langevin.Potential, error) {
	return potential(langevin.NewFree(c.FreeConfig))
}
func (c *doubleWellToy) system() (langevin.Drift, langevin.Potential, error) {
	return potential(langevin.NewDoubleWell(c.DoubleWellConfig))
}
func (c *muellerBrownToy) system() (langevin.Drift, langevin.Potential, error) {
	return potential(langevin.NewMuellerBrown(c.MuellerBrownConfig))
}
func (c *singularToy) system() (langevin.Drift, langevin.Potential, error) {
	return potential(langevin.NewSingular(c.SingularConfig))
}
func (c *linearGameToy) system() (langevin.Drift, langevin.Potential, error) {
	f, err := langevin.NewLinearGame(c.LinearGameConfig)
	return f, nil, err
}

// toys is the catalogue of toy systems.
var toys = []choice[toyConfig]{
	{"harmonic", "U = ½ Σ k_i x_i²", func() toyConfig {
		return &harmonicToy{langevin.HarmonicConfig{Dim: 1, Stiffness: []float64{1}}}
	}},
	{"ou", "Ornstein–Uhlenbeck process", func() toyConfig {
		return &ouToy{langevin.OUConfig{Dim: 1, Rate: []float64{1}}}
	}},
	{"free", "free particle", func() toyConfig { return &freeToy{langevin.FreeConfig{Dim: 1}} }},
	{"double-well", "quartic double well with a tilt", func() toyConfig {
		return &doubleWellToy{langevin.DoubleWellConfig{Dim: 1, Barrier: 1, Minimum: 1}}
	}},
	{"mueller-brown", "Müller–Brown surface, three minima in the plane", func() toyConfig {
		return &muellerBrownToy{langevin.MuellerBrownConfig{Scale: 1}}
	}},
	{"singular", "U = ½ Σ |w_i|^p_i, singular minima", func() toyConfig {
		return &singularToy{langevin.SingularConfig{Dim: 1, Power: []float64{4}}}
	}},
	{"linear-game", "drift −(aI + bJ)x: rotates, no potential", func() toyConfig {
		return &linearGameToy{langevin.LinearGameConfig{Damping: 1, Rotation: 1}}
	}},
}

// schemeConfig builds a Map of a drift at a temperature.
type schemeConfig interface {
	scheme(f langevin.Drift, temperature float64) (langevin.Map, error)
	step() float64
}

// SGLDConfig is Euler–Maruyama, or SGLD on the exact gradient, with momentum if wanted.
type SGLDConfig struct {
	Eta  float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate, the time of a step"`
	Beta float64 `toml:"beta" range:"[0,1)" unit:"1" doc:"momentum; noise variance is 2(1−β)ηT a step"`
}

func (c *SGLDConfig) step() float64 { return c.Eta }
func (c *SGLDConfig) scheme(f langevin.Drift, t float64) (langevin.Map, error) {
	return langevin.NewSGLD(f, langevin.Player{Name: "x", Hi: f.Dim(), Eta: c.Eta, Temperature: t, Momentum: c.Beta})
}

// MetricSGLDConfig is SGLD in the position-dependent metric G = F⁻¹ = 1 + α sin κx.
type MetricSGLDConfig struct {
	Eta        float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate, the time of a step"`
	Correction string  `toml:"correction" enum:"none|half|full|hanggi-klimontovich" doc:"multiple of ηTΓ added: none samples e^{−U/T}/G, half e^{−U/T}/√G, full e^{−U/T}; hanggi-klimontovich e^{−U/T} without Γ"`
	Amplitude  float64 `toml:"amplitude" range:"(-1,1)" unit:"1" doc:"α of G = 1 + α sin κx"`
	Wave       float64 `toml:"wave" range:"(0,inf)" unit:"1" doc:"κ of G = 1 + α sin κx"`
}

func (c *MetricSGLDConfig) step() float64 { return c.Eta }
func (c *MetricSGLDConfig) scheme(f langevin.Drift, t float64) (langevin.Map, error) {
	metric, err := langevin.NewSineMetric(langevin.SineMetricConfig{Dim: f.Dim(), Amplitude: c.Amplitude, Wave: c.Wave})
	if err != nil {
		return nil, err
	}
	if c.Correction == "hanggi-klimontovich" {
		return langevin.NewHanggiKlimontovich(f, metric, c.Eta, t)
	}
	corr, err := langevin.ParseCorrection(c.Correction)
	if err != nil {
		return nil, err
	}
	return langevin.NewSGLD(f, langevin.Player{Name: "x", Hi: f.Dim(), Eta: c.Eta, Temperature: t, Metric: metric, Correction: corr})
}

// LeimkuhlerMatthewsConfig is the scheme of that name.
type LeimkuhlerMatthewsConfig struct {
	Eta float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"time of a step"`
}

func (c *LeimkuhlerMatthewsConfig) step() float64 { return c.Eta }
func (c *LeimkuhlerMatthewsConfig) scheme(f langevin.Drift, t float64) (langevin.Map, error) {
	return langevin.NewLeimkuhlerMatthews(f, c.Eta, t)
}

// SplittingConfig is an underdamped splitting.
type SplittingConfig struct {
	Order    string  `toml:"order" doc:"letters A (drift), B (kick), O (Ornstein–Uhlenbeck), such as BAOAB"`
	Delta    float64 `toml:"delta" range:"(0,inf)" unit:"1" doc:"time of a step"`
	Friction float64 `toml:"friction" range:"(0,inf)" unit:"1" doc:"γ, mass 1"`
}

func (c *SplittingConfig) step() float64 { return c.Delta }
func (c *SplittingConfig) scheme(f langevin.Drift, t float64) (langevin.Map, error) {
	return langevin.NewSplitting(f, c.Order, c.Delta, c.Friction, t)
}

// schemes is the catalogue of schemes of toy systems.
var schemes = []choice[schemeConfig]{
	{"sgld", "Euler–Maruyama (SGLD on the exact gradient), heavy ball for beta > 0", func() schemeConfig { return &SGLDConfig{Eta: 0.01} }},
	{"metric-sgld", "SGLD in a position-dependent metric, with the multiple of Γ that names its law", func() schemeConfig {
		return &MetricSGLDConfig{Eta: 0.01, Correction: "full", Amplitude: 0.5, Wave: 1}
	}},
	{"leimkuhler-matthews", "the scheme with averaged noise, second order in the configuration", func() schemeConfig { return &LeimkuhlerMatthewsConfig{Eta: 0.01} }},
	{"splitting", "underdamped splitting over A, B and O", func() schemeConfig { return &SplittingConfig{Order: "BAOAB", Delta: 0.1, Friction: 1} }},
}

func listSchemes() []Entry { return entries(schemes) }

func toyKinds() []systemKind {
	var out []systemKind
	for _, t := range toys {
		out = append(out, systemKind{t.name, t.doc,
			func() []tableConfig { return []tableConfig{{"system." + t.name, t.doc, t.config()}} },
			func(doc *spec.Doc, s *system) error { return decodeToy(doc, s, t) }})
	}
	return out
}

func decodeToy(doc *spec.Doc, s *system, t choice[toyConfig]) error {
	toy := t.config()
	if err := doc.Table("system." + t.name).Decode(toy); err != nil {
		return err
	}
	trainer, noise := ToyTrainerConfig{Scheme: "sgld", Start: []float64{0}}, ToyNoiseConfig{Temperature: 1}
	if err := doc.Table("trainer").Decode(&trainer); err != nil {
		return err
	}
	if err := doc.Table("noise").Decode(&noise); err != nil {
		return err
	}
	scheme, err := choose(doc, "trainer", "scheme", trainer.Scheme, schemes)
	if err != nil {
		return err
	}
	s.paths = append(s.paths, "system."+t.name, "trainer.scheme", "trainer.start", "trainer."+trainer.Scheme)
	f, _, err := toy.system()
	if err != nil {
		return doc.Table("system."+t.name).Errorf("", "%v", err)
	}
	if n := len(trainer.Start); n != 1 && n != f.Dim() {
		return doc.Table("trainer").Errorf("start", "found %d values, allowed 1 or %d (one for each component)", n, f.Dim())
	}
	if _, err := scheme.scheme(f, noise.Temperature); err != nil {
		return doc.Table("trainer."+trainer.Scheme).Errorf("", "%v", err)
	}
	if err := checkObservables(doc, s, f); err != nil {
		return err
	}
	s.build = func(engine.Env) (*engine.Model, error) {
		return toyModel(t.name, toy, scheme, trainer.Start, noise.Temperature, s.obs.Names)
	}
	return nil
}

func toyModel(name string, toy toyConfig, scheme schemeConfig, start []float64, temperature float64, names []string) (*engine.Model, error) {
	f, u, err := toy.system()
	if err != nil {
		return nil, err
	}
	m := &engine.Model{Kind: name, Potential: u, Size: f.Dim(), Eta: scheme.step(), Quenched: true, Start: make([]float64, f.Dim())}
	for i := range m.Start {
		m.Start[i] = start[i%len(start)]
	}
	if m.Map, err = scheme.scheme(f, temperature); err != nil {
		return nil, err
	}
	m.Recurrence, m.NoRecurrence = recurrence(m.Map, temperature)
	if lin, ok := langevin.AsLinearizer(m.Map); ok {
		m.Linear = lin
	} else {
		m.NoLinear = fmt.Errorf("the drift of %s has no derivative", name)
	}
	m.Observer = selectObservables(langevin.NewCoordinates(f.Dim(), u), names)
	return m, nil
}

// recurrence tells whether paths of a map have a density in positions.
func recurrence(m langevin.Map, temperature float64) (langevin.Recurrence, error) {
	r, ok := m.(langevin.Recurrence)
	if !ok {
		return nil, fmt.Errorf("the law of this scheme's paths has no Gaussian density in positions; use path.action = \"innovation\"")
	}
	if temperature == 0 {
		return nil, fmt.Errorf("paths have no density at temperature 0; set noise.temperature")
	}
	return r, nil
}

func checkObservables(doc *spec.Doc, s *system, f langevin.Drift) error {
	var all []string
	for _, o := range langevin.NewCoordinates(f.Dim(), potentialOf(f)).Observables() {
		all = append(all, o.Name)
	}
	for _, n := range s.obs.Names {
		if !slices.Contains(all, n) {
			return unknownName(doc.Table("observables"), "names", n, all)
		}
	}
	return nil
}

// potentialOf stands for any potential of a drift that has one: only names are asked.
func potentialOf(f langevin.Drift) langevin.Potential {
	if _, ok := f.(*langevin.LinearGame); ok {
		return nil
	}
	return &langevin.Free{}
}

// selectObservables keeps the named observables in that order; no names keep all.
func selectObservables(o langevin.GradientObserver, names []string) langevin.Observer {
	if len(names) == 0 {
		return o
	}
	sel := &selection{o: o, all: make([]float64, len(o.Observables()))}
	for _, n := range names {
		i := slices.IndexFunc(o.Observables(), func(v langevin.Observable) bool { return v.Name == n })
		sel.index, sel.names = append(sel.index, i), append(sel.names, o.Observables()[i])
	}
	return sel
}

type selection struct {
	o     langevin.GradientObserver
	index []int
	names []langevin.Observable
	all   []float64
}

func (s *selection) Observables() []langevin.Observable { return s.names }

func (s *selection) Observe(dst, q []float64) {
	s.o.Observe(s.all, q)
	for i, j := range s.index {
		dst[i] = s.all[j]
	}
}

func (s *selection) ObserveGradient(dst []float64, i int, q []float64) {
	s.o.ObserveGradient(dst, s.index[i], q)
}
