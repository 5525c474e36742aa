package gan

import (
	"fmt"
	"math"

	"machlup/internal/num"
	"machlup/langevin"
)

// Kinetic is the correction that averages F⁻¹ over the two ends of a step's noise (Hänggi and
// Klimontovich), instead of computing Γ:
//
//	x* = x + s·F⁻¹(x)w,   x' = x − ηF⁻¹∇L + ½s[F⁻¹(x) + F⁻¹(x*)]w,   w of covariance F(x).
//
// To first order in η that is the drift ηTΓ. The law of a step is not Gaussian.
const Kinetic = "hanggi-klimontovich"

// MaxDivergence is the largest number of a player's parameters for which Γ is computed: it takes
// as many derivatives of F a step.
const MaxDivergence = 400

// Corrected tells whether metric noise brings more than its covariance.
func (n Noise) Corrected() bool {
	return n.Correction != "" && n.Correction != langevin.NoCorrection.String()
}

// Correctable returns nil, or the reason why the metric noise of a player has no exact
// correction of the kind that n names.
func (n Noise) Correctable(net Network, o Optimizer) error {
	if !n.Corrected() {
		return nil
	}
	if n.Correction != Kinetic {
		if _, err := langevin.ParseCorrection(n.Correction); err != nil {
			return fmt.Errorf("found %q, allowed are none, half, full and %s", n.Correction, Kinetic)
		}
	}
	rule := o.Rule
	if s, ok := rule.(scheduledRule); ok {
		rule = s.rule
	}
	if _, beta, err := rule.Linear(); err != nil || beta != 0 {
		return fmt.Errorf("found %q with optimizer %q, allowed none: with momentum and an F that depends on the parameters the position form has no Boltzmann law for a multiple of TΓ to restore, not even as η → 0 (Christoffel terms are missing); use natural", n.Correction, o.Name)
	}
	if m := o.Direction.Metric; m != "" && m != "l2" {
		return fmt.Errorf("found %q with the metric %q, allowed none: its derivative is not available exactly, and a stochastic estimate of Γ would bias the law; use the l2 metric", n.Correction, m)
	}
	if constantMetric(net) {
		return nil
	}
	if _, ok := net.newStages(1).(secondStages); !ok {
		return fmt.Errorf("found %q with a network of another kind than the perceptron, allowed none: the derivative of its metric is not available", n.Correction)
	}
	if a, ok := kinked(net); ok {
		return fmt.Errorf("found %q with the activation %q, allowed none: F jumps where a hidden unit switches, so Γ = ∂F⁻¹ has delta functions there and neither ηTΓ nor an average of two ends gives its law; use tanh or softplus", n.Correction, a.name)
	}
	if k := net.Params(); n.Correction != Kinetic && k > MaxDivergence {
		return fmt.Errorf("found %q with %d parameters, allowed up to %d: the exact Γ takes a derivative of F for each of them a step, and a stochastic estimate would bias the law; use %s or a smaller network", n.Correction, k, MaxDivergence, Kinetic)
	}
	return nil
}

// kinked returns the activation of a network whose J jumps.
func kinked(net Network) (leakyReLU, bool) {
	m, ok := net.(*MLP)
	if !ok {
		return leakyReLU{}, false
	}
	a, ok := m.act.(leakyReLU)
	return a, ok && a.slope != 1
}

// constantMetric tells networks whose F does not depend on their own parameters.
func constantMetric(net Network) bool {
	switch n := net.(type) {
	case *Linear:
		return true
	case *MLP:
		return n.layers() == 1
	}
	return false
}

// A correction turns noise y of covariance F(x)⁻¹, of a step of standard deviation s, into the
// corrected one. It follows metric.sample at x, whose pass and factorisation it may leave
// elsewhere if it is not Gaussian.
type correction interface {
	apply(y, params []float64, s float64)
}

// correct makes the correction that n names for the player's metric noise.
func (pl *player) correct(n Noise) error {
	if !pl.ownF || !n.Corrected() {
		return nil
	}
	if err := n.Correctable(pl.net, pl.opt); err != nil {
		return fmt.Errorf("gan: noise.correction of the %s: %w", pl.name, err)
	}
	if constantMetric(pl.net) {
		return nil // Γ = 0
	}
	if n.Correction == Kinetic {
		pl.correction = newTwoEnds(pl)
		return nil
	}
	c, err := langevin.ParseCorrection(n.Correction)
	if err != nil {
		return err
	}
	pl.gamma = newMetricDivergence(pl)
	pl.correction = pushed{pl.gamma, float64(c), make([]float64, pl.net.Params())}
	return nil
}

// pushed adds c·ηTΓ to a step: with s² = 2ηT it is s·(c·s/2)Γ.
type pushed struct {
	*metricDivergence
	c     float64
	value []float64
}

func (p pushed) apply(y, params []float64, s float64) {
	p.divergence(p.value, params)
	num.Axpy(p.c*s/2, p.value, y)
}

// push adds the c·ηTΓ of a step to dst, where the player's direction was just computed; without
// Γ it does nothing.
func (pl *player) push(dst, params []float64) {
	if p, ok := pl.correction.(pushed); ok {
		p.divergence(p.value, params)
		num.Axpy(p.c*pl.s*pl.s/2, p.value, dst)
	}
}

// gaussian returns nil, or why a step of the player is not Gaussian.
func (pl *player) gaussian() error {
	if _, ok := pl.correction.(*twoEnds); ok {
		return fmt.Errorf("gan: noise.correction = %q of the %s: x' is quadratic in the noise, so its law is not Gaussian and a path has no density in positions; sample the innovation action, or use correction full", Kinetic, pl.name)
	}
	return nil
}

// differentiable returns nil, or why the noise-free step of the player has no derivative here. The
// average of two ends has no noise-free part.
func (pl *player) differentiable() error {
	if pl.gamma != nil {
		return fmt.Errorf("gan: the drift TΓ of the %s has no derivative here (it takes third derivatives of the network); use noise.correction = \"none\" or %q", pl.name, Kinetic)
	}
	return nil
}

// scale is the standard deviation of the noise of a step from a state, schedules included.
func (pl *player) scale(state []float64) float64 {
	if r, ok := pl.opt.Rule.(scheduledRule); ok {
		k := state[pl.end-1]
		return pl.s * math.Sqrt(r.rate.At(k)*r.temperature.At(k))
	}
	return pl.s
}

// A metricDivergence computes Γ_i = Σ_j ∂G_ij/∂p_j, G = F⁻¹, exactly. With y_j = G e_j it is
//
//	Γ = −G Σ_j (∂_jF) y_j,   (∂_jF)y = (∂_j{Jᵀ}Jy + Jᵀ∂_j{J}y)/N,
//
// a derivative of F for each parameter.
type metricDivergence struct {
	metric    metric
	slope     metricSlope
	unit, col []float64
	sum       []float64
}

func newMetricDivergence(pl *player) *metricDivergence {
	p, n := pl.p.(secondStages), pl.net.Params()
	p.enableSeconds()
	m := &metricDivergence{metric: pl.metric, slope: newMetricSlope(p, pl.rows*pl.net.Out(), n, pl.rows)}
	for _, v := range []*[]float64{&m.unit, &m.col, &m.sum} {
		*v = make([]float64, n)
	}
	return m
}

// divergence writes Γ at params, where the pass and the factorisation are.
func (m *metricDivergence) divergence(dst, params []float64) {
	clear(m.sum)
	for j := range m.unit {
		m.unit[j] = 1
		m.metric.solve(m.col, params, m.unit)
		m.slope.subtract(m.sum, params, m.unit, nil, m.col)
		m.unit[j] = 0
	}
	m.metric.solve(dst, params, m.sum)
}

// A metricSlope differentiates Fy, F = JᵀJ/N + λI, at a y that is held fixed.
type metricSlope struct {
	p          secondStages
	rows       float64
	jy, second []float64 // [rows×out]
	zero       []float64 // [rows×out]
	grad       []float64 // [n]
}

// newMetricSlope is of m = rows·out outputs and n parameters.
func newMetricSlope(p secondStages, m, n, rows int) metricSlope {
	return metricSlope{p, float64(rows), make([]float64, m), make([]float64, m), make([]float64, m), make([]float64, n)}
}

// subtract takes (R F)y = (R{Jᵀ}Jy + Jᵀ R{J}y)/N from dst, R along v (parameters) and rin
// (inputs), nil for zero.
func (m *metricSlope) subtract(dst, params, v, rin, y []float64) {
	p := m.p
	p.tangent(m.jy, params, y, nil)
	scaled(m.jy, 1/m.rows, m.jy)
	p.mixedTangent(m.second, params, v, rin, y) // leaves the tangents along (v, rin)
	scaled(m.second, 1/m.rows, m.second)
	p.cotangents(params, m.jy)
	p.tangentCotangents(params, v, m.zero)
	p.tangentGradient(m.grad, v)
	num.Axpy(-1, m.grad, dst)
	p.cotangents(params, m.second)
	p.gradient(m.grad)
	num.Axpy(-1, m.grad, dst)
}

// twoEnds averages F⁻¹ over the ends of the noise.
type twoEnds struct {
	p         stages
	metric    metric
	rows      int
	out       []float64 // [rows×out]
	w, end, y []float64 // [n]
}

func newTwoEnds(pl *player) *twoEnds {
	n := pl.net.Params()
	return &twoEnds{pl.p, pl.metric, pl.rows, make([]float64, pl.rows*pl.net.Out()), make([]float64, n), make([]float64, n), make([]float64, n)}
}

func (t *twoEnds) apply(y, params []float64, s float64) {
	t.metric.apply(t.w, params, y)
	for i, p := range params {
		t.end[i] = p + s*y[i]
	}
	t.p.forward(t.out, t.end, t.p.inputs(), t.rows)
	t.metric.factor(t.end, nil)
	t.metric.solve(t.y, t.end, t.w)
	for i, end := range t.y {
		y[i] = (y[i] + end) / 2
	}
}
