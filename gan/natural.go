package gan

import "fmt"

// A metric is what a natural direction, metric noise and path densities need of F(params),
// symmetric and positive, of one player's network on the rows of a forward pass. The calls
// follow that pass; direction, solve, sample and logDet follow factor too. If the
// factorisation failed (non-finite parameters, λ below rounding) they write NaN.
type metric interface {
	// normals is the length of sample's inputs.
	normals() int
	// factor takes the derivatives c[rows×out] of the batch loss by the outputs, too, on which
	// some metrics depend; it may leave no cotangents.
	factor(params, c []float64)
	// direction writes F⁻¹Jᵀc for c[rows×out], the derivatives of a loss by the outputs.
	direction(dst, params, c []float64)
	// solve writes F⁻¹v for any v; it needs tangents enabled. dst may be v.
	solve(dst, params, v []float64)
	// sample writes F^{-1/2}-coloured normals: of covariance F⁻¹, linear in xi.
	sample(dst, params, xi []float64)
	// norm returns vᵀFv and apply writes Fv; both need tangents enabled; factor only a
	// lossMetric.
	norm(params, v []float64) float64
	apply(dst, params, v []float64)
	logDet() float64
}

// A lossMetric is a metric whose F depends on the loss, F = JᵀWJ/N + λI: all its calls follow
// factor.
type lossMetric interface {
	metric
	// weigh writes W[m×m], the m = rows·out rows of J ordered as outputs are. It is for checks.
	weigh(w []float64)
}

func ofLoss(m metric) bool {
	_, ok := m.(lossMetric)
	return ok
}

// A metricEntry is a line of the catalogue of metrics. build returns the metric of the
// network of which p is the pass, on batches of rows rows, with damping λ; it refuses, with
// the reason, a player or network that it is not for.
type metricEntry struct {
	name, doc string
	build     func(pl *player, rows int, lambda float64) (metric, error)
}

var metrics = []metricEntry{
	{"l2", "JᵀJ/N + λI, the pull-back of the L² distance of the outputs (the listing's)", newL2},
	{"otto", "JᵀPJ/B + λI, P the projection on gradient fields: the pull-back of Otto's metric, of a generator", newOtto},
	{"fisher", "Σ g_i g_iᵀ/N + λI, the empirical Fisher matrix of the player's loss", newFisher},
}

// Metrics returns the names and documentation of the metrics that a Direction may name.
func Metrics() (names, docs []string) {
	for _, e := range metrics {
		names, docs = append(names, e.name), append(docs, e.doc)
	}
	return names, docs
}

// newMetric builds the metric that a natural direction names.
func newMetric(pl *player, rows int) (metric, error) {
	d := pl.opt.Direction
	e, err := d.entry()
	if err != nil {
		return nil, err
	}
	m, err := e.build(pl, rows, d.Damping)
	if err != nil {
		return nil, fmt.Errorf("gan: metric %q of the %s: %w", e.name, pl.name, err)
	}
	if d.Precision == "float32" {
		l2, ok := m.(*l2Metric)
		if !ok {
			return nil, fmt.Errorf("gan: precision \"float32\" of the %s: allowed with the metric l2 of a perceptron; use \"float64\"", pl.name)
		}
		l2.single = newSingle32(l2.size())
	}
	return m, nil
}

// entry looks the direction's metric up; "" is l2.
func (d Direction) entry() (metricEntry, error) {
	name := d.Metric
	if name == "" {
		name = "l2"
	}
	for _, e := range metrics {
		if e.name == name {
			return e, nil
		}
	}
	return metricEntry{}, fmt.Errorf("gan: metric %q is unknown, allowed are %s", name, names(metrics, func(e metricEntry) string { return e.name }))
}

// newL2 takes the Gram form of a perceptron, else the Jacobian column by column.
func newL2(pl *player, rows int, lambda float64) (metric, error) {
	if p, ok := pl.p.(*pass); ok {
		return newL2Metric(p, rows, lambda), nil
	}
	return newJacobianMetric(pl.p, pl.net, rows, lambda), nil
}
