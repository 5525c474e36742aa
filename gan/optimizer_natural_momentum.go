package gan

// NaturalMomentumConfig is v' = βv − ηF⁻¹∇L, θ' = θ + v'. The damped action it discretises
// has Christoffel terms that this leaves out, as the paper does: with a state-dependent F
// the position law is not Boltzmann even as η → 0 (docs/physics.md).
type NaturalMomentumConfig struct {
	Eta       float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate; the effective rate is eta/(1−beta)"`
	Beta      float64 `toml:"beta" range:"[0,1)" unit:"1" doc:"momentum"`
	Damping   float64 `toml:"damping" range:"(0,inf)" unit:"1" doc:"λ added to the diagonal of the metric"`
	Metric    string  `toml:"metric" enum:"l2|otto|fisher" doc:"F: l2 the pull-back of the L² distance of the outputs, otto that of Otto's metric (generator only), fisher the empirical Fisher matrix of the loss"`
	Degree    int     `toml:"degree" range:"[1,30]" unit:"1" doc:"otto: degree of the polynomials whose gradients velocities are projected on"`
	Precision string  `toml:"precision" enum:"float64|float32" doc:"of the solve of F⁻¹∇L: float32 rounds the matrix and solves in single precision (metric l2), all else stays in double"`
	FrictionConfig
}

// DefaultNaturalMomentum returns the listing's setting.
func DefaultNaturalMomentum() NaturalMomentumConfig {
	return NaturalMomentumConfig{Eta: 0.001, Beta: 0.9, Damping: 1e-4, Metric: "l2", Degree: DefaultOttoDegree, Precision: "float64", FrictionConfig: DefaultFriction()}
}

// Optimizer returns natural × momentum.
func (c NaturalMomentumConfig) Optimizer() (Optimizer, error) {
	d := DefaultNaturalMomentum()
	r, err := c.heavyBall("natural-momentum", c.Eta, c.Beta, d.Eta, d.Beta)
	if err != nil {
		return Optimizer{}, err
	}
	o := Optimizer{Name: "natural-momentum", Direction: Direction{Natural: true, Damping: c.Damping, Metric: c.Metric, Degree: c.Degree, Precision: c.Precision}, Rule: r}
	return o, o.Validate()
}
