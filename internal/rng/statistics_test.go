package rng

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"testing"
)

// significant is the z beyond which a test fails. Each statistic is exact under the null,
// so one of the few hundred looked at here would exceed it in one run of 10⁴.
const significant = 5

// E z^k of a standard normal: (k−1)!! for even k.
func normalMoment(k int) float64 {
	if k%2 == 1 {
		return 0
	}
	m := 1.0
	for ; k > 1; k -= 2 {
		m *= float64(k - 1)
	}
	return m
}

// Moments to order 6 against the exact ones. The caps: 2²² numbers know the sixth to 5 %,
// the fourth to 0.5 %, the variance to 0.07 %.
func TestNormalMoments(t *testing.T) {
	const n = 1 << 22
	z := make([]float64, n)
	New(11, 0, "moments", "").Normals(z)
	var sum [7]float64
	for _, v := range z {
		p := v
		for k := 1; k < len(sum); k++ {
			sum[k] += p
			p *= v
		}
	}
	for k := 1; k < len(sum); k++ {
		mean := sum[k] / n
		stderr := math.Sqrt((normalMoment(2*k) - normalMoment(k)*normalMoment(k)) / n)
		if d := (mean - normalMoment(k)) / stderr; math.Abs(d) > significant {
			t.Errorf("E z^%d = %v, want %v ± %.2g (z = %.1f)", k, mean, normalMoment(k), stderr, d)
		}
	}
}

// Counts in bins of exactly known probability: 512 equal ones by quantiles, and the tails
// beyond 3, 3.5 … 5.5 standard deviations on either side.
func TestNormalBins(t *testing.T) {
	const n, width, bins = 1 << 24, 1 << 12, 512
	edges := make([]float64, 0, bins)
	for i := 1; i < bins; i++ {
		edges = append(edges, NormalQuantile(float64(i)/bins))
	}
	far := []float64{3, 3.5, 4, 4.5, 5, 5.5}
	counts := make([]float64, bins)
	tails := make([]float64, 2*len(far))
	s, z := New(12, 0, "bins", ""), make([]float64, width)
	for range n / width {
		s.Normals(z)
		for _, v := range z {
			// The bin by Φ, then by its edges: Φ alone would test NormalCDF.
			i := int(0.5 * math.Erfc(-v/math.Sqrt2) * bins)
			for i > 0 && v < edges[i-1] {
				i--
			}
			for i < bins-1 && v >= edges[i] {
				i++
			}
			counts[i]++
			for k := 0; k < len(far) && math.Abs(v) > far[k]; k++ {
				if v > 0 {
					tails[k]++
				} else {
					tails[len(far)+k]++
				}
			}
		}
	}
	equal := make([]float64, bins)
	for i := range equal {
		equal[i] = n / bins
	}
	chiSquared(t, "equal bins", counts, equal)
	for k, x := range append(far, far...) {
		mean := n * NormalCDF(-x)
		if low, high := poissonTail(tails[k], mean); min(low, high) < 1e-6 {
			t.Errorf("%v numbers beyond %v, want %.1f", tails[k], x, mean)
		}
	}
}

// poissonTail returns P(N ≤ k) and P(N ≥ k).
func poissonTail(k, mean float64) (low, high float64) {
	for j := 0.0; j <= k; j++ {
		l, _ := math.Lgamma(j + 1)
		p := math.Exp(j*math.Log(mean) - mean - l)
		low += p
		if j < k {
			high += p
		}
	}
	return low, 1 - high
}

// chiSquared compares counts with their expectations, all large.
func chiSquared(t *testing.T, what string, counts, expected []float64) {
	t.Helper()
	sum, freedom := 0.0, float64(len(counts)-1)
	for i, c := range counts {
		sum += (c - expected[i]) * (c - expected[i]) / expected[i]
	}
	// Wilson and Hilferty 1931: (χ²/f)^⅓ is nearly normal.
	v := 2 / (9 * freedom)
	if z := (math.Cbrt(sum/freedom) - (1 - v)) / math.Sqrt(v); math.Abs(z) > significant {
		t.Errorf("%s: χ² = %.1f with %v degrees of freedom (z = %.1f)", what, sum, freedom, z)
	}
}

// Kolmogorov and Smirnov, two sides: √n·D > 2.6 has probability 2e−2·2.6² = 2.7e−6.
func TestUniformAndNormalKS(t *testing.T) {
	const n = 1 << 17
	s, x := New(13, 0, "ks", ""), make([]float64, n)
	for i := range x {
		x[i] = s.Uniform()
	}
	check := func(name string, cdf func(float64) float64) {
		slices.Sort(x)
		d := 0.0
		for i, v := range x {
			p := cdf(v)
			d = max(d, p-float64(i)/n, float64(i+1)/n-p)
		}
		if d*math.Sqrt(n) > 2.6 {
			t.Errorf("%s: √n·D = %.2f", name, d*math.Sqrt(n))
		}
	}
	check("uniform", func(u float64) float64 { return u })
	s.Normals(x)
	check("normal", NormalCDF)
}

// Every bit of the words is fair, and every pair of bits independent, in a word and between
// neighbours.
func TestWordBits(t *testing.T) {
	const n = 1 << 16
	s := New(14, 0, "bits", "")
	var same [64][128]float64 // word i's bit a equal to bit b of word i or i+1; with itself: set
	last := s.Uint64()
	for range n {
		next := s.Uint64()
		for a := range 64 {
			flip := -(last >> a & 1) // all ones if set
			equal, equalNext := ^(last ^ flip), ^(next ^ flip)
			for e := equal &^ (1 << a); e != 0; e &= e - 1 {
				same[a][bits.TrailingZeros64(e)]++
			}
			for e := equalNext; e != 0; e &= e - 1 {
				same[a][64+bits.TrailingZeros64(e)]++
			}
			same[a][a] += float64(last >> a & 1)
		}
		last = next
	}
	worst := 0.0
	for a := range same {
		for b, c := range same[a] {
			z := (c - n/2) / math.Sqrt(n/4)
			if worst = max(worst, math.Abs(z)); math.Abs(z) > 5.5 { // of 8192
				t.Errorf("bits %d and %d: equal %v times of %d (z = %.1f)", a, b, c, n, z)
			}
		}
	}
	t.Logf("largest |z| of 8192: %.2f", worst)
}

// No correlation of z or z² between streams that differ in one name, at any small lag, nor
// within a stream.
func TestStreamsAreIndependent(t *testing.T) {
	const n, lags = 1 << 16, 4
	type named struct {
		name string
		z    []float64
	}
	var streams []named
	add := func(name string, s *Stream) {
		z := make([]float64, n)
		s.Normals(z)
		streams = append(streams, named{name, z})
	}
	base := New(0, 0, "noise", "")
	add("seed 0", base)
	for r := 1; r < 6; r++ {
		add(fmt.Sprint("replica ", r), New(0, r, "noise", ""))
	}
	for _, seed := range []uint64{1, 2, 1 << 32, 1 << 63} {
		add(fmt.Sprint("seed ", seed), New(seed, 0, "noise", ""))
	}
	for _, purpose := range []string{"noisf", "acceptance", ""} {
		add("purpose "+purpose, New(0, 0, purpose, ""))
	}
	add("coupling", New(0, 0, "noise", "eta=1"))
	add("child", base.Split("noise"))
	add("other child", base.Split("noise2"))
	add("grandchild", base.Split("noise").Split("noise"))
	tests := 0
	for i, a := range streams {
		for _, b := range streams[i:] {
			for lag := range lags {
				if &a.z[0] == &b.z[0] && lag == 0 {
					continue
				}
				var xy, squares float64
				for k, y := range b.z[lag:] {
					x := a.z[k]
					xy += x * y
					squares += (x*x - 1) * (y*y - 1)
				}
				tests += 2
				m := math.Sqrt(float64(n - lag))
				if math.Abs(xy/m) > significant || math.Abs(squares/(2*m)) > significant+1 { // products of χ² have long tails
					t.Errorf("%s and %s, lag %d: correlation %.1f σ, of squares %.1f σ", a.name, b.name, lag, xy/m, squares/(2*m))
				}
			}
		}
	}
	t.Logf("%d correlations", tests)
}

// Successive pairs and triples fill the square and the cube evenly.
func TestUniformTuples(t *testing.T) {
	const n = 1 << 20
	for _, c := range []struct{ d, side int }{{1, 1024}, {2, 64}, {3, 16}} {
		s := New(15, c.d, "tuples", "")
		cells := 1
		for range c.d {
			cells *= c.side
		}
		counts, expected := make([]float64, cells), make([]float64, cells)
		for range n {
			cell := 0
			for range c.d {
				cell = cell*c.side + int(s.Uniform()*float64(c.side))
			}
			counts[cell]++
		}
		for i := range expected {
			expected[i] = float64(n) / float64(cells)
		}
		chiSquared(t, fmt.Sprint(c.d, " dimensions"), counts, expected)
	}
}

func TestUniformIsOpen(t *testing.T) {
	for v, want := range map[uint64]float64{0: 0x1p-53, 1<<52 - 1: 1 - 0x1p-53} {
		s := &Stream{odd: v, hasOdd: true, pos: 1}
		if u := s.Uniform(); u != want {
			t.Errorf("the uniform number of word %#x is %v, want %v", v, u, want)
		}
	}
}

func TestDiscreteChoices(t *testing.T) {
	const n = 120_000
	s := New(16, 0, "choices", "")
	counts, expected := make([]float64, 10), make([]float64, 10)
	perms := map[string]float64{}
	for i := range expected {
		expected[i] = n / 10
	}
	for range n {
		counts[s.Intn(10)]++
		perms[fmt.Sprint(s.Perm(4))]++
	}
	chiSquared(t, "Intn(10)", counts, expected)
	if len(perms) != 24 {
		t.Fatalf("%d permutations of 4", len(perms))
	}
	counts, expected = counts[:0], expected[:0]
	for _, c := range perms {
		counts, expected = append(counts, c), append(expected, n/24)
	}
	chiSquared(t, "Perm(4)", counts, expected)
}
