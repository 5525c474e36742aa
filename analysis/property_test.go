package analysis

import (
	"math"
	"sort"
	"testing"

	"pgregory.net/rapid"
)

func sampleOf(t *rapid.T, name string) []float64 {
	x := rapid.SliceOfN(rapid.Float64Range(-100, 100), 1, 12).Draw(t, name)
	sort.Float64s(x)
	return x
}

// W₂ is a metric between samples of any sizes, and translating both changes nothing.
func TestWassersteinIsAMetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := sampleOf(t, "a"), sampleOf(t, "b"), sampleOf(t, "c")
		ab, bc, ac := WassersteinSorted(a, b), WassersteinSorted(b, c), WassersteinSorted(a, c)
		if math.Abs(ab-WassersteinSorted(b, a)) > 1e-9 || ac > ab+bc+1e-9 || WassersteinSorted(a, a) != 0 {
			t.Fatalf("ab %g, bc %g, ac %g", ab, bc, ac)
		}
		// W₂² = (difference of means)² + W₂² of the centred samples.
		ma, va := meanVar(a)
		mb, vb := meanVar(b)
		if d := math.Abs(ma - mb); ab < d-1e-9 {
			t.Fatalf("W₂ = %g below the distance of the means %g", ab, d)
		}
		sa, sb := math.Sqrt(va*float64(len(a)-1)/float64(len(a))), math.Sqrt(vb*float64(len(b)-1)/float64(len(b)))
		if low := W2Gaussian(ma, sa, mb, sb); ab < low-1e-7 {
			t.Fatalf("W₂ = %g below the Gelbrich bound %g", ab, low)
		}
	})
}

// Any partition of the draws, merged in any order, gives the moments of the whole.
func TestMomentsMergeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-3, 5), 2, 40).Draw(t, "x")
		parts := make([]Moments, 4)
		var all Moments
		for _, v := range x {
			parts[rapid.IntRange(0, 3).Draw(t, "part")].Add(v)
			all.Add(v)
		}
		var merged Moments
		for _, i := range rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "order") {
			merged.Merge(&parts[i])
		}
		if merged.N() != all.N() || math.Abs(merged.Mean()-all.Mean()) > 1e-12 {
			t.Fatalf("%d, %g against %d, %g", merged.N(), merged.Mean(), all.N(), all.Mean())
		}
		for p := 2; p <= maxOrder; p++ {
			if d := math.Abs(merged.m[p] - all.m[p]); d > 1e-11*float64(len(x))*math.Pow(8, float64(p)) {
				t.Fatalf("order %d: %g against %g", p, merged.m[p], all.m[p])
			}
		}
	})
}

// Merging is associative: moments to rounding, histograms bit for bit, and a merged histogram
// is that of all draws together, those outside and NaN included.
func TestMergeIsAssociative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draws := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(-3, 5), rapid.Just(math.NaN())), 0, 15)
		var m [3]Moments
		var h [3]*Histogram
		whole := NewHistogram(-2, 2, 5)
		for i := range m {
			h[i] = NewHistogram(-2, 2, 5)
			for _, v := range draws.Draw(t, "draws") {
				m[i].Add(v)
				h[i].Add(v)
				whole.Add(v)
			}
		}
		left, right, tail := m[0], m[0], m[1]
		left.Merge(&m[1])
		left.Merge(&m[2])
		tail.Merge(&m[2])
		right.Merge(&tail)
		if left.N() != right.N() || left.Rejected() != right.Rejected() || math.Abs(left.Mean()-right.Mean()) > 1e-13 {
			t.Fatalf("%+v against %+v", left, right)
		}
		for p := 2; p <= maxOrder; p++ {
			if math.Abs(left.m[p]-right.m[p]) > 1e-10*math.Pow(8, float64(p)) {
				t.Fatalf("order %d: %g against %g", p, left.m[p], right.m[p])
			}
		}
		if h[1].Merge(h[2]) != nil || h[0].Merge(h[1]) != nil {
			t.Fatal("equal bins do not merge")
		}
		a, _ := h[0].MarshalBinary()
		b, _ := whole.MarshalBinary()
		if string(a) != string(b) {
			t.Fatalf("%+v against %+v", h[0], whole)
		}
	})
}

// No series, however odd, makes τ or its errors NaN without saying so.
func TestAutocorrelationIsNeverSilentlyNaN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chains := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom([]float64{-1, 0, 0.1, 1, 7, 1e-300, 1e150}), 0, 30), 1, 4).Draw(t, "chains")
		a := AutocorrelationChains(chains)
		if a.Err != nil {
			return
		}
		for _, v := range []float64{a.Tau, a.TauErr, a.Mean, a.StdErr, a.Sokal, a.ESS, a.Var, a.ReplicaP} {
			if v-v != 0 {
				t.Fatalf("%+v", a)
			}
		}
		if !(a.StdErr > 0) || !(a.Tau > 0) || a.Window > 0 && a.Tau < float64(a.Window) && !(a.TauErr > 0) {
			t.Fatalf("%+v", a)
		}
	})
}

// The score interval holds the fraction and lies in [0, 1], and a larger z widens it.
func TestWilsonContainsTheFraction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 500).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		z := rapid.Float64Range(0.1, 5).Draw(t, "z")
		lo, hi := Wilson(k, n, z)
		lo2, hi2 := Wilson(k, n, z+0.1)
		p := float64(k) / float64(n)
		if lo < 0 || hi > 1 || p < lo || p > hi || lo2 > lo || hi2 < hi {
			t.Fatalf("[%g, %g] and [%g, %g] around %g", lo, hi, lo2, hi2, p)
		}
	})
}

// The convergence diagnostics depend on ranks alone: any increasing map leaves R̂ of the
// bulk and the bulk ESS as they are.
func TestRankDiagnosticsAreInvariant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chains := make([][]float64, 2)
		image := make([][]float64, 2)
		for c := range chains {
			chains[c] = rapid.SliceOfN(rapid.Float64Range(-4, 4), 20, 20).Draw(t, "chain")
			image[c] = mapped(chains[c], func(x float64) float64 { return x*x*x + x })
		}
		a, errA := Convergence(chains)
		b, errB := Convergence(image)
		if (errA == nil) != (errB == nil) || a.RHatBulk != b.RHatBulk || a.ESSBulk != b.ESSBulk {
			t.Fatalf("%+v, %v against %+v, %v", a, errA, b, errB)
		}
	})
}
