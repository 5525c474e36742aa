package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

// harmonicStates draws n[k] from each N(c_k, 1/k_k) and returns all reduced energies.
func harmonicStates(rng *rand.Rand, k, c []float64, n []int) (u [][]float64, x []float64) {
	for i, m := range n {
		x = append(x, normals(rng, m, c[i], 1/math.Sqrt(k[i]))...)
	}
	for i := range k {
		u = append(u, mapped(x, func(v float64) float64 { return k[i] * (v - c[i]) * (v - c[i]) / 2 }))
	}
	return u, x
}

func TestMBAROnTwoStatesIsBAR(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 1))
	u, _ := harmonicStates(rng, []float64{1, 4}, []float64{0, 0.5}, []int{300, 120})
	m, err := MBAR(u, []int{300, 120})
	if err != nil {
		t.Fatal(err)
	}
	var wF, wR []float64
	for i := range u[0] {
		if i < 300 {
			wF = append(wF, u[1][i]-u[0][i])
		} else {
			wR = append(wR, u[0][i]-u[1][i])
		}
	}
	dF, e, o, err := BAR(wF, wR)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "ΔF", m.Difference(0, 1).Value, dF, 1e-10)
	near(t, "error", m.Difference(0, 1).StdErr, e, 1e-8)
	near(t, "overlap", m.Adjacent[0], o, 1e-10)
}

// One state is exponential averaging, exactly.
func TestMBAROnOneState(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 2))
	u, x := harmonicStates(rng, []float64{1, 1.5}, []float64{0, 0}, []int{400, 0})
	m, err := MBAR(u, []int{400, 0})
	if err != nil {
		t.Fatal(err)
	}
	logw := make([]float64, 400)
	for i := range logw {
		logw[i] = u[0][i] - u[1][i]
	}
	v, e := LogMeanExp(logw)
	near(t, "ΔF", m.Difference(0, 1).Value, -v, 1e-12)
	near(t, "error", m.Difference(0, 1).StdErr, e, 0.02)
	r, err := m.Reweight(u[0], x)
	if err != nil {
		t.Fatal(err)
	}
	mean, variance := meanVar(x)
	near(t, "plain mean", r.Means[0].Value, mean, 1e-10)
	near(t, "plain error", r.Means[0].StdErr, math.Sqrt(variance/400), 0.01)
	near(t, "ESS", r.ESS, 400, 1e-10)
	if math.Abs(r.F.Value) > 1e-12 || r.F.StdErr > 1e-7 {
		t.Errorf("F of the reference: %v", r.F)
	}
}

func TestMBARIsCalibrated(t *testing.T) {
	k, c, n := []float64{1, 2, 4, 8}, []float64{0, 0.3, 0.6, 0.9}, []int{120, 100, 80, 100}
	const kt, ct = 5.0, 0.7 // target between the sampled states
	type result struct {
		m *MultiState
		r Reweighted
	}
	rng := rand.New(rand.NewPCG(10, 3))
	results := make([]result, 250)
	for i := range results {
		u, x := harmonicStates(rng, k, c, n)
		m, err := MBAR(u, n)
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Reweight(mapped(x, func(v float64) float64 { return kt * (v - ct) * (v - ct) / 2 }),
			x, mapped(x, func(v float64) float64 { return v * v }))
		if err != nil {
			t.Fatal(err)
		}
		results[i] = result{m, r}
	}
	next := 0
	each := func(pick func(result) Estimate) func(*rand.Rand) Estimate {
		return func(*rand.Rand) Estimate {
			next++
			return pick(results[next%len(results)])
		}
	}
	calibrated(t, "F₃−F₀", 250, 0.5*math.Log(8), 0.1, each(func(r result) Estimate { return r.m.Difference(0, 3) }))
	calibrated(t, "F₂−F₁", 250, 0.5*math.Log(2), 0.1, each(func(r result) Estimate { return r.m.Difference(1, 2) }))
	calibrated(t, "target F", 250, 0.5*math.Log(kt), 0.1, each(func(r result) Estimate { return r.r.F }))
	calibrated(t, "target ⟨x⟩", 250, ct, 0.1, each(func(r result) Estimate { return r.r.Means[0] }))
	// A function of two averages, by their covariance.
	calibrated(t, "target variance", 250, 1/kt, 0.15, each(func(r result) Estimate {
		a, b := r.r.Means[0].Value, r.r.Means[1].Value
		v := r.r.Cov[3] - 4*a*r.r.Cov[1] + 4*a*a*r.r.Cov[0]
		return Estimate{b - a*a, math.Sqrt(v)}
	}))
}

func TestMBAROverlapMatrix(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 4))
	n := []int{100, 0, 60, 80}
	u, _ := harmonicStates(rng, []float64{1, 1, 1, 1}, []float64{0, 0.5, 1, 2}, n)
	m, err := MBAR(u, n)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		sum := 0.0
		for j := range n {
			sum += m.Overlap[i*4+j]
		}
		near(t, "row of the overlap matrix", sum, 1, 1e-9)
	}
	for j := range n {
		if m.Cov[j] != 0 || m.Cov[4*j] != 0 {
			t.Errorf("state 0 is the reference, yet Cov(0,%d) = %g, %g", j, m.Cov[j], m.Cov[4*j])
		}
		near(t, "variance", math.Sqrt(m.Cov[4*j+j]), m.Difference(0, j).StdErr, 1e-9)
	}
	if len(m.Adjacent) != 2 {
		t.Errorf("adjacent sampled pairs: %v", m.Adjacent)
	}
	// 40 identical states: each matrix element is 1/40 < MinOverlap, yet neighbours overlap fully.
	many := make([][]float64, 40)
	count := make([]int, 40)
	for k := range many {
		many[k], count[k] = make([]float64, 400), 10
	}
	d, err := MBAR(many, count)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "dense ladder", d.Adjacent[17], 0.5, 1e-9)
	if e := d.Difference(3, 30); e.Value != 0 || e.StdErr > 1e-6 {
		t.Errorf("identical states differ by %v", e)
	}
}

func TestMBARRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 5))
	n := []int{200, 200}
	u, _ := harmonicStates(rng, []float64{1, 1}, []float64{0, 7}, n)
	m, err := MBAR(u, n)
	refused(t, "no overlap", err, LowOverlap)
	if m != nil && !(m.Difference(0, 1).StdErr > 0.5) {
		t.Errorf("disjoint states: %v", m.Difference(0, 1))
	}
	u[0][3] = math.NaN()
	_, err = MBAR(u, n)
	refused(t, "NaN", err, NotFinite)
	_, err = MBAR([][]float64{{}, {}}, []int{0, 0})
	refused(t, "no draws", err, TooShort)

	u, x := harmonicStates(rng, []float64{1, 2}, []float64{0, 0}, n)
	m, err = MBAR(u, n)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Reweight(mapped(x, func(v float64) float64 { return 50 * (v - 9) * (v - 9) }))
	refused(t, "far target", err, HeavyWeights)
	_, err = m.Reweight(mapped(x, func(float64) float64 { return math.Inf(1) }))
	refused(t, "forbidden target", err, NotFinite)
}

// Far-apart reduced energies (thousands of k_BT offsets) converge all the same.
func TestMBARWithLargeOffsets(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 6))
	n := []int{150, 150, 150}
	u, _ := harmonicStates(rng, []float64{1, 2, 4}, []float64{0, 0, 0}, n)
	plain, err := MBAR(u, n)
	if err != nil {
		t.Fatal(err)
	}
	for k, shift := range []float64{0, 4000, -9000} {
		for i := range u[k] {
			u[k][i] += shift
		}
	}
	m, err := MBAR(u, n)
	if err != nil {
		t.Fatal(err)
	}
	within(t, "F₁", m.F[1]-4000, plain.F[1], 1e-7)
	within(t, "F₂", m.F[2]+9000, plain.F[2], 1e-7)
	near(t, "error", m.Difference(0, 2).StdErr, plain.Difference(0, 2).StdErr, 1e-5)
}
