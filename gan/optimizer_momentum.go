package gan

// MomentumConfig is the heavy ball v' = βv − η∇L, θ' = θ + v'.
type MomentumConfig struct {
	Eta  float64 `toml:"eta" range:"(0,inf)" unit:"1" doc:"learning rate; the effective rate is eta/(1−beta)"`
	Beta float64 `toml:"beta" range:"[0,1)" unit:"1" doc:"momentum"`
	FrictionConfig
}

// DefaultMomentum has the effective learning rate of DefaultSGD.
func DefaultMomentum() MomentumConfig {
	return MomentumConfig{Eta: 0.001, Beta: 0.9, FrictionConfig: DefaultFriction()}
}

// Optimizer returns plain × momentum.
func (c MomentumConfig) Optimizer() (Optimizer, error) {
	d := DefaultMomentum()
	r, err := c.heavyBall("momentum", c.Eta, c.Beta, d.Eta, d.Beta)
	return Optimizer{Name: "momentum", Rule: r}, err
}

// momentumRule keeps the velocity v = θ_k − θ_{k−1}, so that θ' = θ + v' is
// θ + β(θ − θ₋) − η·direction + s·w with θ₋₁ = θ₀.
type momentumRule struct{ eta, beta float64 }

func (r momentumRule) Rate() float64 { return r.eta }

func (momentumRule) Memory(n int) int                    { return n }
func (momentumRule) Init(memory []float64)               { clear(memory) }
func (r momentumRule) Linear() (float64, float64, error) { return r.eta, r.beta, nil }

// NoiseVariance is 2(1−β)ηT, which leaves the temperature at T for every |β| < 1
// (docs/physics.md): (T/h)/(1 − ηh/(2(1+β))) in a parabola of curvature h.
func (r momentumRule) NoiseVariance(T float64) float64 { return 2 * (1 - r.beta) * r.eta * T }

func (r momentumRule) Step(next, nextMemory, p, memory, direction []float64, s float64, w []float64) {
	n := len(direction)
	next, nextMemory, p, memory = next[:n], nextMemory[:n], p[:n], memory[:n]
	if w == nil {
		for i, d := range direction {
			v := r.beta*memory[i] - r.eta*d
			nextMemory[i] = v
			next[i] = p[i] + v
		}
		return
	}
	w = w[:n]
	for i, d := range direction {
		v := r.beta*memory[i] - r.eta*d + s*w[i]
		nextMemory[i] = v
		next[i] = p[i] + v
	}
}
