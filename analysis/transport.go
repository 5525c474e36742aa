package analysis

import (
	"math"
	"slices"
)

// LineTransport gives the exact W₂ of n points of equal weights to a mixture on the line.
// The optimal plan moves the i-th smallest point onto the mixture between its quantiles
// i/n and (i+1)/n, so that W₂² = Σ [(x_i − c_i)² + v_i]/n with c_i and v_i mean and variance
// of the mixture there, from partial moments.
type LineTransport struct {
	centre []float64 // c_i
	within float64   // Σ v_i/n, the least W₂² that n points can have
}

// NewLineTransport prepares for n ≥ 1 points. It panics unless the modes are on the line.
func NewLineTransport(m *Modes, n int) *LineTransport {
	if m.dim != 1 || n < 1 {
		panic("analysis: NewLineTransport needs modes on the line and n ≥ 1")
	}
	t := &LineTransport{centre: make([]float64, n)}
	lo, hi := m.Extent(40)
	from := math.Inf(-1)
	for i := range n {
		to := math.Inf(1)
		if i < n-1 {
			to = m.lineQuantile(float64(i+1)/float64(n), math.Max(from, lo[0]), hi[0])
		}
		c, v := m.between(from, to)
		t.centre[i] = c
		t.within += v / float64(n)
		from = to
	}
	return t
}

// W2 is the distance of the sorted points. It panics if their number is not that of the
// transport.
func (t *LineTransport) W2(sorted []float64) float64 { return math.Sqrt(t.square(sorted)) }

func (t *LineTransport) square(sorted []float64) float64 {
	if len(sorted) != len(t.centre) {
		panic("analysis: LineTransport: wrong number of points")
	}
	sum := 0.0
	for i, x := range sorted {
		sum += (x - t.centre[i]) * (x - t.centre[i])
	}
	return sum/float64(len(sorted)) + t.within
}

// between is mean and variance of the mixture given that it lies between two points.
func (m *Modes) between(lo, hi float64) (mean, variance float64) {
	near := lo
	if math.IsInf(lo, -1) {
		if near = hi; math.IsInf(hi, 1) {
			near = m.mean[0]
		}
	}
	shift, _ := m.partialMoments(lo, hi, near) // then about the mean, so that no digits cancel
	near += shift
	shift, square := m.partialMoments(lo, hi, near)
	return near + shift, math.Max(0, square-shift*shift)
}

// partialMoments are the means of x − about and of its square over the mixture between two
// points.
func (m *Modes) partialMoments(lo, hi, about float64) (first, second float64) {
	total := 0.0
	for k, w := range m.weight {
		s := m.std[k]
		a, b := (lo-m.mean[k])/s, (hi-m.mean[k])/s
		if a > 12 || b < -12 { // less than 1e−32 of the mode
			continue
		}
		shift, mass := m.mean[k]-about, normalBetween(a, b)
		pa, pb := normalDensity(a), normalDensity(b)
		zOnce := pa - pb
		zTwice := mass + finiteProduct(a, pa) - finiteProduct(b, pb)
		total += w * mass
		first += w * (shift*mass + s*zOnce)
		second += w * (shift*shift*mass + 2*shift*s*zOnce + s*s*zTwice)
	}
	return first / total, second / total
}

func normalDensity(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }

// finiteProduct is z·φ(z), 0 at infinity.
func finiteProduct(z, density float64) float64 {
	if density == 0 {
		return 0
	}
	return z * density
}

// lineQuantile solves cdf(x) = u between lo and hi by Newton's method from lo, kept within
// the bracket.
func (m *Modes) lineQuantile(u, lo, hi float64) float64 {
	x := lo
	for range 200 {
		f, density := -u, 0.0
		for k, w := range m.weight {
			switch z := (x - m.mean[k]) / m.std[k]; {
			case z > 9:
				f += w
			case z > -9:
				f += w * math.Erfc(-z/math.Sqrt2) / 2
				density += w * normalDensity(z) / m.std[k]
			}
		}
		if f < 0 {
			lo = x
		} else {
			hi = x
		}
		step := f / density
		if f == 0 || math.Abs(step) <= 1e-16*math.Max(math.Abs(lo), math.Abs(hi)) {
			return x
		}
		next := x - step
		if !(next > lo && next < hi) {
			if next = lo + (hi-lo)/2; next <= lo || next >= hi {
				return x
			}
		}
		x = next
	}
	return x
}

// SlicedTransport gives the sliced W₂ of n points to a mixture in any dimension: the root
// of the mean, over given directions, of the exact W₂² of the projections; over all
// directions it is at most W₂/√d. Samples of the mixture itself are not at 0 but some way
// above, ever less as n grows, mostly because their numbers per mode fluctuate: compare
// with a perfect sampler of the same n.
//
// Source: Bonneel, Rabin, Peyré and Pfister, J. Math. Imaging Vis. 51 (2015) 22.
type SlicedTransport struct {
	dim       int
	direction []float64 // [slices×dim] unit vectors
	line      []*LineTransport
}

// NewSlicedTransport prepares for n points; directions [slices×dim] are vectors other than
// zero of any length.
func NewSlicedTransport(m *Modes, n int, directions []float64) *SlicedTransport {
	if len(directions) == 0 || len(directions)%m.dim != 0 {
		panic("analysis: NewSlicedTransport: wrong length of directions")
	}
	t := &SlicedTransport{dim: m.dim, direction: append([]float64(nil), directions...)}
	for i := 0; i < len(directions); i += m.dim {
		u := t.direction[i : i+m.dim]
		norm := 0.0
		for _, v := range u {
			norm = math.Hypot(norm, v)
		}
		for c := range u {
			u[c] /= norm
		}
		projected := &Modes{dim: 1, weight: m.weight, std: m.std}
		for k := range m.weight {
			projected.mean = append(projected.mean, dot(u, m.Mean(k)))
		}
		t.line = append(t.line, NewLineTransport(projected, n))
	}
	return t
}

// W2 is the sliced distance of the samples [n×dim].
func (t *SlicedTransport) W2(samples []float64) float64 {
	x := make([]float64, len(samples)/t.dim)
	sum := 0.0
	for s, line := range t.line {
		u := t.direction[s*t.dim : (s+1)*t.dim]
		for i := range x {
			x[i] = dot(u, samples[i*t.dim:(i+1)*t.dim])
		}
		slices.Sort(x)
		sum += line.square(x)
	}
	return math.Sqrt(sum / float64(len(t.line)))
}
