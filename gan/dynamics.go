package gan

import "fmt"

// A Dynamics says how the two players' gradients become a step: who sees whose parameters,
// and what is added to the gradients g = (g_D, g_G), g_D = ∂L_D/∂ψ and g_G = ∂L_G/∂θ, before
// the players' rules follow them. The catalogue is AllDynamics().
type Dynamics interface {
	Name() string
	// bind returns the working part for a trainer and refuses, with the reason, optimizers and
	// regularisers that it cannot work with.
	bind(t *Trainer) (play, error)
}

// A play is a Dynamics at work in one trainer.
type play interface {
	// step moves both players. state and next are whole states, xi the step's inputs.
	step(next, state, xi []float64)
	// directions leaves what both rules follow at one configuration q in dis.dir and gen.dir,
	// on the batch in use; joint tells that a step is that and nothing else.
	directions(q []float64)
	joint() bool
	// linear returns nil if the step's exact derivative is known, else the reason.
	linear() error
}

// A DynamicsConfig is a dynamics' table in the configuration.
type DynamicsConfig interface{ Dynamics() (Dynamics, error) }

// A DynamicsEntry is a line of the catalogue of dynamics; New returns a pointer to a config
// struct holding the defaults.
type DynamicsEntry struct {
	Name, Doc string
	New       func() DynamicsConfig
}

var dynamics = []DynamicsEntry{
	{"alternating", "discriminator first, the generator sees the updated one (the listing's)", func() DynamicsConfig { c := DefaultAlternating(); return &c }},
	{"simultaneous", "both players see the other as it was", func() DynamicsConfig { return &SimultaneousConfig{} }},
	{"extragradient", "gradients at the point that a plain step of both players would reach", func() DynamicsConfig { return &ExtragradientConfig{} }},
	{"consensus", "consensus optimization: both players also descend γ·½|g|²", func() DynamicsConfig { c := DefaultConsensus(); return &c }},
	{"sga", "symplectic gradient adjustment: g + λAᵀg, A the antisymmetric part of the game's Hessian", func() DynamicsConfig { c := DefaultSGA(); return &c }},
}

// AllDynamics returns the catalogue.
func AllDynamics() []DynamicsEntry { return append([]DynamicsEntry(nil), dynamics...) }

// DefaultDynamics returns the dynamics of that name with its default settings.
func DefaultDynamics(name string) (Dynamics, error) {
	for _, e := range dynamics {
		if e.Name == name {
			return e.New().Dynamics()
		}
	}
	return nil, fmt.Errorf("gan: dynamics %q is unknown, allowed are %s", name, names(dynamics, func(e DynamicsEntry) string { return e.Name }))
}

// AlternatingConfig is the training of the listing: k steps of the discriminator, each on
// data and latents of its own, then one of the generator against the result. On a quenched
// batch all k are on that batch. A schedule of the discriminator counts its own steps.
type AlternatingConfig struct {
	StepsD int `toml:"steps_d" range:"[1,1000]" unit:"1" doc:"steps of the discriminator for one of the generator; a step of the trainer is all of them"`
}

// DefaultAlternating has one step of each.
func DefaultAlternating() AlternatingConfig { return AlternatingConfig{StepsD: 1} }

// Dynamics returns the alternating dynamics.
func (c AlternatingConfig) Dynamics() (Dynamics, error) {
	if c.StepsD < 1 {
		return nil, fmt.Errorf("gan: steps_d of alternating is %d, allowed are integers ≥ 1", c.StepsD)
	}
	return alternating{k: c.StepsD}, nil
}

type alternating struct {
	k   int
	t   *Trainer
	mid []float64 // state between two steps of the discriminator, if k > 1
}

func (alternating) Name() string { return "alternating" }

func (a alternating) bind(t *Trainer) (play, error) {
	a.t, t.stepsD = t, a.k
	return &a, nil
}

// step makes the fakes of the generator's step with those of the last of the discriminator's.
func (a *alternating) step(next, state, xi []float64) {
	t := a.t
	b, theta, at := t.rows, t.Theta(state), state
	if a.k > 1 && a.mid == nil {
		a.mid = make([]float64, t.state)
	}
	for j := range a.k {
		t.batch(xi, j)
		if j < a.k-1 {
			t.gen.p.forward(t.x[b*t.dim:], theta, t.zD, b)
		} else {
			t.gen.p.forward(t.x[b*t.dim:], theta, t.z, 2*b)
		}
		to := next
		if (a.k-1-j)%2 == 1 {
			to = a.mid
		}
		t.followD(t.Psi(at), theta)
		t.dis.draw(at, xi, j)
		t.dis.move(to, at)
		t.project(0, t.Psi(to))
		at = to
	}
	t.gen.p.use(b, 2*b)
	t.followG(t.Psi(next), theta, t.x[2*b*t.dim:])
	t.gen.draw(state, xi, 0)
	t.gen.move(next, state)
	t.project(1, t.Theta(next))
}

// directions are the players' own at q, each of which its block of the recurrence follows.
func (a *alternating) directions(q []float64) { a.t.bothDirections(q) }
func (a *alternating) joint() bool            { return false }

func (a *alternating) linear() error {
	if a.k > 1 {
		return fmt.Errorf("it is derived for one step of the discriminator, found steps_d = %d", a.k)
	}
	return nil
}

// bothDirections leaves both players' directions at q in dis.dir and gen.dir. The
// discriminator's comes last, so that its pass and the generator's rows are both left as
// metric noise needs them.
func (t *Trainer) bothDirections(q []float64) {
	b, psi, theta := t.rows, t.Psi(q), t.Theta(q)
	t.gen.p.forward(t.x[b*t.dim:], theta, t.z, 2*b)
	t.gen.p.use(b, 2*b)
	t.followG(psi, theta, t.x[2*b*t.dim:])
	t.followD(psi, theta)
}

// moveBoth moves both players along their directions with the noise drawn.
func (t *Trainer) moveBoth(next, state []float64) {
	for b, pl := range [2]*player{t.dis, t.gen} {
		pl.move(next, state)
		t.project(b, next[pl.lo:pl.hi])
	}
}

// drawBoth colours both players' noise with the passes of bothDirections at the state.
func (t *Trainer) drawBoth(state, xi []float64) {
	t.dis.draw(state, xi, 0)
	t.gen.draw(state, xi, 0)
}

// plainOnly refuses optimizers of which the dynamics is not defined.
func (t *Trainer) plainOnly(why string) error {
	for _, pl := range []*player{t.dis, t.gen} {
		if pl.metric != nil {
			return fmt.Errorf("%s; the %s has the natural optimizer %q: use sgd, momentum or adam", why, pl.name, pl.opt.Name)
		}
	}
	return nil
}

// twiceDifferentiable refuses regularisers without Hessian-vector products.
func (t *Trainer) twiceDifferentiable() error {
	for i := range t.regs {
		if err := t.regs[i].smooth(); err != nil {
			return fmt.Errorf("it needs Hessian-vector products, which regulariser %q does not have: %w", t.regs[i].name, err)
		}
	}
	return nil
}
