package pathint

import (
	"errors"
	"fmt"
	"math"

	"machlup/langevin"
)

// PotentialsSpec describes the ladder U_λ = (1−λ)U_0 + λU_1 of two potentials in units of
// k_B T, sampled by Metropolis-adjusted Langevin steps x' = x − ε∇U_λ + √(2ε)ξ (Roberts and
// Tweedie 1996).
type PotentialsSpec struct {
	From, To langevin.Potential // U_0 and U_1
	// Draw writes an exact draw of e^{−U_0}; nil if there is none, and then no annealing.
	Draw func(x []float64, src Source)
	Step float64 // ε
	// Target is the acceptance that warm-up aims at; 0 keeps ε.
	Target float64
	// Unadjusted accepts every step: the plain Euler–Maruyama chain with its
	// discretisation bias, to be reported apart.
	Unadjusted bool
}

// Potentials is a Ladder between two potentials. It serves one goroutine.
type Potentials struct {
	spec       PotentialsSpec
	lambda     float64
	step       float64
	warmed     int
	x, y       []float64 // state and proposal
	gx, gy     []float64 // ∇U_λ there
	scratch, z []float64
	ux, uy     [2]float64 // U_0, U_1 there
	pair       [2]float64 // scratch of exponential
	proposed   int64
	accepted   int64
}

// NewPotentials returns a ladder whose state is at the origin.
func NewPotentials(spec PotentialsSpec) (*Potentials, error) {
	n := spec.From.Dim()
	if spec.To.Dim() != n {
		return nil, fmt.Errorf("pathint: potentials: dimensions %d and %d differ", n, spec.To.Dim())
	}
	if !(spec.Step > 0) || math.IsInf(spec.Step, 0) {
		return nil, fmt.Errorf("pathint: potentials: step %g; want a positive number", spec.Step)
	}
	if spec.Unadjusted && spec.Target != 0 {
		return nil, errors.New("pathint: potentials: an unadjusted chain has no acceptance to adapt its step to; set Target to 0")
	}
	l := &Potentials{spec: spec, step: spec.Step}
	for _, v := range []*[]float64{&l.x, &l.y, &l.gx, &l.gy, &l.scratch, &l.z} {
		*v = make([]float64, n)
	}
	l.look(l.gx, &l.ux, l.x)
	return l, nil
}

// State returns the current x as a view.
func (l *Potentials) State() []float64 { return l.x }

// Start puts the state at x.
func (l *Potentials) Start(x []float64) {
	copy(l.x, x)
	l.look(l.gx, &l.ux, l.x)
}

// Acceptance returns the fraction accepted since the last warm-up.
func (l *Potentials) Acceptance() float64 { return float64(l.accepted) / float64(max(l.proposed, 1)) }

// Step returns ε, SetStep changes it.
func (l *Potentials) Step() float64        { return l.step }
func (l *Potentials) SetStep(step float64) { l.step = step }

func (l *Potentials) Lambda() float64 { return l.lambda }

func (l *Potentials) SetLambda(lambda float64) {
	l.lambda = lambda
	l.look(l.gx, &l.ux, l.x)
}

func (l *Potentials) Slope() float64          { return l.ux[1] - l.ux[0] }
func (l *Potentials) Work(to float64) float64 { return (to - l.lambda) * l.Slope() }

func (l *Potentials) Save(buf []float64) []float64 { return append(buf, l.x...) }
func (l *Potentials) Restore(state []float64)      { l.Start(state) }

// Draw needs the spec's Draw.
func (l *Potentials) Draw(src Source) error {
	if l.spec.Draw == nil {
		return errors.New("pathint: potentials: no exact draw of e^{−U_0} was given; annealing needs one")
	}
	l.spec.Draw(l.x, src)
	l.SetLambda(0)
	return nil
}

func (l *Potentials) Warm(sweeps int, src Source) {
	for range sweeps {
		l.warmed++
		before := l.accepted
		l.Sweep(src)
		if l.spec.Target > 0 {
			rate := float64(l.accepted - before)
			l.step *= math.Exp(2 / math.Sqrt(float64(l.warmed)) * (rate - l.spec.Target))
		}
	}
	l.proposed, l.accepted = 0, 0
}

// SweepBack is Sweep: one reversible step is its own time reversal.
func (l *Potentials) SweepBack(src Source) { l.Sweep(src) }

func (l *Potentials) Sweep(src Source) {
	src.Normals(l.z)
	root := math.Sqrt(2 * l.step)
	for i, x := range l.x {
		l.y[i] = x - l.step*l.gx[i] + root*l.z[i]
	}
	l.look(l.gy, &l.uy, l.y)
	l.proposed++
	if l.spec.Unadjusted || Metropolis(l.ratio(), exponential(src, l.pair[:])) {
		l.accepted++
		l.x, l.y, l.gx, l.gy, l.ux = l.y, l.x, l.gy, l.gx, l.uy
	}
}

// ratio returns log[π(y)T(y→x)/π(x)T(x→y)].
func (l *Potentials) ratio() float64 {
	forth, back := 0.0, 0.0
	for i, x := range l.x {
		y := l.y[i]
		f, b := y-x+l.step*l.gx[i], x-y+l.step*l.gy[i]
		forth += f * f
		back += b * b
	}
	return l.energy(&l.ux) - l.energy(&l.uy) + (forth-back)/(4*l.step)
}

func (l *Potentials) energy(u *[2]float64) float64 { return (1-l.lambda)*u[0] + l.lambda*u[1] }

// look writes ∇U_λ(x) into g and both potentials into u.
func (l *Potentials) look(g []float64, u *[2]float64, x []float64) {
	u[0] = l.spec.From.Gradient(g, x)
	u[1] = l.spec.To.Gradient(l.scratch, x)
	for i := range g {
		g[i] = (1-l.lambda)*g[i] + l.lambda*l.scratch[i]
	}
}

// MarshalBinary saves what the ladder needs to go on: state, λ, step, warm-up and counts.
func (l *Potentials) MarshalBinary() ([]byte, error) {
	b := append([]byte(nil), potentialsMagic...)
	for _, v := range []int64{int64(len(l.x)), int64(l.warmed), l.proposed, l.accepted} {
		b = putInt(b, v)
	}
	b = putFloats(b, l.lambda, l.step)
	return putFloats(b, l.x...), nil
}

// UnmarshalBinary restores a ladder made from the same spec, so that it continues bit for
// bit. What depends on the state is computed again.
func (l *Potentials) UnmarshalBinary(b []byte) error {
	r := reader{b: b}
	if m := r.bytes(len(potentialsMagic)); string(m) != potentialsMagic {
		return errors.New("pathint: unmarshal: not a ladder of potentials of this version")
	}
	n := r.int()
	if int(n) != len(l.x) || len(r.b) != 8*(3+2+len(l.x)) {
		return fmt.Errorf("pathint: unmarshal: found a ladder of %d components, %d bytes left; allowed: %d components", n, len(r.b), len(l.x))
	}
	l.warmed, l.proposed, l.accepted = int(r.int()), r.int(), r.int()
	l.lambda, l.step = r.float(), r.float()
	for i := range l.x {
		l.x[i] = r.float()
	}
	l.look(l.gx, &l.ux, l.x)
	return nil
}

const potentialsMagic = "ladder\x00\x01"
