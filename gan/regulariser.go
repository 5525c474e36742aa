package gan

import "fmt"

// A Regulariser adds to the game what is not a loss of the logits: penalties, weight decay,
// noise on what the discriminator sees, constraints. The catalogue is Regularisers().
type Regulariser interface {
	Name() string
	// bind returns the working part for a trainer, which is allocated but for its
	// regularisations, and refuses, with the reason, what it cannot work with.
	bind(t *Trainer) (regularisation, error)
}

// A regularisation is a Regulariser at work in one trainer: values, derivatives and working
// storage of its own. It must not run the players' stages t.dis.p and t.gen.p, whose results
// the step still needs; t.dis.net.newStages gives it others. Embed unregularised and write
// what is different. Player 0 is the discriminator, 1 the generator.
type regularisation interface {
	// normals is the number of N(0,1) inputs a step of the player takes. They are part of the
	// batch: fresh with minibatches, drawn once with a quenched batch.
	normals(player int) int
	// perturb adds to the samples v.real and v.fake, in place, something that does not depend
	// on them. All regularisations perturb before anything is computed. The trainer calls it
	// only if perturbs().
	perturb(v *view)
	perturbs() bool
	// value returns what is added to the player's loss, 0 for the other player.
	value(v *view) float64
	// gradient adds the derivative of value by the player's own parameters to dst; what acts
	// through the fakes it adds to v.cfake, unless that is nil. A natural player follows F⁻¹
	// of it.
	gradient(dst []float64, v *view)
	// product adds the Hessian of value as a function of (ψ, θ) times a direction. It is not
	// called where smooth() refuses.
	product(v *view, r *directional)
	// project changes the parameters after the player's step, in place.
	project(player int, params []float64)

	// gaussian returns nil if steps in positions keep their Gaussian law, else the reason.
	gaussian() error
	// smooth returns nil if product is exact, else the reason.
	smooth() error
}

// A view is what a regularisation sees of a player's step on a batch.
type view struct {
	player     int
	step       float64   // number of the trainer's step, for schedules; 0 outside of a step
	rows       int       // R, rows of the discriminator in real and in fake: B/m
	psi, theta []float64 // parameters; in the generator's step ψ is the updated one
	real, fake []float64 // [R×m·d] as the discriminator sees them; real is nil in the generator's step
	xi         []float64 // the regularisation's own inputs, normals(player)
	cfake      []float64 // [R×m·d] derivatives by the fakes; nil where they are not wanted
}

// A directional is the direction of a Hessian-vector product and where its parts go. Nil
// directions are zero, nil destinations are not wanted.
type directional struct {
	psi, theta   []float64 // direction v
	fake         []float64 // [R×m·d] derivative of the fakes along θ's direction
	hPsi, hTheta []float64 // add the rows of the product that do not go through the fakes
	cfake        []float64 // add the derivative along the direction of v.cfake (add to v.cfake too)
}

// unregularised changes nothing.
type unregularised struct{}

func (unregularised) normals(int) int             { return 0 }
func (unregularised) perturb(*view)               {}
func (unregularised) perturbs() bool              { return false }
func (unregularised) value(*view) float64         { return 0 }
func (unregularised) gradient([]float64, *view)   {}
func (unregularised) product(*view, *directional) {}
func (unregularised) project(int, []float64)      {}
func (unregularised) gaussian() error             { return nil }
func (unregularised) smooth() error               { return nil }

// A RegulariserConfig is a regulariser's table in the configuration.
type RegulariserConfig interface{ Regulariser() (Regulariser, error) }

// A RegulariserEntry is a line of the catalogue of regularisers; New returns a pointer to a
// config struct holding the defaults.
type RegulariserEntry struct {
	Name, Doc string
	New       func() RegulariserConfig
}

var regularisers = []RegulariserEntry{
	{"weight-decay", "½·wd·|parameters|² added to a player's loss", func() RegulariserConfig { c := DefaultWeightDecay(); return &c }},
	{"r1", "γ/2 E|∇D|² over the data, D the logit", func() RegulariserConfig { c := DefaultR1(); return &c }},
	{"r2", "γ/2 E|∇D|² over the generated samples, D the logit", func() RegulariserConfig { c := DefaultR2(); return &c }},
	{"wgan-gp", "λE(|∇D| − 1)² between data and generated samples", func() RegulariserConfig { c := DefaultWGANGP(); return &c }},
	{"dragan", "λE(|∇D| − k)² around the data, displaced by normals", func() RegulariserConfig { c := DefaultDRAGAN(); return &c }},
	{"weight-clipping", "the discriminator's parameters are clipped after each of its steps", func() RegulariserConfig { c := DefaultWeightClipping(); return &c }},
	{"instance-noise", "normal noise on the samples that the discriminator sees", func() RegulariserConfig { c := DefaultInstanceNoise(); return &c }},
}

// Regularisers returns the catalogue.
func Regularisers() []RegulariserEntry { return append([]RegulariserEntry(nil), regularisers...) }

// bound is a regularisation with the place of its inputs in those of all.
type bound struct {
	regularisation
	name string
	xi   [2]int // start within the player's regularisation inputs
	seen [2]int // its normals
}

// bindRegularisers makes the working part of each.
func (t *Trainer) bindRegularisers() error {
	for _, r := range t.cfg.Regularisers {
		w, err := r.bind(t)
		if err != nil {
			return fmt.Errorf("gan: regulariser %q: %w", r.Name(), err)
		}
		b := bound{regularisation: w, name: r.Name()}
		for player := range 2 {
			b.xi[player], b.seen[player] = t.regNormals[player], w.normals(player)
			t.regNormals[player] += b.seen[player]
		}
		t.perturbed = t.perturbed || w.perturbs()
		t.regs = append(t.regs, b)
	}
	if len(t.regs) > 0 {
		t.dis.regularised()
		t.gen.regularised()
	}
	if t.perturbed {
		t.shown = make([]float64, 2*t.rows*t.dim)
	}
	return nil
}

// look sets the view of a player's step on the samples x (data and fakes for the
// discriminator, fakes for the generator) and returns them as the discriminator sees them.
func (t *Trainer) look(player int, psi, theta, x []float64) []float64 {
	if len(t.regs) == 0 {
		return x
	}
	if t.perturbed {
		copy(t.shown, x)
		x = t.shown[:len(x)]
	}
	n := t.rows * t.dim
	t.view = view{player: player, step: t.steps, rows: t.rowsD, psi: psi, theta: theta, fake: x[len(x)-n:]}
	if player == 0 {
		t.view.real = x[:n]
	}
	if t.perturbed {
		for i := range t.regs {
			t.regs[i].perturb(t.viewOf(i))
		}
	}
	return x
}

// viewOf hands regularisation i the current view with its own inputs.
func (t *Trainer) viewOf(i int) *view {
	v, r := &t.view, &t.regs[i]
	v.xi = t.xiReg[v.player][r.xi[v.player] : r.xi[v.player]+r.seen[v.player]]
	return v
}

// regularise leaves in extra, and adds to cfake in the generator's step, what the
// regularisations add to the gradient of the player whose view it is.
func (t *Trainer) regularise(pl *player, cfake []float64) {
	if len(t.regs) == 0 {
		return
	}
	clear(pl.extra)
	t.view.cfake = cfake
	for i := range t.regs {
		t.regs[i].gradient(pl.extra, t.viewOf(i))
	}
}

// penalty is the sum of the regularisations' values in the current view.
func (t *Trainer) penalty() float64 {
	sum := 0.0
	for i := range t.regs {
		sum += t.regs[i].value(t.viewOf(i))
	}
	return sum
}

// project applies the constraints to a player's next parameters.
func (t *Trainer) project(player int, params []float64) {
	for i := range t.regs {
		t.regs[i].project(player, params)
	}
}
