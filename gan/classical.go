package gan

import "math"

// meanStep is the working storage of ClassicalStep.
type meanStep struct{ xi, next, m2 []float64 }

// ClassicalStep writes one step of the classical trajectory, the reference of all
// fluctuations (docs/physics.md). For injected noise and none it is Step with ξ = 0. With
// minibatches it is the averaged map E_ξ Φ(state, ξ), estimated from draws ≥ 2 independent
// minibatches of src (injected noise, of mean zero, is left out); stderr, if not nil, gets
// the Monte Carlo standard error of each component. Natural gradient and Adam are
// non-linear in the batch, so this is not the step on a large batch.
//
// It returns the number of steps averaged. Its first call allocates.
func (t *Trainer) ClassicalStep(next, stderr, state []float64, draws int, src Source) int {
	if t.mean == nil {
		t.mean = &meanStep{make([]float64, t.inputs), make([]float64, t.state), make([]float64, t.state)}
	}
	m := t.mean
	clear(m.xi)
	if !t.cfg.Noise.minibatch() {
		t.Step(next, state, m.xi)
		if stderr != nil {
			clear(stderr)
		}
		return 1
	}
	if draws < 2 {
		panic("gan: ClassicalStep: at least two draws are needed")
	}
	clear(m.m2)
	clear(next)
	for k := range draws {
		src.Normals(m.xi[:t.fresh])
		t.Step(m.next, state, m.xi)
		for i, x := range m.next { // Welford's update
			dev := x - next[i]
			next[i] += dev / float64(k+1)
			m.m2[i] += dev * (x - next[i])
		}
	}
	if stderr != nil {
		n := float64(draws)
		for i, s := range m.m2 {
			stderr[i] = math.Sqrt(s / (n * (n - 1)))
		}
	}
	return draws
}
