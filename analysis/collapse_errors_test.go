package analysis

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// scalingCase is a quantity with its exponent and what the fit starts from.
type scalingCase struct {
	name            string
	q               int
	b, exact, start float64
}

func (c scalingCase) fit(t *testing.T, curves []SizedCurve, critical float64, seed uint64) Collapse {
	t.Helper()
	n := uint64(0)
	src := func(string) rand.Source { n++; return rand.NewPCG(seed, n) }
	f, said, err := CorrectedCollapse(curves, [3]float64{critical, 0.5, c.start}, [3]bool{true, true, c.q != OrderBinder}, 0, CollapseDecay, 40, src)
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	t.Logf("%s: %v; %s", c.name, f, said)
	return f
}

func zOf(e Estimate, exact float64) float64 { return (e.Value - exact) / e.StdErr }

// TestCollapseErrorsOfIsing: the points of the built-in experiment ising (lengths 6, 10 and 16; testdata
// is its transition.csv). The errors cover the exact critical value and exponents, and are of use;
// without what they hold of corrections they are four to five short.
func TestCollapseErrorsOfIsing(t *testing.T) {
	critical := math.Log(1+math.Sqrt2) / 2
	for _, c := range []scalingCase{{"binder", OrderBinder, 0, 0, 0}, {"abs_m", OrderAbs, 0.0625, 0.0625, 0.25}, {"chi", OrderChi, -0.875, -0.875, -0.5}} {
		curves := isingCurves(t, c.name)
		f := c.fit(t, curves, 0.4434, 1)
		for name, z := range map[string]float64{"critical": zOf(f.Critical, critical), "a": zOf(f.A, 0.5)} {
			if math.Abs(z) > 2 {
				t.Errorf("%s: %s is %.1f errors off: %v", c.name, name, z, f)
			}
		}
		if c.q != OrderBinder && math.Abs(zOf(f.B, c.exact)) > 2 {
			t.Errorf("%s: b is %.1f errors off: %v", c.name, zOf(f.B, c.exact), f)
		}
		if f.Critical.StdErr > 0.03 || f.A.StdErr > 0.2 || f.B.StdErr > 0.06 {
			t.Errorf("%s: errors of no use: %v", c.name, f)
		}
		if c.q != OrderBinder {
			continue
		}
		alone, err := DataCollapse(curves, [3]float64{0.4434, 0.5, 0}, [3]bool{true, true, false}, 0, 40, rand.NewPCG(2, 1))
		if err != nil || zOf(alone.Critical, critical) < 3 || zOf(alone.A, 0.5) > -3 {
			t.Errorf("the statistical error is enough: %v %v", alone, err)
		}
	}
}

func isingCurves(t *testing.T, quantity string) (out []SizedCurve) {
	t.Helper()
	f, err := os.Open("testdata/ising.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[1:] {
		if r[0] != quantity {
			continue
		}
		var v [4]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(r[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(out); n == 0 || out[n-1].Size != v[0] {
			out = append(out, SizedCurve{Size: v[0]})
		}
		c := &out[len(out)-1]
		c.X, c.Y = append(c.X, v[1]), append(c.Y, Estimate{v[2], v[3]})
	}
	return out
}

// TestCollapseErrorsOfCurieWeiss: sweeps drawn about the exact curves of 64, 128 and 256 spins, whose
// corrections are of several errors: z against the exact numbers is of size 1.
func TestCollapseErrorsOfCurieWeiss(t *testing.T) {
	const sweeps = 8
	c := scalingCase{"binder", OrderBinder, 0, 0, 0}
	var square [2]float64
	worst := 0.0
	for seed := range uint64(sweeps) {
		rng := rand.New(rand.NewPCG(seed, 9))
		var curves []SizedCurve
		for _, n := range []int{64, 128, 256} {
			v := SizedCurve{Size: float64(n)}
			for i := range 7 {
				beta := 0.85 + 0.05*float64(i)
				v.X, v.Y = append(v.X, beta), append(v.Y, Estimate{newCurieWeiss(n, beta).exact()[OrderBinder] + 0.003*rng.NormFloat64(), 0.003})
			}
			curves = append(curves, v)
		}
		f := c.fit(t, curves, 1.01, seed)
		for i, z := range []float64{zOf(f.Critical, 1), zOf(f.A, 0.5)} {
			square[i] += z * z / sweeps
			worst = math.Max(worst, math.Abs(z))
		}
		if f.Critical.StdErr > 0.1 || f.A.StdErr > 0.2 {
			t.Errorf("errors of no use: %v", f)
		}
	}
	if worst > 3 || math.Sqrt(square[0]) > 1.3 || math.Sqrt(square[1]) > 1.3 {
		t.Errorf("rms z of critical and a: %.2f and %.2f, worst %.1f", math.Sqrt(square[0]), math.Sqrt(square[1]), worst)
	}
}

// TestCollapseWithoutCorrections: the errors of curves that scale exactly are those of the noise where
// corrections are said to be none, √(χ² per degree of freedom) times the bootstrap's for two sizes.
func TestCollapseWithoutCorrections(t *testing.T) {
	curves := func(scatter float64) (out []SizedCurve) {
		rng := rand.New(rand.NewPCG(5, 5))
		for _, n := range []float64{100, 400} {
			c := SizedCurve{Size: n}
			for i := range 15 {
				x := 1 + (float64(i)-7)/7/math.Sqrt(n)
				c.X, c.Y = append(c.X, x), append(c.Y, Estimate{math.Tanh((x-1)*math.Sqrt(n)) + 0.01*scatter*rng.NormFloat64(), 0.01})
			}
			out = append(out, c)
		}
		return out
	}
	start, free := [3]float64{1, 0.45, 0}, [3]bool{true, true, false}
	src := func(string) rand.Source { return rand.NewPCG(6, 6) }
	for _, scatter := range []float64{0.5, 1.5} {
		f, said, err := CorrectedCollapse(curves(scatter), start, free, 0, CollapseDecay, 40, src)
		bare, bareErr := DataCollapse(curves(scatter), start, free, 0, 40, rand.NewPCG(6, 6))
		if err != nil || bareErr != nil {
			t.Fatal(err, bareErr)
		}
		want := 1.0
		if scatter > 1 {
			want = math.Sqrt(bare.S * float64(bare.Terms) / float64(bare.Terms-2))
		}
		if math.Abs(f.A.StdErr/bare.A.StdErr-want) > 1e-9 || (want > 1) != strings.Contains(said, "statistical errors ×") || scatter > 1 && want < 1.3 {
			t.Errorf("scatter %v: errors %v and %v, want × %v; %s", scatter, f, bare, want, said)
		}
	}
}

// TestCollapseRefused: each reason not to give a number, from either side.
func TestCollapseRefused(t *testing.T) {
	curves := []SizedCurve{{Size: 10, X: []float64{0, 1, 2}}, {Size: 20, X: []float64{0.5, 1, 4}}}
	for _, c := range []struct {
		name, says string
		critical   Estimate
		a          Estimate
		s          float64
	}{
		{"fine", "", Estimate{1, 0.1}, Estimate{0.5, 0.2}, 4.9},
		{"no collapse", "(S)", Estimate{1, 0.1}, Estimate{0.5, 0.1}, 5.1},
		{"no S", "(S)", Estimate{1, 0.1}, Estimate{0.5, 0.1}, math.NaN()},
		{"below", "lower end", Estimate{-14, 0.1}, Estimate{0.5, 0.1}, 1},
		{"at the lower end", "lower end", Estimate{0.03, 0.1}, Estimate{0.5, 0.1}, 1},
		{"within it", "", Estimate{0.05, 0.1}, Estimate{0.5, 0.1}, 1},
		{"above", "upper end", Estimate{93, 0.1}, Estimate{0.5, 0.1}, 1},
		{"at the upper end", "upper end", Estimate{3.97, 0.1}, Estimate{0.5, 0.1}, 1},
		{"anywhere", "not known to lie in the sweep", Estimate{1, 2.1}, Estimate{0.5, 0.1}, 1},
		{"almost anywhere", "", Estimate{1, 1.9}, Estimate{0.5, 0.1}, 1},
		{"no scaling", "told apart from 0", Estimate{1, 0.1}, Estimate{0.5, 0.26}, 1},
		{"the wrong way", "told apart from 0", Estimate{1, 0.1}, Estimate{-0.5, 0.01}, 1},
	} {
		err := Collapse{Critical: c.critical, A: c.a, S: c.s}.refuse(curves)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
	flat := []SizedCurve{}
	for _, n := range []float64{10, 20, 40} {
		flat = append(flat, SizedCurve{n, []float64{0, 1, 2, 3, 4}, []Estimate{{0.1, 0.01}, {0.19, 0.01}, {0.31, 0.01}, {0.39, 0.01}, {0.5, 0.01}}})
	}
	f, _, err := CorrectedCollapse(flat, [3]float64{2, 0.5, 0}, [3]bool{true, true, false}, 0, CollapseDecay, 20, func(string) rand.Source { return rand.NewPCG(1, 1) })
	if err == nil {
		t.Errorf("curves that do not move with the size scale: %v", f)
	}
}

// TestCollapseSeries: where the critical value drifts as 1/size both changes, taken on to infinite size,
// are the bias, which is known here.
func TestCollapseSeries(t *testing.T) {
	const drift = 1.0
	var curves []SizedCurve
	for _, n := range []float64{100, 200, 400, 800} {
		c := SizedCurve{Size: n}
		for i := range 31 {
			x := 1 + (float64(i)-15)/15*2/math.Sqrt(n)
			c.X, c.Y = append(c.X, x), append(c.Y, Estimate{math.Tanh((x - 1 - drift/n) * math.Sqrt(n)), 0.001})
		}
		curves = append(curves, c)
	}
	f, err := DataCollapse(curves, [3]float64{1, 0.5, 0}, [3]bool{true, false, false}, 0, 20, rand.NewPCG(7, 7))
	if err != nil {
		t.Fatal(err)
	}
	bias := f.Critical.Value - 1
	f.Critical.StdErr = 0
	said := f.correct(curves, [3]bool{true, false, false}, 0, 0.5, func(string) rand.Source { return rand.NewPCG(7, 8) })
	if share := f.Critical.StdErr / math.Abs(bias); math.Abs(share-1) > 0.1 {
		t.Errorf("the error holds %.3f of the bias %.3g: %s", share, bias, said)
	}
}
