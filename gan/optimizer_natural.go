package gan

// NaturalConfig is θ' = θ − ηF⁻¹∇L with F = JᵀJ/N + λI.
type NaturalConfig struct {
	Eta     float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate"`
	Damping float64 `toml:"damping" range:"(0,inf)" unit:"1" doc:"λ added to the diagonal of the metric"`
}

// DefaultNatural returns the listing's setting.
func DefaultNatural() NaturalConfig { return NaturalConfig{Eta: 0.001, Damping: 1e-4} }

// Optimizer returns natural × sgd.
func (c NaturalConfig) Optimizer() (Optimizer, error) {
	if err := checkPositive("eta of natural", c.Eta); err != nil {
		return Optimizer{}, err
	}
	o := Optimizer{Name: "natural", Direction: Direction{Natural: true, Damping: c.Damping}, Rule: sgdRule{c.Eta}}
	return o, o.Validate()
}
