package pathint

import (
	"errors"
	"fmt"
	"math"

	"machlup/analysis"
)

// A LaplaceEstimate is log Z by the Gaussian integral about the minimum of −log weight
// (Laplace's method). Saddle is that value: exact, without an error, when the law is Gaussian,
// otherwise a saddle-point value, which has no statistical error. Corrected is the log of the
// true integral by importance sampling from that Gaussian: its difference from Saddle is the
// correction that a saddle point leaves out, and its error is statistical. Neither sees
// another minimum that the Gaussian does not reach.
type LaplaceEstimate struct {
	Saddle, Corrected Estimate
	Gaussian          bool // −log weight is quadratic to rounding
	Dimension, Steps  int  // of the integral; Newton steps
}

// quadraticTo is how far −log weight of draws may be from the quadratic form of a Gaussian law.
const quadraticTo = 1e-6

// laplace expands u about the minimum near x.
func laplace(u landscape, x []float64, draws int, src Source) (LaplaceEstimate, error) {
	s, err := newton(u, x)
	if err != nil {
		return LaplaceEstimate{}, err
	}
	logw := s.weights(u, draws, src)
	e := LaplaceEstimate{Gaussian: true, Dimension: len(x), Steps: s.steps, Corrected: Exponential("laplace", logw)}
	for _, w := range logw {
		e.Gaussian = e.Gaussian && math.Abs(w) <= quadraticTo*(1+math.Abs(s.value))
	}
	value := s.logIntegral()
	e.Saddle = Estimate{Estimator: "laplace-saddle", LogZ: value, ESS: math.NaN(), Overlap: math.NaN(), ParetoK: math.NaN(),
		Caution: "a saddle-point value: it has no statistical error"}
	if e.Gaussian {
		e.Saddle.Caution = ""
		e.Corrected = e.Saddle
		e.Corrected.Estimator, e.Corrected.ESS = "laplace", float64(draws)
		return e, nil
	}
	e.Corrected.LogZ += value
	return e, nil
}

// minus subtracts another log Z, the errors independent.
func (e LaplaceEstimate) minus(o LaplaceEstimate) LaplaceEstimate {
	e.Gaussian = e.Gaussian && o.Gaussian
	e.Steps += o.Steps
	e.Saddle.LogZ -= o.Saddle.LogZ
	if e.Saddle.Caution == "" {
		e.Saddle.Caution = o.Saddle.Caution
	}
	c, d := &e.Corrected, o.Corrected
	c.LogZ -= d.LogZ
	c.StatErr = math.Hypot(c.StatErr, d.StatErr)
	c.ESS = math.Min(c.ESS, d.ESS)
	if !(c.ParetoK > d.ParetoK) {
		c.ParetoK = d.ParetoK
	}
	if c.Caution == "" {
		c.Caution = d.Caution
	}
	c.Err = errors.Join(c.Err, d.Err)
	return e
}

func known(logZ float64) LaplaceEstimate {
	e := Estimate{LogZ: logZ, ESS: math.Inf(1), ParetoK: math.Inf(-1)}
	return LaplaceEstimate{Saddle: e, Corrected: e, Gaussian: true}
}

// A freeMeasure is an action that knows the integral of exp(−κQ − rest) over its paths of so
// many steps with a free end, whatever the drift.
type freeMeasure interface {
	logFree(kappa float64, steps int) float64
}

func (a *OnsagerMachlup) logFree(kappa float64, steps int) float64 {
	v := 0.0
	for _, b := range a.blocks {
		v += float64(b.Hi-b.Lo) * math.Log(2*math.Pi*b.Noise*b.Noise/kappa) / 2
	}
	return v * float64(steps)
}

func (a *Innovation) logFree(kappa float64, steps int) float64 {
	return float64(steps*a.Inputs()) * math.Log(2*math.Pi/kappa) / 2
}

// Laplace returns log Z(s)/Z(0) of a started chain at its own tilt, about the minimum near its
// path. Z(0) of a free end is known; that of a pinned one is Laplace's too. The Hessian is
// banded in positions (block-tridiagonal for a recurrence of first order, pentadiagonal with
// momentum) and dense in innovations. The chain's path is left at the minimum. It refuses
// actions without a gradient, Hessians of more than 4·2²⁰ numbers, and weights without a
// maximum of finite width, where a Gaussian Z is infinite.
func Laplace(c *Chain, draws int, src Source) (LaplaceEstimate, error) {
	s := c.Tilt()
	top, err := laplaceAt(c, s, draws, src)
	if err != nil {
		return top, err
	}
	p := c.path
	if m, ok := p.action.(freeMeasure); ok && p.ends.pins == 0 {
		return top.minus(known(m.logFree(p.kappa, p.steps))), nil
	}
	bottom, err := laplaceAt(c, 0, draws, src)
	c.SetTilt(s)
	if err != nil {
		return bottom, err
	}
	return top.minus(bottom), nil
}

// LaplacePinned returns log of Z of pinned paths over Z of the same paths with a free end, both
// at s = 0: the log density of the pinned slices (q_K, or q_{K−1} and q_K) given the start.
func LaplacePinned(c *Chain, draws int, src Source) (LaplaceEstimate, error) {
	p := c.path
	m, ok := p.action.(freeMeasure)
	if !ok || p.ends.pins == 0 {
		return LaplaceEstimate{}, errors.New("pathint: laplace: log Z of a pinned end needs one, and an action whose free end is known")
	}
	e, err := laplaceAt(c, 0, draws, src)
	if err != nil {
		return e, err
	}
	return e.minus(known(m.logFree(p.kappa, p.steps))), nil
}

func laplaceAt(c *Chain, s float64, draws int, src Source) (LaplaceEstimate, error) {
	c.ready()
	if c.path.tilt >= 0 {
		c.SetTilt(s)
	}
	u, err := newPathLandscape(c.path)
	if err != nil {
		return LaplaceEstimate{}, err
	}
	return laplace(u, u.take(), draws, src)
}

// pathLandscape is −log weight as a function of the slices, or inputs, that may move.
type pathLandscape struct {
	p          *Path
	act        Differentiable
	lo, n, p1  int // first number that moves, how many, bandwidth
	pull, full []float64
}

func newPathLandscape(p *Path) (*pathLandscape, error) {
	act, ok := p.action.(Differentiable)
	if !ok {
		return nil, fmt.Errorf("pathint: laplace needs the gradient of the action, the %s action has none", p.action.Name())
	}
	if _, err := differentiable(p, "laplace"); err != nil {
		return nil, err
	}
	if p.sets != nil {
		return nil, errors.New("pathint: laplace: paths between sets have a weight with walls, which no Gaussian has; use an estimator that samples")
	}
	if p.ends.density != nil {
		return nil, errors.New("pathint: laplace: the density of q_0 has no gradient; fix the start")
	}
	if p.ends.ring {
		return nil, errors.New("pathint: laplace: the gradient of a ring is not available")
	}
	u := &pathLandscape{p: p, act: act, pull: make([]float64, (p.steps+1)*p.n)}
	if p.inputs > 0 {
		u.n = p.steps * p.inputs
		u.p1 = u.n - 1
	} else {
		lo, hi := p.Movable()
		u.lo, u.n = lo*p.width, (hi-lo)*p.width
		u.p1 = (coupling(p)+1)*p.width - 1
	}
	u.full = make([]float64, p.freedom())
	return u, nil
}

// coupling is how far apart two slices may be that one step of the action sees.
func coupling(p *Path) int {
	lo, hi := p.Movable()
	first, last := make([]int, hi), make([]int, hi)
	for k := lo; k < hi; k++ {
		first[k], last[k] = p.action.Reach(Change{Lo: k, Hi: k + 1, B0: 0, B1: p.blk}, p.steps)
	}
	far := 0
	for k := lo; k < hi; k++ {
		for l := hi - 1; l > k+far; l-- {
			if first[l] < last[k] && first[k] < last[l] {
				far = l - k
			}
		}
	}
	return far
}

func (u *pathLandscape) dim() int  { return u.n }
func (u *pathLandscape) band() int { return u.p1 }

// take returns where the path is.
func (u *pathLandscape) take() []float64 {
	var x []float64
	for _, row := range u.p.coords() {
		x = append(x, row...)
	}
	return x[u.lo : u.lo+u.n]
}

func (u *pathLandscape) put(x []float64) {
	if u.p.inputs == 0 {
		copy(u.p.slices[u.lo:], x)
	} else {
		for _, row := range u.p.xi {
			x = x[copy(row, x):]
		}
	}
	u.p.refresh()
}

func (u *pathLandscape) value() float64 {
	if u.p.inputs > 0 && !finite(u.p.Slice(u.p.steps)) {
		return math.Inf(1)
	}
	return u.p.NegLogWeight()
}

func (u *pathLandscape) gradient(g []float64) {
	u.p.pull(u.pull)
	u.act.Gradient(u.full, u.p, u.pull)
	copy(g, u.full[u.lo:u.lo+u.n])
}

// LaplacePotentials returns log Z(1)/Z(0) of a ladder between two potentials, about the
// minimum near start at either end. normalised says that Z(0) = 1.
func LaplacePotentials(spec PotentialsSpec, start []float64, normalised bool, draws int, src Source) (LaplaceEstimate, error) {
	end := func(u landscape) (LaplaceEstimate, error) {
		return laplace(u, append([]float64(nil), start...), draws, src)
	}
	top, err := end(&potentialLandscape{u: spec.To})
	if err != nil {
		return top, err
	}
	if normalised {
		return top.minus(known(0)), nil
	}
	bottom, err := end(&potentialLandscape{u: spec.From})
	if err != nil {
		return bottom, err
	}
	return top.minus(bottom), nil
}

type potentialLandscape struct {
	u interface {
		Dim() int
		Energy(x []float64) float64
		Gradient(dst, x []float64) float64
	}
	x []float64
}

func (l *potentialLandscape) dim() int             { return l.u.Dim() }
func (l *potentialLandscape) band() int            { return l.u.Dim() - 1 }
func (l *potentialLandscape) put(x []float64)      { l.x = append(l.x[:0], x...) }
func (l *potentialLandscape) value() float64       { return l.u.Energy(l.x) }
func (l *potentialLandscape) gradient(g []float64) { l.u.Gradient(g, l.x) }

// CheckNormalisable refuses a tilt at which a Gaussian law of paths has Z(s) = ∞: where −log
// weight is quadratic (its Hessian is the same at two paths) and does not rise in every
// direction. Other laws pass, and so do those too large to look at, for which it takes more
// than work gradients of single steps: there the diagnostics of the weights must speak.
func CheckNormalisable(c *Chain, work int, src Source) error {
	u, err := newPathLandscape(c.path)
	if err != nil || c.path.s == 0 || 6*(2*min(u.p1, u.n)+1)*c.path.steps > work || checkHessian(u) != nil {
		return nil
	}
	h := newHessian(u)
	one := u.take()
	a := h.at(one, false)
	other := append([]float64(nil), one...)
	for i := range other {
		other[i] += 30 * h.scale[i] * src.Normal()
	}
	b := h.differences(other, false)
	u.put(one)
	size, apart := 0.0, 0.0
	for i, v := range a.a {
		size, apart = math.Max(size, math.Abs(v)), math.Max(apart, math.Abs(v-b.a[i]))
	}
	if !(apart <= 1e-6*size) || a.cholesky(0) != nil {
		return nil
	}
	return &analysis.Refusal{Reason: analysis.InfiniteZ, Quantity: "Z(s) of the tilted paths", Found: c.path.s, Limit: lowestTilt(c, h, one, a),
		Advice: "the law is Gaussian and its precision is not positive definite, so Z(s) = ∞: use an s on the other side of the limit, or a shorter path"}
}

// lowestTilt is the s at which the precision of a Gaussian law ceases to be positive
// definite between 0 and the chain's own.
func lowestTilt(c *Chain, h *hessian, at []float64, full *banded) float64 {
	s := c.path.s
	c.SetTilt(0)
	h.u.put(at)
	free := h.differences(at, false)
	c.SetTilt(s)
	h.u.put(at)
	lo, hi := 0.0, 1.0
	m := newBanded(full.n, full.p)
	for range 50 {
		f := (lo + hi) / 2
		for i := range m.a {
			m.a[i] = (1-f)*free.a[i] + f*full.a[i]
		}
		if m.cholesky(0) != nil {
			lo = f
		} else {
			hi = f
		}
	}
	return lo * s
}

// HasLaplace returns nil, or why Laplace's method does not apply to the paths of a chain.
func HasLaplace(c *Chain) error {
	u, err := newPathLandscape(c.path)
	if err != nil {
		return err
	}
	return checkHessian(u)
}
