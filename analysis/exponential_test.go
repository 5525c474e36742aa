package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestHomogeneousByHand: of escapes at 1, 2, 3, 4, 5 and one watched to 10, all six watch for 25, of which
// 6, 11, 15, 18, 20 have passed at the escapes.
func TestHomogeneousByHand(t *testing.T) {
	v, p, err := HomogeneousTest([]float64{3, 1, 5, 10, 2, 4}, []bool{true, true, true, false, true, true})
	// u = 0.24, 0.44, 0.6, 0.72, 0.8: largest u − (i−1)/5 is 0.24, largest i/5 − u is 0.2.
	if err != nil || math.Abs(v-0.44) > 1e-12 {
		t.Errorf("V = %v, p = %v, %v", v, p, err)
	}
	x := (math.Sqrt(5) + 0.155 + 0.24/math.Sqrt(5)) * 0.44
	if want := 2*(4*x*x-1)*math.Exp(-2*x*x) + 2*(16*x*x-1)*math.Exp(-8*x*x) + 2*(36*x*x-1)*math.Exp(-18*x*x); math.Abs(p-want) > 1e-6 {
		t.Errorf("p = %v, want %v", p, want)
	}
	if _, _, err := HomogeneousTest([]float64{1, 2, 3, 4}, []bool{true, true, true, true}); err == nil {
		t.Error("four escapes are tested")
	}
}

// TestExponentialLevel: at several numbers of replicas and censorings the test rejects an exponential law
// no more often than it says, and it sees delays, mixtures, and delays with some that stay.
func TestExponentialLevel(t *testing.T) {
	src := rand.New(rand.NewPCG(4, 4))
	share := func(n int, end float64, draw func() float64) float64 {
		const repeats = 2000
		rejected, tested := 0.0, 0.0
		for range repeats {
			times, escaped := make([]float64, n), make([]bool, n)
			for i := range times {
				times[i] = draw()
				escaped[i] = times[i] < end
				times[i] = math.Min(times[i], end)
			}
			p, err := Exponential(times, escaped)
			if err != nil {
				continue
			}
			if tested++; p < 0.05 {
				rejected++
			}
		}
		return rejected / math.Max(1, tested)
	}
	for _, c := range []struct {
		n   int
		end float64
	}{{6, 1e9}, {10, 1e9}, {10, 1}, {40, 1e9}, {40, 0.5}} {
		if f := share(c.n, c.end, src.ExpFloat64); f > 0.07 || f < 0.01 {
			t.Errorf("%d replicas watched for %v: an exponential law is rejected in %.3f of the cases at 0.05", c.n, c.end, f)
		}
	}
	immortal := func() float64 {
		if src.Float64() < 0.4 {
			return 1e9
		}
		return 2 + src.ExpFloat64()/1.5
	}
	for name, f := range map[string]float64{
		"a delay, and two in five that stay": share(12, 8, immortal),
		"Weibull of shape 3":                 share(12, 1e9, func() float64 { return math.Pow(src.ExpFloat64(), 1.0/3) }),
		"a mixture of fast and slow":         share(40, 1e9, func() float64 { return src.ExpFloat64() * []float64{0.05, 3}[src.IntN(2)] }),
	} {
		if f < 0.6 {
			t.Errorf("%s is rejected in %.3f of the cases", name, f)
		}
	}
}

// TestArrheniusCounts: numbers on the law give it back; with many escapes it is the weighted line; zeros count; pulls of
// the slope are of unit size.
func TestArrheniusCounts(t *testing.T) {
	const barrier, prefactor = 0.3, 0.02
	temperature := []float64{0.05, 0.1, 0.15, 0.2, 0.3}
	law := func(temperature float64) float64 { return prefactor * math.Exp(-barrier/temperature) }
	var counts, watched []float64
	for _, v := range temperature {
		watched = append(watched, 1e8)
		counts = append(counts, 1e8*law(v))
	}
	l, err := ArrheniusCounts(temperature, counts, watched)
	if err != nil || math.Abs(l.Slope.Value+barrier) > 1e-10 || math.Abs(l.Intercept.Value-math.Log(prefactor)) > 1e-10 || l.ChiSq > 1e-6 {
		t.Errorf("%+v, %v", l, err)
	}
	var rates []Estimate
	for i, n := range counts {
		rates = append(rates, Estimate{n / watched[i], math.Sqrt(n) / watched[i]})
	}
	w, err := Arrhenius(temperature, rates)
	for _, d := range []float64{l.Slope.StdErr/w.Slope.StdErr - 1, l.Intercept.StdErr/w.Intercept.StdErr - 1, l.At(7).StdErr/w.At(7).StdErr - 1} {
		if math.Abs(d) > 1e-6 || err != nil {
			t.Errorf("errors differ from the line's by %v", d)
		}
	}
	if _, err := ArrheniusCounts(temperature, []float64{0, 0, 0, 0, 5}, watched); err == nil {
		t.Error("escapes at one temperature gave a slope")
	}
	src := rand.New(rand.NewPCG(9, 9))
	poisson := func(mean float64) (n float64) {
		for s := src.ExpFloat64(); s < mean; s += src.ExpFloat64() {
			n++
		}
		return n
	}
	var pulls Moments
	zeros := 0
	for range 400 {
		for i, v := range temperature {
			watched[i] = 4000
			if counts[i] = poisson(watched[i] * law(v)); counts[i] == 0 {
				zeros++
			}
		}
		l, err := ArrheniusCounts(temperature, counts, watched)
		if err != nil {
			t.Fatal(err, counts)
		}
		pulls.Add((l.Slope.Value + barrier) / l.Slope.StdErr)
	}
	if sd := pulls.Std(); sd < 0.85 || sd > 1.15 || math.Abs(pulls.Mean()) > 0.25 || zeros < 200 {
		t.Errorf("pulls %v ± %v, %d temperatures without an escape", pulls.Mean(), sd, zeros)
	}
}
