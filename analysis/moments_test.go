package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestMomentsAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	x := make([]float64, 500)
	parts := make([]Moments, 4)
	var all Moments
	for i := range x {
		x[i] = 1e4 + rng.ExpFloat64()
		parts[i*i%4].Add(x[i])
		all.Add(x[i])
	}
	var merged Moments
	for i := range parts {
		merged.Merge(&parts[i])
	}
	mean, variance := meanVar(x)
	var m [9]float64
	for _, v := range x {
		for p := range m {
			m[p] += math.Pow(v-mean, float64(p)) / float64(len(x))
		}
	}
	for _, s := range []*Moments{&all, &merged} {
		near(t, "mean", s.Mean(), mean, 1e-13)
		near(t, "std", s.Std(), math.Sqrt(variance), 1e-9)
		near(t, "skewness", s.Skewness(), m[3]/math.Pow(m[2], 1.5), 1e-9)
		near(t, "excess kurtosis", s.ExcessKurtosis(), m[4]/(m[2]*m[2])-3, 1e-9)
		near(t, "stderr", s.StdErr(), math.Sqrt(variance/500), 1e-9)
		for p := 5; p <= 8; p++ {
			near(t, "higher moment", s.alpha(p), m[p]/math.Pow(m[2], float64(p)/2), 1e-8)
		}
	}
	if all.N() != 500 || merged.N() != 500 {
		t.Error("N")
	}
}

// Delta-method errors against the exact asymptotic ones of two laws with known moments.
func TestMomentErrorsOfKnownLaws(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var g, u Moments
	const n = 1000000
	for i := 0; i < n; i++ {
		g.Add(rng.NormFloat64())
		u.Add(rng.Float64())
	}
	s, err := g.Summary(n)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "σ error, normal", s.Std.StdErr, math.Sqrt(0.5/n), 0.01)
	near(t, "skewness error, normal", s.Skewness.StdErr, math.Sqrt(6.0/n), 0.02)
	near(t, "kurtosis error, normal", s.ExcessKurtosis.StdErr, math.Sqrt(24.0/n), 0.04)
	s, _ = u.Summary(n)
	// Uniform: α₄ = 9/5, α₆ = 27/7, α₈ = 9.
	near(t, "σ error, uniform", s.Std.StdErr, math.Sqrt((1.8-1)/4/12/n), 0.01)
	near(t, "skewness error, uniform", s.Skewness.StdErr, math.Sqrt((27.0/7-6*1.8+9)/n), 0.01)
	// Var(z⁴ − 2α₄z² − 4γz + α₄) with γ = 0.
	near(t, "kurtosis error, uniform", s.ExcessKurtosis.StdErr,
		math.Sqrt((9-4*1.8*27/7+(4*1.8*1.8+2*1.8)*1.8-4*1.8*1.8+1.8*1.8)/n), 0.01)
}

func TestMomentErrorsAreCalibrated(t *testing.T) {
	const repeats, draws = 300, 10000
	rng := rand.New(rand.NewPCG(2, 4))
	summaries := make([]MomentSummary, repeats)
	for r := range summaries {
		var m Moments
		for i := 0; i < draws; i++ {
			m.Add(rng.Float64() + rng.Float64()*rng.Float64())
		}
		var err error
		if summaries[r], err = m.Summary(draws); err != nil {
			t.Fatal(err)
		}
	}
	next := 0
	draw := func(pick func(MomentSummary) Estimate) func(*rand.Rand) Estimate {
		return func(*rand.Rand) Estimate {
			next++
			return pick(summaries[next%repeats])
		}
	}
	// u + vw: moments by multiplying out E u^k = 1/(k+1), E (vw)^k = 1/(k+1)².
	raw := func(p int) float64 {
		s := 0.0
		for k := 0; k <= p; k++ {
			s += binomial[p][k] / float64(p-k+1) / float64((k+1)*(k+1))
		}
		return s
	}
	m := raw(1)
	m2 := raw(2) - m*m
	m3 := raw(3) - 3*m*raw(2) + 2*m*m*m
	m4 := raw(4) - 4*m*raw(3) + 6*m*m*raw(2) - 3*m*m*m*m
	calibrated(t, "mean", 300, m, 0.1, draw(func(s MomentSummary) Estimate { return s.Mean }))
	calibrated(t, "std", 300, math.Sqrt(m2), 0.1, draw(func(s MomentSummary) Estimate { return s.Std }))
	calibrated(t, "skewness", 300, m3/math.Pow(m2, 1.5), 0.1, draw(func(s MomentSummary) Estimate { return s.Skewness }))
	calibrated(t, "kurtosis", 300, m4/m2/m2-3, 0.1, draw(func(s MomentSummary) Estimate { return s.ExcessKurtosis }))
}

func TestMomentsRefuse(t *testing.T) {
	var m Moments
	if m.Mean() != 0 || m.Std() != 0 || m.Skewness() != 0 || m.ExcessKurtosis() != 0 || !math.IsInf(m.StdErr(), 1) {
		t.Error("empty moments")
	}
	for i := 0; i < 20; i++ {
		m.Add(7)
	}
	if m.Std() != 0 || m.Skewness() != 0 || m.ExcessKurtosis() != 0 {
		t.Error("equal draws")
	}
	_, err := m.Summary(20)
	refused(t, "equal draws", err, Constant)
	m.Add(8)
	if _, err = m.Summary(21); err != nil {
		t.Error(err)
	}
	_, err = m.Summary(3)
	refused(t, "few effective draws", err, TooShort)
	m.Add(math.Inf(1))
	m.Add(math.NaN())
	_, err = m.Summary(21)
	refused(t, "infinite draw", err, NotFinite)
	if m.N() != 21 || m.Rejected() != 2 {
		t.Error("rejected draws are counted apart")
	}
}

func TestMomentsRestart(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	var a, b Moments
	for i := 0; i < 50; i++ {
		a.Add(rng.NormFloat64())
	}
	a.Add(math.NaN())
	saved, _ := a.MarshalBinary()
	if err := b.UnmarshalBinary(saved); err != nil || a != b {
		t.Errorf("restored %+v from %+v: %v", b, a, err)
	}
	if b.UnmarshalBinary(saved[1:]) == nil || b.UnmarshalBinary(nil) == nil {
		t.Error("a damaged state must be refused")
	}
}

func TestMomentsAddAllocatesNothing(t *testing.T) {
	var m Moments
	if n := testing.AllocsPerRun(100, func() { m.Add(1.5) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkMomentsAdd(b *testing.B) {
	var m Moments
	for i := 0; i < b.N; i++ {
		m.Add(float64(i % 17))
	}
}
