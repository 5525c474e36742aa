package engine

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
	"machlup/langevin/exact"
)

// TemperaturesConfig configures kinetic, configurational and effective temperatures.
type TemperaturesConfig struct {
	Chains int `toml:"chains" range:"[1,100000]" unit:"1" doc:"independent chains, from the task's start, for the averages and again for the responses"`
	Warmup int `toml:"warmup" range:"[0,inf)" unit:"step" doc:"steps dropped at the beginning of each chain"`
	Draws  int `toml:"draws" range:"[100,inf)" unit:"1" doc:"draws of the averages, per chain"`
	Every  int `toml:"every" range:"[1,inf)" unit:"step" doc:"interval between them"`

	Kicks int     `toml:"kicks" range:"[0,inf)" unit:"1" doc:"starts of the response to a constant force, per chain; 0: none"`
	Lags  []int   `toml:"lags" range:"[1,1000000]" unit:"step" doc:"steps under the force after which the response is taken, ascending"`
	Force float64 `toml:"force" range:"(0,inf)" unit:"1/observable" doc:"h/T: the force is h∇O for each observable O, in both directions with the same noise"`
}

// DefaultTemperatures is the configuration with no key set.
func DefaultTemperatures() TemperaturesConfig {
	return TemperaturesConfig{Chains: 4, Warmup: 1000, Draws: 5000, Every: 2, Kicks: 400, Lags: []int{1, 5, 20}, Force: 0.05}
}

// maximumLinear is the largest state whose discrete law is solved for the references.
const maximumLinear = 64

type temperatures struct {
	cfg    TemperaturesConfig
	env    Env
	names  []string
	status string
	known  map[string]float64 // references
}

// NewTemperatures binds the estimator to a task.
func NewTemperatures(cfg TemperaturesConfig, env Env, m *Model) (Runner, error) {
	for i, lag := range cfg.Lags {
		if i > 0 && lag <= cfg.Lags[i-1] {
			return nil, &KeyError{"lags", fmt.Sprint(cfg.Lags), "ascending"}
		}
	}
	if m.NoStationary != nil {
		return nil, m.NoStationary
	}
	e := &temperatures{cfg: cfg, env: env, status: "ok"}
	if m.OtherLaw != nil {
		e.status = "ok: " + m.OtherLaw.Error() + ", so the ratio is no temperature of a law"
	}
	if m.Potential == nil {
		e.status = "ok: no potential, so the ratio is no temperature of a law: it depends on observable and lag"
	}
	if cfg.Kicks > 0 {
		if len(cfg.Lags) == 0 {
			return nil, &KeyError{"lags", "none", "at least one, or kicks = 0"}
		}
		if _, err := newForced(m); err != nil {
			return nil, &KeyError{"kicks", fmt.Sprint(cfg.Kicks), "0: " + err.Error()}
		}
		for _, o := range m.Observer.Observables() {
			e.names = append(e.names, o.Name)
		}
		e.names = e.names[:min(len(e.names), 4)]
	}
	if len(averagesOf(m)) == 0 && cfg.Kicks == 0 {
		return nil, fmt.Errorf("the system %s has neither a velocity nor a potential with second derivatives: no temperature is defined; set kicks for the effective one", m.Kind)
	}
	e.known = e.references(m)
	return e, nil
}

// An average is a temperature as a ratio of two averages of the state.
type average struct {
	name     string
	num, den func(state []float64) float64
}

// averagesOf lists the temperatures that a model has: m⟨v²⟩, and ⟨|∇U|²⟩/⟨∇²U⟩ (Rugh, Phys. Rev.
// Lett. 78 (1997) 772; Butler et al., J. Chem. Phys. 109 (1998) 6519).
func averagesOf(m *Model) []average {
	var out []average
	if mass, ok := langevin.KineticMass(m.Map); ok {
		o := m.Map.(langevin.StateObserver)
		v := make([]float64, len(o.StateObservables()))
		out = append(out, average{"kinetic temperature", func(state []float64) float64 {
			o.ObserveState(v, state)
			return mass * v[0]
		}, func([]float64) float64 { return 1 }})
	}
	if u, ok := m.Potential.(langevin.HessianVector); ok && u.Dim() == m.Map.Config() {
		n := u.Dim()
		g, unit := make([]float64, n), make([]float64, n)
		out = append(out, average{"configurational temperature", func(state []float64) float64 {
			u.Gradient(g, state[:n])
			sum := 0.0
			for _, x := range g {
				sum += x * x
			}
			return sum
		}, func(state []float64) float64 {
			sum := 0.0
			for i := range n {
				unit[i] = 1
				u.HessVec(g, state[:n], unit)
				unit[i] = 0
				sum += g[i]
			}
			return sum
		}})
	}
	return out
}

// TemperaturesPart is one chain of averages, or of responses.
type TemperaturesPart struct {
	DivergedStep int
	Num, Den     [][]float64 // of each temperature, or of each observable and lag
	Trajectory   *TrajectoryState
	Source       *rng.Stream
	Before, Now  []float64
	Done         int
}

func (e *temperatures) Parts() int {
	if e.cfg.Kicks > 0 {
		return 2 * e.cfg.Chains
	}
	return e.cfg.Chains
}

func (e *temperatures) Work(part int) float64 {
	if part < e.cfg.Chains {
		return float64(e.cfg.Warmup + e.cfg.Draws*e.cfg.Every)
	}
	return float64(e.cfg.Warmup + e.cfg.Kicks*e.last()*(1+2*len(e.names)))
}

func (e *temperatures) last() int      { return e.cfg.Lags[len(e.cfg.Lags)-1] }
func (e *temperatures) NewResult() any { return new(TemperaturesPart) }

func (e *temperatures) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := e.env.NewModel()
	if err != nil {
		return nil, err
	}
	if part >= e.cfg.Chains {
		return e.responses(ctx, m, part-e.cfg.Chains, progress)
	}
	t, session, averages := newTrajectory(m, e.env.Part("temperatures", part)), SessionOf(ctx), averagesOf(m)
	p := &TemperaturesPart{DivergedStep: -1, Num: make([][]float64, len(averages)), Den: make([][]float64, len(averages))}
	if saved := (TemperaturesPart{}); session.Restore(&saved) {
		p = &saved
		if err := t.restore(*saved.Trajectory); err != nil {
			return nil, err
		}
	}
	for t.k < e.cfg.Warmup+e.cfg.Draws*e.cfg.Every && len(averages) > 0 {
		if t.k%1024 == 0 {
			if err := session.Offer(ctx, func() any { s := t.save(); p.Trajectory = &s; return *p }); err != nil {
				return nil, err
			}
			progress(float64(t.k))
		}
		if !t.step() {
			p.DivergedStep = t.k
			return p, nil
		}
		if t.k > e.cfg.Warmup && (t.k-e.cfg.Warmup)%e.cfg.Every == 0 {
			for i, a := range averages {
				p.Num[i], p.Den[i] = append(p.Num[i], a.num(t.state)), append(p.Den[i], a.den(t.state))
			}
		}
	}
	p.Trajectory = nil
	return p, nil
}

// responses runs a chain and, from it, twins under the force h∇O in both directions with the
// chain's own noise.
func (e *temperatures) responses(ctx context.Context, m *Model, chain int, progress func(float64)) (any, error) {
	f, err := newForced(m)
	if err != nil {
		return nil, err
	}
	src, session := e.env.Part("temperatures/response", chain), SessionOf(ctx)
	series := len(e.names) * len(e.cfg.Lags)
	p := &TemperaturesPart{DivergedStep: -1, Num: make([][]float64, series), Den: make([][]float64, series)}
	p.Before, p.Now = clone(m.Start), clone(m.Start)
	if saved := (TemperaturesPart{}); session.Restore(&saved) {
		p, *src = &saved, *saved.Source
	}
	n, all := len(m.Start), len(m.Observer.Observables())
	noise := make([][]float64, e.last())
	for k := range noise {
		noise[k] = make([]float64, n)
	}
	values := make([][]float64, e.last()+1)
	for k := range values {
		values[k] = make([]float64, all)
	}
	twin := [2][]float64{make([]float64, n), make([]float64, n)}
	forced := make([]float64, all)
	for ; p.Done < e.cfg.Warmup+e.cfg.Kicks; p.Done++ {
		if p.Done%64 == 0 {
			if err := session.Offer(ctx, func() any { p.Source = src; return *p }); err != nil {
				return nil, err
			}
			progress(e.Work(e.cfg.Chains) * float64(p.Done) / float64(e.cfg.Warmup+e.cfg.Kicks))
		}
		if p.Done < e.cfg.Warmup {
			src.Normals(noise[0])
			f.step(p.Before, p.Now, noise[0], -1, 0)
			p.Before, p.Now = p.Now, p.Before
			continue
		}
		start := [2][]float64{clone(p.Before), clone(p.Now)}
		m.Observer.Observe(values[0], p.Now)
		for k := range noise {
			src.Normals(noise[k])
			f.step(p.Before, p.Now, noise[k], -1, 0)
			p.Before, p.Now = p.Now, p.Before
			m.Observer.Observe(values[k+1], p.Now)
		}
		if !finite(p.Now) {
			p.DivergedStep = p.Done
			return p, nil
		}
		for o := range e.names {
			response := make([]float64, len(e.cfg.Lags))
			for _, sign := range []float64{1, -1} {
				copy(twin[0], start[0])
				copy(twin[1], start[1])
				lag := 0
				for k := range noise {
					f.step(twin[0], twin[1], noise[k], o, sign*e.cfg.Force)
					twin[0], twin[1] = twin[1], twin[0]
					if k+1 == e.cfg.Lags[lag] {
						m.Observer.Observe(forced, twin[1])
						response[lag] += sign * forced[o] / (2 * e.cfg.Force)
						lag++
					}
				}
			}
			for l, lag := range e.cfg.Lags {
				d := values[lag][o] - values[0][o]
				i := o*len(e.cfg.Lags) + l
				p.Num[i], p.Den[i] = append(p.Num[i], d*d/2), append(p.Den[i], response[l])
			}
		}
	}
	p.Source, p.Before, p.Now = nil, nil, nil
	return p, nil
}

// forced steps a recurrence in positions under a force.
type forced struct {
	rec      langevin.Recurrence
	blocks   []langevin.Block
	observer langevin.GradientObserver
	v, g     []float64
}

// newForced gives the reason where there is no such step.
func newForced(m *Model) (*forced, error) {
	if m.NoRecurrence != nil {
		return nil, fmt.Errorf("a force in units of the noise needs Gaussian noise on the positions: %w", m.NoRecurrence)
	}
	o, ok := m.Observer.(langevin.GradientObserver)
	if m.Recurrence == nil || !ok {
		return nil, fmt.Errorf("the response needs a recurrence and observables with gradients")
	}
	f := &forced{rec: m.Recurrence, blocks: m.Recurrence.Blocks(), observer: o, v: make([]float64, len(m.Start)), g: make([]float64, len(m.Start))}
	for _, b := range f.blocks {
		if b.Metric {
			return nil, fmt.Errorf("block %q has noise in a metric: the response to a force is implemented for isotropic noise", b.Name)
		}
	}
	return f, nil
}

// step overwrites before by the slice after now. A force h on observable o adds
// hs²/2(1−β) = (h/T)ηT of its gradient to a block, o < 0 none.
func (f *forced) step(before, now, xi []float64, o int, h float64) {
	if o >= 0 {
		f.observer.ObserveGradient(f.g, o, now)
	}
	// before becomes the mixed configuration block by block.
	for _, b := range f.blocks {
		for i := b.Lo; i < b.Hi; i++ {
			f.v[i] = now[i] + b.Momentum*(now[i]-before[i]) + b.Noise*xi[i]
			if o >= 0 {
				f.v[i] += h * b.Noise * b.Noise / (2 * (1 - b.Momentum)) * f.g[i]
			}
		}
	}
	copy(before, now)
	for k, b := range f.blocks {
		drift := f.g[b.Lo:b.Hi]
		f.rec.Drift(drift, k, before)
		for i := b.Lo; i < b.Hi; i++ {
			before[i] = f.v[i] + drift[i-b.Lo]
		}
	}
}

// Finish writes a row for each temperature, and for each observable and lag.
func (e *temperatures) Finish(parts []any, out *Output) (Outcome, error) {
	for _, p := range parts {
		if k := p.(*TemperaturesPart).DivergedStep; k >= 0 {
			return Outcome{Status: Diverged, DivergedStep: k, Note: "a chain diverged: there is no steady state at this step size"}, nil
		}
	}
	m, err := e.env.NewModel()
	if err != nil {
		return Outcome{}, err
	}
	outcome := Done()
	row := func(quantity, observable string, lag any, unit string, ref float64, parts []any, i int) {
		value, tau, err := ratioOf(parts, i)
		status := e.status
		if err != nil {
			status = "no-estimate: " + err.Error()
			outcome = None("%s: %v", quantity, err)
			value, tau.StdErr = math.NaN(), math.NaN()
		}
		out.Table(NonEquilibrium).Add(quantity, observable, "", lag, value, tau.StdErr, tau.Tau, tau.ESS, ref, (value-ref)/tau.StdErr, unit, status)
	}
	for i, a := range averagesOf(m) {
		row(a.name, "", nil, "T", knownOf(e.known, a.name), parts[:e.cfg.Chains], i)
	}
	if e.cfg.Kicks == 0 {
		return outcome, nil
	}
	for o, name := range e.names {
		for l, lag := range e.cfg.Lags {
			row("effective temperature over T", name, lag, "1", knownOf(e.known, fmt.Sprint(name, lag)), parts[e.cfg.Chains:], o*len(e.cfg.Lags)+l)
		}
	}
	return outcome, nil
}

// knownOf is NaN where there is no reference.
func knownOf(known map[string]float64, key string) float64 {
	if v, ok := known[key]; ok {
		return v
	}
	return math.NaN()
}

// ratioOf is ⟨num⟩/⟨den⟩ over chains; its error is that of the mean of (num − r·den)/⟨den⟩.
func ratioOf(parts []any, i int) (r float64, tau analysis.Tau, err error) {
	num, den, n := 0.0, 0.0, 0.0
	for _, p := range parts {
		for k, x := range p.(*TemperaturesPart).Num[i] {
			num, den, n = num+x, den+p.(*TemperaturesPart).Den[i][k], n+1
		}
	}
	r = num / den
	var influence [][]float64
	for _, p := range parts {
		part := p.(*TemperaturesPart)
		u := make([]float64, len(part.Num[i]))
		for k, x := range part.Num[i] {
			u[k] = (x - r*part.Den[i][k]) / (den / n)
		}
		influence = append(influence, u)
	}
	tau = analysis.AutocorrelationChains(influence)
	return r, tau, analysis.CheckEquilibration(influence)
}

// references solves for the law of a linear step: what each temperature is at this step size.
func (e *temperatures) references(m *Model) map[string]float64 {
	step, cov := linearLaw(m)
	if step == nil {
		return nil
	}
	known, n, dim := map[string]float64{}, m.Map.Config(), m.Map.Dim()
	// The averages are quadratic: exact over the points ±√dim·(columns of the root of the covariance).
	mean := linearMean(m, step)
	var chol mat.Cholesky
	if !chol.Factorize(mat.NewSymDense(dim, cov)) {
		return nil
	}
	var root mat.TriDense
	chol.LTo(&root)
	for _, a := range averagesOf(m) {
		num, den, x := 0.0, 0.0, make([]float64, dim)
		for j := range dim {
			for _, sign := range []float64{1, -1} {
				for i := range dim {
					x[i] = mean[i]
					if i >= j {
						x[i] += sign * math.Sqrt(float64(dim)) * root.At(i, j)
					}
				}
				num, den = num+a.num(x), den+a.den(x)
			}
		}
		known[a.name] = num / den
	}
	if dim != n || e.cfg.Kicks == 0 || len(m.Recurrence.Blocks()) != 1 {
		return known
	}
	g, other, far := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range far {
		far[i] = mean[i] + 1
	}
	s := m.Recurrence.Blocks()[0].Noise
	for o, name := range e.names {
		observer := m.Observer.(langevin.GradientObserver)
		observer.ObserveGradient(g, o, mean)
		observer.ObserveGradient(other, o, far)
		if mat.Norm(difference(g, other), 2) > 1e-12 {
			continue // not linear
		}
		// C(0) − C(t) = gᵀ(1 − Mᵗ)Σg, χ = Σ_{j<t} gᵀMʲg s²/2.
		var sg, power mat.VecDense
		sg.MulVec(mat.NewDense(n, n, cov), mat.NewVecDense(n, g))
		power.CloneFromVec(mat.NewVecDense(n, g))
		c0, chi, k := mat.Dot(mat.NewVecDense(n, g), &sg), 0.0, 0
		for _, lag := range e.cfg.Lags {
			for ; k < lag; k++ {
				chi += mat.Dot(mat.NewVecDense(n, g), &power) * s * s / 2
				power.MulVec(mat.NewDense(n, n, step), mat.VecDenseCopyOf(&power))
				sg.MulVec(mat.NewDense(n, n, step), mat.VecDenseCopyOf(&sg))
			}
			known[fmt.Sprint(name, lag)] = (c0 - mat.Dot(mat.NewVecDense(n, g), &sg)) / chi
		}
	}
	return known
}

func difference(a, b []float64) *mat.VecDense {
	d := mat.NewVecDense(len(a), nil)
	d.SubVec(mat.NewVecDense(len(a), a), mat.NewVecDense(len(b), b))
	return d
}

// linearLaw returns the matrix of a step and its stationary covariance, nil for a step that is
// not linear to rounding or not stable.
func linearLaw(m *Model) (step, cov []float64) {
	if m.Linear == nil || m.NoLinear != nil || !m.Quenched || m.Map.Dim() > maximumLinear {
		return nil, nil
	}
	dim, in := m.Map.Dim(), m.Map.Inputs()
	at := make([]float64, dim)
	m.Map.Init(at, m.Start)
	tangent := func(state []float64) []float64 {
		out, column, unit := make([]float64, dim*dim), make([]float64, dim), make([]float64, dim)
		for j := range dim {
			unit[j] = 1
			m.Linear.JVP(column, state, unit)
			unit[j] = 0
			for i, x := range column {
				out[i*dim+j] = x
			}
		}
		return out
	}
	step = tangent(at)
	for _, shift := range []float64{0.7, -1.3} {
		moved := clone(at)
		for i := range moved {
			moved[i] += shift * (1 + float64(i)/7)
		}
		for i, x := range tangent(moved) {
			if math.Abs(x-step[i]) > 1e-12 {
				return nil, nil
			}
		}
	}
	if r := exact.SpectralRadius(step, dim); !(r < 1-1e-9) {
		return nil, nil
	}
	noise, w, column := mat.NewDense(dim, max(in, 1), nil), make([]float64, dim), make([]float64, in)
	for i := range dim {
		w[i] = 1
		m.Linear.NoiseVJP(column, at, w)
		w[i] = 0
		if in > 0 {
			noise.SetRow(i, column)
		}
	}
	var q mat.Dense
	q.Mul(noise, noise.T())
	return step, exact.StationaryCovariance(step, mat.DenseCopyOf(&q).RawMatrix().Data, dim)
}

// linearMean is the fixed point of the noise-free step.
func linearMean(m *Model, step []float64) []float64 {
	dim := m.Map.Dim()
	zero, shift := make([]float64, dim), mat.NewVecDense(dim, nil)
	next := make([]float64, dim)
	m.Map.Step(next, zero, make([]float64, m.Map.Inputs()))
	copy(shift.RawVector().Data, next)
	a := mat.NewDense(dim, dim, nil)
	for i := range dim {
		for j := range dim {
			a.Set(i, j, -step[i*dim+j])
		}
		a.Set(i, i, 1+a.At(i, i))
	}
	var x mat.VecDense
	if x.SolveVec(a, shift) != nil {
		return zero
	}
	return x.RawVector().Data
}
