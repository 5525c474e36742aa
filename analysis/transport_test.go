package analysis

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

// One mode is a Gaussian, and many points at its quantiles see only what is left within
// the cells.
func TestLineTransportOfOneMode(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	x := normals(rng, 41, 2, 0.7)
	sort.Float64s(x)
	near(t, "one mode", NewLineTransport(equalModes(t, 1, 1.3, -0.4), 41).W2(x), WassersteinGaussian(x, -0.4, 1.3), 1e-13)
	m := newModes(t, 1, []float64{1, 3}, []float64{-5, 2}, []float64{0.5, 1})
	mean := 0.25*-5 + 0.75*2
	variance := 0.25*(0.25+25) + 0.75*(1+4) - mean*mean
	near(t, "one point", NewLineTransport(m, 1).W2([]float64{3}), math.Hypot(3-mean, math.Sqrt(variance)), 1e-14)
}

// W₂(N(0,1), ½N(±2,1)) = 1.28316091, with N(0,1) as many points.
func TestLineTransportOfTwoModes(t *testing.T) {
	const n = 100000
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/n-1)
	}
	near(t, "two modes", NewLineTransport(equalModes(t, 1, 1, -2, 2), n).W2(x), 1.28316091, 1e-5)
}

// Narrow modes of unequal weights against the points of their own quantiles, by brute force:
// n points against n·m points of the mixture in order.
func TestLineTransportOfNarrowModes(t *testing.T) {
	m := newModes(t, 1, []float64{0.3, 0.2, 0.5}, []float64{-4, 0, 0.5}, []float64{0.05, 0.01, 0.2})
	rng := rand.New(rand.NewPCG(9, 2))
	const n, per = 50, 4000
	x := normals(rng, n, 0, 3)
	sort.Float64s(x)
	sum, lo := 0.0, -10.0
	for i := range n * per {
		u := (float64(i) + 0.5) / (n * per)
		a, b := lo, 10.0
		for b-a > 1e-13 {
			c, p := a+(b-a)/2, 0.0
			for k, w := range m.weight {
				p += w * normalCDF((c-m.mean[k])/m.std[k])
			}
			if p < u {
				a = c
			} else {
				b = c
			}
		}
		lo = a
		sum += (x[i/per] - a) * (x[i/per] - a) / (n * per)
	}
	near(t, "narrow modes", NewLineTransport(m, n).W2(x), math.Sqrt(sum), 1e-6)
}

// A mode that is far and rare, and points that are the mixture's own, leave W₂² = Σ v/n:
// no digits are lost between cells and modes of very different scales.
func TestLineTransportWithin(t *testing.T) {
	m := newModes(t, 1, []float64{1, 1}, []float64{-1e3, 1e3}, []float64{1e-3, 1e-3})
	line := NewLineTransport(m, 2)
	near(t, "one point a mode", line.W2([]float64{-1e3, 1e3}), 1e-3, 1e-9)
	near(t, "both on one", line.W2([]float64{-1e3, -1e3}), math.Sqrt(2e6), 1e-12)
}

// n points at c: W₂² of every projection is E(u·(x−c))², over directions that span evenly
// its mean is E|x−c|²/d.
func TestSlicedTransportOfAPoint(t *testing.T) {
	m := newModes(t, 2, []float64{1, 3}, []float64{1, 0, -1, 2}, []float64{0.3, 0.1})
	c := []float64{0.4, -0.7}
	want := 0.0
	for k := range 2 {
		want += m.weight[k] * (math.Pow(m.Mean(k)[0]-c[0], 2) + math.Pow(m.Mean(k)[1]-c[1], 2) + 2*m.std[k]*m.std[k]) / 2
	}
	var directions, samples []float64
	for i := range 6 {
		s, co := math.Sincos(math.Pi * float64(i) / 6)
		directions = append(directions, 5*co, 5*s) // of any length
	}
	for range 9 {
		samples = append(samples, c...)
	}
	near(t, "a point", NewSlicedTransport(m, 9, directions).W2(samples), math.Sqrt(want), 1e-13)
	near(t, "one direction", NewSlicedTransport(m, 9, []float64{0, 2}).W2(samples),
		math.Sqrt(0.25*(0.7*0.7+0.09)+0.75*(2.7*2.7+0.01)), 1e-13)
}

// Draws of the mixture come nearer as n grows; shifted draws are at shift/√d.
func TestSlicedTransportOfDraws(t *testing.T) {
	m := ringModes(t)
	rng := rand.New(rand.NewPCG(9, 3))
	directions := normals(rng, 2*24, 0, 1)
	const n = 2000
	x := m.draw(rng, n)
	sliced := NewSlicedTransport(m, n, directions)
	own := sliced.W2(x)
	small := NewSlicedTransport(m, n/16, directions).W2(x[:n/8])
	if !(own < 0.1 && own < small) {
		t.Errorf("draws of the mixture are at %v, of a sixteenth at %v", own, small)
	}
	want := 0.0
	for i := 0; i < len(directions); i += 2 {
		want += 9 * directions[i] * directions[i] / (directions[i]*directions[i] + directions[i+1]*directions[i+1]) / 24
	}
	for i := 0; i < len(x); i += 2 {
		x[i] += 3
	}
	if got := sliced.W2(x); math.Abs(got-math.Sqrt(want)) > own {
		t.Errorf("shifted by 3: %v, want %v to %v", got, math.Sqrt(want), own)
	}
}
