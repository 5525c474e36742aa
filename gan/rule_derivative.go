package gan

import "math"

// A smoothRule is a Rule whose step has a derivative. Its memory is slots() numbers a
// parameter, slot after slot, then counters, which no noise reaches and which the derivative
// holds fixed.
type smoothRule interface {
	Rule
	slots() int
	// partials fills d for a step from memory along direction. Where they are constants the
	// arguments are not looked at, and affine() is true.
	partials(d *ruleDerivative, memory, direction []float64)
	affine() bool
}

// asSmooth returns the rule with its derivative, or the reason why it has none. A rule from
// outside needs Linear.
func asSmooth(r Rule) (smoothRule, error) {
	if s, ok := r.(scheduledRule); ok {
		inner, err := asSmooth(s.rule)
		if err != nil {
			return nil, err
		}
		s.rule = inner
		return smoothScheduled{s}, nil
	}
	if s, ok := r.(smoothRule); ok {
		return s, nil
	}
	eta, beta, err := r.Linear()
	if err != nil {
		return nil, err
	}
	return heavyBallRule{r, eta, beta}, nil
}

// A ruleDerivative holds the partial derivatives of the step p' = p + δ of one player's n
// parameters. Each parameter has its own: outputs (δ, slots of the next memory) by inputs
// (direction, noise s·w, slots of the memory).
type ruleDerivative struct {
	n, slots int
	c        []float64 // [1+slots][2+slots][n]
}

func newRuleDerivative(r smoothRule, n int) *ruleDerivative {
	s := r.slots()
	return &ruleDerivative{n: n, slots: s, c: make([]float64, (1+s)*(2+s)*n)}
}

// The inputs and the outputs of a step; slot(a) follows.
const (
	byDirection = 0
	byNoise     = 1
	ofStep      = 0
)

func bySlot(a int) int { return 2 + a }
func ofSlot(a int) int { return 1 + a }

// at returns the derivatives of one output by one input, a number a parameter.
func (d *ruleDerivative) at(of, by int) []float64 {
	k := of*(2+d.slots) + by
	return d.c[k*d.n : (k+1)*d.n]
}

// constant sets a derivative that is the same for all parameters.
func (d *ruleDerivative) constant(of, by int, x float64) { fill(d.at(of, by), x) }

// tangent writes the tangents of the next parameters and memory for those of parameters,
// memory, direction and noise; nil is zero.
func (d *ruleDerivative) tangent(nextP, nextM, p, m, direction, noise []float64) {
	clear(nextM)
	if p != nil {
		copy(nextP, p)
	} else {
		clear(nextP)
	}
	for of := range 1 + d.slots {
		out := nextP
		if of > 0 {
			out = nextM[(of-1)*d.n : of*d.n]
		}
		addProduct(out, d.at(of, byDirection), direction)
		addProduct(out, d.at(of, byNoise), noise)
		for a := range d.slots {
			if m != nil {
				addProduct(out, d.at(of, bySlot(a)), m[a*d.n:(a+1)*d.n])
			}
		}
	}
}

// adjoint writes the cotangents of direction, noise and memory for those of the next
// parameters and memory. That of the parameters is nextP's.
func (d *ruleDerivative) adjoint(direction, noise, m, nextP, nextM []float64) {
	clear(direction)
	clear(noise)
	clear(m)
	for of := range 1 + d.slots {
		in := nextP
		if of > 0 {
			in = nextM[(of-1)*d.n : of*d.n]
		}
		addProduct(direction, d.at(of, byDirection), in)
		addProduct(noise, d.at(of, byNoise), in)
		for a := range d.slots {
			addProduct(m[a*d.n:(a+1)*d.n], d.at(of, bySlot(a)), in)
		}
	}
}

// addProduct adds a∘b; a nil b is zero.
func addProduct(dst, a, b []float64) {
	if b == nil {
		return
	}
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] += a[i] * b[i]
	}
}

func (sgdRule) slots() int   { return 0 }
func (sgdRule) affine() bool { return true }
func (r sgdRule) partials(d *ruleDerivative, _, _ []float64) {
	d.constant(ofStep, byDirection, -r.eta)
	d.constant(ofStep, byNoise, 1)
}

func (momentumRule) slots() int                                   { return 1 }
func (momentumRule) affine() bool                                 { return true }
func (r momentumRule) partials(d *ruleDerivative, _, _ []float64) { heavyBall(d, r.eta, r.beta) }

// heavyBall is v' = βv − ηg + s·w, δ = v'.
func heavyBall(d *ruleDerivative, eta, beta float64) {
	for _, of := range []int{ofStep, ofSlot(0)} {
		d.constant(of, byDirection, -eta)
		d.constant(of, byNoise, 1)
		d.constant(of, bySlot(0), beta)
	}
}

// heavyBallRule is a rule from outside that is linear, with the velocity as its memory.
type heavyBallRule struct {
	Rule
	eta, beta float64
}

func (r heavyBallRule) slots() int {
	if r.beta == 0 {
		return 0
	}
	return 1
}
func (heavyBallRule) affine() bool { return true }
func (r heavyBallRule) partials(d *ruleDerivative, memory, direction []float64) {
	if r.beta == 0 {
		sgdRule{r.eta}.partials(d, memory, direction)
		return
	}
	heavyBall(d, r.eta, r.beta)
}

func (nesterovRule) slots() int   { return 1 }
func (nesterovRule) affine() bool { return true }
func (r nesterovRule) partials(d *ruleDerivative, _, _ []float64) {
	heavyBall(d, r.eta, r.beta)
	d.constant(ofStep, byDirection, -r.eta*(1+r.beta))
	d.constant(ofStep, byNoise, 1+r.beta)
	d.constant(ofStep, bySlot(0), r.beta*r.beta)
}

func (optimisticRule) slots() int   { return 1 }
func (optimisticRule) affine() bool { return false } // the first step is another
func (r optimisticRule) partials(d *ruleDerivative, memory, _ []float64) {
	ahead, before := -2*r.eta, r.eta
	if memory[d.n] == 0 {
		ahead, before = -r.eta, 0
	}
	d.constant(ofStep, byDirection, ahead)
	d.constant(ofStep, byNoise, 1)
	d.constant(ofStep, bySlot(0), before)
	d.constant(ofSlot(0), byDirection, 1)
	d.constant(ofSlot(0), byNoise, 0)
	d.constant(ofSlot(0), bySlot(0), 0)
}

func (rmspropRule) slots() int   { return 1 }
func (rmspropRule) affine() bool { return false }
func (r rmspropRule) partials(d *ruleDerivative, memory, direction []float64) {
	clear(d.c)
	d.constant(ofStep, byNoise, 1)
	d.constant(ofSlot(0), bySlot(0), r.Alpha)
	byG, byV, vByG := d.at(ofStep, byDirection), d.at(ofStep, bySlot(0)), d.at(ofSlot(0), byDirection)
	for i, g := range direction {
		v := r.Alpha*memory[i] + (1-r.Alpha)*g*g
		step, slope := scaledStep(r.Eta, g, v, 1, r.Eps)
		vByG[i] = 2 * (1 - r.Alpha) * g
		byV[i] = r.Alpha * slope
		byG[i] = step + slope*vByG[i]
	}
}

// scaledStep returns the derivatives of −rate·m/(√v/root + ε) by m and by v. At v = 0, where
// m = 0 too, the second is taken as 0.
func scaledStep(rate, m, v, root, eps float64) (byM, byV float64) {
	r := math.Sqrt(v)
	scale := r/root + eps
	byM = -rate / scale
	if r > 0 {
		byV = rate * m / (scale * scale * 2 * r * root)
	}
	return byM, byV
}

func (adamRule) slots() int   { return 2 }
func (adamRule) affine() bool { return false }
func (r adamRule) partials(d *ruleDerivative, memory, direction []float64) {
	n := d.n
	rate, root := adamRates(r.Eta, r.Beta1, r.Beta2, memory[2*n]+1)
	moments(d, r.Beta1, r.Beta2, direction)
	byG, byM, byV := d.at(ofStep, byDirection), d.at(ofStep, bySlot(0)), d.at(ofStep, bySlot(1))
	for i, g := range direction {
		m, v := r.Beta1*memory[i]+(1-r.Beta1)*g, r.Beta2*memory[n+i]+(1-r.Beta2)*g*g
		step, slope := scaledStep(rate, m, v, root, r.Eps)
		byM[i], byV[i] = r.Beta1*step, r.Beta2*slope
		byG[i] = (1-r.Beta1)*step + 2*(1-r.Beta2)*g*slope
	}
}

// adamRates are η/(1−β₁ᵗ) and √(1−β₂ᵗ).
func adamRates(eta, beta1, beta2, t float64) (rate, root float64) {
	return eta / (1 - math.Pow(beta1, t)), math.Sqrt(1 - math.Pow(beta2, t))
}

// moments clears d and sets what the means of g and g² in slots 0 and 1 give.
func moments(d *ruleDerivative, beta1, beta2 float64, direction []float64) {
	clear(d.c)
	d.constant(ofStep, byNoise, 1)
	d.constant(ofSlot(0), byDirection, 1-beta1)
	d.constant(ofSlot(0), bySlot(0), beta1)
	d.constant(ofSlot(1), bySlot(1), beta2)
	scaled(d.at(ofSlot(1), byDirection), 2*(1-beta2), direction)
}

func (amsgradRule) slots() int   { return 3 }
func (amsgradRule) affine() bool { return false }
func (r amsgradRule) partials(d *ruleDerivative, memory, direction []float64) {
	n := d.n
	rate, root := adamRates(r.Eta, r.Beta1, r.Beta2, memory[3*n]+1)
	moments(d, r.Beta1, r.Beta2, direction)
	byG, byM := d.at(ofStep, byDirection), d.at(ofStep, bySlot(0))
	for i, g := range direction {
		m, v := r.Beta1*memory[i]+(1-r.Beta1)*g, r.Beta2*memory[n+i]+(1-r.Beta2)*g*g
		largest := max(memory[2*n+i], v)
		step, slope := scaledStep(rate, m, largest, root, r.Eps)
		byM[i], byG[i] = r.Beta1*step, (1-r.Beta1)*step
		if v > memory[2*n+i] {
			d.at(ofStep, bySlot(1))[i] = r.Beta2 * slope
			d.at(ofSlot(2), bySlot(1))[i] = r.Beta2
			d.at(ofSlot(2), byDirection)[i] = 2 * (1 - r.Beta2) * g
			byG[i] += 2 * (1 - r.Beta2) * g * slope
		} else {
			d.at(ofStep, bySlot(2))[i] = slope
			d.at(ofSlot(2), bySlot(2))[i] = 1
		}
	}
}

// smoothScheduled is a scheduled rule whose own rule is smooth: δ is f times that of the
// rule, with noise of √(τ/f) times the standard deviation.
type smoothScheduled struct{ scheduledRule }

func (r smoothScheduled) slots() int   { return r.rule.(smoothRule).slots() }
func (r smoothScheduled) affine() bool { return false } // it depends on the step
func (r smoothScheduled) partials(d *ruleDerivative, memory, direction []float64) {
	last := r.rule.Memory(d.n)
	r.rule.(smoothRule).partials(d, memory[:last], direction)
	f, noise := r.rate.At(memory[last]), 0.0
	if f > 0 {
		noise = math.Sqrt(r.temperature.At(memory[last]) / f)
	}
	for of := range 1 + d.slots {
		scaled(d.at(of, byNoise), noise, d.at(of, byNoise))
	}
	for by := range 2 + d.slots {
		scaled(d.at(ofStep, by), f, d.at(ofStep, by))
	}
}
