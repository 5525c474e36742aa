package gan

// NaturalConfig is θ' = θ − ηF⁻¹∇L in the named metric, by default F = JᵀJ/N + λI.
type NaturalConfig struct {
	Eta       float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate"`
	Damping   float64 `toml:"damping" range:"(0,inf)" unit:"1" doc:"λ added to the diagonal of the metric"`
	Metric    string  `toml:"metric" enum:"l2|otto|fisher" doc:"F: l2 the pull-back of the L² distance of the outputs, otto that of Otto's metric (generator only), fisher the empirical Fisher matrix of the loss"`
	Degree    int     `toml:"degree" range:"[1,30]" unit:"1" doc:"otto: degree of the polynomials whose gradients velocities are projected on"`
	Precision string  `toml:"precision" enum:"float64|float32" doc:"of the solve of F⁻¹∇L: float32 rounds the matrix and solves in single precision (metric l2), all else stays in double"`
}

// DefaultNatural returns the listing's setting.
func DefaultNatural() NaturalConfig {
	return NaturalConfig{Eta: 0.001, Damping: 1e-4, Metric: "l2", Degree: DefaultOttoDegree, Precision: "float64"}
}

// Optimizer returns natural × sgd.
func (c NaturalConfig) Optimizer() (Optimizer, error) {
	if err := checkPositive("eta of natural", c.Eta); err != nil {
		return Optimizer{}, err
	}
	o := Optimizer{Name: "natural", Direction: Direction{Natural: true, Damping: c.Damping, Metric: c.Metric, Degree: c.Degree, Precision: c.Precision}, Rule: sgdRule{c.Eta}}
	return o, o.Validate()
}
