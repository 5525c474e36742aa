package engine

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/langevin"
	"machlup/langevin/exact"
)

// SGDInferenceConfig configures constant-step SGD as approximate inference.
type SGDInferenceConfig struct {
	Chains int `toml:"chains" range:"[1,10000]" unit:"1" doc:"independent chains, from the minimum"`
	Warmup int `toml:"warmup" range:"[0,inf)" unit:"step" doc:"steps dropped at the beginning of each chain, at least five relaxation times 1/(η·smallest curvature)"`
	Blocks int `toml:"blocks" range:"[5,10000]" unit:"1" doc:"blocks of each chain, which give the errors"`
	Block  int `toml:"block" range:"[1,inf)" unit:"step" doc:"steps of a block, at least ten relaxation times 1/(η·smallest curvature)"`
}

// DefaultSGDInference is the configuration with no key set.
func DefaultSGDInference() SGDInferenceConfig {
	return SGDInferenceConfig{Chains: 8, Warmup: 1000, Blocks: 20, Block: 1000}
}

// SGDInference is the schema of sgd_inference.csv.
var SGDInference = record.Schema{Name: "sgd_inference", Doc: "stationary law of constant-step SGD on a data set against theory and the posterior e^{−N U(w)} about the minimum (Mandt, Hoffman and Blei, JMLR 18 (2017) 134)",
	Columns: []record.Column{colTask, text("quantity", "covariance of two weights; KL(stationary‖posterior) of the normal laws; optimal step"),
		integer("i", "1", "weight; empty where there is none"), integer("j", "1", "the other weight"),
		float("value", "1", "measured"), float("stderr", "1", "jackknife over blocks"),
		float("ess", "1", "blocks"),
		float("exact", "1", "stationary law of the linear loss with all it has: finite step, noise that grows with the distance; empty for others"),
		colZ, float("discrete", "1", "HΣ + ΣH = ε(C + HΣH): noise as at the minimum, finite step"),
		float("published", "1", "HΣ + ΣH = εC: noise as at the minimum, small step (their eq. 12)"),
		float("posterior", "1", "H⁻¹/N"), colStatus}}

type sgdInference struct {
	cfg   SGDInferenceConfig
	env   Env
	eta   float64
	d     int
	start []float64
}

// NewSGDInference binds the estimator to a task.
func NewSGDInference(cfg SGDInferenceConfig, env Env, m *Model) (Runner, error) {
	if m.Regression == nil {
		return nil, fmt.Errorf("SGD as inference needs a data set whose gradient noise is known: system.kind = \"regression\", found %q", m.Kind)
	}
	e := &sgdInference{cfg: cfg, env: env, eta: m.Eta, d: m.Regression.Dim(), start: clone(m.Start)}
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(e.d, m.Regression.Hessian(m.Start)), false) {
		return nil, fmt.Errorf("the eigenvalues of the Hessian did not converge")
	}
	values := eigen.Values(nil)
	if slow := 10 / (e.eta * values[0]); float64(cfg.Block) < slow {
		return nil, &KeyError{"block", fmt.Sprint(cfg.Block), fmt.Sprintf("at least %.0f: ten relaxation times of the smallest curvature, %.3g", math.Ceil(slow), values[0])}
	}
	if slow := 5 / (e.eta * values[0]); float64(cfg.Warmup) < slow {
		return nil, &KeyError{"warmup", fmt.Sprint(cfg.Warmup), fmt.Sprintf("at least %.0f: chains start at the minimum, without any spread, and need five relaxation times of the smallest curvature, %.3g", math.Ceil(slow), values[0])}
	}
	if top := values[e.d-1]; !(e.eta*top < 2) {
		return nil, &KeyError{"system.regression.eta", fmt.Sprint(e.eta), fmt.Sprintf("less than %.4g = 2/largest curvature: there is no stationary law beyond", 2/top)}
	}
	return e, nil
}

// SGDInferencePart is a chain: block means of δ_i and of δ_iδ_j, δ = w − w*.
type SGDInferencePart struct {
	DivergedStep int
	Means        [][]float64
	Sums         []float64
	State        *TrajectoryState
}

func (e *sgdInference) Parts() int       { return e.cfg.Chains }
func (e *sgdInference) Work(int) float64 { return float64(e.cfg.Warmup + e.cfg.Blocks*e.cfg.Block) }
func (e *sgdInference) NewResult() any   { return new(SGDInferencePart) }

func (e *sgdInference) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := e.env.NewModel()
	if err != nil {
		return nil, err
	}
	t, session := newTrajectory(m, e.env.Part("sgd-inference", part)), SessionOf(ctx)
	p := &SGDInferencePart{DivergedStep: -1, Sums: make([]float64, e.d+e.d*e.d)}
	if saved := (SGDInferencePart{}); session.Restore(&saved) {
		p = &saved
		if err := t.restore(*saved.State); err != nil {
			return nil, err
		}
	}
	delta := make([]float64, e.d)
	for t.k < e.cfg.Warmup+e.cfg.Blocks*e.cfg.Block {
		if t.k%1024 == 0 {
			if err := session.Offer(ctx, func() any { s := t.save(); p.State = &s; return *p }); err != nil {
				return nil, err
			}
			progress(float64(t.k))
		}
		if !t.step() {
			p.DivergedStep = t.k
			return p, nil
		}
		if t.k <= e.cfg.Warmup {
			continue
		}
		for i, w := range t.config() {
			delta[i] = w - e.start[i]
		}
		for i, x := range delta {
			p.Sums[i] += x / float64(e.cfg.Block)
			for j, y := range delta {
				p.Sums[e.d+i*e.d+j] += x * y / float64(e.cfg.Block)
			}
		}
		if (t.k-e.cfg.Warmup)%e.cfg.Block == 0 {
			p.Means = append(p.Means, clone(p.Sums))
			clear(p.Sums)
		}
	}
	p.State, p.Sums = nil, nil
	return p, nil
}

// Finish writes sgd_inference.csv.
func (e *sgdInference) Finish(parts []any, out *Output) (Outcome, error) {
	var blocks [][]float64
	for _, p := range parts {
		part := p.(*SGDInferencePart)
		if part.DivergedStep >= 0 {
			return Outcome{Status: Diverged, DivergedStep: part.DivergedStep, Note: "a chain diverged: there is no stationary law at this step size"}, nil
		}
		blocks = append(blocks, part.Means...)
	}
	m, err := e.env.NewModel()
	if err != nil {
		return Outcome{}, err
	}
	law := newSGDLaw(m.Regression, e.start, e.eta)
	d := e.d
	measured, err := analysis.JackknifeVector(blocks, d*d+1, func(dst, mean []float64) {
		for i := range d {
			for j := range d {
				dst[i*d+j] = mean[d+i*d+j] - mean[i]*mean[j]
			}
		}
		dst[d*d] = law.divergence(dst[:d*d], mean[:d])
	})
	if err != nil {
		return None("%v", err), nil
	}
	table, nan, ess := out.Table(SGDInference), math.NaN(), float64(len(blocks))
	for i := range d {
		for j := range i + 1 {
			v, known := measured.Estimate(i*d+j), nan
			if law.exact != nil {
				known = law.exact[i*d+j]
			}
			table.Add("covariance", i, j, v.Value, v.StdErr, ess, known, (v.Value-known)/v.StdErr,
				law.discrete[i*d+j], law.published[i*d+j], law.posterior[i*d+j], "ok")
		}
	}
	kl, none, known := measured.Estimate(d*d), make([]float64, d), nan
	if law.exact != nil {
		known = law.divergence(law.exact, none)
	}
	table.Add("KL(stationary‖posterior)", nil, nil, kl.Value, kl.StdErr, ess, known, (kl.Value-known)/kl.StdErr,
		law.divergence(law.discrete, none), law.divergence(law.published, none), 0.0, "ok: of the normal laws of the same mean and covariance")
	table.Add("optimal step", nil, nil, nil, nil, nil, law.optimal(law.exactAt), nan, law.optimal(law.discreteAt), law.publishedStep, nil,
		"ok: the step whose stationary law has the least KL to the posterior; published: 2d/(N tr C)")
	return Done(), nil
}

// sgdLaw is what theory says of SGD about the minimum.
type sgdLaw struct {
	r                                     *langevin.Regression
	w, h, c                               []float64
	exact, discrete, published, posterior []float64
	publishedStep                         float64
}

func newSGDLaw(r *langevin.Regression, w []float64, eta float64) *sgdLaw {
	d, n := r.Dim(), float64(r.Points())
	l := &sgdLaw{r: r, w: w, h: r.Hessian(w), c: r.NoiseCovariance(w, nil)}
	var inverse mat.Dense
	_ = inverse.Inverse(mat.NewDense(d, d, l.h)) // Minimum has solved with it
	inverse.Scale(1/n, &inverse)
	l.posterior = inverse.RawMatrix().Data
	l.exact, l.discrete, l.published = l.exactAt(eta), l.discreteAt(eta), exact.MandtCovariance(l.h, l.c, d, eta)
	trace := 0.0
	for i := range d {
		trace += l.c[i*d+i]
	}
	l.publishedStep = 2 * float64(d) / (n * trace)
	return l
}

// discreteAt has the noise of the minimum; nil beyond stability.
func (l *sgdLaw) discreteAt(eta float64) []float64 {
	if !l.stable(eta) {
		return nil
	}
	return exact.MatrixSGDCovariance(l.h, l.c, l.r.Dim(), eta)
}

// exactAt iterates Σ = (1−εH)Σ(1−εH) + ε²⟨C(w*+δ)⟩ to its fixed point, for the linear loss; nil
// for others and where it has none.
func (l *sgdLaw) exactAt(eta float64) []float64 {
	if !l.r.Linear() || !l.stable(eta) {
		return nil
	}
	d := l.r.Dim()
	sigma := l.discreteAt(eta)
	for range 200 {
		next := exact.MatrixSGDCovariance(l.h, l.r.NoiseCovariance(l.w, sigma), d, eta)
		change, size := 0.0, 0.0
		for i, v := range next {
			change, size = math.Max(change, math.Abs(v-sigma[i])), math.Max(size, math.Abs(v))
		}
		sigma = next
		if change < 1e-14*size {
			return sigma
		}
	}
	return nil
}

func (l *sgdLaw) stable(eta float64) bool {
	var eigen mat.EigenSym
	eigen.Factorize(mat.NewSymDense(l.r.Dim(), l.h), false)
	return eta*eigen.Values(nil)[l.r.Dim()-1] < 2
}

// divergence is KL of N(w* + δ, Σ) from the posterior N(w*, H⁻¹/N).
func (l *sgdLaw) divergence(sigma, delta []float64) float64 {
	d, n := l.r.Dim(), float64(l.r.Points())
	h := mat.NewDense(d, d, l.h)
	var hs mat.Dense
	hs.Mul(h, mat.NewDense(d, d, append([]float64(nil), sigma...)))
	hs.Scale(n, &hs)
	shift := mat.NewVecDense(d, append([]float64(nil), delta...))
	logDet, sign := mat.LogDet(&hs)
	if sign <= 0 {
		return math.NaN()
	}
	return (mat.Trace(&hs) + n*mat.Inner(shift, h, shift) - float64(d) - logDet) / 2
}

// optimal is the step of least divergence of a law, by golden sections in ln ε about the
// published one; NaN where there is no law.
func (l *sgdLaw) optimal(law func(eta float64) []float64) float64 {
	zero := make([]float64, l.r.Dim())
	at := func(u float64) float64 {
		sigma := law(math.Exp(u))
		if sigma == nil {
			return math.Inf(1)
		}
		return l.divergence(sigma, zero)
	}
	centre, ratio := math.Log(l.publishedStep), (math.Sqrt(5)-1)/2
	lo, hi := centre-3, centre+3
	for hi-lo > 1e-9 {
		a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
		if at(a) <= at(b) {
			hi = b
		} else {
			lo = a
		}
	}
	if math.IsInf(at((lo+hi)/2), 1) {
		return math.NaN()
	}
	return math.Exp((lo + hi) / 2)
}
