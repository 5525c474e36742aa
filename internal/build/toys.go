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

	CorrelationTime float64 `toml:"correlation_time" range:"[0,inf)" unit:"step" doc:"of coloured noise, an Ornstein-Uhlenbeck process of the intensity that the temperature gives; 0: white"`
}

func defaultToyTrainer() ToyTrainerConfig {
	return ToyTrainerConfig{Scheme: "euler-maruyama", Start: []float64{0}}
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
	quadraticSumChoice,
	quantileChoice, hermiteChoice,
}

// schemeConfig is langevin's config of a scheme with a method that builds it.
type schemeConfig interface {
	scheme(f langevin.Drift) (langevin.Map, error)
	step() float64
	temperature() float64
}

type (
	eulerMaruyamaScheme      struct{ langevin.EulerMaruyamaConfig }
	heavyBallScheme          struct{ langevin.HeavyBallConfig }
	leimkuhlerMatthewsScheme struct {
		langevin.LeimkuhlerMatthewsConfig
	}
	splittingScheme struct{ langevin.SplittingConfig }
	metricScheme    struct {
		langevin.MetricSGLDConfig
		langevin.SineMetricConfig
	}
	hanggiKlimontovichScheme struct {
		langevin.HanggiKlimontovichConfig
		langevin.SineMetricConfig
	}
)

func (c *eulerMaruyamaScheme) scheme(f langevin.Drift) (langevin.Map, error) { return c.New(f) }
func (c *eulerMaruyamaScheme) step() float64                                 { return c.Eta }
func (c *eulerMaruyamaScheme) temperature() float64                          { return coldest(c.Temperature, c.Temperatures) }

func (c *heavyBallScheme) scheme(f langevin.Drift) (langevin.Map, error) { return c.New(f) }
func (c *heavyBallScheme) step() float64                                 { return c.Eta }
func (c *heavyBallScheme) temperature() float64                          { return coldest(c.Temperature, c.Temperatures) }

func (c *leimkuhlerMatthewsScheme) scheme(f langevin.Drift) (langevin.Map, error) { return c.New(f) }
func (c *leimkuhlerMatthewsScheme) step() float64                                 { return c.Eta }
func (c *leimkuhlerMatthewsScheme) temperature() float64 {
	return coldest(c.Temperature, c.Temperatures)
}

func (c *splittingScheme) scheme(f langevin.Drift) (langevin.Map, error) { return c.New(f) }
func (c *splittingScheme) step() float64                                 { return c.Step }
func (c *splittingScheme) temperature() float64                          { return coldest(c.Temperature, c.Temperatures) }

func (c *metricScheme) scheme(f langevin.Drift) (langevin.Map, error) {
	metric, err := langevin.NewSineMetric(c.SineMetricConfig)
	if err != nil {
		return nil, err
	}
	return c.New(f, metric)
}
func (c *metricScheme) step() float64        { return c.Eta }
func (c *metricScheme) temperature() float64 { return c.Temperature }

func (c *hanggiKlimontovichScheme) scheme(f langevin.Drift) (langevin.Map, error) {
	metric, err := langevin.NewSineMetric(c.SineMetricConfig)
	if err != nil {
		return nil, err
	}
	return c.New(f, metric)
}
func (c *hanggiKlimontovichScheme) step() float64        { return c.Eta }
func (c *hanggiKlimontovichScheme) temperature() float64 { return c.Temperature }

var defaultMetric = langevin.SineMetricConfig{Dim: 1, Amplitude: 0.5, Wave: 1}

// schemes is the catalogue of schemes of toy systems.
var schemes = []choice[schemeConfig]{
	{"euler-maruyama", "Euler–Maruyama: SGLD on the exact gradient", func() schemeConfig {
		return &eulerMaruyamaScheme{langevin.EulerMaruyamaConfig{Eta: 0.01, Temperature: 1}}
	}},
	{"heavy-ball", "gradient with momentum and noise of variance 2(1−β)ηT", func() schemeConfig {
		return &heavyBallScheme{langevin.HeavyBallConfig{Eta: 0.01, Momentum: 0.9, Temperature: 1}}
	}},
	{"metric-sgld", "SGLD in the metric G = 1 + α sin κx, with the multiple of Γ that names its law", func() schemeConfig {
		return &metricScheme{langevin.MetricSGLDConfig{Eta: 0.01, Temperature: 1, Correction: "full"}, defaultMetric}
	}},
	{"hanggi-klimontovich", "SGLD in the same metric with the noise averaged over both ends: e^{−U/T} without Γ", func() schemeConfig {
		return &hanggiKlimontovichScheme{langevin.HanggiKlimontovichConfig{Eta: 0.01, Temperature: 1}, defaultMetric}
	}},
	{"leimkuhler-matthews", "averaged noise, second order in the configuration", func() schemeConfig {
		return &leimkuhlerMatthewsScheme{langevin.LeimkuhlerMatthewsConfig{Eta: 0.01, Temperature: 1}}
	}},
	{"splitting", "underdamped splitting over A, B and O", func() schemeConfig {
		return &splittingScheme{langevin.SplittingConfig{Scheme: "BAOAB", Step: 0.1, Friction: 1, Temperature: 1}}
	}},
	heunChoice, nesterovChoice, milsteinChoice, stratonovichHeunChoice, malaChoice, hmcChoice,
	sgldChoice, rmspropChoice, sghmcChoice, naturalIsotropicChoice,
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
	trainer := defaultToyTrainer()
	if err := doc.Table("trainer").Decode(&trainer); err != nil {
		return err
	}
	scheme, err := choose(doc, "trainer", "scheme", trainer.Scheme, schemes)
	if err != nil {
		return err
	}
	s.paths = append(s.paths, "system."+t.name, "trainer.scheme", "trainer.start", "trainer.correlation_time", "trainer."+trainer.Scheme)
	f, _, err := toy.system()
	if err != nil {
		return doc.Table("system."+t.name).Errorf("", "%v", err)
	}
	if n := len(trainer.Start); n != 1 && n != f.Dim() {
		return doc.Table("trainer").Errorf("start", "found %d values, allowed 1 or %d (one for each component)", n, f.Dim())
	}
	if _, err := scheme.scheme(f); err != nil {
		return doc.Table("trainer."+trainer.Scheme).Errorf("", "%v", err)
	}
	if err := checkObservables(doc, s, f); err != nil {
		return err
	}
	s.build = func(engine.Env) (*engine.Model, error) {
		m, err := toyModel(t.name, toy, scheme, trainer.Start, s.obs.Names)
		if err != nil || trainer.CorrelationTime == 0 {
			return m, err
		}
		return m, colourToy(m, trainer)
	}
	return nil
}

func toyModel(name string, toy toyConfig, scheme schemeConfig, start []float64, names []string) (*engine.Model, error) {
	f, u, err := toy.system()
	if err != nil {
		return nil, err
	}
	temperature := scheme.temperature()
	m := &engine.Model{Kind: name, Potential: u, Temperature: temperature, Size: f.Dim(), Eta: scheme.step(), Quenched: true, Start: make([]float64, f.Dim())}
	for i := range m.Start {
		m.Start[i] = start[i%len(start)]
	}
	if m.Map, err = scheme.scheme(f); err != nil {
		return nil, err
	}
	samplesGradient(m, scheme)
	m.Recurrence, m.NoRecurrence = recurrence(m.Map, temperature)
	if lin, ok := langevin.AsLinearizer(m.Map); ok {
		m.Linear = lin
	} else {
		m.NoLinear = noTangent(scheme, name)
	}
	if d, ok := u.(drawer); ok {
		m.Draw = func(x []float64, src langevin.Source) { d.Draw(x, temperature, src) }
	}
	m.Observer = selectObservables(langevin.NewCoordinates(f.Dim(), u), names)
	return m, nil
}

// drawer is a potential whose Boltzmann law can be drawn exactly.
type drawer interface {
	Draw(x []float64, temperature float64, src langevin.Source)
}

// recurrence tells whether paths of a map have a density in positions.
func recurrence(m langevin.Map, temperature float64) (langevin.Recurrence, error) {
	r, ok := m.(langevin.Recurrence)
	if !ok {
		return nil, fmt.Errorf("the law of this scheme's paths has no Gaussian density in positions; use path.action = \"innovation\"")
	}
	if temperature == 0 {
		return nil, fmt.Errorf("paths have no density at temperature 0; set the scheme's temperature")
	}
	return r, nil
}

func checkObservables(doc *spec.Doc, s *system, f langevin.Drift) error {
	return checkNames(doc, s.obs.Names, langevin.NewCoordinates(f.Dim(), potentialOf(f)).Observables())
}

// potentialOf stands for any potential of a drift that has one: only names are asked.
func potentialOf(f langevin.Drift) langevin.Potential {
	if _, ok := f.(*langevin.LinearGame); ok {
		return nil
	}
	return &langevin.Free{}
}

// selectObservables keeps the named observables in that order; no names keep all. They have
// gradients if the observer has.
func selectObservables(o langevin.Observer, names []string) langevin.Observer {
	if len(names) == 0 {
		return o
	}
	sel := selection{o: o, all: make([]float64, len(o.Observables()))}
	for _, n := range names {
		i := slices.IndexFunc(o.Observables(), func(v langevin.Observable) bool { return v.Name == n })
		sel.index, sel.names = append(sel.index, i), append(sel.names, o.Observables()[i])
	}
	if g, ok := o.(langevin.GradientObserver); ok {
		return &gradientSelection{sel, g}
	}
	return &sel
}

type selection struct {
	o     langevin.Observer
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

type gradientSelection struct {
	selection
	g langevin.GradientObserver
}

func (s *gradientSelection) ObserveGradient(dst []float64, i int, q []float64) {
	s.g.ObserveGradient(dst, s.index[i], q)
}
