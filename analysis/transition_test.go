package analysis

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

// curieWeiss is the exact law of M of N spins with E = −M²/2N at β.
type curieWeiss struct {
	n    int
	m    []float64
	beta float64
	cdf  []float64
	mom  [6]float64 // ⟨m⟩, ⟨|m|⟩, ⟨m²⟩, ⟨m⁴⟩, ⟨E⟩, ⟨E²⟩
	logZ float64
}

func newCurieWeiss(n int, beta float64) *curieWeiss {
	c := &curieWeiss{n: n, beta: beta}
	var w []float64
	z, top := 0.0, math.Inf(-1)
	full, _ := math.Lgamma(float64(n + 1))
	for up := 0; up <= n; up++ {
		a, _ := math.Lgamma(float64(up + 1))
		b, _ := math.Lgamma(float64(n - up + 1))
		m := float64(2*up-n) / float64(n)
		c.m, w = append(c.m, m), append(w, full-a-b+beta*float64(n)*m*m/2)
		top = math.Max(top, w[up])
	}
	for i := range w {
		w[i] = math.Exp(w[i] - top)
		z += w[i]
	}
	c.logZ = top + math.Log(z)
	sum := 0.0
	for i, v := range w {
		m, e := c.m[i], -float64(n)*c.m[i]*c.m[i]/2
		for q, x := range []float64{m, math.Abs(m), m * m, m * m * m * m, e, e * e} {
			c.mom[q] += v / z * x
		}
		sum += v / z
		c.cdf = append(c.cdf, sum)
	}
	return c
}

// exact are the statistics with N_χ = N and N_C = β²/N.
func (c *curieWeiss) exact() []float64 {
	v := make([]float64, transitionQuantities)
	transitionOf(v, c.mom[:], c.norms())
	return v
}

func (c *curieWeiss) norms() TransitionNorms {
	return TransitionNorms{Chi: float64(c.n), Heat: c.beta * c.beta / float64(c.n)}
}

// chain draws m that stays with probability keep: τ = ½ + keep/(1−keep), exactly.
func (c *curieWeiss) chain(rng *rand.Rand, n int, keep float64) (m, e []float64) {
	last := math.NaN()
	for range n {
		if !(rng.Float64() < keep) || last != last {
			last = c.m[min(sort.SearchFloat64s(c.cdf, rng.Float64()), c.n)]
		}
		m, e = append(m, last), append(e, -float64(c.n)*last*last/2)
	}
	return m, e
}

func (c *curieWeiss) draws(rng *rand.Rand, chains, n int, keep float64) TransitionDraws {
	var d TransitionDraws
	for range chains {
		m, e := c.chain(rng, n, keep)
		d.M, d.E = append(d.M, m), append(d.E, e)
	}
	return d
}

// spread is the standard deviation of pulls about 0.
func spread(pulls []float64) float64 {
	s := 0.0
	for _, p := range pulls {
		s += p * p
	}
	return math.Sqrt(s / float64(len(pulls)))
}

// TestTransitionPulls: over 240 repeats of correlated chains (τ = 2) of Curie–Weiss at its
// critical point the pulls of every statistic have a standard deviation in [0.85, 1.15].
func TestTransitionPulls(t *testing.T) {
	c := newCurieWeiss(50, 1)
	want := c.exact()
	rng := rand.New(rand.NewPCG(81, 1))
	pulls := make([][]float64, transitionQuantities)
	refused := 0
	for range 240 {
		s, err := Transition(c.draws(rng, 2, 2500, 0.6), c.norms())
		if err != nil { // by chance: Geweke's z has wider tails than a Gaussian
			if refused++; refused > 4 {
				t.Fatal(err)
			}
			continue
		}
		for i, v := range s.Value {
			pulls[i] = append(pulls[i], (v.Value-want[i])/v.StdErr)
		}
	}
	for i, p := range pulls {
		if s := spread(p); s < 0.85 || s > 1.15 {
			t.Errorf("pulls of %s have standard deviation %.3f", TransitionNames[i], s)
		}
	}
}

// TestTransitionCovariance: the covariance of the errors of χ and U₄ is that of the estimates
// over repeats.
func TestTransitionCovariance(t *testing.T) {
	c := newCurieWeiss(50, 1)
	rng := rand.New(rand.NewPCG(82, 1))
	var chi, u []float64
	claimed := 0.0
	const repeats = 300
	for range repeats {
		d := c.draws(rng, 1, 1500, 0)
		d.Independent = true
		s, err := Transition(d, c.norms())
		if err != nil {
			t.Fatal(err)
		}
		chi, u = append(chi, s.Value[OrderChi].Value), append(u, s.Value[OrderBinder].Value)
		claimed += s.Correlation(OrderChi, OrderBinder) / repeats
	}
	mx, vx := meanVar(chi)
	my, vy := meanVar(u)
	seen := 0.0
	for i := range chi {
		seen += (chi[i] - mx) * (u[i] - my) / (repeats - 1) / math.Sqrt(vx*vy)
	}
	if math.Abs(seen-claimed) > 4*(1-seen*seen)/math.Sqrt(repeats) || math.Abs(seen) < 0.1 {
		t.Errorf("correlation of χ and U₄: %.3f over repeats, %.3f claimed", seen, claimed)
	}
}

// sweep draws ensembles at several β.
func sweepOf(rng *rand.Rand, n int, betas []float64, draws int) []SweptEnsemble {
	var out []SweptEnsemble
	for _, b := range betas {
		d := newCurieWeiss(n, b).draws(rng, 1, draws, 0.5)
		out = append(out, SweptEnsemble{Control: b, M: d.M, E: d.E, Tau: 1.5})
	}
	return out
}

func identity(x float64) float64 { return x }

// TestReweightedPulls: curves between the sampled β against the exact sums over 200 repeats,
// and the crossing of U₄ of two sizes against the exact one.
func TestReweightedPulls(t *testing.T) {
	betas, at := []float64{0.85, 1, 1.15}, 1.05
	small, large := newCurieWeiss(16, at), newCurieWeiss(128, at)
	exactCrossing := crossingOf(16, 128)
	rng := rand.New(rand.NewPCG(83, 1))
	pulls, cross, logZ := make([][]float64, transitionQuantities), []float64{}, []float64{}
	exactZ := large.logZ - newCurieWeiss(128, betas[0]).logZ
	for range 200 {
		a, err := NewMultihistogram(sweepOf(rng, 16, betas, 1200), identity)
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewMultihistogram(sweepOf(rng, 128, betas, 1200), identity)
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := b.At(at, large.norms())
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range s.Value {
			pulls[i] = append(pulls[i], (v.Value-large.exact()[i])/v.StdErr)
		}
		z := b.LogZ(at)
		logZ = append(logZ, (z.Value-exactZ)/z.StdErr)
		var x []float64
		var ua, ub []Estimate
		for i := range 7 {
			beta := math.Min(1.15, 0.85+0.05*float64(i))
			sa, _, errA := a.At(beta, small.norms())
			sb, _, errB := b.At(beta, large.norms())
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			x, ua, ub = append(x, beta), append(ua, sa.Value[OrderBinder]), append(ub, sb.Value[OrderBinder])
		}
		if c, err := Crossing(x, ua, ub, true); err == nil {
			cross = append(cross, (c.At.Value-exactCrossing)/c.At.StdErr)
		}
	}
	for i, p := range pulls {
		if s := spread(p); s < 0.85 || s > 1.15 {
			t.Errorf("pulls of reweighted %s have standard deviation %.3f", TransitionNames[i], s)
		}
	}
	if s := spread(logZ); s < 0.85 || s > 1.15 {
		t.Errorf("pulls of ln Z have standard deviation %.3f", s)
	}
	if s := spread(cross); len(cross) < 198 || s < 0.85 || s > 1.15 {
		t.Errorf("%d crossings, pulls with standard deviation %.3f", len(cross), s)
	}
}

func crossingOf(a, b int) float64 {
	lo, hi := 0.9, 1.3
	for range 60 {
		mid := (lo + hi) / 2
		if newCurieWeiss(a, mid).exact()[OrderBinder] > newCurieWeiss(b, mid).exact()[OrderBinder] {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// TestBinderOfGaussian: U₄ of a Gaussian m is 0.
func TestBinderOfGaussian(t *testing.T) {
	rng := rand.New(rand.NewPCG(84, 1))
	s, err := Transition(TransitionDraws{M: [][]float64{normals(rng, 40000, 0, 0.3)}, Independent: true}, TransitionNorms{Chi: 1, Heat: 1})
	if err != nil {
		t.Fatal(err)
	}
	if u := s.Value[OrderBinder]; math.Abs(u.Value) > 4*u.StdErr || u.StdErr > 0.01 {
		t.Errorf("U₄ of a Gaussian is %v ± %v", u.Value, u.StdErr)
	}
	if v := s.Value[EnergyHeat]; v.Value == v.Value {
		t.Errorf("a heat capacity of %v without an energy", v.Value)
	}
}

func TestTransitionRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(85, 1))
	up, down := normals(rng, 2000, 1, 0.1), normals(rng, 2000, -1, 0.1)
	drift := normals(rng, 2000, 0, 1)
	for i := range drift {
		drift[i] += float64(i) / 500
	}
	for _, c := range []struct {
		name   string
		draws  TransitionDraws
		reason Reason
	}{
		{"opposite starts that stay apart", TransitionDraws{M: [][]float64{up, down}}, NotEquilibrated},
		{"a chain that drifts", TransitionDraws{M: [][]float64{drift}}, NotConverged},
		{"too few draws", TransitionDraws{M: [][]float64{up[:30]}}, NotConverged},
		{"a constant", TransitionDraws{M: [][]float64{make([]float64, 100)}}, Constant},
		{"not a number", TransitionDraws{M: [][]float64{{1, math.NaN(), 2}}, Independent: true}, NotFinite},
		{"two replicas", TransitionDraws{M: [][]float64{{1, 2}}, Independent: true}, TooShort},
	} {
		_, err := Transition(c.draws, TransitionNorms{1, 1})
		r, ok := Refused(err)
		if !ok || r.Reason != c.reason && !(c.reason == NotConverged && (r.Reason == NotEquilibrated || r.Reason == TooShort)) {
			t.Errorf("%s: %v, want %s", c.name, err, c.reason)
		}
	}
	// Of a law even in m opposite starts are the same.
	if _, err := Transition(TransitionDraws{M: [][]float64{up, down}, Symmetric: true}, TransitionNorms{1, 1}); err != nil {
		t.Errorf("a symmetric law from opposite starts: %v", err)
	}
	far := sweepOf(rng, 100, []float64{0.3, 2.5}, 500)
	if _, err := NewMultihistogram(far, identity); err == nil {
		t.Error("ensembles without overlap are reweighted")
	} else if r, ok := Refused(err); !ok || r.Reason != LowOverlap && r.Reason != NotConverged {
		t.Errorf("ensembles without overlap: %v", err)
	}
	if _, err := NewMultihistogram(far[:1], identity); err == nil {
		t.Error("one ensemble is reweighted")
	}
	h, err := NewMultihistogram(sweepOf(rng, 20, []float64{0.9, 1}, 500), identity)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.At(1.1, TransitionNorms{1, 1}); err == nil {
		t.Error("reweighted outside the sampled range")
	}
}

func TestCrossing(t *testing.T) {
	e := func(v ...float64) []Estimate {
		var out []Estimate
		for _, x := range v {
			out = append(out, Estimate{x, 0.1})
		}
		return out
	}
	x := []float64{0, 1, 2, 3}
	c, err := Crossing(x, e(0, 0, 0, 0), e(-2, -1, 1, 2), false)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "crossing", c.At.Value, 1.5, 1e-12)
	near(t, "its error", c.At.StdErr, 0.5*0.1, 1e-12) // (x₂−x₁)/(d₂−d₁) · √(¼+¼) · √2 · 0.1
	near(t, "the value's error", c.Value.StdErr, 0.1*math.Sqrt(0.5), 1e-12)
	for name, b := range map[string][]Estimate{"touching": e(0.15, 0.1, 0.05, -2), "twice": e(-2, 2, -2, -2), "never": e(2, 1, 1, 2)} {
		if _, err := Crossing(x, e(0, 0, 0, 0), b, false); err == nil {
			t.Errorf("%s: a crossing", name)
		}
	}
	if _, err := Crossing(x[:1], e(0), e(1), false); err == nil {
		t.Error("a crossing of one point")
	}
}

// collapseCurves are exact curves of Curie–Weiss around β = 1 with errors, y of index q.
func collapseCurves(q int, relative float64, rng *rand.Rand) []SizedCurve {
	var out []SizedCurve
	for _, n := range []int{3200, 6400, 12800, 25600} {
		c := SizedCurve{Size: float64(n)}
		for i := range 13 {
			beta := 1 + (float64(i)-6)/6*1.5/math.Sqrt(float64(n))
			v := newCurieWeiss(n, beta).exact()[q]
			y := Estimate{v, relative * math.Abs(v)}
			if rng != nil {
				y.Value += y.StdErr * rng.NormFloat64()
			}
			c.X, c.Y = append(c.X, beta), append(c.Y, y)
		}
		out = append(out, c)
	}
	return out
}

// TestCollapseOfCurieWeiss: with the variable N^½(β − 1), U₄ needs no exponent and ⟨m²⟩ N^½. The
// exact curves have corrections of N^−½, smaller than the tolerance.
func TestCollapseOfCurieWeiss(t *testing.T) {
	for _, c := range []struct {
		name string
		q    int
		b    float64
	}{{"U₄", OrderBinder, 0}, {"⟨m²⟩", OrderSquare, 0.5}, {"χ", OrderChi, -0.5}} {
		f, err := DataCollapse(collapseCurves(c.q, 0.01, nil), [3]float64{1.01, 0.4, c.b * 0.8}, [3]bool{true, true, c.b != 0}, 0, 20, rand.NewPCG(86, 1))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		t.Logf("%s: %v", c.name, f)
		if math.Abs(f.Critical.Value-1) > 0.002 || math.Abs(f.A.Value-0.5) > 0.02 || math.Abs(f.B.Value-c.b) > 0.02 || f.S > 0.5 {
			t.Errorf("%s: %v, want critical 1, a ½, b %v", c.name, f, c.b)
		}
	}
	noisy, err := DataCollapse(collapseCurves(OrderBinder, 0.02, rand.New(rand.NewPCG(87, 1))), [3]float64{1.01, 0.4, 0}, [3]bool{true, true, false}, 0, 40, rand.NewPCG(87, 2))
	if err != nil {
		t.Fatal(err)
	}
	if z := (noisy.A.Value - 0.5) / noisy.A.StdErr; math.Abs(z) > 4 || noisy.S < 0.5 || noisy.S > 2 {
		t.Errorf("noisy: %v", noisy)
	}
	far, err := DataCollapse(collapseCurves(OrderSquare, 0.01, nil), [3]float64{1.01, 0.5, -1.5}, [3]bool{true, true, true}, 0, 20, rand.NewPCG(86, 1))
	if err != nil || math.Abs(far.B.Value-0.5) > 0.02 || far.S > 0.5 {
		t.Errorf("from far off: %v %v", far, err)
	}
	wrong := collapseFit{collapseCurves(OrderBinder, 0.01, nil), [3]bool{}, 0, 0}
	if s, _ := wrong.quality([3]float64{1, 1, 0}); s < 20 {
		t.Errorf("S of a wrong exponent is %v", s)
	}
	if _, err := DataCollapse(collapseCurves(OrderBinder, 0.01, nil)[:1], [3]float64{1, 0.5, 0}, [3]bool{true, true, false}, 0, 20, rand.NewPCG(1, 1)); err == nil {
		t.Error("one size collapses")
	}
}

func TestLineFits(t *testing.T) {
	rng := rand.New(rand.NewPCG(88, 1))
	var slope, at []float64
	for range 300 {
		var x, y, s []float64
		for i := range 6 {
			e := 0.1 * float64(1+i%3)
			x, y, s = append(x, float64(i)), append(y, 2-0.7*float64(i)+e*rng.NormFloat64()), append(s, e)
		}
		l, err := FitLine(x, y, s)
		if err != nil {
			t.Fatal(err)
		}
		slope = append(slope, (l.Slope.Value+0.7)/l.Slope.StdErr)
		at = append(at, (l.At(4).Value-(2-2.8))/l.At(4).StdErr)
	}
	for name, p := range map[string][]float64{"slope": slope, "At": at} {
		if s := spread(p); s < 0.85 || s > 1.15 {
			t.Errorf("pulls of the %s: %v", name, s)
		}
	}
	l, err := Arrhenius([]float64{0.5, 1, 2}, []Estimate{{3 * math.Exp(-4), 0.01}, {3 * math.Exp(-2), 0.01}, {3 * math.Exp(-1), 0.01}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "barrier", -l.Slope.Value, 2, 1e-12)
	near(t, "ln A", l.Intercept.Value, math.Log(3), 1e-12)
	if _, err := Arrhenius([]float64{1, 1}, []Estimate{{1, 0.1}, {1, 0.1}}); err == nil {
		t.Error("equal temperatures have a slope")
	}
	if _, err := PowerLaw([]float64{1, 2}, []Estimate{{1, 0.1}, {0.1, 0.1}}); err == nil {
		t.Error("a value within two errors of 0 has a logarithm")
	}
}

// TestOrderLaw: of Curie–Weiss, with bins of whole lattice points, against the exact law; the
// barrier of two phases and its absence in one.
func TestOrderLaw(t *testing.T) {
	rng := rand.New(rand.NewPCG(89, 1))
	for _, beta := range []float64{0.5, 1.3} {
		c := newCurieWeiss(60, beta)
		m, _ := c.chain(rng, 40000, 0)
		bins := OrderBins([][]float64{m}, 20)
		if k := bins.Width / (2.0 / 60); math.Abs(k-math.Round(k)) > 1e-9 {
			t.Fatalf("bins of %v lattice points", k)
		}
		law := NewOrderLaw([][]float64{m}, 0.5, bins)
		want, last := make([]float64, bins.N), 0.0
		for i, v := range c.m {
			if b := bins.Index(v); b >= 0 {
				want[b] += c.cdf[i] - last
			}
			last = c.cdf[i]
		}
		chi := 0.0
		for i := range want {
			chi += (law.P[i] - want[i]) * (law.P[i] - want[i]) / (law.StdErr[i] * law.StdErr[i])
		}
		if chi > float64(bins.N)+4*math.Sqrt(2*float64(bins.N)) {
			t.Errorf("β = %v: χ² = %v for %d bins", beta, chi, bins.N)
		}
		if b := law.Barrier(); (b.Value > 5*b.StdErr) != (beta > 1) {
			t.Errorf("β = %v: barrier %v ± %v", beta, b.Value, b.StdErr)
		}
	}
}

// TestOrderLawIsEven: counts that follow the exact Curie–Weiss law give its density at the middle of
// every bin of whole lattice points, end bins too, even to rounding of the cumulative; whatever is left over of the lattice.
func TestOrderLawIsEven(t *testing.T) {
	for _, n := range []int{61, 64, 65, 66, 100} {
		for _, bins := range []int{7, 20, 30, 200} {
			c := newCurieWeiss(n, 0.2)
			var draws []float64
			for _, m := range c.m {
				for range 9 { // many equal values are what tells a lattice
					draws = append(draws, m)
				}
			}
			law := OrderLaw{Bins: OrderBins([][]float64{draws[9:]}, bins), ESS: 1e5} // −1 not seen
			law.P, law.StdErr = make([]float64, law.N), make([]float64, law.N)
			held, last := make([]float64, law.N), 0.0
			for i, m := range c.m {
				b := law.Index(m)
				if b < 0 {
					t.Fatalf("%d spins: m = %v is in no bin of %+v", n, m, law.Bins)
				}
				law.P[b] += c.cdf[i] - last
				held[b]++
				last = c.cdf[i]
			}
			sum := 0.0
			for i := range law.P {
				lo, hi := law.Edges(i)
				gap := 2 / float64(n)
				if math.Abs((hi-lo)/gap-held[i]) > 1e-6 {
					t.Errorf("%d spins, bin %d of %+v: %v lattice points wide, and holds %v", n, i, law.Bins, (hi-lo)/gap, held[i])
				}
				d := law.Density(i).Value
				sum += d * (hi - lo)
				if far := law.Density(law.N - 1 - i).Value; math.Abs(d-far) > 1e-12+1e-9*d {
					t.Errorf("%d spins: density %v and %v at ±", n, d, far)
				}
				if want := law.P[i] / held[i] / gap; math.Abs(d-want) > 1e-9*want {
					t.Errorf("%d spins: density %v in bin %d, want %v", n, d, i, want)
				}
			}
			near(t, "sum of the density", sum, 1, 1e-9)
			if lo, hi := law.Edges(0); lo < -1-1.01/float64(n) || hi > 1 {
				t.Errorf("%d spins: the first bin is from %v to %v", n, lo, hi)
			}
			if b := law.Barrier().Value; b > 0 {
				t.Errorf("%d spins: barrier %v of one phase", n, b)
			}
		}
	}
}

// TestOrderLawPeaks: a barrier is between densities: a peak in an end bin of half the width has twice
// the height of its counts.
func TestOrderLawPeaks(t *testing.T) {
	law := OrderLaw{Bins: Bins{0, 2, 3, 1}, P: []float64{0.4, 0.2, 0.4}, ESS: 1e6}
	near(t, "barrier", law.Barrier().Value, math.Log(4), 1e-4)
}

// evidenceOf gives values the error e.
func evidenceOf(e float64, v ...float64) []Estimate {
	var out []Estimate
	for _, x := range v {
		out = append(out, Estimate{x, e})
	}
	return out
}

func TestVerdict(t *testing.T) {
	sizes := []float64{100, 200, 400}
	cross := []Crossed{{At: Estimate{1, 0.01}, Value: Estimate{0.3, 0.01}}}
	for want, e := range map[Verdict]Evidence{
		ContinuousLike: {Sizes: sizes, ChiMax: evidenceOf(0.1, 10, 14.1, 20), Barrier: evidenceOf(0.1, 0.3, 0.31, 0.3), BinderMin: evidenceOf(0.01, 0.1, 0.1, 0.1), Crossings: cross, Pairs: 2},
		FirstOrderLike: {Sizes: sizes, ChiMax: evidenceOf(0.1, 10, 20, 40), Barrier: evidenceOf(0.1, 1, 2, 4), BinderMin: evidenceOf(0.05, -0.3, -1, -3), Crossings: cross, Pairs: 2},
		Crossover:      {Sizes: sizes, ChiMax: evidenceOf(0.1, 2, 2.05, 2.02), Barrier: evidenceOf(0.1, 0.1, 0.1, 0), BinderMin: evidenceOf(0.01, 0, 0, 0), Pairs: 2},
		Undecided:      {Sizes: sizes, ChiMax: evidenceOf(5, 10, 14.1, 20), Barrier: evidenceOf(0.1, 0.3, 0.31, 0.3), Crossings: cross, Pairs: 2},
	} {
		if v, clues := Judge(e); v != want {
			t.Errorf("%s, want %s: %+v", v, want, clues)
		}
	}
	one := Evidence{Sizes: sizes[:1], ChiMax: evidenceOf(0.1, 10), Missing: []string{"no energy"}}
	if v, clues := Judge(one); v != Undecided || len(clues) != 2 {
		t.Errorf("one size: %s %+v", v, clues)
	}
}

// TestTransitionByHand: the statistics of few numbers, written out, with N_χ and N_C that are
// not 1; their errors by leaving one out.
func TestTransitionByHand(t *testing.T) {
	m, e := []float64{0.5, -1, 1.5, -0.25, 2}, []float64{1, 3, -2, 0.5, 4}
	const chi, heat = 7.0, 0.3
	s, err := Transition(TransitionDraws{M: [][]float64{m}, E: [][]float64{e}, Independent: true}, TransitionNorms{chi, heat})
	if err != nil {
		t.Fatal(err)
	}
	of := func(skip, q int) float64 {
		var n, abs, m2, m4, e1, e2 float64
		for i, v := range m {
			if i != skip {
				n++
				abs, m2, m4, e1, e2 = abs+math.Abs(v), m2+v*v, m4+v*v*v*v, e1+e[i], e2+e[i]*e[i]
			}
		}
		return map[int]float64{OrderAbs: abs / n, OrderChi: chi * (m2/n - abs*abs/n/n), OrderBinder: 1 - m4*n/(3*m2*m2), EnergyHeat: heat * (e2/n - e1*e1/n/n)}[q]
	}
	for _, q := range []int{OrderAbs, OrderChi, OrderBinder, EnergyHeat} {
		mean, variance := 0.0, 0.0
		for i := range m {
			mean += of(i, q) / 5
		}
		for i := range m {
			variance += (of(i, q) - mean) * (of(i, q) - mean) * 4 / 5
		}
		near(t, TransitionNames[q], s.Value[q].Value, 5*of(-1, q)-4*mean, 1e-12)
		near(t, "error of "+TransitionNames[q], s.Value[q].StdErr, math.Sqrt(variance), 1e-12)
	}
}

// TestTransitionBlocks: the error of ⟨|m|⟩ of a correlated chain is that of the Γ-method.
func TestTransitionBlocks(t *testing.T) {
	c := newCurieWeiss(50, 1)
	d := c.draws(rand.New(rand.NewPCG(90, 1)), 1, 40000, 0.8)
	s, err := Transition(d, c.norms())
	if err != nil {
		t.Fatal(err)
	}
	abs := make([]float64, len(d.M[0]))
	for i, v := range d.M[0] {
		abs[i] = math.Abs(v)
	}
	if want := Autocorrelation(abs).StdErr; math.Abs(s.Value[OrderAbs].StdErr/want-1) > 0.2 {
		t.Errorf("error of ⟨|m|⟩ is %v, by the Γ-method %v", s.Value[OrderAbs].StdErr, want)
	}
}

// TestReweightedErrors: of independent draws they are MBAR's asymptotic ones.
func TestReweightedErrors(t *testing.T) {
	rng := rand.New(rand.NewPCG(91, 1))
	var sweep []SweptEnsemble
	for _, b := range []float64{0.8, 1, 1.2} {
		d := newCurieWeiss(40, b).draws(rng, 1, 6000, 0)
		sweep = append(sweep, SweptEnsemble{Control: b, M: d.M, E: d.E, Tau: 0.5})
	}
	h, err := NewMultihistogram(sweep, identity)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := h.At(0.9, TransitionNorms{1, 1})
	if err != nil {
		t.Fatal(err)
	}
	want, err := h.states.Reweight(h.energies(0.9), h.powers...)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range map[int]int{OrderAbs: 1, OrderSquare: 2, OrderFourth: 3, EnergyMean: 4} {
		near(t, TransitionNames[i], got.Value[i].Value, want.Means[q].Value, 1e-9)
		if r := got.Value[i].StdErr / want.Means[q].StdErr; math.Abs(r-1) > 0.1 {
			t.Errorf("error of %s is %.3f of the asymptotic one", TransitionNames[i], r)
		}
	}
}
