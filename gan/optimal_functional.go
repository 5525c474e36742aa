package gan

import "math"

// A densityFunctional is ∫f(p, q)dx with the two derivatives of f by q.
type densityFunctional struct {
	name, symbol string
	// at returns f, ∂f/∂q, ∂²f/∂q² for p, q > 0.
	at func(p, logp, q float64) (f, d1, d2 float64)
	// loss is the generator's, of a logit.
	loss func(logit float64) float64
	// extend tells that f does not vanish where q lives and p does not, so that samples
	// which leave the grid must take it along.
	extend bool
}

// densityFunctionals are the functionals that the losses' flows descend, by loss.
//
// For the saturating loss D* is the maximum of the functional over D, so that (envelope
// theorem) its gradient is that through q at fixed D*: δC/δq = log(1−D*). −E_q log D, the
// non-saturating loss, is not extremal at D*; its gradient at fixed D*, the one a generator
// follows, is −log D* = δ(2KL(m‖p))/δq up to a constant.
var densityFunctionals = map[string]densityFunctional{
	"saturating":     jensenShannon,
	"minimax":        jensenShannon,
	"non-saturating": midpointKL,
}

// jensenShannon is C = E_p log D* + E_q log(1−D*) = 2 JSD(p,q) − 2 log 2.
var jensenShannon = densityFunctional{
	name: "saturating", symbol: "C_h",
	at: func(p, _, q float64) (f, d1, d2 float64) {
		lp, lq := math.Log1p(q/p), math.Log1p(p/q) // −log D*, −log(1−D*)
		return -p*lp - q*lq, -lq, p / (q * (p + q))
	},
	loss: func(a float64) float64 { return -logOnePlusExp(a) }, // log(1−D)
}

// midpointKL is 2 KL(m‖p), m = (p+q)/2.
var midpointKL = densityFunctional{
	name: "non-saturating", symbol: "2KL(m_h‖p_h)", extend: true,
	at: func(p, logp, q float64) (f, d1, d2 float64) {
		l := 0.0 // log((p+q)/p)
		if p > tiny {
			l = math.Log1p(q / p)
		} else {
			l = math.Log(q) - logp
		}
		return (p + q) * (l - math.Ln2), l - math.Ln2 + 1, 1 / (p + q)
	},
	loss: func(a float64) float64 { return logOnePlusExp(-a) }, // −log D
}

// tiny is where a density counts as 0: quotients of larger ones do not overflow.
const tiny = 1e-290

// smoothing is the working storage of a functional for a batch of samples: value and
// gradient by the samples, and the product of its Hessian with a direction.
//
// The lattice is that of the grid, continued; site g is at low + (first+g)·step. Values
// depend on the samples alone, not on how far earlier ones have extended the storage.
type smoothing struct {
	d      *OptimalDiscriminator
	first  int       // lattice index of the first site in storage, ≤ 0
	p      []float64 // [sites in storage]
	logp   []float64
	q      []float64
	d1, d2 []float64
	rq     []float64
	centre []int     // of each sample: the nearest lattice site
	offset []float64 // and the sample's distance from it
	lost   bool      // a sample is not finite, or beyond what the grid can be extended to
}

func newSmoothing(d *OptimalDiscriminator, rows int) *smoothing {
	s := &smoothing{d: d, p: d.p, logp: d.logp, centre: make([]int, rows), offset: make([]float64, rows)}
	s.allocate(len(d.p))
	return s
}

func (s *smoothing) allocate(n int) {
	s.q, s.d1, s.d2, s.rq = make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
}

// density computes q_h of the samples y on the lattice. It reports false, and leaves the
// rest to the caller, if a sample has none there.
func (s *smoothing) density(y []float64) bool {
	lo, hi := s.place(y)
	if s.lost {
		return false
	}
	if s.d.functional.extend && (lo < s.first || hi >= s.first+len(s.q)) {
		s.extend(lo, hi)
	}
	clear(s.q)
	for i := range y {
		s.scatter(s.q, i, 1/float64(len(y)), 0)
	}
	return true
}

// place finds the sites next to the samples, and the range of sites they reach.
func (s *smoothing) place(y []float64) (lo, hi int) {
	d, w := s.d, len(s.d.kernel)-1
	lo, hi, s.lost = 0, d.sites-1, false
	for i, x := range y {
		t := math.Round((x - d.low) / d.step)
		switch {
		case t > -maximalExtension && t < maximalExtension+float64(d.sites):
			s.centre[i], s.offset[i] = int(t), x-(d.low+t*d.step)
		case t != t || math.IsInf(t, 0) || d.functional.extend:
			s.lost = true
			return lo, hi
		default: // nowhere near the grid: C_h no longer depends on it
			s.centre[i], s.offset[i] = 2*maximalSites, 0
		}
		lo, hi = min(lo, s.centre[i]-w), max(hi, s.centre[i]+w)
	}
	return lo, hi
}

// extend makes room for the sites lo … hi, and as many again.
func (s *smoothing) extend(lo, hi int) {
	lo, hi = min(lo, s.first), max(hi, s.first+len(s.q)-1)
	if lo < s.first {
		lo -= s.first - lo
	}
	if end := s.first + len(s.q) - 1; hi > end {
		hi += hi - end
	}
	p, logp := make([]float64, hi-lo+1), make([]float64, hi-lo+1)
	for g := range p {
		if at := lo + g - s.first; at >= 0 && at < len(s.p) {
			p[g], logp[g] = s.p[at], s.logp[at]
			continue
		}
		logp[g] = s.d.target.logDensity(s.d.low + float64(lo+g)*s.d.step)
		p[g] = math.Exp(logp[g])
	}
	s.first, s.p, s.logp = lo, p, logp
	s.allocate(len(p))
}

// A window is the sites that a sample reaches: K_h(x_g − y) = K_h(j·step)·e^{−δ²/2h²}·u^j for
// the site j steps from the sample's nearest one, δ the sample's distance from that.
type window struct {
	at       int // the nearest site, in storage's indices; may be outside
	from, to int // j of the first and last site in storage
	scale, u float64
}

func (s *smoothing) window(i int) window {
	w, at := len(s.d.kernel)-1, s.centre[i]-s.first
	delta, h2 := s.offset[i], s.d.h*s.d.h
	return window{at, max(-w, -at), min(w, len(s.q)-1-at), math.Exp(-delta * delta / (2 * h2)), math.Exp(delta * s.d.step / h2)}
}

// scatter adds c·K_h(x_g − y_i) + slope·∂K_h/∂y to dst.
func (s *smoothing) scatter(dst []float64, i int, c, slope float64) {
	win, kernel := s.window(i), s.d.kernel
	inc := slope / (s.d.h * s.d.h)
	c -= inc * s.offset[i]
	inc *= s.d.step
	up, down, v := win.scale, win.scale, 1/win.u
	w := len(kernel) - 1
	if win.from > -w || win.to < w {
		for j := range kernel {
			if j >= win.from && j <= win.to {
				dst[win.at+j] += (c + inc*float64(j)) * up * kernel[j]
			}
			if j > 0 && -j >= win.from && -j <= win.to {
				dst[win.at-j] += (c - inc*float64(j)) * down * kernel[j]
			}
			up, down = up*win.u, down*v
		}
		return
	}
	right, left := dst[win.at:win.at+w+1], dst[win.at-w:win.at+1]
	right[0] += c * up * kernel[0]
	for j := 1; j <= w; j++ {
		up, down = up*win.u, down*v
		t := inc * float64(j)
		right[j] += (c + t) * up * kernel[j]
		left[w-j] += (c - t) * down * kernel[j]
	}
}

// gather sums over the sites: value = Σ a K, slope = Σ a ∂K/∂y, curvature = Σ a ∂²K/∂y².
func (s *smoothing) gather(a []float64, i int) (value, slope, curvature float64) {
	win, kernel := s.window(i), s.d.kernel
	up, down, v := win.scale, win.scale, 1/win.u
	w := len(kernel) - 1
	var m0, m1, m2 float64 // Σ aK, Σ j aK, Σ j² aK
	if win.from > -w || win.to < w {
		for j := range kernel {
			x := float64(j)
			if j >= win.from && j <= win.to {
				k := a[win.at+j] * up * kernel[j]
				m0, m1, m2 = m0+k, m1+x*k, m2+x*x*k
			}
			if j > 0 && -j >= win.from && -j <= win.to {
				k := a[win.at-j] * down * kernel[j]
				m0, m1, m2 = m0+k, m1-x*k, m2+x*x*k
			}
			up, down = up*win.u, down*v
		}
	} else {
		right, left := a[win.at:win.at+w+1], a[win.at-w:win.at+1]
		m0 = right[0] * up * kernel[0]
		for j := 1; j <= w; j++ {
			up, down = up*win.u, down*v
			x, r, l := float64(j), right[j]*up*kernel[j], left[w-j]*down*kernel[j]
			m0, m1, m2 = m0+(r+l), m1+x*(r-l), m2+x*x*(r+l)
		}
	}
	delta, step, h2 := s.offset[i], s.d.step, s.d.h*s.d.h
	slope = (step*m1 - delta*m0) / h2
	curvature = (step*(step*m2-2*delta*m1)+delta*delta*m0)/(h2*h2) - m0/h2
	return m0, slope, curvature
}

// integrate sums f over the lattice and leaves its derivatives in d1 and d2. coarse is the
// sum over every other site: the difference bounds the error of value from above wherever
// the rule converges.
func (s *smoothing) integrate() (value, coarse float64) {
	at, d := s.d.functional.at, s.d
	for g, q := range s.q {
		s.d1[g], s.d2[g] = 0, 0
		on := s.first+g >= 0 && s.first+g < d.sites
		f := 0.0
		switch {
		case q > tiny && (s.p[g] > tiny || d.functional.extend):
			f, s.d1[g], s.d2[g] = at(s.p[g], s.logp[g], q)
		case on && d.functional.extend: // q = 0: only there f(p, 0) = −p log 2 is not 0
			f = -s.p[g] * math.Ln2
		}
		value += f
		if (s.first+g)&1 == 0 {
			coarse += f
		}
	}
	return d.step * value, 2 * d.step * coarse
}

// value returns the functional of the samples, NaN if they have none.
func (s *smoothing) value(y []float64) float64 {
	if !s.density(y) {
		return math.NaN()
	}
	v, _ := s.integrate()
	return v
}

// gridError returns value − coarse.
func (s *smoothing) gridError(y []float64) float64 {
	if !s.density(y) {
		return math.NaN()
	}
	v, coarse := s.integrate()
	return v - coarse
}

// gridErrorGradient writes the derivative of gridError by each sample.
func (s *smoothing) gridErrorGradient(dst, y []float64) {
	if !s.density(y) {
		fill(dst[:len(y)], math.NaN())
		return
	}
	s.integrate()
	for g := range s.d1 {
		if (s.first+g)&1 == 0 {
			s.d1[g] = -s.d1[g]
		}
	}
	s.slopes(dst, len(y))
}

// gradient writes the derivative of the functional by each sample and returns its value.
func (s *smoothing) gradient(dst, y []float64) float64 {
	if !s.density(y) {
		fill(dst[:len(y)], math.NaN())
		return math.NaN()
	}
	v, _ := s.integrate()
	s.slopes(dst, len(y))
	return v
}

// slopes writes ∫ d1 ∂q_h/∂y_i dx.
func (s *smoothing) slopes(dst []float64, n int) {
	c := s.d.step / float64(n)
	for i := range n {
		_, slope, _ := s.gather(s.d1, i)
		dst[i] = c * slope
	}
}

// product writes the Hessian by the samples times v; it follows gradient at the same y.
func (s *smoothing) product(dst, v []float64) {
	if s.lost {
		fill(dst[:len(v)], math.NaN())
		return
	}
	clear(s.rq)
	n := float64(len(v))
	for i, x := range v {
		s.scatter(s.rq, i, 0, x/n)
	}
	for g, d2 := range s.d2 {
		s.rq[g] *= d2
	}
	c := s.d.step / n
	for i, x := range v {
		_, _, curvature := s.gather(s.d1, i)
		_, slope, _ := s.gather(s.rq, i)
		dst[i] = c * (x*curvature + slope)
	}
}

// losses writes the generator's loss of each of the points x at the D* of the samples y,
// smoothed by the kernel. It allocates.
func (s *smoothing) losses(dst, x, y []float64) {
	at := smoothing{d: s.d, centre: make([]int, len(x)), offset: make([]float64, len(x))}
	lo, hi := at.place(x)
	if at.lost {
		fill(dst, math.NaN())
		return
	}
	lo, hi = max(lo, -maximalExtension), min(hi, s.d.sites+maximalExtension)
	at.first, at.q = lo, make([]float64, hi-lo+1)
	for g := range at.q {
		at.q[g] = s.d.functional.loss(s.logit(s.d.low+float64(lo+g)*s.d.step, y))
	}
	for i := range x {
		v, _, _ := at.gather(at.q, i)
		if dst[i] = s.d.step * v; at.centre[i] > hi {
			dst[i] = math.NaN()
		}
	}
}

// logit returns log(p_h/q_h), the logit of D*, at a point x for the samples y.
func (s *smoothing) logit(x float64, y []float64) float64 {
	top, h := math.Inf(-1), s.d.h
	log := func(v float64) float64 { u := (x - v) / h; return -u * u / 2 }
	for _, v := range y {
		top = math.Max(top, log(v))
	}
	sum := 0.0
	for _, v := range y {
		sum += math.Exp(log(v) - top)
	}
	logq := top + math.Log(sum/float64(len(y))) - math.Log(h) - halfLogTwoPi
	return s.d.target.logDensity(x) - logq
}

func logOnePlusExp(x float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
