package gan

import "machlup/internal/num"

// SGDConfig is θ' = θ − η∇L.
type SGDConfig struct {
	Eta float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate"`
}

// DefaultSGD returns the listing's setting.
func DefaultSGD() SGDConfig { return SGDConfig{Eta: 0.01} }

// Optimizer returns plain × sgd.
func (c SGDConfig) Optimizer() (Optimizer, error) {
	if err := checkPositive("eta of sgd", c.Eta); err != nil {
		return Optimizer{}, err
	}
	return Optimizer{Name: "sgd", Rule: sgdRule{c.Eta}}, nil
}

// sgdRule has no memory.
type sgdRule struct{ eta float64 }

func (r sgdRule) Rate() float64 { return r.eta }

func (sgdRule) Memory(int) int                      { return 0 }
func (sgdRule) Init([]float64)                      {}
func (r sgdRule) Linear() (float64, float64, error) { return r.eta, 0, nil }
func (r sgdRule) NoiseVariance(T float64) float64   { return 2 * r.eta * T }

func (r sgdRule) Step(next, _, p, _, direction []float64, s float64, w []float64) {
	next = next[:len(direction)]
	copy(next, p)
	num.Axpy(-r.eta, direction, next)
	if w != nil {
		num.Axpy(s, w[:len(direction)], next)
	}
}
