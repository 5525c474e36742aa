package gan

import (
	"testing"

	"machlup/langevin"
)

// sampler is what the recurrence has from its trainer besides langevin's interfaces.
type sampler interface {
	Generate(dst, q, z []float64)
	GeneratorLosses(dst, q, samples []float64)
}

// TestMetricRecurrenceMemory calls everything that shares the working storage in a random
// order at a few points: each answer must be what a fresh trainer gives. A stale forward
// pass or factorisation fails.
func TestMetricRecurrenceMemory(t *testing.T) {
	for _, c := range []struct{ d, g string }{{"l2", "l2"}, {"fisher", "otto"}, {"l2", "fisher"}} {
		t.Run(c.d+","+c.g, func(t *testing.T) { testMetricRecurrenceMemory(t, c.d, c.g) })
	}
}

func testMetricRecurrenceMemory(t *testing.T, d, g string) {
	s := game{hidden: []int{3}, observe: []string{"rho", "loss_d"}, d: optimizer(t, "natural"), g: optimizer(t, "natural-momentum"),
		noise: Noise{Kind: "injected", TD: 1, TG: 1, MetricD: true, MetricG: true, Quenched: 5}}
	s.d.Direction.Metric, s.g.Direction.Metric, s.g.Direction.Degree = d, g, 2
	tr := s.trainer(t)
	shared, err := tr.Recurrence()
	if err != nil {
		t.Fatal(err)
	}
	src := stream(t, "order")
	points := [][]float64{start(t, tr)[:tr.Config()], normals(src, tr.Config()), normals(src, tr.Config())}
	res, z := normals(src, tr.Config()), normals(src, 4*tr.Latent())
	ask := func(r langevin.Recurrence, what, b int, q []float64) []float64 {
		block := r.Blocks()[b]
		switch what {
		case 0:
			dst := make([]float64, block.Hi-block.Lo)
			r.Drift(dst, b, q)
			return dst
		case 1:
			return []float64{r.(langevin.MetricRecurrence).MetricNorm(b, q, res[block.Lo:block.Hi])}
		case 2:
			return []float64{r.(langevin.MetricRecurrence).LogDet(b, q)}
		case 3:
			m := r.(langevin.Map)
			state, next := make([]float64, m.Dim()), make([]float64, m.Dim())
			m.Init(state, q)
			m.Step(next, state, make([]float64, m.Inputs()))
			return next
		case 4:
			dst := make([]float64, 3)
			r.(sampler).GeneratorLosses(dst, q, z[:3])
			return dst
		case 5:
			dst := make([]float64, 2)
			r.(langevin.Observer).Observe(dst, q)
			return dst
		}
		dst := make([]float64, 4)
		r.(sampler).Generate(dst, q, z)
		return dst
	}
	want := map[[3]int][]float64{}
	for k := range 5000 {
		what, b, at := src.Intn(7), src.Intn(2), src.Intn(len(points))
		key := [3]int{what, b, at}
		if want[key] == nil {
			fresh, err := tr.Fork().Recurrence()
			if err != nil {
				t.Fatal(err)
			}
			want[key] = ask(fresh, what, b, points[at])
		}
		within(t, "shared storage", ask(shared, what, b, points[at]), want[key], 0)
		if t.Failed() {
			t.Fatalf("call %d: question %d, block %d, point %d", k, what, b, at)
		}
	}
	dst := make([]float64, tr.Config())
	if a := testing.AllocsPerRun(10, func() {
		for b, block := range shared.Blocks() {
			shared.Drift(dst[block.Lo:block.Hi], b, points[0])
			shared.(langevin.MetricRecurrence).LogDet(b, points[1])
			shared.(langevin.MetricRecurrence).MetricNorm(b, points[1], res[block.Lo:block.Hi])
		}
	}); a != 0 {
		t.Errorf("Drift, LogDet and MetricNorm allocate %v times", a)
	}
}

// TestApplyMetric compares F·v with the metric built column by column, and rᵀ(F r) with the
// norm, between other calls that share the working storage.
func TestApplyMetric(t *testing.T) {
	for _, c := range []struct{ d, g string }{{"l2", "l2"}, {"fisher", "otto"}, {"l2", "fisher"}} {
		t.Run(c.d+","+c.g, func(t *testing.T) { testApplyMetric(t, c.d, c.g) })
	}
}

func testApplyMetric(t *testing.T, d, g string) {
	s := game{hidden: []int{3}, d: optimizer(t, "natural"), g: optimizer(t, "natural"),
		noise: Noise{Kind: "injected", TD: 1, TG: 1, MetricD: true, MetricG: true, Quenched: 5}}
	s.d.Direction.Metric, s.g.Direction.Metric, s.g.Direction.Degree = d, g, 2
	tr := s.trainer(t)
	rec, err := tr.Recurrence()
	if err != nil {
		t.Fatal(err)
	}
	m := rec.(interface {
		langevin.MetricRecurrence
		ApplyMetric(dst []float64, b int, qmix, v []float64)
	})
	q := start(t, tr)[:tr.Config()]
	for b := range 2 {
		lo, hi := tr.BlockRange(b)
		n := hi - lo
		lambda, _ := tr.BatchMetric(b)
		dense := make([]float64, n*n)
		tr.DenseMetric(dense, b, q, lambda)
		v, got := normals(stream(t, "v"), n), make([]float64, n)
		before := m.LogDet(b, q)
		m.ApplyMetric(got, b, q, v)
		for i := range n {
			want := 0.0
			for j := range n {
				want += dense[i*n+j] * v[j]
			}
			near(t, "F·v", got[i], want, 1e-10)
		}
		norm := 0.0
		for i := range v {
			norm += v[i] * got[i]
		}
		near(t, "vᵀFv", m.MetricNorm(b, q, v), norm, 1e-12)
		near(t, "log det after F·v", m.LogDet(b, q), before, 1e-14)
	}
}
