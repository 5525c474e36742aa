package gan

import "fmt"

// A Game is the players and the data of a small GAN whose dynamics are known exactly. It goes
// into a Config beside loss, optimizers, dynamics and noise like any networks and target, and
// everything that runs on a Trainer runs on it.
type Game struct {
	Generator, Discriminator Network
	Target                   Target
}

// A GameConfig is a game's table in the configuration. Game receives the data of its choice,
// nil for games that bring their own; a method TargetName asks for data.
type GameConfig interface {
	Game(data Target) (Game, error)
}

// A GameEntry is a line of the catalogue of games; New returns a pointer to a config struct
// holding the defaults, Loss names the loss that the game is usually played with.
type GameEntry struct {
	Name, Doc string
	Loss      string
	New       func() GameConfig
}

var smallGames = []GameEntry{
	{"dirac", "Dirac-GAN: a generated point θ, a critic ψx, data at 0", "saturating", func() GameConfig { c := DefaultDirac(); return &c }},
	{"bilinear", "θᵀAψ: a generated point θ, a critic xᵀAψ, data at 0", "wasserstein", func() GameConfig { c := DefaultBilinear(); return &c }},
	{"curved", "a generated point θ + (a/κ) sin κθ, a critic ψx, data at 0: the metric depends on θ", "wasserstein", func() GameConfig { c := DefaultCurved(); return &c }},
	{"lq", "linear generator Az + b against a quadratic critic xᵀWx + vᵀx + c", "non-saturating", func() GameConfig { c := DefaultLQ(); return &c }},
}

// Games returns the catalogue.
func Games() []GameEntry { return append([]GameEntry(nil), smallGames...) }

// DiracConfig is the Dirac-GAN (Mescheder, Geiger and Nowozin, ICML 2018, definition 2.1): the
// generated distribution is a point θ, the critic is D(x) = ψx. With the losses of softplus,
// L_D = f(−ψx_data) + f(ψθ), the equilibrium is θ = ψ = 0, where the vector field's Jacobian
// has the eigenvalues ±i/2.
type DiracConfig struct {
	Theta float64 `toml:"theta" unit:"1" doc:"θ of step 0"`
	Psi   float64 `toml:"psi" unit:"1" doc:"ψ of step 0"`
	Std   float64 `toml:"data_std" range:"[0,inf)" unit:"1" doc:"standard deviation of the data about 0; noise on both, data and generated point, is the regulariser instance-noise"`
}

// DefaultDirac starts at (1, 1) with all data at 0.
func DefaultDirac() DiracConfig { return DiracConfig{Theta: 1, Psi: 1} }

// Game returns the Dirac-GAN.
func (c DiracConfig) Game(Target) (Game, error) {
	g := Game{Target: origin{1}}
	if c.Std > 0 {
		g.Target = gaussian{0, c.Std}
	}
	return g.players(fixed{1}, []float64{c.Theta}, scaledInputs{[]float64{1}}, []float64{c.Psi})
}

// BilinearConfig is min_θ max_ψ θᵀAψ, A diagonal: what the Wasserstein loss makes of a
// generated point θ, the critic D(x) = xᵀAψ and data at 0. With simultaneous steps of size h the
// eigenvalues are 1 ± iha_k. The regulariser weight-decay gives both players curvature.
type BilinearConfig struct {
	Dimension int       `toml:"dim" range:"[1,1000]" unit:"1" doc:"dimension of θ and of ψ"`
	Coupling  []float64 `toml:"coupling" unit:"1" doc:"diagonal of A: one value for all components, or one each"`
	Theta     []float64 `toml:"theta" unit:"1" doc:"θ of step 0: one value for all components, or one each; empty: drawn on ±1/√dim"`
	Psi       []float64 `toml:"psi" unit:"1" doc:"ψ of step 0, likewise"`
}

// DefaultBilinear is θψ, from (1, 1).
func DefaultBilinear() BilinearConfig {
	return BilinearConfig{Dimension: 1, Coupling: []float64{1}, Theta: []float64{1}, Psi: []float64{1}}
}

// Game returns the bilinear game.
func (c BilinearConfig) Game(Target) (Game, error) {
	if c.Dimension < 1 {
		return Game{}, fmt.Errorf("gan: the dimension of the bilinear game is %d, allowed are integers ≥ 1", c.Dimension)
	}
	a := c.Coupling
	if len(a) == 1 {
		a = repeat(a[0], c.Dimension)
	}
	if len(a) != c.Dimension {
		return Game{}, fmt.Errorf("gan: the bilinear game has %d couplings, allowed are 1 (for all) or %d (one each)", len(a), c.Dimension)
	}
	for _, x := range a {
		if err := checkFinite("coupling of the bilinear game", x); err != nil {
			return Game{}, err
		}
	}
	return Game{Target: origin{c.Dimension}}.players(fixed{c.Dimension}, c.Theta, scaledInputs{a}, c.Psi)
}

// LQConfig is a linear generator x = Az + b of z ~ N(0, 1) against a quadratic critic
// D(x) = Σ_{i≤j} w_ij x_i x_j + Σ v_i x_i + c (Feizi et al., arXiv:1710.10793): the log ratio of
// two Gaussian densities is such a function, so the optimal critic of Gaussian data is one of them.
type LQConfig struct {
	Data   string    `toml:"target" doc:"data distribution, see machlup list targets; configured by [system.lq.TARGET]"`
	Latent int       `toml:"latent" range:"[1,1000]" unit:"1" doc:"dimension of z"`
	Theta  []float64 `toml:"theta" unit:"1" doc:"(A row by row, b) of step 0: one value for all, or one each; empty: drawn on ±1/√(their number)"`
	Psi    []float64 `toml:"psi" unit:"1" doc:"(w_ij row by row for i ≤ j, v, c) of step 0, likewise"`
}

// DefaultLQ has one latent and drawn parameters.
func DefaultLQ() LQConfig { return LQConfig{Data: "gaussian", Latent: 1} }

// TargetName is the key target.
func (c LQConfig) TargetName() string { return c.Data }

// Game returns the game on the data.
func (c LQConfig) Game(data Target) (Game, error) {
	if data == nil || c.Latent < 1 {
		return Game{}, fmt.Errorf("gan: the linear-quadratic game needs data and latents, found %d latents", c.Latent)
	}
	d := data.Dim()
	return Game{Target: data}.players(affine{c.Latent, d}, c.Theta, quadratic{d}, c.Psi)
}

// players adds the two networks with their initial parameters.
func (g Game) players(generator features, theta []float64, critic features, psi []float64) (Game, error) {
	gen, err := newLinear(generator, theta)
	if err != nil {
		return g, fmt.Errorf("gan: theta: %w", err)
	}
	dis, err := newLinear(critic, psi)
	if err != nil {
		return g, fmt.Errorf("gan: psi: %w", err)
	}
	g.Generator, g.Discriminator = gen, dis
	return g, nil
}

// origin is the point 0, which needs no random numbers.
type origin struct{ dim int }

func (origin) Name() string            { return "origin" }
func (o origin) Dim() int              { return o.dim }
func (origin) Normals() int            { return 0 }
func (origin) Sample(dst, _ []float64) { clear(dst) }
func (origin) Mean(dst []float64)      { clear(dst) }
func (origin) Std(dst []float64)       { clear(dst) }
