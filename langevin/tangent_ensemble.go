package langevin

import (
	"errors"
	"fmt"
	"math"
)

// TangentEnsemble estimates the prediction of LinearNoise by Monte Carlo: replicas of
// the tangent δ' = M_k δ + L_k ξ about the classical trajectory, and the mean square of
// ∇O·δ. It needs replicas × K products and no backward sweep, and gives all observables
// at once; StdErr is the standard error of Std. Source i drives replica i.
func TangentEnsemble(m Map, q []float64, obs GradientObserver, steps []int, replicas int, source func(i int) Source) (*Prediction, error) {
	lin, ok := AsLinearizer(m)
	if !ok {
		return nil, errors.New("langevin: tangent ensemble: this map has no derivative")
	}
	if replicas < 2 {
		return nil, fmt.Errorf("langevin: tangent ensemble: %d replicas: at least 2 are needed", replicas)
	}
	sources := make([]Source, replicas)
	for i := range sources {
		sources[i] = source(i)
	}
	t := newTangents(m, lin, replicas)
	p := &Prediction{}
	k := 0
	err := ClassicalTrajectory(m, obs, q, upTo(steps), func(step int, values, state []float64) error {
		if k < len(steps) && step == steps[k] {
			std, stderr := t.spread(obs, state)
			p.Steps = append(p.Steps, step)
			p.Mean = append(p.Mean, append([]float64(nil), values...))
			p.Std, p.StdErr = append(p.Std, std), append(p.StdErr, stderr)
			k++
		}
		if k < len(steps) {
			t.advance(state, sources)
		}
		return nil
	})
	return p, err
}

// upTo lists 0 to the last of the chosen steps; a bad list is passed on to be refused.
func upTo(steps []int) []int {
	if checkSteps(steps) != nil {
		return steps
	}
	all := make([]int, steps[len(steps)-1]+1)
	for i := range all {
		all[i] = i
	}
	return all
}

type tangents struct {
	m     Map
	lin   Linearizer
	noise NoiseLinearizer // nil: differences of Step
	delta []float64       // replicas × Dim
	out   []float64
	kick  []float64
	xi    []float64
	minus []float64
}

func newTangents(m Map, lin Linearizer, replicas int) *tangents {
	t := &tangents{m: m, lin: lin, delta: make([]float64, replicas*m.Dim()), out: make([]float64, m.Dim()),
		kick: make([]float64, m.Dim()), minus: make([]float64, m.Dim()), xi: make([]float64, m.Inputs())}
	t.noise, _ = lin.(NoiseLinearizer)
	return t
}

func (t *tangents) advance(state []float64, sources []Source) {
	dim := len(state)
	for i, s := range sources {
		d := t.delta[i*dim : (i+1)*dim]
		s.Normals(t.xi)
		t.lin.JVP(t.out, state, d)
		t.pushNoise(state)
		for j := range d {
			d[j] = t.out[j] + t.kick[j]
		}
	}
}

// pushNoise writes L·xi into kick. The central difference is exact where Φ is linear in
// ξ, as it is within one block, and else has an error of order 1e−8.
func (t *tangents) pushNoise(state []float64) {
	if t.noise != nil {
		t.noise.NoiseJVP(t.kick, state, t.xi)
		return
	}
	const h = 1e-4
	for j := range t.xi {
		t.xi[j] *= h
	}
	t.m.Step(t.kick, state, t.xi)
	for j := range t.xi {
		t.xi[j] = -t.xi[j]
	}
	t.m.Step(t.minus, state, t.xi)
	for j := range t.kick {
		t.kick[j] = (t.kick[j] - t.minus[j]) / (2 * h)
	}
}

// spread returns the root mean square of ∇O·δ for each observable, and its error.
func (t *tangents) spread(obs GradientObserver, state []float64) (std, stderr []float64) {
	n, dim := t.m.Config(), len(state)
	replicas := len(t.delta) / dim
	grad := make([]float64, n)
	for i := range obs.Observables() {
		clear(grad)
		obs.ObserveGradient(grad, i, state[:n])
		var m2, m4 float64
		for r := range replicas {
			y := 0.0
			for j, d := range t.delta[r*dim : r*dim+n] {
				y += grad[j] * d
			}
			m2 += y * y / float64(replicas)
			m4 += y * y * y * y / float64(replicas)
		}
		s, e := math.Sqrt(m2), 0.0
		if m2 > 0 {
			e = math.Sqrt(max(0, m4-m2*m2)/float64(replicas)) / (2 * s)
		}
		std, stderr = append(std, s), append(stderr, e)
	}
	return std, stderr
}
