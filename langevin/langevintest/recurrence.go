package langevintest

import (
	"math"
	"testing"

	"machlup/langevin"
)

// CheckRecurrence tests that Step does what the formula of langevin.Recurrence says with
// the same ξ: along a trajectory, the residual of each isotropic block is s·ξ with ξ a
// contiguous run of the step's inputs, and that of each metric block is linear in the
// inputs with covariance s²F⁻¹ and LogDet consistent with MetricNorm.
func CheckRecurrence(t testing.TB, m langevin.Map, q []float64) {
	t.Helper()
	r := m.(langevin.Recurrence)
	if r.Config() != m.Config() {
		t.Fatalf("Config is %d as a Recurrence and %d as a Map", r.Config(), m.Config())
	}
	state := make([]float64, m.Dim())
	m.Init(state, q)
	before := clone(q)
	source := NewSource(12, 0)
	for k := range steps {
		for b, block := range r.Blocks() {
			if block.Metric {
				checkMetricBlock(t, m, b, before, state)
			}
		}
		xi, next := make([]float64, m.Inputs()), make([]float64, m.Dim())
		source.Normals(xi)
		m.Step(next, state, xi)
		for b, block := range r.Blocks() {
			if !block.Metric {
				checkRun(t, k, block, residual(r, b, before, state, next), xi)
			}
		}
		before, state = clone(state[:m.Config()]), next
	}
	dst, mix := make([]float64, m.Config()), clone(q)
	b := r.Blocks()[0]
	if a := testing.AllocsPerRun(10, func() { r.Drift(dst[:b.Hi-b.Lo], 0, mix) }); a != 0 {
		t.Errorf("Drift allocates %v times", a)
	}
	if !sameBits(mix, q) {
		t.Error("Drift must not change the mixed configuration")
	}
}

// residual is q'_b − q_b − β(q_b − q⁻_b) − v_b(q̃).
func residual(r langevin.Recurrence, b int, before, now, next []float64) []float64 {
	block := r.Blocks()[b]
	v := poisoned(block.Hi - block.Lo)
	r.Drift(v, b, mixed(r, b, now, next))
	for i := range v {
		j := block.Lo + i
		v[i] = next[j] - now[j] - block.Momentum*(now[j]-before[j]) - v[i]
	}
	return v
}

// mixed is q̃: blocks before b from next, the others from now.
func mixed(r langevin.Recurrence, b int, now, next []float64) []float64 {
	mix := clone(now[:r.Config()])
	for _, earlier := range r.Blocks()[:b] {
		copy(mix[earlier.Lo:earlier.Hi], next[earlier.Lo:earlier.Hi])
	}
	return mix
}

func checkRun(t testing.TB, k int, block langevin.Block, res, xi []float64) {
	t.Helper()
	best := math.Inf(1)
	for o := 0; o+len(res) <= len(xi); o++ {
		want := clone(xi[o : o+len(res)])
		for i := range want {
			want[i] *= block.Noise
		}
		best = min(best, distance(res, want, 0))
	}
	if !(best < 1e-8) { // the residual is a difference of numbers of size q
		t.Fatalf("step %d, block %s: the residual is no run of s·ξ (nearest is off by %.2g, relative)", k, block.Name, best)
	}
}

// checkMetricBlock tests the covariance s²F⁻¹ of the noise of block b from the state, by
// pushing unit inputs: Σ_j r_j r_jᵀ F = s²I exactly, since the noise is linear in them.
func checkMetricBlock(t testing.TB, m langevin.Map, b int, before, state []float64) {
	t.Helper()
	r := m.(langevin.MetricRecurrence)
	block := r.Blocks()[b]
	n := block.Hi - block.Lo
	next, xi := make([]float64, m.Dim()), make([]float64, m.Inputs())
	m.Step(next, state, xi)
	mix := mixed(r, b, state, next)
	if d := norm(residual(r, b, before, state, next)); !(d < 1e-10*(1+norm(state))) {
		t.Fatalf("block %s: the residual without noise is %v", block.Name, d)
	}
	f := metricMatrix(r, b, mix, n)
	cov := make([]float64, n*n)
	for j := range xi {
		clear(xi)
		xi[j] = 1
		m.Step(next, state, xi)
		res := residual(r, b, before, state, next)
		for a := range n {
			for c := range n {
				cov[a*n+c] += res[a] * res[c] / (block.Noise * block.Noise)
			}
		}
	}
	worst := 0.0
	for a := range n {
		for c := range n {
			sum := 0.0
			for k := range n {
				sum += cov[a*n+k] * f[k*n+c]
			}
			if a == c {
				sum--
			}
			worst = max(worst, math.Abs(sum))
		}
	}
	if !(worst < 1e-7) {
		t.Fatalf("block %s: noise covariance times F differs from s²I by %.2g s²", block.Name, worst)
	}
	if got, want := r.LogDet(b, mix), logDet(f, n); !(math.Abs(got-want) < 1e-8*(1+math.Abs(want))) {
		t.Fatalf("block %s: LogDet is %v, of the matrix behind MetricNorm %v", block.Name, got, want)
	}
}

// metricMatrix recovers F from MetricNorm by polarisation.
func metricMatrix(r langevin.MetricRecurrence, b int, mix []float64, n int) []float64 {
	f, v := make([]float64, n*n), make([]float64, n)
	for i := range n {
		v[i] = 1
		f[i*n+i] = r.MetricNorm(b, mix, v)
		v[i] = 0
	}
	for i := range n {
		for j := range i {
			v[i], v[j] = 1, 1
			f[i*n+j] = (r.MetricNorm(b, mix, v) - f[i*n+i] - f[j*n+j]) / 2
			f[j*n+i] = f[i*n+j]
			v[i], v[j] = 0, 0
		}
	}
	return f
}

// logDet is the log determinant of a positive definite matrix, by elimination.
func logDet(f []float64, n int) float64 {
	a, sum := clone(f), 0.0
	for k := range n {
		sum += math.Log(a[k*n+k])
		for i := k + 1; i < n; i++ {
			c := a[i*n+k] / a[k*n+k]
			for j := k; j < n; j++ {
				a[i*n+j] -= c * a[k*n+j]
			}
		}
	}
	return sum
}
