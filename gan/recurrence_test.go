package gan

import (
	"testing"

	"machlup/langevin"
)

// TestMetricRecurrenceMemory calls everything that shares the working storage in a random
// order at a few points: each answer must be what a fresh trainer gives. A stale forward
// pass or factorisation fails.
func TestMetricRecurrenceMemory(t *testing.T) {
	s := game{hidden: []int{3}, observe: []string{"rho", "loss_d"}, d: optimizer(t, "natural"), g: optimizer(t, "natural-momentum"),
		noise: Noise{Kind: "injected", TD: 1, TG: 1, MetricD: true, MetricG: true, Quenched: 5}}
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
			dst := make([]float64, 2)
			r.(langevin.Observer).Observe(dst, q)
			return dst
		}
		dst := make([]float64, 4)
		tr.Generate(dst, q, z)
		return dst
	}
	for k := range 400 {
		what, b, q := src.Intn(6), src.Intn(2), points[src.Intn(len(points))]
		got := ask(shared, what, b, q)
		fresh, err := tr.Fork().Recurrence()
		if err != nil {
			t.Fatal(err)
		}
		within(t, "shared storage", got, ask(fresh, what, b, q), 0)
		if t.Failed() {
			t.Fatalf("call %d: question %d, block %d", k, what, b)
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
