package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

func newModes(t *testing.T, dim int, weight, mean, std []float64) *Modes {
	t.Helper()
	m, err := NewModes(dim, weight, mean, std)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// equalModes are modes of equal weight and width.
func equalModes(t *testing.T, dim int, std float64, mean ...float64) *Modes {
	var w, s []float64
	for range len(mean) / dim {
		w, s = append(w, 1), append(s, std)
	}
	return newModes(t, dim, w, mean, s)
}

func ringModes(t *testing.T) *Modes {
	var mean []float64
	for k := range 8 {
		mean = append(mean, math.Cos(math.Pi*float64(k)/4), math.Sin(math.Pi*float64(k)/4))
	}
	return equalModes(t, 2, 0.01, mean...)
}

func gridModes(t *testing.T) *Modes {
	var mean []float64
	for i := -4.0; i <= 4; i += 2 {
		for j := -4.0; j <= 4; j += 2 {
			mean = append(mean, i, j)
		}
	}
	return equalModes(t, 2, 0.05, mean...)
}

// draw draws rows of the mixture.
func (m *Modes) draw(rng *rand.Rand, rows int) []float64 {
	var x []float64
	for range rows {
		u, k := rng.Float64(), 0
		for u > m.weight[k] && k < m.Len()-1 {
			u -= m.weight[k]
			k++
		}
		for _, c := range m.Mean(k) {
			x = append(x, c+m.std[k]*rng.NormFloat64())
		}
	}
	return x
}

// The usual benchmarks at 2 500 samples, a mode counted at one hit: a perfect sampler has
// 98.889 % within 3σ, a uniform box 6.49 of 8 modes at 0.53 % and 23.08 of 25 at 2.57 %.
func TestCalibrationOfRingAndGrid(t *testing.T) {
	const n = 2500
	for _, c := range []struct {
		name         string
		m            *Modes
		side, std    float64
		covered, pct float64 // to recognise them by
	}{{"ring", ringModes(t), 2.06, 0.01, 6.49, 0.53}, {"grid", gridModes(t), 8.3, 0.05, 23.08, 2.57}} {
		k := float64(c.m.Len())
		perfect, err := c.m.Cells(3)
		if err != nil {
			t.Fatal(err)
		}
		s := c.m.ExpectedScores(perfect, n, 1)
		within := 1 - math.Exp(-4.5)
		near(t, c.name+": quality of a perfect sampler", s.Quality, within, 1e-12)
		near(t, c.name+": its modes", s.Covered, k*(1-math.Pow(1-within/k, n)), 1e-12)
		near(t, c.name+": its bias of the reverse KL", s.ReverseKL, (k-1)/2/(n*within), 0.02)
		near(t, c.name+": entropy and reverse KL", s.Entropy+s.ReverseKL, math.Log(k), 1e-12)

		lo, hi := c.m.Extent(3)
		for i := range lo {
			near(t, c.name+": box", hi[i], c.side/2, 1e-12)
			near(t, c.name+": box", lo[i], -c.side/2, 1e-12)
		}
		box, err := c.m.BoxCells(lo, hi, 3)
		if err != nil {
			t.Fatal(err)
		}
		s = c.m.ExpectedScores(box, n, 1)
		a := math.Pi * 9 * c.std * c.std / (c.side * c.side)
		near(t, c.name+": quality of the box", s.Quality, k*a, 1e-12)
		near(t, c.name+": its modes", s.Covered, k*(1-math.Pow(1-a, n)), 1e-11)
		within3 := func(what string, got, want float64) {
			if math.Abs(got-want) > 0.006 {
				t.Errorf("%s: %s of the box is %v, known is %v", c.name, what, got, want)
			}
		}
		within3("modes", s.Covered, c.covered)
		within3("quality", 100*s.Quality, c.pct)
	}
}

// Scores of counts by hand; collapse onto one of two equal modes has JSD ¾ log(4/3).
func TestScores(t *testing.T) {
	two := equalModes(t, 1, 1, -9, 9)
	s := two.Scores([]int{6, 0}, 8, 1)
	want := ModeScores{Covered: 1, Quality: 0.75, Entropy: 0, ReverseKL: math.Ln2, ForwardKL: math.Inf(1), JSD: 0.75 * math.Log(4.0/3)}
	compareScores(t, "collapse", s, want, 1e-14)
	near(t, "collapse", s.JSD, 0.2157617, 1e-6)

	uneven := newModes(t, 1, []float64{3, 1}, []float64{-9, 9}, []float64{1, 1})
	h := func(p float64) float64 { return -p*math.Log(p) - (1-p)*math.Log(1-p) }
	kl := func(p, q float64) float64 { return p*math.Log(p/q) + (1-p)*math.Log((1-p)/(1-q)) }
	want = ModeScores{Covered: 2, Quality: 0.5, Entropy: h(0.4), ReverseKL: kl(0.4, 0.75), ForwardKL: kl(0.75, 0.4), JSD: (kl(0.4, 0.575) + kl(0.75, 0.575)) / 2}
	compareScores(t, "uneven", uneven.Scores([]int{2, 3}, 10, 1), want, 1e-14)
	want.Covered = 1
	compareScores(t, "minimum count", uneven.Scores([]int{2, 3}, 10, 3), want, 1e-14)
	compareScores(t, "exact", uneven.Scores([]int{3, 1}, 4, 1), ModeScores{2, 1, h(0.25), 0, 0, 0}, 1e-14)

	s = two.Scores([]int{0, 0}, 5, 1)
	if s.Covered != 0 || s.Quality != 0 || !math.IsNaN(s.Entropy) || !math.IsNaN(s.ReverseKL) || !math.IsNaN(s.ForwardKL) || !math.IsNaN(s.JSD) {
		t.Errorf("without a high-quality sample: %+v", s)
	}
}

func compareScores(t *testing.T, what string, got, want ModeScores, abs float64) {
	t.Helper()
	g := []float64{got.Covered, got.Quality, got.Entropy, got.ReverseKL, got.ForwardKL, got.JSD}
	for i, w := range []float64{want.Covered, want.Quality, want.Entropy, want.ReverseKL, want.ForwardKL, want.JSD} {
		if !(math.Abs(g[i]-w) <= abs) && !(math.IsNaN(w) && math.IsNaN(g[i])) && g[i] != w {
			t.Errorf("%s: %s is %.15g, want %.15g", what, []string{"modes", "quality", "entropy", "reverse KL", "forward KL", "JSD"}[i], g[i], w)
		}
	}
}

// ExpectedScores against the sum over every outcome of a few samples.
func TestExpectedScoresByEnumeration(t *testing.T) {
	m := newModes(t, 1, []float64{0.2, 0.5, 0.3}, []float64{-9, 0, 9}, []float64{1, 1, 1})
	for _, cell := range [][]float64{{0.2, 0.35, 0.1}, {0.25, 0.5, 0.25}, {0, 0.6, 0.1}, {0.1, 0.1, 0.1}} {
		const n = 7
		var want ModeScores
		some := 0.0
		factorial := func(k int) float64 { return math.Gamma(float64(k + 1)) }
		rest := 1 - cell[0] - cell[1] - cell[2]
		for a := 0; a <= n; a++ {
			for b := 0; a+b <= n; b++ {
				for c := 0; a+b+c <= n; c++ {
					d := n - a - b - c
					p := factorial(n) / factorial(a) / factorial(b) / factorial(c) / factorial(d) *
						math.Pow(cell[0], float64(a)) * math.Pow(cell[1], float64(b)) * math.Pow(cell[2], float64(c)) * math.Pow(math.Abs(rest), float64(d))
					s := m.Scores([]int{a, b, c}, n, 2)
					want.Covered += p * s.Covered
					want.Quality += p * s.Quality
					if a+b+c > 0 {
						some += p
						want.Entropy += p * s.Entropy
						want.ReverseKL += p * s.ReverseKL
						want.JSD += p * s.JSD
					}
				}
			}
		}
		want.Entropy /= some
		want.ReverseKL /= some
		want.JSD /= some
		want.ForwardKL = math.NaN()
		compareScores(t, "enumeration", m.ExpectedScores(cell, n, 2), want, 1e-12)
	}
	s := m.ExpectedScores([]float64{0, 0, 0}, 5, 1)
	if s.Covered != 0 || s.Quality != 0 || !math.IsNaN(s.Entropy) {
		t.Errorf("a law without quality: %+v", s)
	}
}

// Counting draws of the mixture and of the box agrees with the exact expectations: assignment,
// radius and Cells together.
func TestCountsAgainstExpectations(t *testing.T) {
	const repeats, n = 150, 400
	rng := rand.New(rand.NewPCG(5, 5))
	for name, m := range map[string]*Modes{
		"ring":        ringModes(t),
		"overlapping": newModes(t, 1, []float64{1, 2, 1}, []float64{-1, 1.5, 4}, []float64{1, 0.5, 2}),
		"uneven":      newModes(t, 2, []float64{1, 3}, []float64{0, 0, 3.5, 1}, []float64{1, 0.15}),
	} {
		lo, hi := m.Extent(3)
		perfect, err := m.Cells(3)
		if err != nil {
			t.Fatal(err)
		}
		box, err := m.BoxCells(lo, hi, 3)
		if err != nil {
			t.Fatal(err)
		}
		uniform := func() (x []float64) {
			for range n {
				for c := range lo {
					x = append(x, lo[c]+(hi[c]-lo[c])*rng.Float64())
				}
			}
			return x
		}
		for law, cell := range map[string][]float64{"perfect": perfect, "box": box} {
			var quality, jsd, covered Moments
			for range repeats {
				x := m.draw(rng, n)
				if law == "box" {
					x = uniform()
				}
				count := make([]int, m.Len())
				m.Count(count, x, 3)
				s := m.Scores(count, n, 5)
				quality.Add(s.Quality)
				jsd.Add(s.JSD)
				covered.Add(s.Covered)
			}
			want := m.ExpectedScores(cell, n, 5)
			for what, c := range map[string]struct {
				got  Moments
				want float64
			}{"quality": {quality, want.Quality}, "JSD": {jsd, want.JSD}, "modes": {covered, want.Covered}} {
				if c.got.Rejected() > 0 && c.got.Rejected() < repeats/2 {
					t.Logf("%s, %s: %d repeats without a sample", name, law, c.got.Rejected())
				}
				// Where all repeats agree an expectation within 1e-3 of them is no surprise.
				if z := (c.got.Mean() - c.want) / math.Max(c.got.StdErr(), 1e-3/4); math.Abs(z) > 4 {
					t.Errorf("%s, %s: %s is %v ± %v, want %v", name, law, what, c.got.Mean(), c.got.StdErr(), c.want)
				}
			}
		}
	}
}

// Cells on the line against fine sums, for modes that overlap and differ in width, one
// within another too.
func TestLineCells(t *testing.T) {
	for _, m := range []*Modes{
		newModes(t, 1, []float64{1, 2, 1}, []float64{-1, 1.5, 4}, []float64{1, 0.5, 2}),
		newModes(t, 1, []float64{2, 1}, []float64{0, 0.5}, []float64{2, 0.2}),
	} {
		cell, err := m.Cells(1.7)
		if err != nil {
			t.Fatal(err)
		}
		box, err := m.BoxCells([]float64{-2}, []float64{5}, 1.7)
		if err != nil {
			t.Fatal(err)
		}
		sum, area := make([]float64, m.Len()), make([]float64, m.Len())
		const h = 1e-4
		for x := -12 + h/2; x < 16; x += h {
			if k, d := m.Nearest([]float64{x}); d <= 1.7 {
				for j := range m.weight {
					z := (x - m.mean[j]) / m.std[j]
					sum[k] += h * m.weight[j] * math.Exp(-z*z/2) / m.std[j] / math.Sqrt(2*math.Pi)
				}
				if x > -2 && x < 5 {
					area[k] += h / 7
				}
			}
		}
		for k := range cell {
			within(t, "share of the mixture", cell[k], sum[k], 2e-4)
			within(t, "share of the box", box[k], area[k], 1e-4)
		}
	}
}

// Mass of a neighbour within a ball on the plane, against a sum over polar coordinates.
func TestPlaneCells(t *testing.T) {
	near(t, "disc about the centre", discMass(0, 3), 1-math.Exp(-4.5), 1e-13)
	near(t, "a disc that holds all", discMass(5, 40), 1, 1e-12)
	for _, c := range [][2]float64{{4, 3}, {7, 3}, {2, 0.3}, {1, 5}} {
		d, r := c[0], c[1]
		sum := 0.0
		const n = 1500
		for i := range n {
			rho := r * (float64(i) + 0.5) / n
			for j := range 200 {
				a := 2 * math.Pi * float64(j) / 200
				sum += r / n * rho * math.Exp(-(rho*rho+d*d-2*rho*d*math.Cos(a))/2) / 200
			}
		}
		near(t, "disc off the centre", discMass(d, r), sum, 1e-5)
	}
	m := newModes(t, 2, []float64{1, 3}, []float64{0, 0, 3.5, 1}, []float64{1, 0.15})
	cell, err := m.Cells(3)
	if err != nil {
		t.Fatal(err)
	}
	within := 1 - math.Exp(-4.5)
	d := math.Hypot(3.5, 1)
	near(t, "wide mode", cell[0], 0.25*within+0.75*discMass(d/0.15, 20), 1e-13)
	near(t, "narrow mode", cell[1], 0.75*within+0.25*discMass(d, 0.45), 1e-13)
	for _, bad := range []*Modes{equalModes(t, 2, 1, 0, 0, 5, 0), equalModes(t, 3, 1, 0, 0, 0, 9, 0, 0)} {
		if _, err := bad.Cells(3); err == nil {
			t.Error("an unknown share is given")
		}
	}
	if _, err := m.BoxCells([]float64{-1, -1}, []float64{4, 4}, 3); err == nil {
		t.Error("the share of a ball that leaves the box is given")
	}
	far := equalModes(t, 3, 1, 0, 0, 0, 30, 0, 0)
	if cell, err = far.Cells(3); err != nil {
		t.Fatal(err)
	}
	near(t, "chi of three", cell[0], (math.Erf(3/math.Sqrt2)-3*math.Sqrt(2/math.Pi)*math.Exp(-4.5))/2, 1e-12)
}

func TestNearest(t *testing.T) {
	m := newModes(t, 2, []float64{1, 1}, []float64{0, 0, 4, 0}, []float64{1, 0.25})
	for _, c := range []struct {
		x, y float64
		k    int
		d    float64
	}{{3, 0, 0, 3}, {3.5, 0, 1, 2}, {4, 0.75, 1, 3}, {0, -2, 0, 2}} {
		if k, d := m.Nearest([]float64{c.x, c.y}); k != c.k || math.Abs(d-c.d) > 1e-14 {
			t.Errorf("(%v, %v) is at %v of mode %d, want %v of %d", c.x, c.y, d, k, c.d, c.k)
		}
	}
	count := make([]int, 2)
	m.Count(count, []float64{3, 0, 3.5, 0, 4, 0.7501, 0, -3.1, 9, 9}, 3)
	if count[0] != 1 || count[1] != 1 {
		t.Errorf("counts %v, want one each", count)
	}
}

func TestNewModesRefuses(t *testing.T) {
	for _, c := range []struct {
		dim               int
		weight, mean, std []float64
	}{{0, []float64{1}, nil, []float64{1}}, {1, nil, nil, nil}, {2, []float64{1}, []float64{0}, []float64{1}},
		{1, []float64{0}, []float64{0}, []float64{1}}, {1, []float64{1}, []float64{math.NaN()}, []float64{1}}, {1, []float64{1}, []float64{0}, []float64{-1}}} {
		if _, err := NewModes(c.dim, c.weight, c.mean, c.std); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
