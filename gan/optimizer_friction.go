package gan

import "fmt"

// FrictionConfig gives a heavy ball by the physics of Ẍ + γẊ = −g, step Δt, instead of by
// (η, β): gamma and dt together, with eta and beta left at their defaults.
//
//	implicit   (V' − V)/Δt = −g − γV'    β = 1/(1+γΔt)   η = Δt²/(1+γΔt)
//	paper      (V' − V)/Δt = −g − γV     β = 1 − γΔt     η = Δt²   (Prop. 8.4 of the paper)
//
// with X' = X + V'Δt and the rule's v = V·Δt. In a parabola of curvature h implicit friction
// is stable iff Δt²h < 4 + 2γΔt, and has the overdamped limit: as γΔt → ∞ it is gradient
// descent with learning rate Δt/γ. The paper's is stable iff Δt²h < 2(2 − γΔt): from
// γΔt = 2 on for no h > 0, so it has no overdamped limit and is refused there. For γΔt > 1
// its β is negative, the velocity alternates; s² = 2(1−β)ηT and the variance
// (T/h)/(1 − ηh/(2(1+β))) hold for every |β| < 1, but paths in positions want β ≥ 0.
type FrictionConfig struct {
	Friction string  `toml:"friction" enum:"implicit|paper" doc:"where gamma and dt are set: implicit is beta = 1/(1+gamma·dt), eta = dt²/(1+gamma·dt); paper is beta = 1−gamma·dt, eta = dt², unstable from gamma·dt = 2 on"`
	Gamma    float64 `toml:"gamma" range:"[0,inf)" unit:"1" doc:"friction γ, to be set together with dt in place of eta and beta (which then stay at their defaults, unused); 0: eta and beta count"`
	Dt       float64 `toml:"dt" range:"[0,inf)" unit:"1" doc:"time step Δt of the damped motion, see gamma"`
}

// DefaultFriction leaves the heavy ball to η and β.
func DefaultFriction() FrictionConfig { return FrictionConfig{Friction: "implicit"} }

// heavyBall returns the rule of a momentum optimizer, whose table has the given η and β and
// these defaults of them, after checking its numbers.
func (c FrictionConfig) heavyBall(name string, eta, beta, defaultEta, defaultBeta float64) (Rule, error) {
	if c.Gamma == 0 && c.Dt == 0 {
		if c.Friction == "paper" {
			return nil, fmt.Errorf("gan: friction of %s is \"paper\" without gamma and dt, which it is about; set both, or leave friction out", name)
		}
		if err := checkPositive("eta of "+name, eta); err != nil {
			return nil, err
		}
		if !(beta >= 0 && beta < 1) {
			return nil, fmt.Errorf("gan: beta of %s is %v, allowed are [0, 1)", name, beta)
		}
		return momentumRule{eta, beta}, nil
	}
	if given := eta != 0 || beta != 0; given && (eta != defaultEta || beta != defaultBeta) {
		return nil, fmt.Errorf("gan: %s has both eta = %v, beta = %v and gamma = %v, dt = %v; give one pair: eta and beta follow from gamma and dt", name, eta, beta, c.Gamma, c.Dt)
	}
	return c.rule(name)
}

// rule returns the heavy ball of γ and Δt.
func (c FrictionConfig) rule(name string) (Rule, error) {
	if err := checkPositive("gamma of "+name, c.Gamma); err != nil {
		return nil, fmt.Errorf("%w; gamma and dt go together", err)
	}
	if err := checkPositive("dt of "+name, c.Dt); err != nil {
		return nil, fmt.Errorf("%w; gamma and dt go together", err)
	}
	x := c.Gamma * c.Dt
	if 1-x == 1 {
		return nil, fmt.Errorf("gan: gamma·dt of %s is %v, which leaves beta at 1: undamped, without a temperature; allowed are values above 1e-16", name, x)
	}
	switch c.Friction {
	case "implicit", "":
		return momentumRule{c.Dt * c.Dt / (1 + x), 1 / (1 + x)}, nil
	case "paper":
		if x >= 2 {
			return nil, fmt.Errorf("gan: gamma·dt of %s is %v with the paper's friction, allowed is < 2: beta = 1 − gamma·dt = %v ≤ −1 is unstable at every curvature; use a smaller dt or friction = \"implicit\"", name, x, 1-x)
		}
		return momentumRule{c.Dt * c.Dt, 1 - x}, nil
	}
	return nil, fmt.Errorf("gan: friction %q of %s is unknown, allowed are implicit, paper", c.Friction, name)
}
