package engine

import (
	"fmt"
	"math"
	"math/rand/v2"

	"machlup/analysis"
	"machlup/internal/record"
	"machlup/internal/rng"
)

// sweepAnalysis analyses one series: points of control parameter and size.
type sweepAnalysis struct {
	cfg         SweepConfig
	name        string // of the series
	observable  record.Column
	energy      bool
	independent bool // draws are replicas
	conjugate   string
	bins, curve int
	src         *rng.Stream
	out         *Output
	ramps       []*rampResult
}

// sizeResult is what was found for one size.
type sizeResult struct {
	size     float64
	points   []pointResult // with statistics, in rising order of control
	bins     analysis.Bins
	multi    *analysis.Multihistogram // nil without
	control  []float64                // of the curve
	curve    []analysis.TransitionStatistics
	ess      []float64 // behind each point of the curve
	barrier  analysis.Estimate
	chiMax   analysis.Estimate
	chiAt    float64 // NaN unknown
	binderLo analysis.Estimate
	dip      analysis.Estimate // of U₄ below the lower of its two ends
	refused  int               // points without statistics
}

type pointResult struct {
	control float64
	stats   analysis.TransitionStatistics
	draws   *sweepPoint
}

// run writes all tables of the series.
func (s *sweepAnalysis) run(sizes []*sweepSize) {
	var results []*sizeResult
	var missing []string
	for _, z := range sizes {
		r, why := s.size(z)
		results, missing = append(results, r), append(missing, why...)
	}
	if len(sizes) == 1 {
		why := "one size: no crossing, no data collapse, no exponent; sweep the size"
		missing = append(missing, why)
		s.out.Table(Crossings).AddAs(s.name, sizes[0].size, nil, nil, nil, nil, nil, "", nil, why)
		s.out.Table(Scaling).AddAs(s.name, "binder", "critical", nil, nil, nil, why)
	}
	crossings, pairs := s.crossings(results)
	s.scaling(results, crossings)
	s.slowing(results)
	s.verdict(results, crossings, pairs, missing)
}

// size analyses the points of one size, and the curve through them.
func (s *sweepAnalysis) size(z *sweepSize) (*sizeResult, []string) {
	nan := analysis.Estimate{Value: math.NaN(), StdErr: math.NaN()}
	r := &sizeResult{size: z.size, barrier: nan, chiMax: nan, binderLo: nan, dip: nan, chiAt: math.NaN()}
	var missing []string
	var all [][]float64
	for _, p := range z.points {
		all = append(all, p.m...)
	}
	r.bins = analysis.OrderBins(all, s.bins)
	for _, p := range z.points {
		stats, err := s.point(z.size, p)
		if err != nil {
			r.refused++
			missing = append(missing, fmt.Sprintf("size %v, control %v: %v", z.size, p.control, err))
		} else {
			r.points = append(r.points, pointResult{p.control, stats, p})
			s.law(z.size, p, r.bins, stats.Tau.Tau)
		}
	}
	if err := s.reweight(r, len(z.points)); err != nil {
		missing = append(missing, fmt.Sprintf("size %v, curve: %v", z.size, err))
		s.out.Table(Reweighted).AddAs(s.name, z.size, nil, "chi", nil, nil, nil, err.Error())
	}
	if why := s.extremes(r); why != "" {
		missing = append(missing, fmt.Sprintf("size %v: %s", z.size, why))
		s.out.Table(Summary).AddAs(s.name, fmt.Sprintf("chi_max, size %v", z.size), nil, nil, nil, nil, "1", why)
	}
	return r, missing
}

// norms at a value of the control parameter.
func (s *sweepAnalysis) norms(size, control float64) analysis.TransitionNorms {
	n := analysis.TransitionNorms{Chi: s.cfg.norm(size), Heat: math.NaN()}
	switch s.conjugate {
	case "beta":
		n.Heat = control * control / size
	case "temperature":
		n.Heat = 1 / (control * control * size)
	}
	return n
}

// point writes the statistics of a sweep point.
func (s *sweepAnalysis) point(size float64, p *sweepPoint) (analysis.TransitionStatistics, error) {
	norms := s.norms(size, p.control)
	heat := s.energy && norms.Heat == norms.Heat
	if !heat {
		norms.Heat = 1
	}
	draws := analysis.TransitionDraws{M: p.m, E: p.e, Independent: s.independent, Symmetric: s.cfg.Symmetric}
	stats, err := analysis.Transition(draws, norms)
	status := "ok"
	if p.diverged > 0 {
		status = fmt.Sprintf("ok; %d diverged tasks left out", p.diverged)
		if len(p.m) == 0 {
			err = fmt.Errorf("every trajectory diverged")
		}
	}
	if err != nil {
		status = err.Error()
	}
	table, phases := s.out.Table(Transition), s.out.Table(Phase)
	for q, name := range analysis.TransitionNames {
		absent := q == analysis.OrderMean && s.cfg.Symmetric || q == analysis.EnergyMean && !s.energy || q == analysis.EnergyHeat && !heat
		if absent {
			continue
		}
		norm := math.NaN()
		switch q {
		case analysis.OrderChi:
			norm = norms.Chi
		case analysis.EnergyHeat:
			norm = norms.Heat
		}
		if err != nil {
			table.AddAs(p.label, s.name, size, p.control, name, nil, nil, norm, nil, nil, stats.RHat, len(p.m), nil, status)
			continue
		}
		v := stats.Value[q]
		table.AddAs(p.label, s.name, size, p.control, name, v.Value, v.StdErr, norm, stats.Tau.Tau, stats.Tau.ESS, stats.RHat, len(p.m), stats.Blocks, status)
		if !s.independent { // the estimator of replicas writes its own
			phases.AddAs(p.label, size, name, v.Value, v.StdErr, stats.Tau.Tau, stats.Tau.ESS, stats.RHat)
		}
	}
	if err == nil {
		s.covariance(size, p, stats)
	}
	return stats, err
}

func (s *sweepAnalysis) covariance(size float64, p *sweepPoint, stats analysis.TransitionStatistics) {
	n := len(analysis.TransitionNames)
	for i, a := range analysis.TransitionNames {
		for j, b := range analysis.TransitionNames[:i] {
			if c := stats.Cov[i*n+j]; c != 0 {
				s.out.Table(TransitionCovariance).AddAs(p.label, s.name, size, p.control, b, a, c, stats.Correlation(i, j))
			}
		}
	}
}

// law writes P(m) at a sweep point.
func (s *sweepAnalysis) law(size float64, p *sweepPoint, bins analysis.Bins, tau float64) {
	s.writeLaw(p.label, size, p.control, analysis.NewOrderLaw(p.m, tau, bins), "points")
}

func (s *sweepAnalysis) writeLaw(label string, size, control float64, law analysis.OrderLaw, method string) {
	for i := range law.P {
		lo, hi := law.Edges(i)
		neg, density := law.NegLog(i), law.Density(i)
		s.out.Table(OrderLawTable).AddAs(label, s.name, size, control, lo+s.cfg.Offset, hi+s.cfg.Offset, density.Value, density.StdErr, neg.Value, neg.StdErr, method)
	}
}

// reweight makes the curve of a size from its points.
func (s *sweepAnalysis) reweight(r *sizeResult, points int) error {
	switch {
	case points < 2:
		return fmt.Errorf("one point of the control parameter makes no curve: sweep it")
	case s.conjugate == "none":
		return nil // said once, in the verdict
	case len(r.points) < points:
		return fmt.Errorf("%d of %d points have no statistics, and a curve through the others would hide it", points-len(r.points), points)
	}
	f := func(control float64) float64 { return control }
	if s.conjugate == "temperature" {
		f = func(control float64) float64 { return 1 / control }
	}
	var ensembles []analysis.SweptEnsemble
	for _, p := range r.points {
		ensembles = append(ensembles, analysis.SweptEnsemble{Control: p.control, M: p.draws.m, E: p.draws.e, Tau: p.stats.Tau.Tau})
	}
	multi, err := analysis.NewMultihistogram(ensembles, f)
	if err != nil {
		return err
	}
	if err := s.consistent(r, multi); err != nil {
		return err
	}
	r.multi = multi
	lo, hi := multi.Range()
	for i := range s.curve {
		control := between(lo, hi, i, s.curve)
		stats, ess, err := multi.At(control, s.norms(r.size, control))
		if err != nil {
			s.out.Table(Reweighted).AddAs(s.name, r.size, control, "chi", nil, nil, ess, err.Error())
			continue
		}
		r.control, r.curve, r.ess = append(r.control, control), append(r.curve, stats), append(r.ess, ess)
		for q, name := range analysis.TransitionNames {
			if q == analysis.OrderMean && s.cfg.Symmetric {
				continue
			}
			s.out.Table(Reweighted).AddAs(s.name, r.size, control, name, stats.Value[q].Value, stats.Value[q].StdErr, ess, "ok")
		}
		z := multi.LogZ(control)
		s.out.Table(Reweighted).AddAs(s.name, r.size, control, "log_z", z.Value, z.StdErr, ess, "ok")
	}
	return nil
}

// missed is how many of its errors a point may lie off the curve through all points: they share draws, so
// it lies off by less than its error alone.
const missed = 6

// consistent refuses a curve that misses the points it was made of, as it does where the control
// parameter does not multiply the energy that was named.
func (s *sweepAnalysis) consistent(r *sizeResult, multi *analysis.Multihistogram) error {
	for _, p := range r.points {
		curve, _, err := multi.At(p.control, s.norms(r.size, p.control))
		if err != nil {
			continue // said where the curve is written
		}
		for _, q := range []int{analysis.EnergyMean, analysis.OrderAbs} {
			own, all := p.stats.Value[q], curve.Value[q]
			if z := (all.Value - own.Value) / own.StdErr; math.Abs(z) > missed {
				return fmt.Errorf("reweighted to control = %v, %s is %.6g, %.1f errors off the %.6g drawn there: the law is not e^{−%s·energy} of the energy named",
					p.control, analysis.TransitionNames[q], all.Value, z, own.Value, map[string]string{"beta": "control", "temperature": "1/control"}[s.conjugate])
			}
		}
	}
	return nil
}

// values are a quantity along the curve, or at the points where there is none.
func (r *sizeResult) values(q int) (control []float64, v []analysis.Estimate, smooth bool) {
	if len(r.curve) > 1 {
		for i, c := range r.curve {
			control, v = append(control, r.control[i]), append(v, c.Value[q])
		}
		return control, v, true
	}
	for _, p := range r.points {
		control, v = append(control, p.control), append(v, p.stats.Value[q])
	}
	return control, v, false
}

// extremes finds the largest χ and the least U₄, and the barrier of −log P(m) where χ is largest.
// It tells why they are not known.
func (s *sweepAnalysis) extremes(r *sizeResult) string {
	control, chi, smooth := r.values(analysis.OrderChi)
	if len(chi) < 3 {
		return "fewer than three points have statistics: no maximum of χ"
	}
	top := largest(chi, 1)
	_, binder, _ := r.values(analysis.OrderBinder)
	low, end := largest(binder, -1), binder[0]
	if last := binder[len(binder)-1]; last.Value < end.Value {
		end = last
	}
	r.binderLo = binder[low]
	if smooth && low > 0 && low < len(binder)-1 {
		_, r.binderLo = s.refine(r, low, analysis.OrderBinder, -1)
	}
	r.dip = analysis.Estimate{Value: end.Value - r.binderLo.Value, StdErr: math.Hypot(end.StdErr, r.binderLo.StdErr)}
	if top == 0 || top == len(chi)-1 {
		return fmt.Sprintf("χ is largest at the end %.6g of the sweep, so its maximum was not seen: widen the sweep", control[top])
	}
	r.chiMax, r.chiAt = chi[top], control[top]
	var law analysis.OrderLaw
	if smooth {
		r.chiAt, r.chiMax = s.refine(r, top, analysis.OrderChi, 1)
		law = r.multi.Law(r.chiAt, r.bins)
		s.writeLaw(s.name, r.size, r.chiAt, law, "reweighted")
	} else {
		p := r.points[top]
		law = analysis.NewOrderLaw(p.draws.m, p.stats.Tau.Tau, r.bins)
	}
	r.barrier = law.Barrier()
	sum := s.out.Table(Summary)
	sum.AddAs(s.name, fmt.Sprintf("chi_max, size %v", r.size), r.chiMax.Value, r.chiMax.StdErr, nil, nil, "1", fmt.Sprintf("ok; at control = %.6g, N_χ = %v", r.chiAt, s.cfg.norm(r.size)))
	sum.AddAs(s.name, fmt.Sprintf("barrier at chi_max, size %v", r.size), r.barrier.Value, r.barrier.StdErr, nil, nil, "nat", "ok; noise alone gives about its error")
	return ""
}

// largest is the index of the largest value times sign.
func largest(v []analysis.Estimate, sign float64) (top int) {
	for i := range v {
		if sign*v[i].Value > sign*v[top].Value {
			top = i
		}
	}
	return top
}

// refine looks for the largest sign·quantity q between the neighbours of point i of the curve, on
// grids ever finer: the curve's own would cut off a peak, the more so the larger the size.
func (s *sweepAnalysis) refine(r *sizeResult, i, q int, sign float64) (at float64, v analysis.Estimate) {
	const rounds, points = 3, 5
	at, v = r.control[i], r.curve[i].Value[q]
	lo, hi := r.control[i-1], r.control[i+1]
	for range rounds {
		for k := range points {
			x := between(lo, hi, k, points)
			stats, _, err := r.multi.At(x, s.norms(r.size, x))
			if err == nil && sign*stats.Value[q].Value > sign*v.Value {
				at, v = x, stats.Value[q]
			}
		}
		h := (hi - lo) / (points - 1)
		lo, hi = math.Max(lo, at-h), math.Min(hi, at+h)
	}
	return at, v
}

// crossings compares neighbouring sizes.
func (s *sweepAnalysis) crossings(results []*sizeResult) (found []analysis.Crossed, pairs int) {
	table, sum := s.out.Table(Crossings), s.out.Table(Summary)
	for i := 0; i+1 < len(results); i++ {
		a, b := results[i], results[i+1]
		c := s.cross(a, b)
		if c.known {
			pairs++
		}
		if c.err != nil {
			table.AddAs(s.name, a.size, b.size, nil, nil, nil, nil, c.method, nil, c.err.Error())
			continue
		}
		found = append(found, c.Crossed)
		table.AddAs(s.name, a.size, b.size, c.At.Value, c.At.StdErr, c.Value.Value, c.Value.StdErr, c.method, c.ess, "ok")
		sum.AddAs(s.name, fmt.Sprintf("binder crossing, sizes %v and %v", a.size, b.size), c.At.Value, c.At.StdErr, nil, nil, "control", "ok")
	}
	if n := len(found); n > 1 {
		sum.AddAs(s.name, "drift of the binder crossing", found[n-1].At.Value-found[0].At.Value, found[0].At.StdErr+found[n-1].At.StdErr, nil, nil, "control",
			"ok; largest pair minus smallest, errors added up: pairs share sizes")
	}
	return found, pairs
}

// A pairCrossing is what was found of two sizes.
type pairCrossing struct {
	analysis.Crossed
	method string
	known  bool // whether they cross
	ess    float64
	err    error
}

// decide says whether it is known that the curves cross, or that they do not.
func (c *pairCrossing) decide(x []float64, a, b []analysis.Estimate) {
	c.known = c.err == nil
	if !c.known && analysis.Uncrossed(a, b) {
		c.known, c.err = true, fmt.Errorf("they do not cross from %.6g to %.6g: one lies above the other, or both are the same", x[0], x[len(x)-1])
	}
}

// cross finds the crossing of two sizes: of their curves, or of the points that they share.
func (s *sweepAnalysis) cross(a, b *sizeResult) pairCrossing {
	xa, va, smoothA := a.values(analysis.OrderBinder)
	xb, vb, smoothB := b.values(analysis.OrderBinder)
	c := pairCrossing{method: "points", ess: math.NaN()}
	if smoothA && smoothB {
		return s.crossCurves(a, b)
	}
	if smoothA != smoothB {
		c.err = fmt.Errorf("one of the sizes has no reweighted curve")
		return c
	}
	var x []float64
	var ya, yb []analysis.Estimate
	for i, j := 0, 0; i < len(xa) && j < len(xb); {
		switch {
		case xa[i] < xb[j]:
			i++
		case xa[i] > xb[j]:
			j++
		default:
			x, ya, yb = append(x, xa[i]), append(ya, va[i]), append(yb, vb[j])
			i, j = i+1, j+1
		}
	}
	if len(x) < 2 {
		c.err = fmt.Errorf("the two sizes have %d values of the control parameter in common: two are needed", len(x))
		return c
	}
	c.Crossed, c.err = analysis.Crossing(x, ya, yb, false)
	c.decide(x, ya, yb)
	return c
}

// crossCurves finds the crossing of two reweighted curves over their common range, then once
// more on a fine grid around it.
func (s *sweepAnalysis) crossCurves(a, b *sizeResult) pairCrossing {
	c := pairCrossing{method: "reweighted"}
	alo, ahi := a.multi.Range()
	blo, bhi := b.multi.Range()
	lo, hi := math.Max(alo, blo), math.Min(ahi, bhi)
	if !(lo < hi) {
		c.err = fmt.Errorf("the sweeps of the two sizes do not overlap")
		return c
	}
	var x []float64
	var ya, yb []analysis.Estimate
	curves := func(lo, hi float64, n int) error {
		x, ya, yb, c.ess = nil, nil, nil, math.Inf(1)
		for i := range n {
			control := between(lo, hi, i, n)
			sa, na, err := s.at(a, control, i)
			if err != nil {
				return err
			}
			sb, nb, err := s.at(b, control, i)
			if err != nil {
				return err
			}
			c.ess = math.Min(c.ess, math.Min(na, nb))
			x, ya, yb = append(x, control), append(ya, sa.Value[analysis.OrderBinder]), append(yb, sb.Value[analysis.OrderBinder])
		}
		return nil
	}
	if c.err = curves(lo, hi, s.curve); c.err != nil {
		return c
	}
	c.Crossed, c.err = analysis.Crossing(x, ya, yb, true)
	if c.decide(x, ya, yb); c.err != nil {
		return c
	}
	if c.err = curves(c.Lo, c.Hi, 5); c.err == nil {
		c.Crossed = analysis.CrossingWithin(x, ya, yb, true)
	}
	return c
}

// at are the statistics of a size at a value of the control parameter: those of point i of its curve
// where that is the value.
func (s *sweepAnalysis) at(r *sizeResult, control float64, i int) (analysis.TransitionStatistics, float64, error) {
	if i < len(r.control) && r.control[i] == control {
		return r.curve[i], r.ess[i], nil
	}
	return r.multi.At(control, s.norms(r.size, control))
}

// between is point i of n from lo to hi, both included.
func between(lo, hi float64, i, n int) float64 {
	if i == n-1 {
		return hi
	}
	return lo + (hi-lo)*float64(i)/float64(n-1)
}

// scaling collapses U₄, ⟨|m|⟩ and χ.
func (s *sweepAnalysis) scaling(results []*sizeResult, crossings []analysis.Crossed) {
	if len(results) < 2 {
		return
	}
	start := [3]float64{math.NaN(), 0.5, 0}
	for _, r := range results {
		if r.chiAt == r.chiAt {
			start[0] = r.chiAt
		}
	}
	if n := len(crossings); n > 0 {
		start[0] = crossings[n-1].At.Value
	}
	table := s.out.Table(Scaling)
	if start[0] != start[0] {
		table.AddAs(s.name, "binder", "critical", nil, nil, nil, "neither a crossing of U₄ nor a maximum of χ to start the fit from")
		return
	}
	chiStart := 0.5
	if s.cfg.ChiNorm == "size" {
		chiStart = -0.5
	}
	for _, q := range []struct {
		index int
		b     float64
		free  bool
	}{{analysis.OrderBinder, 0, false}, {analysis.OrderAbs, 0.25, true}, {analysis.OrderChi, chiStart, true}} {
		name := analysis.TransitionNames[q.index]
		var curves []analysis.SizedCurve
		for _, r := range results {
			c := analysis.SizedCurve{Size: r.size}
			for _, p := range r.points {
				c.X, c.Y = append(c.X, p.control), append(c.Y, p.stats.Value[q.index])
			}
			if len(c.X) > 1 {
				curves = append(curves, c)
			}
		}
		start[2] = q.b
		fit, held, err := analysis.CorrectedCollapse(curves, start, [3]bool{true, true, q.free}, s.cfg.Window, s.cfg.Decay, s.cfg.Resamples, func(part string) rand.Source { return s.src.Split(name + " " + part) })
		if err != nil {
			s.refuseCollapse(name, fit, q.free, err)
			continue
		}
		s.writeCollapse(name, curves, fit, q.free, held)
	}
}

// refuseCollapse gives no number but S, where there was a fit.
func (s *sweepAnalysis) refuseCollapse(name string, fit analysis.Collapse, free bool, err error) {
	table := s.out.Table(Scaling)
	table.AddAs(s.name, name, "critical", nil, nil, nil, err.Error())
	if fit.A.StdErr == 0 {
		return
	}
	table.AddAs(s.name, name, "a", nil, nil, nil, err.Error())
	if free {
		table.AddAs(s.name, name, "b", nil, nil, nil, err.Error())
	}
	table.AddAs(s.name, name, "quality", fit.S, nil, nil, fmt.Sprintf("%s; over %d of %d points", err, fit.Terms, fit.Points))
}

func (s *sweepAnalysis) writeCollapse(name string, curves []analysis.SizedCurve, fit analysis.Collapse, free bool, held string) {
	status := "ok; " + held
	if fit.S > 3 {
		status = fmt.Sprintf("S = %.2g: the curves do not collapse within their errors: narrow collapse_window or use larger sizes; %s", fit.S, held)
	}
	table := s.out.Table(Scaling)
	table.AddAs(s.name, name, "critical", fit.Critical.Value, fit.Critical.StdErr, s.cfg.Resamples, status)
	table.AddAs(s.name, name, "a", fit.A.Value, fit.A.StdErr, s.cfg.Resamples, status)
	if free {
		table.AddAs(s.name, name, "b", fit.B.Value, fit.B.StdErr, s.cfg.Resamples, status)
	} else {
		table.AddAs(s.name, name, "b", fit.B.Value, nil, nil, "fixed")
	}
	table.AddAs(s.name, name, "quality", fit.S, nil, nil, fmt.Sprintf("%s; over %d of %d points", status, fit.Terms, fit.Points))
	for _, c := range curves {
		sa, sb := math.Pow(c.Size, fit.A.Value), math.Pow(c.Size, fit.B.Value)
		for i, x := range c.X {
			x, used := (x-fit.Critical.Value)*sa, 1
			if s.cfg.Window > 0 && math.Abs(x) > s.cfg.Window {
				used = 0
			}
			s.out.Table(ScalingPoints).AddAs(s.name, name, c.Size, c.X[i], x, c.Y[i].Value*sb, c.Y[i].StdErr*sb, used)
		}
	}
}

// slowing fits the largest τ of each size by a power of the size: the dynamic exponent z, per
// power of the size. Points are refused where chains are slow, so a size with one has no largest τ.
func (s *sweepAnalysis) slowing(results []*sizeResult) {
	if s.independent {
		return
	}
	sum := s.out.Table(Summary)
	var sizes []float64
	var tau []analysis.Estimate
	refused := ""
	for _, r := range results {
		if r.refused > 0 {
			why := fmt.Sprintf("size %v: without statistics %d of %d points, perhaps the slowest: transition.csv says why", r.size, r.refused, r.refused+len(r.points))
			if refused == "" {
				refused = why
			}
			sum.AddAs(s.name, fmt.Sprintf("largest tau_int, size %v", r.size), nil, nil, nil, nil, "draw", why)
			continue
		}
		best := analysis.Estimate{}
		for _, p := range r.points {
			if t := p.stats.Tau; t.Tau > best.Value {
				best = analysis.Estimate{Value: t.Tau, StdErr: t.TauErr}
			}
		}
		if best.Value > 0 {
			sizes, tau = append(sizes, r.size), append(tau, best)
			sum.AddAs(s.name, fmt.Sprintf("largest tau_int, size %v", r.size), best.Value, best.StdErr, nil, nil, "draw", "ok; the error leaves out that it is the largest of several")
		}
	}
	if refused != "" {
		sum.AddAs(s.name, "slowing exponent", nil, nil, nil, nil, "1", refused)
		return
	}
	if len(sizes) < 2 {
		return
	}
	l, err := analysis.PowerLaw(sizes, tau)
	if err != nil {
		sum.AddAs(s.name, "slowing exponent", nil, nil, nil, nil, "1", err.Error())
		return
	}
	status := "ok; largest τ ∼ size^x"
	if len(sizes) > 2 && l.P < 1e-3 {
		status = fmt.Sprintf("largest τ ∼ size^x does not fit (p = %.1g)", l.P)
	}
	sum.AddAs(s.name, "slowing exponent", l.Slope.Value, l.Slope.StdErr, nil, nil, "1", status)
}

// verdict weighs what was found.
func (s *sweepAnalysis) verdict(results []*sizeResult, crossings []analysis.Crossed, pairs int, missing []string) {
	if s.conjugate == "none" {
		missing = append(missing, "the control parameter is not known to enter the law as e^{−βE}: no reweighting, so maxima and crossings are those of the sweep points")
	}
	e := analysis.Evidence{Crossings: crossings, Pairs: pairs, Missing: missing}
	for _, r := range results {
		chi := r.chiMax
		if s.cfg.ChiNorm == "one" {
			chi.Value, chi.StdErr = chi.Value*r.size, chi.StdErr*r.size
		}
		e.Sizes, e.ChiMax, e.Barrier = append(e.Sizes, r.size), append(e.ChiMax, chi), append(e.Barrier, r.barrier)
		e.BinderMin, e.BinderDip = append(e.BinderMin, r.binderLo), append(e.BinderDip, r.dip)
	}
	var largest *rampResult
	for _, r := range s.ramps {
		if r.Observable != "" && r.Observable != s.observable.Name {
			continue // a loop of something else is no evidence about m
		}
		if r.Slowest != nil && (largest == nil || r.Size > largest.Size) {
			largest = r
		}
	}
	if largest != nil {
		e.SlowArea, e.AreaExponent = largest.Slowest, largest.Exponent
	}
	v, clues := analysis.Judge(e)
	table := s.out.Table(VerdictTable)
	for _, c := range clues {
		table.AddAs(s.name, c.Name, c.Estimate.Value, c.Estimate.StdErr, string(c.Supports), string(c.Against), c.Text)
	}
	text := fmt.Sprintf("%s is %s over the sizes and values swept; a system of fixed size has no singularity", s.observable.Name, v)
	switch v {
	case analysis.Crossover:
		text = fmt.Sprintf("%s has a crossover and no transition over the sizes and values swept", s.observable.Name)
	case analysis.Undecided:
		text = fmt.Sprintf("%s: the evidence does not decide", s.observable.Name)
	}
	table.AddAs(s.name, "verdict", nil, nil, string(v), "", text)
	s.out.Table(Summary).AddAs(s.name, "verdict", nil, nil, nil, nil, "", text)
}
