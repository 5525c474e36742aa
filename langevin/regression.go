package langevin

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"machlup/internal/rng"
)

// RegressionConfig is SGD at a constant step on a made-up data set of N points,
// U(w) = (1/N) Σ_i ℓ_i(w) + ½λ|w|².
type RegressionConfig struct {
	Loss      string  `toml:"loss" enum:"linear|logistic" doc:"½(y − w·x)², or −log σ(±w·x)"`
	Points    int     `toml:"points" range:"[2,1000000]" unit:"1" doc:"N"`
	Dim       int     `toml:"dim" range:"[1,16]" unit:"1" doc:"d, the weights"`
	Condition float64 `toml:"condition" range:"[1,inf)" unit:"1" doc:"ratio of the largest to the smallest variance of the inputs"`
	Noise     float64 `toml:"noise" range:"(0,inf)" unit:"1" doc:"standard deviation of y about w·x, w = (1, …, 1) (linear loss)"`
	Ridge     float64 `toml:"ridge" range:"[0,inf)" unit:"1" doc:"λ"`
	DataSeed  int     `toml:"data_seed" range:"[0,2147483647]" doc:"of the data set, whatever the seed of the run"`
	Batch     int     `toml:"batch" range:"[1,1000000]" unit:"1" doc:"B points, drawn afresh without replacement at each step"`
	Eta       float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"step"`
}

// Regression is the loss of a data set with mini-batches; it is a HessianVector and a
// StochasticDrift. The covariance of its gradient noise depends on w.
type Regression struct {
	cfg   RegressionConfig
	x, y  []float64 // N × d, N
	n     int
	batch *batch
}

// NewRegression makes the data.
func NewRegression(c RegressionConfig) (*Regression, error) {
	if c.Batch > c.Points {
		return nil, fmt.Errorf("langevin: regression: batch is %d: it must be at most the %d points there are", c.Batch, c.Points)
	}
	r := &Regression{cfg: c, x: make([]float64, c.Points*c.Dim), y: make([]float64, c.Points), n: c.Points, batch: newBatch(c.Points, c.Batch)}
	src := rng.New(uint64(c.DataSeed), 0, "regression data", "")
	src.Normals(r.x)
	for i := range r.y {
		sum := 0.0
		for j := range c.Dim {
			if c.Dim > 1 {
				r.x[i*c.Dim+j] *= math.Pow(c.Condition, -0.5*float64(j)/float64(c.Dim-1))
			}
			sum += r.x[i*c.Dim+j]
		}
		switch {
		case c.Loss == "linear":
			r.y[i] = sum + c.Noise*src.Normal()
		case src.Uniform() < 1/(1+math.Exp(-sum)):
			r.y[i] = 1
		}
	}
	return r, nil
}

func (r *Regression) Dim() int { return r.cfg.Dim }

// Inputs is one normal per point of a batch.
func (r *Regression) Inputs() int { return r.batch.size }

// Points is N.
func (r *Regression) Points() int { return r.n }

// Linear tells whether the gradient of each point is linear in w.
func (r *Regression) Linear() bool { return r.cfg.Loss == "linear" }

// slope returns ∂ℓ_i/∂(w·x_i) and its derivative.
func (r *Regression) slope(i int, w []float64) (first, second float64) {
	d, dot := r.cfg.Dim, 0.0
	for j, v := range w[:d] {
		dot += v * r.x[i*d+j]
	}
	if r.Linear() {
		return dot - r.y[i], 1
	}
	p := 1 / (1 + math.Exp(-dot))
	return p - r.y[i], p * (1 - p)
}

// Energy returns U(w).
func (r *Regression) Energy(w []float64) float64 {
	sum, d := 0.0, r.cfg.Dim
	for i := range r.n {
		dot := 0.0
		for j, v := range w[:d] {
			dot += v * r.x[i*d+j]
		}
		switch {
		case r.Linear():
			sum += (dot - r.y[i]) * (dot - r.y[i]) / 2
		case r.y[i] == 1:
			sum += math.Log1p(math.Exp(-dot))
		default:
			sum += math.Log1p(math.Exp(dot))
		}
	}
	square := 0.0
	for _, v := range w[:d] {
		square += v * v
	}
	return sum/float64(r.n) + r.cfg.Ridge*square/2
}

// Gradient writes ∇U and returns U.
func (r *Regression) Gradient(dst, w []float64) float64 {
	r.Drift(dst, w)
	negate(dst[:r.cfg.Dim])
	return r.Energy(w)
}

// Drift writes −∇U on all points.
func (r *Regression) Drift(dst, w []float64) {
	d := r.cfg.Dim
	for j := range d {
		dst[j] = -r.cfg.Ridge * w[j]
	}
	for i := range r.n {
		g, _ := r.slope(i, w)
		addScaled(dst[:d], -g/float64(r.n), r.x[i*d:(i+1)*d])
	}
}

// SampleDrift writes −∇U on a batch.
func (r *Regression) SampleDrift(dst, w, xi []float64) {
	d := r.cfg.Dim
	for j := range d {
		dst[j] = -r.cfg.Ridge * w[j]
	}
	for _, i := range r.batch.draw(xi) {
		g, _ := r.slope(i, w)
		addScaled(dst[:d], -g/float64(r.batch.size), r.x[i*d:(i+1)*d])
	}
	r.batch.restore()
}

// HessVec writes ∇²U(w)v.
func (r *Regression) HessVec(dst, w, v []float64) {
	d := r.cfg.Dim
	for j := range d {
		dst[j] = r.cfg.Ridge * v[j]
	}
	for i := range r.n {
		_, h := r.slope(i, w)
		dot := 0.0
		for j := range d {
			dot += r.x[i*d+j] * v[j]
		}
		addScaled(dst[:d], h*dot/float64(r.n), r.x[i*d:(i+1)*d])
	}
}

// Hessian returns ∇²U(w), d × d.
func (r *Regression) Hessian(w []float64) []float64 {
	d := r.cfg.Dim
	h, unit := make([]float64, d*d), make([]float64, d)
	for i := range d {
		unit[i] = 1
		r.HessVec(h[i*d:(i+1)*d], w, unit)
		unit[i] = 0
	}
	return h
}

// Minimum returns w* by Newton's method, or an error if it does not converge (separable data
// without a ridge).
func (r *Regression) Minimum() ([]float64, error) {
	d := r.cfg.Dim
	w, g := make([]float64, d), make([]float64, d)
	for range 100 {
		r.Drift(g, w)
		var step mat.VecDense
		if err := step.SolveVec(mat.NewDense(d, d, r.Hessian(w)), mat.NewVecDense(d, g)); err != nil {
			break
		}
		addScaled(w, 1, step.RawVector().Data)
		if mat.Norm(&step, 2) < 1e-12*(1+mat.Norm(mat.NewVecDense(d, w), 2)) {
			return w, nil
		}
	}
	return nil, fmt.Errorf("langevin: regression: the loss has no minimum that Newton's method finds: give a ridge")
}

// NoiseCovariance returns the covariance of a batch's gradient at w,
// (1/B)(N−B)/(N−1) of the covariance of the points' gradients, d × d. To it belongs, for the
// linear loss, how it grows with the spread of w: with δ of mean 0 and covariance sigma about
// w the mean of C(w + δ) adds that of x xᵀ(xᵀΣx) − HΣH (H without ridge). sigma may be nil.
func (r *Regression) NoiseCovariance(w, sigma []float64) []float64 {
	d, n := r.cfg.Dim, float64(r.n)
	c, h, mean := mat.NewDense(d, d, nil), mat.NewDense(d, d, nil), mat.NewVecDense(d, nil)
	for i := range r.n {
		g, curvature := r.slope(i, w)
		x := mat.NewVecDense(d, r.x[i*d:(i+1)*d])
		square := g * g
		if sigma != nil {
			square += mat.Inner(x, mat.NewDense(d, d, sigma), x)
		}
		c.RankOne(c, square/n, x, x)
		h.RankOne(h, curvature/n, x, x)
		mean.AddScaledVec(mean, g/n, x)
	}
	c.RankOne(c, -1, mean, mean)
	if sigma != nil {
		var hs, hsh mat.Dense
		hs.Mul(h, mat.NewDense(d, d, sigma))
		hsh.Mul(&hs, h)
		c.Sub(c, &hsh)
	}
	c.Scale((n-float64(r.batch.size))/(n-1)/float64(r.batch.size), c)
	return c.RawMatrix().Data
}
