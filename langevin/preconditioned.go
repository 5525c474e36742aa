package langevin

// preconditioned is the drift of Precondition.
type preconditioned struct {
	drift  Drift
	metric Metric
}

// Precondition returns the drift G(q)f(q) of natural gradient descent, G = F⁻¹, with
// derivatives where both have them. With isotropic noise it makes natural SGLD without metric
// noise: in one dimension its law is exp(∫Gf/T), not e^{−U/T}, and for d ≥ 2 it has no
// potential in general.
func Precondition(f Drift, metric Metric) Drift {
	p := &preconditioned{f, metric}
	d, smooth := f.(DriftDerivative)
	g, known := metric.(MetricDerivative)
	if smooth && known {
		return &smoothPreconditioned{p, d, g, make([]float64, f.Dim()), make([]float64, f.Dim())}
	}
	return p
}

func (p *preconditioned) Dim() int { return p.drift.Dim() }

// Drift writes G(q)f(q).
func (p *preconditioned) Drift(dst, q []float64) {
	p.drift.Drift(dst, q)
	p.metric.At(q)
	p.metric.Solve(dst[:p.Dim()], dst[:p.Dim()])
}

type smoothPreconditioned struct {
	*preconditioned
	f    DriftDerivative
	g    MetricDerivative
	a, b []float64
}

// DriftJVP writes G·Df·v + (∂_vG)f.
func (p *smoothPreconditioned) DriftJVP(dst, q, v []float64) {
	p.f.DriftJVP(p.a, q, v)
	p.g.At(q)
	p.g.Solve(dst[:p.Dim()], p.a)
	p.f.Drift(p.a, q)
	p.g.SolveJVP(p.b, p.a, v)
	addScaled(dst[:p.Dim()], 1, p.b)
}

// DriftVJP writes Dfᵀ·G·w + ∇(wᵀG f) at fixed f.
func (p *smoothPreconditioned) DriftVJP(dst, q, w []float64) {
	p.g.At(q)
	p.g.Solve(p.a, w)
	p.f.DriftVJP(dst, q, p.a)
	p.f.Drift(p.a, q)
	p.g.SolveVJP(p.b, p.a, w)
	addScaled(dst[:p.Dim()], 1, p.b)
}
