package pathint

import (
	"errors"
	"fmt"
	"math"

	"machlup/internal/num"
)

// A landscape is −log of an unnormalised density on Rⁿ with an exact gradient and a Hessian
// of limited bandwidth.
type landscape interface {
	dim() int
	band() int // the Hessian is zero further than this from its diagonal
	put(x []float64)
	value() float64       // where it was put
	gradient(g []float64) // there
}

// maxHessian limits what Laplace's method stores: rows times bandwidth of the Hessian.
const maxHessian = 4 << 20

// checkHessian refuses a landscape whose Hessian is too large.
func checkHessian(u landscape) error {
	if n, p := u.dim(), min(u.band(), u.dim()-1)+1; n*p > maxHessian {
		return fmt.Errorf("pathint: laplace: the Hessian has %d rows of bandwidth %d, %d numbers; at most %d are allowed: shorten the path, take a smaller system, or estimate log Z by sampling", n, p, n*p, maxHessian)
	}
	return nil
}

// A saddle is a minimum of a landscape and the Cholesky factor of its Hessian there.
type saddle struct {
	x     []float64
	value float64
	l     *banded
	steps int // Newton steps taken
}

// errNoMinimum marks a landscape that falls without bound, or whose Hessian at its stationary
// point has a direction that does not rise.
var errNoMinimum = errors.New("pathint: laplace: the weight has no maximum with a finite width in every direction (a zero mode, or a direction in which −log weight does not rise): the Gaussian integral is infinite")

const newtonSteps = 100

// newton takes Newton steps from x, with the Hessian from differences of the exact gradient,
// until the energy to be gained is below rounding.
func newton(u landscape, x []float64) (*saddle, error) {
	if err := checkHessian(u); err != nil {
		return nil, err
	}
	h := newHessian(u)
	g, trial := make([]float64, len(x)), make([]float64, len(x))
	s := &saddle{x: x}
	u.put(x)
	s.value = u.value()
	start := s.value
	for ; s.steps < newtonSteps; s.steps++ {
		u.put(x)
		u.gradient(g)
		if !finite(g) || !finite([]float64{s.value}) {
			return nil, errors.New("pathint: laplace: −log weight or its gradient is not finite on the way to its minimum")
		}
		m := h.at(x, false)
		s.l = m.cholesky(0)
		for shift := 1e-3; s.l == nil; shift *= 4 {
			if shift > 1e12 {
				return nil, errNoMinimum
			}
			s.l = m.positive().cholesky(shift)
		}
		d := append([]float64(nil), g...)
		s.l.forward(d)
		gain := num.Norm2(d) / 2
		s.l.backward(d)
		if gain <= 1e-14*(1+math.Abs(s.value)) {
			return s.finish(h)
		}
		step := 1.0
		for ; step > 1e-8; step /= 2 {
			copy(trial, x)
			axpy(-step, d, trial)
			u.put(trial)
			if v := u.value(); v < s.value-0.1*step*gain || v <= s.value && gain < 1e-10*(1+math.Abs(v)) {
				copy(x, trial)
				s.value = v
				break
			}
		}
		if step <= 1e-8 {
			if gain < 1e-9*(1+math.Abs(s.value)) {
				return s.finish(h) // rounding
			}
			return nil, fmt.Errorf("pathint: laplace: no step lowers −log weight from %g, though %.2g should be gained: it is not smooth there (kinks?)", s.value, gain)
		}
		if s.value < start-1e9 {
			return nil, errNoMinimum
		}
	}
	return nil, fmt.Errorf("pathint: laplace: no minimum of −log weight after %d Newton steps (at %g)", newtonSteps, s.value)
}

// finish takes the Hessian at the minimum to fourth order.
func (s *saddle) finish(h *hessian) (*saddle, error) {
	if s.l = h.at(s.x, true).cholesky(0); s.l == nil {
		return nil, errNoMinimum
	}
	return s, nil
}

// logIntegral is log ∫e^{−u} dx of the Gaussian about the minimum.
func (s *saddle) logIntegral() float64 {
	return -s.value + float64(len(s.x))/2*math.Log(2*math.Pi) - s.l.logDet()/2
}

// weights are log[e^{−u(x)}/Gaussian(x)] of draws of the Gaussian, relative to the integral.
func (s *saddle) weights(u landscape, draws int, src Source) []float64 {
	z, x := make([]float64, len(s.x)), make([]float64, len(s.x))
	logw := make([]float64, draws)
	for i := range logw {
		src.Normals(z)
		half := num.Norm2(z) / 2
		s.l.backward(z)
		copy(x, s.x)
		axpy(1, z, x)
		u.put(x)
		logw[i] = half - (u.value() - s.value)
		if math.IsNaN(logw[i]) {
			logw[i] = math.Inf(-1)
		}
	}
	u.put(s.x)
	return logw
}

// hessian takes differences of the gradient, columns that no row shares at once.
type hessian struct {
	u     landscape
	scale []float64 // of a difference; nil before the first
	at1   []float64
	g     [4][]float64
}

func newHessian(u landscape) *hessian {
	h := &hessian{u: u, at1: make([]float64, u.dim())}
	for i := range h.g {
		h.g[i] = make([]float64, u.dim())
	}
	return h
}

// at returns the Hessian at x from differences of two values, or to fourth order of four.
// Steps are a fiftieth of the width that the diagonal promises, so that the truncation is
// small and rounding smaller; differences of a quadratic landscape are exact at any step.
func (h *hessian) at(x []float64, fourth bool) *banded {
	if h.scale == nil {
		h.scale = make([]float64, len(x))
		for i, v := range x {
			h.scale[i] = 1e-4 * math.Max(1, math.Abs(v))
		}
		m := h.differences(x, false)
		for i := range x {
			if d := m.row(i)[m.p]; d > 0 {
				h.scale[i] = 0.02 / math.Sqrt(d)
			}
		}
	}
	return h.differences(x, fourth)
}

func (h *hessian) differences(x []float64, fourth bool) *banded {
	n := len(x)
	m := newBanded(n, h.u.band())
	shifts := []float64{1, -1}
	if fourth {
		shifts = []float64{1, -1, 2, -2}
	}
	colours := min(2*m.p+1, n)
	for c := range colours {
		for s, shift := range shifts {
			copy(h.at1, x)
			for j := c; j < n; j += colours {
				h.at1[j] += shift * h.scale[j]
			}
			h.u.put(h.at1)
			h.u.gradient(h.g[s])
		}
		for j := c; j < n; j += colours {
			for i := max(0, j-m.p); i <= min(n-1, j+m.p); i++ {
				d := h.g[0][i] - h.g[1][i]
				if fourth {
					d = (8*d - (h.g[2][i] - h.g[3][i])) / 6
				}
				d /= 4 * h.scale[j] // half of the mean of H_ij and H_ji
				if i == j {
					d *= 2
				}
				a, b := max(i, j), min(i, j)
				m.row(a)[b-a+m.p] += d
			}
		}
	}
	return m
}

// positive is b with the absolute values of its diagonal.
func (b *banded) positive() *banded {
	c := &banded{b.n, b.p, append([]float64(nil), b.a...)}
	for i := range b.n {
		r := c.row(i)
		r[b.p] = math.Max(math.Abs(r[b.p]), 1e-300)
	}
	return c
}
