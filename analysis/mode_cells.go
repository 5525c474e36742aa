package analysis

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mathext"
)

// Cells returns, for each mode, the probability that a sample of the mixture itself is a
// high-quality one of that mode: what a perfect sampler scores. On the line it is exact for
// any modes; from the plane on the balls of the radius about the modes must not touch, and
// beyond the plane no mode may reach another's ball (an error says so).
func (m *Modes) Cells(radius float64) ([]float64, error) {
	if m.dim == 1 {
		return m.lineCells(radius, func(lo, hi float64) float64 {
			p := 0.0
			for k, w := range m.weight {
				p += w * normalBetween((lo-m.mean[k])/m.std[k], (hi-m.mean[k])/m.std[k])
			}
			return p
		}), nil
	}
	if err := m.apart(radius); err != nil {
		return nil, err
	}
	cell := make([]float64, m.Len())
	for k := range cell {
		cell[k] = m.weight[k] * mathext.GammaIncReg(float64(m.dim)/2, radius*radius/2)
		for j := range cell {
			if j == k {
				continue
			}
			reach := (m.distance(j, k) - radius*m.std[k]) / m.std[j] // in std of mode j
			switch {
			case reach > 9: // less than 1e−18
			case m.dim > 2:
				return nil, fmt.Errorf("analysis: mode %d reaches the ball of mode %d: its exact share is known on the line and the plane only", j, k)
			default:
				cell[k] += m.weight[j] * discMass(m.distance(j, k)/m.std[j], radius*m.std[k]/m.std[j])
			}
		}
	}
	return cell, nil
}

// BoxCells is Cells for the uniform law on the box lo ≤ x ≤ hi [dim each]; from the plane on
// the balls must lie within it.
func (m *Modes) BoxCells(lo, hi []float64, radius float64) ([]float64, error) {
	if len(lo) != m.dim || len(hi) != m.dim {
		panic("analysis: BoxCells: wrong length of the box")
	}
	volume := 1.0
	for c := range lo {
		if !(lo[c] < hi[c]) {
			return nil, fmt.Errorf("analysis: the box goes from %v to %v in coordinate %d", lo[c], hi[c], c)
		}
		volume *= hi[c] - lo[c]
	}
	if m.dim == 1 {
		return m.lineCells(radius, func(a, b float64) float64 {
			return math.Max(0, math.Min(b, hi[0])-math.Max(a, lo[0])) / volume
		}), nil
	}
	if err := m.apart(radius); err != nil {
		return nil, err
	}
	cell, half := make([]float64, m.Len()), float64(m.dim)/2
	for k := range cell {
		r := radius * m.std[k]
		for c, x := range m.Mean(k) {
			if slack := 1e-12 * (hi[c] - lo[c]); x-r < lo[c]-slack || x+r > hi[c]+slack {
				return nil, fmt.Errorf("analysis: the ball of mode %d is not within the box: its exact share is not known", k)
			}
		}
		cell[k] = math.Pow(math.Pi, half) / math.Gamma(half+1) * math.Pow(r, float64(m.dim)) / volume
	}
	return cell, nil
}

// Extent is the box that holds all balls of the radius: lo and hi of each coordinate.
func (m *Modes) Extent(radius float64) (lo, hi []float64) {
	lo, hi = make([]float64, m.dim), make([]float64, m.dim)
	for c := range lo {
		lo[c], hi[c] = math.Inf(1), math.Inf(-1)
		for k, s := range m.std {
			x := m.mean[k*m.dim+c]
			lo[c], hi[c] = math.Min(lo[c], x-radius*s), math.Max(hi[c], x+radius*s)
		}
	}
	return lo, hi
}

// lineCells cuts the line where the nearest mode or the quality may change and gives each
// piece to the mode of its midpoint.
func (m *Modes) lineCells(radius float64, mass func(lo, hi float64) float64) []float64 {
	var cuts []float64
	for k, a := range m.mean {
		s := m.std[k]
		cuts = append(cuts, a-radius*s, a+radius*s)
		for j, b := range m.mean[:k] { // |x−a|/s = |x−b|/t
			t := m.std[j]
			cuts = append(cuts, (a*t+b*s)/(s+t))
			if s != t {
				cuts = append(cuts, (a*t-b*s)/(t-s))
			}
		}
	}
	sort.Float64s(cuts)
	cell := make([]float64, m.Len())
	for i := 1; i < len(cuts); i++ {
		lo, hi := cuts[i-1], cuts[i]
		if k, d := m.Nearest([]float64{lo + (hi-lo)/2}); d <= radius {
			cell[k] += mass(lo, hi)
		}
	}
	return cell
}

// apart is an error if two balls touch: which mode a sample belongs to is then decided
// within a ball.
func (m *Modes) apart(radius float64) error {
	for k := range m.std {
		for j := range k {
			if m.distance(j, k) < radius*(m.std[j]+m.std[k]) {
				return fmt.Errorf("analysis: the balls of modes %d and %d touch: exact shares are known on the line only", j, k)
			}
		}
	}
	return nil
}

func (m *Modes) distance(j, k int) float64 {
	square := 0.0
	for c := range m.dim {
		d := m.mean[j*m.dim+c] - m.mean[k*m.dim+c]
		square += d * d
	}
	return math.Sqrt(square)
}

// discMass is the mass of N(0, I₂) in a disc of radius r at distance d, over the chords at
// height y = r sin t by Gauss–Legendre quadrature.
func discMass(d, r float64) float64 {
	f := func(t float64) float64 {
		y, half := r*math.Sin(t), r*math.Cos(t)
		return half * math.Exp(-y*y/2) / math.Sqrt(2*math.Pi) * normalBetween(d-half, d+half)
	}
	top := math.Asin(math.Min(1, 9/r)) // beyond 9 standard deviations there is nothing
	panels := 1 + int(math.Min(r, 9))
	sum := 0.0
	for i := range panels {
		a, b := float64(2*i)/float64(panels)-1, float64(2*i+2)/float64(panels)-1
		sum += quad.Fixed(f, a*top, b*top, 32, quad.Legendre{}, 0)
	}
	return sum
}

// normalBetween is Φ(b) − Φ(a), exact to relative rounding in either tail.
func normalBetween(a, b float64) float64 {
	if a > 0 {
		a, b = -b, -a
	}
	if b <= 0 || a == math.Inf(-1) {
		return (math.Erfc(-b/math.Sqrt2) - math.Erfc(-a/math.Sqrt2)) / 2
	}
	return (math.Erf(b/math.Sqrt2) - math.Erf(a/math.Sqrt2)) / 2
}
