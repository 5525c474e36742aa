package gan

import (
	"fmt"
	"math"

	"machlup/langevin"
)

// An ExactPotential is
//
//	U(θ) = C_h(θ) − T log π(θ)      (2 KL(m_h‖p_h) for C_h under the non-saturating loss),
//
// C_h that of the generator's samples G_θ(z) of a fixed batch of latents against the exact
// discriminator, π a named prior (none: U = C_h) and T the temperature it is sampled at: the
// Boltzmann law e^{−U/T} is e^{−C_h/T}π, the prior for T → ∞. It is a langevin.Potential and
// langevin.HessianVector in the coordinates x of the prior (Prior.Fold), to rounding: the
// gradient is that of the sum over the grid, by the envelope theorem and backpropagation, the
// Hessian the R-operator's. With ReLU both hold almost everywhere.
//
// Samples that are not finite, or that leave the grid further than it can be extended, give
// NaN. It serves one goroutine; Fork makes another.
type ExactPotential struct {
	net   Network
	d     *OptimalDiscriminator
	prior Prior // nil: none
	t     float64
	z     []float64 // [rows×latent]
	rows  int

	p           stages
	f           *smoothing
	y, cy       []float64 // [rows] samples and derivatives by them
	ry, rcy     []float64 // their derivatives along a direction
	theta, sign []float64
	v           []float64
}

// newExactPotential makes the potential of the latents z.
func newExactPotential(net Network, d *OptimalDiscriminator, prior Prior, temperature float64, z []float64) *ExactPotential {
	rows, n := len(z)/net.In(), net.Params()
	u := &ExactPotential{net: net, d: d, prior: prior, t: temperature, z: z, rows: rows, p: net.newStages(rows), f: newSmoothing(d, rows)}
	for _, v := range []*[]float64{&u.y, &u.cy, &u.ry, &u.rcy} {
		*v = make([]float64, rows)
	}
	for _, v := range []*[]float64{&u.theta, &u.sign, &u.v} {
		*v = make([]float64, n)
	}
	return u
}

// Fork returns the same potential with working storage of its own.
func (u *ExactPotential) Fork() *ExactPotential {
	return newExactPotential(u.net, u.d, u.prior, u.t, u.z)
}

// Dim is the number of the generator's parameters.
func (u *ExactPotential) Dim() int { return u.net.Params() }

// Temperature is T of the prior's term.
func (u *ExactPotential) Temperature() float64 { return u.t }

// Energy returns U(x).
func (u *ExactPotential) Energy(x []float64) float64 {
	u.samples(x)
	return u.f.value(u.y) + u.minusLogPrior(x)
}

// Functional returns C_h (or 2 KL(m_h‖p_h)) alone.
func (u *ExactPotential) Functional(x []float64) float64 {
	u.samples(x)
	return u.f.value(u.y)
}

// GridError returns the sum over the odd minus that over the even points of the grid, which
// is the functional's difference from the sum on twice the spacing: its size is above the
// error of the grid wherever the rule converges.
func (u *ExactPotential) GridError(x []float64) float64 {
	u.samples(x)
	return u.f.gridError(u.y)
}

// Gradient writes ∇U(x) and returns U(x).
func (u *ExactPotential) Gradient(dst, x []float64) float64 {
	theta := u.samples(x)
	v := u.f.gradient(u.cy, u.y)
	u.p.backward(dst, theta, u.cy)
	u.reflect(dst, dst)
	if u.weighs() {
		u.prior.AddGradient(dst, u.t, x)
	}
	return v + u.minusLogPrior(x)
}

// HessVec writes ∇²U(x)·v.
func (u *ExactPotential) HessVec(dst, x, v []float64) {
	u.p.enableTangents()
	theta := u.samples(x)
	u.reflect(u.v, v)
	u.p.tangent(u.ry, theta, u.v, nil)
	u.f.gradient(u.cy, u.y)
	u.f.product(u.rcy, u.ry)
	u.p.cotangents(theta, u.cy)
	u.p.tangentCotangents(theta, u.v, u.rcy)
	u.p.tangentGradient(dst, u.v)
	u.reflect(dst, dst)
	if u.weighs() {
		u.prior.AddHessVec(dst, u.t, x, v)
	}
}

// Normalisable returns nil if e^{−U/T} is a law, else the reason why it is not.
func (u *ExactPotential) Normalisable() error {
	switch {
	case u.prior == nil:
		return u.d.unbounded()
	case u.t == 0:
		return fmt.Errorf("gan: at temperature 0 there is no stationary law and no Z")
	}
	return nil
}

// Growth is that of the prior's term on a bounded C_h: the mirrors of a box make U periodic in
// the coordinates x. 2 KL is not bounded, and how fast it grows is not known.
func (u *ExactPotential) Growth() langevin.Growth {
	g, normal := u.prior.(gaussianPrior)
	switch {
	case u.d.functional.extend:
		return langevin.Growth{Confining: normal && u.t > 0, Power: math.NaN()}
	case !normal:
		return langevin.Growth{}
	}
	k := make([]float64, u.Dim())
	for i := range k {
		k[i] = u.t * g.precision
	}
	return langevin.Growth{Confining: u.t > 0, Power: 2, Curvature: k, Centre: make([]float64, len(k))}
}

// unbounded is the reason why the functional alone has no Boltzmann law on parameters.
func (d *OptimalDiscriminator) unbounded() error {
	if d.functional.extend {
		return fmt.Errorf("gan: no prior is named: parameters that the samples do not depend on (rescaled ReLU units, units switched off or saturated) make ∫e^{−2KL/T}dθ infinite, and log Z is quoted relative to a prior; set system.mlp.prior to weight-decay or box")
	}
	return fmt.Errorf("gan: no prior is named: C_h lies between −2 log 2 and 0, so ∫e^{−C_h/T}dθ = ∞ and there is no stationary law; set system.mlp.prior to weight-decay or box")
}

// samples runs the forward pass of x into y and returns the parameters.
func (u *ExactPotential) samples(x []float64) (theta []float64) {
	theta = foldInto(u.prior, u.theta, u.sign, x)
	u.p.forward(u.y, theta, u.z, u.rows)
	return theta
}

// foldInto returns the parameters that x stands for, and leaves the signs dθ/dx.
func foldInto(prior Prior, theta, sign, x []float64) []float64 {
	if prior == nil || !prior.Fold(theta, sign, x) {
		fill(sign, 1)
		return x
	}
	return theta
}

// reflect writes v ∘ dθ/dx.
func (u *ExactPotential) reflect(dst, v []float64) { hadamard(dst, v, u.sign) }

func hadamard(dst, v, sign []float64) {
	for i, s := range sign {
		dst[i] = v[i] * s
	}
}

// weighs tells whether the prior's term counts.
func (u *ExactPotential) weighs() bool { return u.prior != nil && u.t > 0 }

func (u *ExactPotential) minusLogPrior(x []float64) float64 {
	if !u.weighs() {
		return 0
	}
	return u.t * u.prior.MinusLogDensity(x)
}

// A PriorPotential is −log π, the potential of the prior itself in units of T: the reference
// that log Z is quoted relative to.
type PriorPotential struct {
	Prior Prior
	N     int // parameters
}

// Dim is N.
func (p PriorPotential) Dim() int { return p.N }

// Energy returns −log π(x).
func (p PriorPotential) Energy(x []float64) float64 { return p.Prior.MinusLogDensity(x) }

// Gradient writes −∇log π(x) and returns −log π(x).
func (p PriorPotential) Gradient(dst, x []float64) float64 {
	clear(dst[:p.N])
	p.Prior.AddGradient(dst[:p.N], 1, x)
	return p.Energy(x)
}

// Multiplicity returns the logarithm of the number of parameters that a network's hidden
// units can be permuted into without changing it, Σ_layers log(width!), and whether each unit
// can also change sign (tanh is odd). Z counts all of them, a Laplace expansion about one
// minimum one of them.
func Multiplicity(net Network) (logPermutations float64, signs bool) {
	m, ok := net.(*MLP)
	if !ok {
		return 0, false
	}
	w := m.Widths()
	for _, n := range w[1 : len(w)-1] {
		l, _ := math.Lgamma(float64(n) + 1)
		logPermutations += l
	}
	return logPermutations, m.act != nil && m.act.Name() == "tanh" && len(w) > 2
}
