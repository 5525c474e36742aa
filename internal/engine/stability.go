package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"gonum.org/v1/gonum/mat"

	"machlup/langevin"
)

// StabilityConfig configures the eigenvalues of the step.
type StabilityConfig struct {
	Steps       int     `toml:"steps" range:"[0,1000000000]" unit:"step" doc:"steps without noise from the start to the state at which the step is linearised"`
	Eigenvalues int     `toml:"eigenvalues" range:"[1,10000]" unit:"1" doc:"how many are written, the largest in modulus first"`
	Difference  float64 `toml:"difference" range:"(0,1)" unit:"1" doc:"h of central differences, where the step has no exact derivative"`
}

// DefaultStability is the configuration with no key set.
func DefaultStability() StabilityConfig { return StabilityConfig{Eigenvalues: 4, Difference: 1e-5} }

// maximumStability is the largest state whose Jacobian is made and diagonalised.
const maximumStability = 3000

type stability struct {
	cfg StabilityConfig
	env Env
}

// NewStability checks that there is a step without noise and binds the estimator to a task.
func NewStability(cfg StabilityConfig, env Env, m *Model) (Runner, error) {
	switch {
	case m.Map == nil:
		return nil, fmt.Errorf("the system %s has no step to linearise", m.Kind)
	case !m.Quenched:
		return nil, fmt.Errorf("inputs of zero are not a typical minibatch, so there is no step without noise to linearise; set noise.kind to \"injected\" or \"none\"")
	case m.Map.Dim() > maximumStability:
		return nil, fmt.Errorf("stability diagonalises the Jacobian of the whole state, of %d numbers here; at most %d", m.Map.Dim(), maximumStability)
	}
	return &stability{cfg, env}, nil
}

// StabilityPart is the spectrum of one Jacobian.
type StabilityPart struct {
	Real, Imag []float64 // of all eigenvalues, the largest in modulus first
	Moved      float64   // |Φ(x) − x|
	Eta        float64
	Rough      string // why the Jacobian is by differences; empty if it is exact
}

func (s *stability) Parts() int       { return 1 }
func (s *stability) Work(int) float64 { return 1 + float64(s.cfg.Steps) }
func (s *stability) NewResult() any   { return new(StabilityPart) }

func (s *stability) Run(ctx context.Context, _ int, progress func(float64)) (any, error) {
	m, err := s.env.NewModel()
	if err != nil {
		return nil, err
	}
	state, err := s.state(ctx, m, progress)
	if err != nil {
		return nil, err
	}
	part := &StabilityPart{Eta: m.Eta, Moved: moved(m.Map, state)}
	tangent := s.differences(m.Map, state)
	if m.NoLinear == nil {
		tangent = func(dst, v []float64) { m.Linear.JVP(dst, state, v) }
	} else {
		part.Rough = m.NoLinear.Error()
	}
	values, err := spectrumOf(tangent, len(state))
	for _, v := range values {
		part.Real, part.Imag = append(part.Real, real(v)), append(part.Imag, imag(v))
	}
	return part, err
}

// state is the one at which the step is linearised.
func (s *stability) state(ctx context.Context, m *Model, progress func(float64)) ([]float64, error) {
	state, next := make([]float64, m.Map.Dim()), make([]float64, m.Map.Dim())
	xi := make([]float64, m.Map.Inputs())
	m.Map.Init(state, m.Start)
	for k := range s.cfg.Steps {
		if k%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		m.Map.Step(next, state, xi)
		if !finite(next) {
			return nil, &Divergence{What: "the steps before the linearisation; lower the learning rate", Step: k + 1}
		}
		state, next = next, state
		progress(float64(k + 1))
	}
	return state, ctx.Err()
}

// moved is how far the step without noise moves a state: 0 at a fixed point.
func moved(m langevin.Map, state []float64) float64 {
	next := make([]float64, len(state))
	m.Step(next, state, make([]float64, m.Inputs()))
	sum := 0.0
	for i, x := range next {
		sum += (x - state[i]) * (x - state[i])
	}
	return math.Sqrt(sum)
}

// differences is the tangent of the step without noise by central differences.
func (s *stability) differences(m langevin.Map, state []float64) func(dst, v []float64) {
	n := len(state)
	x, down, xi := make([]float64, n), make([]float64, n), make([]float64, m.Inputs())
	return func(dst, v []float64) {
		at := func(dst []float64, h float64) {
			for i, q := range state {
				x[i] = q + h*v[i]
			}
			m.Step(dst, x, xi)
		}
		at(dst, s.cfg.Difference)
		at(down, -s.cfg.Difference)
		for i := range dst {
			dst[i] = (dst[i] - down[i]) / (2 * s.cfg.Difference)
		}
	}
}

// spectrumOf is that of the Jacobian, made column by column, in descending order of modulus; of
// two of one modulus the larger real part comes first, of a pair the positive imaginary part.
func spectrumOf(tangent func(dst, v []float64), n int) ([]complex128, error) {
	jacobian, column, unit := mat.NewDense(n, n, nil), make([]float64, n), make([]float64, n)
	for i := range n {
		unit[i] = 1
		tangent(column, unit)
		unit[i] = 0
		if !finite(column) {
			return nil, &Divergence{What: "the derivative of the step is not finite", Step: -1}
		}
		jacobian.SetCol(i, column)
	}
	var eig mat.Eigen
	if !eig.Factorize(jacobian, mat.EigenNone) {
		return nil, fmt.Errorf("the eigenvalues of the step's Jacobian did not converge")
	}
	values := eig.Values(nil)
	slices.SortFunc(values, func(a, b complex128) int {
		return cmp.Or(cmp.Compare(cmplx.Abs(b), cmplx.Abs(a)), cmp.Compare(real(b), real(a)), cmp.Compare(imag(b), imag(a)))
	})
	return values, nil
}

// Finish writes the eigenvalues λ and the rates of the flow whose step they are, ln λ/η, to
// summary.csv.
func (s *stability) Finish(parts []any, out *Output) (Outcome, error) {
	p := parts[0].(*StabilityPart)
	row := func(quantity string, value any, unit, note string) {
		out.Table(Summary).Add(quantity, value, nil, nil, nil, unit, note)
	}
	radius := math.Hypot(p.Real[0], p.Imag[0])
	verdict := "stable: perturbations of the state decay"
	if radius > 1 {
		verdict = "unstable: a perturbation of the state grows"
	}
	how := "of the exact Jacobian of the step"
	if p.Rough != "" {
		how = fmt.Sprintf("of the step's Jacobian by central differences, h = %g, because: %s", s.cfg.Difference, p.Rough)
	}
	row("spectral radius", radius, "1", verdict)
	row("distance of the step", p.Moved, "1", "0 at a fixed point; elsewhere eigenvalues are of the tangent of one step")
	for i := range min(s.cfg.Eigenvalues, len(p.Real)) {
		lambda := complex(p.Real[i], p.Imag[i])
		rate := cmplx.Log(lambda) / complex(p.Eta, 0)
		name := fmt.Sprintf("eigenvalue %d: ", i+1)
		row(name+"real", p.Real[i], "1", how)
		row(name+"imaginary", p.Imag[i], "1", how)
		row(name+"modulus", cmplx.Abs(lambda), "1", how)
		if lambda != 0 {
			row(name+"growth rate", real(rate), "1/kη", "Re ln λ/η")
			row(name+"angular frequency", imag(rate), "1/kη", "Im ln λ/η, between −π/η and π/η")
		}
	}
	return Done(), nil
}
