package gan

// The quantities below are for checks and measurements, as Trainer's of the same names. They
// need the quenched batch. The generator is player 1; there is no player 0.

// BatchLoss returns U(x).
func (o *Optimal) BatchLoss(_ int, x []float64) float64 { return o.u.Energy(x[:o.gen.hi]) }

// BatchGradient writes ∇U(x), whatever the optimizer makes of it.
func (o *Optimal) BatchGradient(dst []float64, _ int, x []float64) {
	o.u.Gradient(dst, x[:o.gen.hi])
}

// BatchDirection writes what the optimizer follows at x, by the code a step runs.
func (o *Optimal) BatchDirection(dst []float64, _ int, x []float64) {
	o.direction(x[:o.gen.hi], o.z)
	copy(dst, o.gen.dir)
}

// DenseMetric writes F = JᵀWJ/N + λI at x into dst[n×n], J being that of the samples by x and
// W that of the metric, the identity for l2 and without one.
func (o *Optimal) DenseMetric(dst []float64, _ int, x []float64, lambda float64) {
	f, n, m := o.Fork(), o.gen.hi, o.rows
	f.gen.p.enableTangents()
	jt, along := make([]float64, n*m), make([]float64, n)
	var w []float64
	if lm, ok := f.gen.metric.(lossMetric); ok {
		f.direction(x[:n], o.z)
		w = make([]float64, m*m)
		lm.weigh(w)
	}
	theta := foldInto(o.cfg.Prior, f.theta, f.sign, x[:n])
	f.gen.p.forward(f.y, theta, o.z, m)
	for i := range n {
		along[i] = f.sign[i]
		f.gen.p.tangent(jt[i*m:(i+1)*m], theta, along, nil)
		along[i] = 0
	}
	denseMetric(dst, jt, w, n, m, m, lambda)
}

// BatchMetric returns the damping of the generator's metric; natural = false if it follows
// the gradient itself.
func (o *Optimal) BatchMetric(int) (damping float64, natural bool) {
	d := o.gen.opt.Direction
	return d.Damping, d.Natural
}

// BlockRange is where a player's parameters lie in a configuration: nowhere for player 0.
func (o *Optimal) BlockRange(player int) (lo, hi int) {
	if player == 0 {
		return 0, 0
	}
	return 0, o.gen.hi
}
