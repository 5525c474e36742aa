package engine

import (
	"context"
	"fmt"
	"math"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/internal/rng"
	"machlup/langevin"
	"machlup/pathint"
)

// SpectrumConfig configures the spectrum of the quantised theory from imaginary-time
// correlators of a ring polymer, with the energy by two estimators.
type SpectrumConfig struct {
	Chains int `toml:"chains" range:"[2,1000]" unit:"1" doc:"chains, from different starts"`
	Warm   int `toml:"warm" range:"[0,inf)" unit:"sweep" doc:"sweeps in which step sizes adapt"`
	Burn   int `toml:"burn" range:"[0,inf)" unit:"sweep" doc:"sweeps dropped after that"`
	Draws  int `toml:"draws" range:"[50,inf)" unit:"1" doc:"draws kept of each chain"`
	Thin   int `toml:"thin" range:"[1,inf)" unit:"sweep" doc:"sweeps between draws"`
	From   int `toml:"fit_from" range:"[0,inf)" unit:"slice" doc:"first lag of the fit of cosh α(P/2−n)"`
	To     int `toml:"fit_to" range:"[0,inf)" unit:"slice" doc:"last lag of the fit; 0: P/2"`
}

// DefaultSpectrum is the configuration with no key set.
func DefaultSpectrum() SpectrumConfig {
	return SpectrumConfig{Chains: 4, Warm: 200, Burn: 200, Draws: 4000, Thin: 1, From: 1}
}

// CorrelatorTable is the imaginary-time correlators of a ring polymer.
var CorrelatorTable = record.Schema{Name: "correlator", Doc: "imaginary-time correlators C(n) = ⟨δq_i(k)δq_i(k+n)⟩ of a ring polymer, averaged over the ring",
	Columns: []record.Column{colTask, integer("component", "1", "i, from 1: of hermite-galerkin the mode"),
		integer("lag", "slice", "n"), float("time", "time", "imaginary time nΔt"),
		float("correlation", "1", "C(n)/C(0)"), float("stderr", "1", "its jackknife standard error"),
		reference("1"), colZ,
		float("omega", "1/time", "effective frequency at n: (2/Δt) sinh(α/2) with cosh α = [C(n−1) + C(n+1)]/2C(n)"),
		float("omega_stderr", "1/time", "its jackknife standard error"), colStatus}}

type spectrum struct {
	cfg   SpectrumConfig
	env   Env
	setup PathSetup
	act   *pathint.Euclidean
	known []float64 // exact ω_i; nil where there are none
	exact bool      // at any ħ: V is harmonic
	stiff []float64 // m_iω_i² of a harmonic V
}

// NewSpectrum checks the configuration against the model and binds it to a task.
func NewSpectrum(cfg SpectrumConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	if setup.Config.Action != "euclidean" || setup.Config.End != "periodic" {
		return nil, &KeyError{"path.action", fmt.Sprintf("%q with path.end = %q", setup.Config.Action, setup.Config.End), `"euclidean" with path.end = "periodic": imaginary-time correlators are those of a ring polymer`}
	}
	if setup.Config.Tilt != 0 {
		return nil, &KeyError{"path.tilt", fmt.Sprint(setup.Config.Tilt), "0: the spectrum is that of the potential alone; a tilt by it goes into the potential"}
	}
	if err := setup.Config.Sets.refuse("a ring has no ends"); err != nil {
		return nil, err
	}
	if err := setup.check(m); err != nil {
		return nil, err
	}
	s := &spectrum{cfg: cfg, env: env, setup: setup}
	var err error
	if s.act, err = setup.Config.imaginary(m, "euclidean"); err != nil {
		return nil, err
	}
	if last := setup.Config.Steps / 2; cfg.To > last || s.last() < cfg.From+1 {
		return nil, &KeyError{"fit_to", fmt.Sprintf("%d with fit_from = %d", cfg.To, cfg.From), fmt.Sprintf("at most P/2 = %d, and above fit_from", last)}
	}
	s.frequencies(m)
	return s, nil
}

func (s *spectrum) last() int {
	if s.cfg.To == 0 {
		return s.setup.Config.Steps / 2
	}
	return s.cfg.To
}

// frequencies finds the exact ω_i: of a harmonic potential at any ħ, of a system that knows
// those of its normal modes about the start as ħ → 0.
func (s *spectrum) frequencies(m *Model) {
	mass := s.act.Mass()
	if g, ok := s.act.Potential().(langevin.Grower); ok {
		if g := g.Growth(); g.Harmonic {
			s.exact = true
			for i, k := range g.Curvature {
				s.stiff = append(s.stiff, k)
				s.known = append(s.known, math.Sqrt(k/mass[i]))
			}
			return
		}
	}
	s.known = smallOscillations(s.act, s.setup.Config, m)
}

// smallOscillations returns the frequencies about the start of a system that knows those of
// its normal modes there, nil of others.
func smallOscillations(act *pathint.Euclidean, c PathConfig, m *Model) []float64 {
	u, ok := m.Potential.(interface{ Frequency2(k int) float64 })
	if !ok || !zero(m.Start) || c.Action != "euclidean" {
		return nil
	}
	var w []float64
	for i, mass := range act.Mass() {
		w = append(w, math.Sqrt(c.Euclidean.Strength*u.Frequency2(i+1)/mass))
	}
	return w
}

func zero(x []float64) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}

// spectrumBlocks is the number of blocks of a chain.
const spectrumBlocks = 32

// SpectrumPart is one chain: block means of every moment, and the series that tell how long
// a chain remembers.
type SpectrumPart struct {
	Blocks [][]float64 // [block] of: virial, primitive, then per component mean and C(0..P/2)
	Counts []int
	Series [][]float64 // virial energy, and q_i² averaged over the ring
}

func (s *spectrum) lags() int            { return s.setup.Config.Steps/2 + 1 }
func (s *spectrum) moments() int         { return 2 + s.act.Config()*(1+s.lags()) }
func (s *spectrum) at(i, moment int) int { return 2 + i*(1+s.lags()) + moment }
func (s *spectrum) Parts() int           { return s.cfg.Chains }
func (s *spectrum) NewResult() any       { return new(SpectrumPart) }
func (s *spectrum) sweeps() int          { return s.cfg.Warm + s.cfg.Burn + s.cfg.Draws*s.cfg.Thin }
func (s *spectrum) Work(int) float64 {
	return float64(s.sweeps() * s.setup.Config.Steps * len(s.setup.Moves))
}

// spectrumState is a part on its way.
type spectrumState struct {
	Sweeps int
	Source *rng.Stream
	Chain  []byte
	Result *SpectrumPart
}

func (s *spectrum) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := s.env.NewModel()
	if err != nil {
		return nil, err
	}
	chain, err := s.setup.Chain(m, 0)
	if err != nil {
		return nil, err
	}
	src, result, from, saved := s.env.Part("spectrum", part), &SpectrumPart{}, 0, spectrumState{}
	if SessionOf(ctx).Restore(&saved) {
		*src, result, from = *saved.Source, saved.Result, saved.Sweeps
		err = unmarshal(chain, saved.Chain)
	} else {
		result.Counts, result.Series = make([]int, spectrumBlocks), make([][]float64, 1+s.act.Config())
		for range spectrumBlocks {
			result.Blocks = append(result.Blocks, make([]float64, s.moments()))
		}
		err = s.setup.start(chain, part, src)
	}
	if err != nil {
		return nil, err
	}
	look := newRingLook(s, chain)
	n := s.sweeps()
	err = sweepsFrom(ctx, from, n, func(i int) {
		if i < s.cfg.Warm {
			chain.Warm(1, src)
			return
		}
		chain.Sweep(src)
		if draw := i + 1 - s.cfg.Warm - s.cfg.Burn; draw > 0 && draw%s.cfg.Thin == 0 {
			look.add(result, draw/s.cfg.Thin-1)
		}
	}, func(done int) any { return spectrumState{done, src, marshal(chain), result} }, func(i int) {
		SessionOf(ctx).accept(chain)
		progress(s.Work(part) * float64(i) / float64(n))
	})
	return result, err
}

// ringLook measures one chain.
type ringLook struct {
	*spectrum
	path       *pathint.Path
	grad       []float64
	x          []float64 // one component around the ring, twice
	now, about []float64
	u          langevin.Potential
}

func newRingLook(s *spectrum, c *pathint.Chain) *ringLook {
	p := c.Path()
	return &ringLook{spectrum: s, path: p, grad: make([]float64, p.Config()), x: make([]float64, 2*p.Steps()),
		now: make([]float64, s.moments()), about: append([]float64(nil), p.Ends().Start()...), u: p.Action().(*pathint.Euclidean).Potential()}
}

// add measures the path as the given draw.
func (l *ringLook) add(r *SpectrumPart, draw int) {
	l.energies()
	n, steps := l.path.Config(), l.path.Steps()
	r.Series[0] = append(r.Series[0], l.now[0])
	for i := range n {
		mean := 0.0
		for k := range steps {
			v := l.path.Slice(k + 1)[i] - l.about[i]
			l.x[k], l.x[k+steps] = v, v
			mean += v / float64(steps)
		}
		l.now[l.at(i, 0)] = mean
		for lag := range l.lags() {
			c := 0.0
			for k, v := range l.x[:steps] {
				c += v * l.x[k+lag]
			}
			l.now[l.at(i, 1+lag)] = c / float64(steps)
		}
		r.Series[1+i] = append(r.Series[1+i], l.now[l.at(i, 1)])
	}
	b := draw * spectrumBlocks / l.cfg.Draws
	r.Counts[b]++
	for j, v := range l.now {
		r.Blocks[b][j] += (v - r.Blocks[b][j]) / float64(r.Counts[b])
	}
}

// energies are the virial estimator V + ½(q − q*)·∇V and the primitive (thermodynamic) one
// nħ/2Δt − ½m(Δq/Δt)² + V, averaged over the ring (Herman, Bruskin and Berne 1982).
func (l *ringLook) energies() {
	steps, dt := l.path.Steps(), l.act.Dt()
	virial, primitive := 0.0, 0.5*float64(l.path.Config())*l.setup.Config.Hbar/dt
	for k := range steps {
		q, before := l.path.Slice(k+1), l.path.Slice(k)
		v := l.u.Gradient(l.grad, q)
		w, kinetic := v, 0.0
		for i, g := range l.grad {
			w += 0.5 * (q[i] - l.about[i]) * g
			d := (q[i] - before[i]) / dt
			kinetic += 0.5 * l.act.Mass()[i] * d * d
		}
		virial += w / float64(steps)
		primitive += (v - kinetic) / float64(steps)
	}
	l.now[0], l.now[1] = virial, primitive
}

// Finish writes correlator.csv and, in summary.csv, frequencies, energies and mean squares.
func (s *spectrum) Finish(parts []any, out *Output) (Outcome, error) {
	var blocks [][]float64
	series := make([][][]float64, 1+s.act.Config())
	for _, p := range parts {
		part := p.(*SpectrumPart)
		blocks = append(blocks, part.Blocks...)
		for j := range series {
			series[j] = append(series[j], part.Series[j])
		}
	}
	longest := 0.0
	for _, chains := range series {
		if err := analysis.CheckEquilibration(chains); err != nil {
			return None("spectrum: %v", err), nil
		}
		longest = max(longest, analysis.AutocorrelationChains(chains).Tau)
	}
	if need := 10 * longest * spectrumBlocks; float64(s.cfg.Draws) < need {
		return None("spectrum: %d draws a chain are %d blocks shorter than 10 τ, τ = %.3g draws: the errors would be too small; use draws ≥ %.0f or thin", s.cfg.Draws, spectrumBlocks, longest, need), nil
	}
	s.writeEnergies(blocks, out)
	for i := range s.act.Config() {
		if err := s.writeComponent(i, blocks, out); err != nil {
			return None("spectrum: component %d: %v", i+1, err), nil
		}
	}
	return Done(), nil
}

// row writes a line of summary.csv, and of partition.csv where it is a certificate: O6 where V
// is harmonic.
func (s *spectrum) row(out *Output, quantity string, v analysis.Estimate, exact float64, known bool, unit, status string) {
	if known {
		s.certify(out, quantity, v, exact, status)
	}
	if !known {
		out.Table(Summary).Add(quantity, v.Value, v.StdErr, nil, nil, unit, status)
		return
	}
	out.Table(Summary).Add(quantity, v.Value, v.StdErr, exact, (v.Value-exact)/v.StdErr, unit, status)
}

// certify writes a row of partition.csv; ess counts the jackknife blocks, each longer than 10 τ.
func (s *spectrum) certify(out *Output, quantity string, v analysis.Estimate, exact float64, status string) {
	name := "O6"
	if !s.exact {
		name = "spectrum"
	}
	out.Table(Partition).Add(name, "ring-polymer", quantity, float64(s.setup.Config.Steps), "exact", v.Value, v.StdErr, v.StdErr, nil, exact, (v.Value-exact)/v.StdErr, float64(spectrumBlocks*s.cfg.Chains), nil, status)
}

// oscillator is the exact ⟨q²⟩ of component i of a harmonic potential, and C(n)/C(0).
func (s *spectrum) oscillator(i, lag int) (meanSquare, correlation float64) {
	w := s.known[i] * s.act.Dt()
	alpha, half := 2*math.Asinh(w/2), float64(s.setup.Config.Steps)/2
	m := s.act.Mass()[i] / s.setup.Config.Hbar
	meanSquare = 1 / (math.Tanh(alpha*half) * 2 * m * s.known[i] * math.Sqrt(1+w*w/4))
	return meanSquare, math.Cosh(alpha*(half-float64(lag))) / math.Cosh(alpha*half)
}

func (s *spectrum) writeEnergies(blocks [][]float64, out *Output) {
	energy := 0.0
	for i := range s.known {
		x2, _ := s.oscillator(i, 0)
		if s.exact {
			energy += s.stiff[i] * x2
		}
	}
	for j, name := range []string{"energy_virial", "energy_primitive"} {
		v, stderr := analysis.Jackknife(blocks, func(mean []float64) float64 { return mean[j] })
		s.row(out, name, analysis.Estimate{Value: v, StdErr: stderr}, energy, s.exact, "energy", "ok")
	}
}

// writeComponent writes the correlator of component i and fits its frequency.
func (s *spectrum) writeComponent(i int, blocks [][]float64, out *Output) error {
	lags := s.lags()
	connected := func(mean []float64, lag int) float64 {
		return mean[s.at(i, 1+lag)] - mean[s.at(i, 0)]*mean[s.at(i, 0)]
	}
	ratio, err := analysis.JackknifeVector(blocks, lags, func(dst, mean []float64) {
		for n := range dst {
			dst[n] = connected(mean, n) / connected(mean, 0)
		}
	})
	if err != nil {
		return err
	}
	weights := make([]float64, lags)
	for n := 1; n < lags; n++ {
		e := ratio.Estimate(n).StdErr
		weights[n] = 1 / (e * e)
	}
	omega, err := analysis.JackknifeVector(blocks, 2, func(dst, mean []float64) {
		c := make([]float64, lags)
		for n := range c {
			c[n] = connected(mean, n) / connected(mean, 0)
		}
		dst[0], dst[1] = s.fit(c, weights), connected(mean, 0)
	})
	if err != nil {
		return err
	}
	known := s.known != nil
	var exact, x2 float64
	status := "ok"
	if known {
		exact = s.known[i]
		x2, _ = s.oscillator(i, 0)
		if !s.exact {
			status = "ok; reference: as ħ → 0"
		}
	}
	s.row(out, fmt.Sprintf("omega_%d", i+1), omega.Estimate(0), exact, known, "1/time", status)
	s.row(out, fmt.Sprintf("mean_square_%d", i+1), omega.Estimate(1), x2, known, "1", status)
	for n := range lags {
		s.writeLag(i, n, blocks, ratio, connected, out)
	}
	return nil
}

func (s *spectrum) writeLag(i, n int, blocks [][]float64, ratio analysis.Jackknifed, connected func([]float64, int) float64, out *Output) {
	c := ratio.Estimate(n)
	var exact, z, omega, stderr any
	status := "ok"
	if s.known != nil {
		_, v := s.oscillator(i, n)
		exact = v
		if n > 0 {
			z = (c.Value - v) / c.StdErr
		}
		if half := s.setup.Config.Steps / 2; n == half/2 || n == half {
			s.certify(out, fmt.Sprintf("correlation_%d at lag %d", i+1, n), c, v, "ok")
		}
	}
	if n > 0 && n+1 < s.lags() {
		e, err := analysis.JackknifeVector(blocks, 1, func(dst, mean []float64) {
			dst[0] = s.frequency((connected(mean, n-1) + connected(mean, n+1)) / (2 * connected(mean, n)))
		})
		if err == nil {
			omega, stderr = e.Estimate(0).Value, e.Estimate(0).StdErr
		} else {
			status = "no effective frequency: the correlation is lost in its error"
		}
	}
	out.Table(CorrelatorTable).Add(i+1, n, float64(n)*s.act.Dt(), c.Value, c.StdErr, exact, z, omega, stderr, status)
}

// frequency is ω of cosh α; NaN below 1.
func (s *spectrum) frequency(cosh float64) float64 {
	return 2 / s.act.Dt() * math.Sqrt((cosh-1)/2)
}

// fit is the ω for which cosh α(P/2−n)/cosh αP/2 comes closest to c over the lags of the fit,
// by golden section on log ω.
func (s *spectrum) fit(c, weights []float64) float64 {
	half, dt := float64(s.setup.Config.Steps)/2, s.act.Dt()
	miss := func(logOmega float64) float64 {
		alpha := 2 * math.Asinh(math.Exp(logOmega)*dt/2)
		sum := 0.0
		for n := max(s.cfg.From, 1); n <= s.last(); n++ {
			// cosh a(P/2−n)/cosh aP/2 without overflow
			f := math.Exp(-alpha*float64(n)) * (1 + math.Exp(-alpha*(2*half-2*float64(n)))) / (1 + math.Exp(-2*alpha*half))
			sum += weights[n] * (c[n] - f) * (c[n] - f)
		}
		return sum
	}
	total := 2 * half * dt
	lo, hi := math.Log(1e-3/total), math.Log(20/dt)
	best := lo // the valley, on a grid
	for k := range 60 {
		if x := lo + (hi-lo)*float64(k)/59; miss(x) < miss(best) {
			best = x
		}
	}
	a, b := best-(hi-lo)/59, best+(hi-lo)/59
	const golden = 0.6180339887498949
	for range 60 {
		x, y := b-golden*(b-a), a+golden*(b-a)
		if miss(x) < miss(y) {
			b = y
		} else {
			a = x
		}
	}
	return math.Exp(0.5 * (a + b))
}

// Bytes counts the blocks and series of the parts, and the rows of correlator.csv.
func (s *spectrum) Bytes() float64 {
	n := s.act.Config()
	return partBytes*float64(s.cfg.Chains*(spectrumBlocks*s.moments()+(1+n)*s.cfg.Draws)) + 2*cellBytes*float64(11*n*s.lags())
}
