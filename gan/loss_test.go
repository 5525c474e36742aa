package gan

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func softplus(a float64) float64 { return math.Max(a, 0) + math.Log1p(math.Exp(-math.Abs(a))) }

// textbook has the three terms of every loss as the literature writes them: f-GANs by
// T = g(V) and f*(T), composed.
func textbook(t *testing.T, l Loss) map[string]func(v float64) float64 {
	logit := func(generator func(v float64) float64) map[string]func(v float64) float64 {
		return map[string]func(v float64) float64{"real": func(v float64) float64 { return softplus(-v) }, "fake": softplus, "generator": generator}
	}
	fgan := func(g, conjugate func(float64) float64) map[string]func(v float64) float64 {
		m := map[string]func(v float64) float64{
			"real":      func(v float64) float64 { return -g(v) },
			"fake":      func(v float64) float64 { return conjugate(g(v)) },
			"generator": func(v float64) float64 { return -conjugate(g(v)) },
		}
		if l.(fganLoss).nonSaturating {
			m["generator"] = m["real"]
		}
		return m
	}
	same := func(v float64) float64 { return v }
	minus := func(v float64) float64 { return -v }
	switch l.Name() {
	case "non-saturating":
		return logit(func(v float64) float64 { return softplus(-v) })
	case "saturating", "minimax":
		return logit(func(v float64) float64 { return -softplus(v) })
	case "fgan-kl":
		return fgan(same, func(t float64) float64 { return math.Exp(t - 1) })
	case "fgan-reverse-kl":
		return fgan(func(v float64) float64 { return -math.Exp(-v) }, func(t float64) float64 { return -1 - math.Log(-t) })
	case "fgan-js":
		return fgan(func(v float64) float64 { return math.Ln2 - math.Log1p(math.Exp(-v)) }, func(t float64) float64 { return -math.Log(2 - math.Exp(t)) })
	case "fgan-squared-hellinger":
		return fgan(func(v float64) float64 { return 1 - math.Exp(-v) }, func(t float64) float64 { return t / (1 - t) })
	case "fgan-pearson":
		return fgan(same, func(t float64) float64 { return t*t/4 + t })
	case "fgan-total-variation":
		return fgan(func(v float64) float64 { return math.Tanh(v) / 2 }, same)
	case "wasserstein":
		return map[string]func(v float64) float64{"real": minus, "fake": same, "generator": minus}
	case "least-squares":
		c := l.(leastSquaresLoss)
		term := func(label float64) func(v float64) float64 {
			return func(v float64) float64 { d := squash(c.out, v) - label; return d * d / 2 }
		}
		return map[string]func(v float64) float64{"real": term(c.B), "fake": term(c.A), "generator": term(c.C)}
	case "hinge":
		out := l.(hingeLoss).out
		return map[string]func(v float64) float64{
			"real":      func(v float64) float64 { return math.Max(0, 1-squash(out, v)) },
			"fake":      func(v float64) float64 { return math.Max(0, 1+squash(out, v)) },
			"generator": func(v float64) float64 { return -squash(out, v) },
		}
	}
	t.Fatalf("loss %q has no textbook form here", l.Name())
	return nil
}

func squash(o Output, v float64) float64 {
	switch o {
	case "sigmoid":
		return sigma(v)
	case "tanh":
		return math.Tanh(v)
	}
	return v
}

// everyLoss is the catalogue, with the other settings and outputs a loss can have.
func everyLoss(t *testing.T) map[string]Loss {
	all := map[string]Loss{}
	for _, e := range Losses() {
		l, err := NewLoss(e.Name)
		if err != nil || l.Name() != e.Name {
			t.Fatalf("%s: %v %v", e.Name, l, err)
		}
		all[e.Name] = l
		if c, ok := e.New().(*FGANConfig); ok {
			c.Generator = "non-saturating"
			if all[e.Name+", non-saturating"], err = c.Loss(); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range []Output{"sigmoid", "tanh"} {
			if b, err := WithOutput(l, o); err == nil {
				all[e.Name+", "+string(o)] = b
			}
		}
	}
	signed, err := LeastSquaresConfig{A: -1, B: 1, C: 0}.Loss()
	if err != nil {
		t.Fatal(err)
	}
	all["least-squares of χ²"] = signed
	if len(all) != 12+6+4+1 {
		t.Fatalf("%d losses", len(all))
	}
	return all
}

// TestLosses compares every term of every loss with the textbook's, its derivatives with
// central differences of that, and each slice asked for alone with all three together.
func TestLosses(t *testing.T) {
	outputs := []float64{-6, -3, -1.25, -0.1, 0, 0.2, 0.9, 1.5, 5}
	n := len(outputs)
	for name, l := range everyLoss(t) {
		want := textbook(t, l)
		for what, eval := range map[string]func(f, df, ddf, a []float64){"real": l.Real, "fake": l.Fake, "generator": l.Generator} {
			f, df, ddf := make([]float64, n), make([]float64, n), make([]float64, n)
			eval(f, df, ddf, outputs)
			for i, a := range outputs {
				label := fmt.Sprintf("%s, %s at %g", name, what, a)
				close := func(what string, got, want, tol float64) {
					if !(math.Abs(got-want) <= tol*(1+math.Abs(want))) {
						t.Errorf("%s: %s %.15g, want %.15g", label, what, got, want)
					}
				}
				close("value", f[i], want[what](a), 1e-12)
				at := func(x []float64) []float64 { return []float64{want[what](x[0])} }
				close("derivative", df[i], central(at, []float64{a}, []float64{1}, 1e-3)[0], 1e-9)
				h := 2e-3
				second := (16*(at([]float64{a + h})[0]+at([]float64{a - h})[0]) - at([]float64{a + 2*h})[0] - at([]float64{a - 2*h})[0] - 30*at([]float64{a})[0]) / (12 * h * h)
				close("second derivative", ddf[i], second, 3e-8)
			}
			g, h, k := make([]float64, n), make([]float64, n), make([]float64, n)
			eval(g, nil, nil, outputs)
			eval(nil, h, nil, outputs)
			eval(nil, nil, k, outputs)
			for _, c := range []struct{ got, want []float64 }{{g, f}, {h, df}, {k, ddf}} {
				for i := range c.got {
					if math.Abs(c.got[i]-c.want[i]) > 1e-15*(1+math.Abs(c.want[i])) {
						t.Errorf("%s, %s: alone %v, together %v", name, what, c.got, c.want)
					}
				}
			}
			if a := testing.AllocsPerRun(5, func() { eval(f, df, ddf, outputs) }); a != 0 {
				t.Errorf("%s, %s allocates %v times", name, what, a)
			}
		}
	}
}

// TestLogitLossTails: the logarithms of a sigmoid in the form that is exact on each side, far
// beyond where a sigmoid is 0 or 1.
func TestLogitLossTails(t *testing.T) {
	logits := []float64{-800, -40, 30, 900}
	for _, name := range []string{"non-saturating", "saturating", "minimax"} {
		l, _ := NewLoss(name)
		want, f, df := textbook(t, l), make([]float64, 4), make([]float64, 4)
		for what, eval := range map[string]func(f, df, ddf, a []float64){"real": l.Real, "fake": l.Fake, "generator": l.Generator} {
			eval(f, df, nil, logits)
			for i, a := range logits {
				near(t, name+" "+what, f[i], want[what](a), 1e-13)
				if math.Abs(df[i]) > 1 || math.IsNaN(df[i]) {
					t.Errorf("%s %s: slope %v at %v", name, what, df[i], a)
				}
			}
		}
	}
}

// TestSaturation holds the documented limits: where an exponential overflows and where a
// bounded activation has no slope left.
func TestSaturation(t *testing.T) {
	at := func(name string, real bool, v float64) (f, df float64) {
		l, _ := NewLoss(name)
		a, b := make([]float64, 1), make([]float64, 1)
		if real {
			l.Real(a, b, nil, []float64{v})
		} else {
			l.Fake(a, b, nil, []float64{v})
		}
		return a[0], b[0]
	}
	for _, c := range []struct {
		name   string
		real   bool
		finite float64
		over   float64
	}{{"fgan-kl", false, 710.7, 710.8}, {"fgan-reverse-kl", true, -709.7, -709.8}, {"fgan-squared-hellinger", true, -709.7, -709.8}, {"fgan-squared-hellinger", false, 709.7, 709.8}} {
		if f, _ := at(c.name, c.real, c.finite); math.IsInf(f, 0) || math.IsNaN(f) {
			t.Errorf("%s at %v is %v", c.name, c.finite, f)
		}
		if f, df := at(c.name, c.real, c.over); !math.IsInf(f, 1) || !math.IsInf(df, 0) {
			t.Errorf("%s at %v is %v with slope %v, want infinite", c.name, c.over, f, df)
		}
	}
	if _, df := at("fgan-total-variation", true, 19.1); math.Abs(df) > 1e-15 {
		t.Errorf("slope of the total variation at 19.1 is %v", df)
	}
}

// TestOptimalCritic: at T* = f′(p/q) the discriminator's −L_D is D_f(p‖q), for two
// Gaussians by quadrature against closed forms (JS: against a quadrature of its own
// definition), and a critic that is off gives less. The logit losses give
// 2·JSD − 2 log 2, least squares −½(b−a)²∫pq/(p+q), hinge ∫|p−q| − 2.
func TestOptimalCritic(t *testing.T) {
	const mp, sp, mq, sq = 0.3, 0.8, -0.5, 1.1
	logDensity := func(x, m, s float64) float64 { return -(x-m)*(x-m)/(2*s*s) - math.Log(s*math.Sqrt(2*math.Pi)) }
	p := func(x float64) float64 { return math.Exp(logDensity(x, mp, sp)) }
	q := func(x float64) float64 { return math.Exp(logDensity(x, mq, sq)) }
	integral := func(f func(x float64) float64) float64 { // trapezoid: spectrally accurate for what decays
		s, h := 0.0, 1e-3
		for x := -14.0; x <= 14; x += h {
			s += f(x) * h
		}
		return s
	}
	klGauss := func(m1, s1, m2, s2 float64) float64 {
		return math.Log(s2/s1) + (s1*s1+(m1-m2)*(m1-m2))/(2*s2*s2) - 0.5
	}
	mixture := func(x float64) float64 { return (p(x) + q(x)) / 2 }
	js := integral(func(x float64) float64 {
		return p(x)*math.Log(p(x)/mixture(x)) + q(x)*math.Log(q(x)/mixture(x))
	}) / 2
	// ∫p²/q of Gaussians: completing the square; it needs 2/sp² > 1/sq².
	prec := 2/(sp*sp) - 1/(sq*sq)
	pearson := sq/(sp*sp*math.Sqrt(prec))*math.Exp((mp-mq)*(mp-mq)/(2*sq*sq-sp*sp)) - 1
	bc := math.Sqrt(2*sp*sq/(sp*sp+sq*sq)) * math.Exp(-(mp-mq)*(mp-mq)/(4*(sp*sp+sq*sq)))
	// p = q where a x² + b x + c = 0; TV is the sum of differences of Φ between the roots.
	a, b, c := 1/(2*sq*sq)-1/(2*sp*sp), mp/(sp*sp)-mq/(sq*sq), mq*mq/(2*sq*sq)-mp*mp/(2*sp*sp)+math.Log(sq/sp)
	root := math.Sqrt(b*b - 4*a*c)
	lo, hi := (-b+root)/(2*a), (-b-root)/(2*a)
	mass := func(m, s float64) float64 {
		return (math.Erf((hi-m)/(s*math.Sqrt2)) - math.Erf((lo-m)/(s*math.Sqrt2))) / 2
	}
	tv := math.Abs(mass(mp, sp) - mass(mq, sq))

	logRatio := func(x float64) float64 { return logDensity(x, mp, sp) - logDensity(x, mq, sq) }
	for _, e := range []struct {
		name   string
		critic func(x float64) float64 // V* with T* = g(V*)
		want   float64                 // of −L_D
		tol    float64
	}{
		{"fgan-kl", func(x float64) float64 { return 1 + logRatio(x) }, klGauss(mp, sp, mq, sq), 1e-10},
		{"fgan-reverse-kl", logRatio, klGauss(mq, sq, mp, sp), 1e-10},
		{"fgan-js", logRatio, 2 * js, 1e-10},
		{"fgan-squared-hellinger", func(x float64) float64 { return logRatio(x) / 2 }, 2 - 2*bc, 1e-10},
		{"fgan-pearson", func(x float64) float64 { return 2 * (math.Exp(logRatio(x)) - 1) }, pearson, 1e-10},
		{"fgan-total-variation", func(x float64) float64 { return math.Copysign(40, logRatio(x)) }, tv, 1e-6}, // jumps: the rule's error is of order h²
		{"hinge", func(x float64) float64 { return math.Copysign(1, logRatio(x)) }, 2*tv - 2, 1e-6},
		{"minimax", logRatio, 2*js - 2*math.Ln2, 1e-10},
		{"non-saturating", logRatio, 2*js - 2*math.Ln2, 1e-10},
		{"least-squares", func(x float64) float64 { return p(x) / (p(x) + q(x)) },
			-integral(func(x float64) float64 { return p(x) * q(x) / (p(x) + q(x)) }) / 2, 1e-10},
	} {
		l, err := NewLoss(e.name)
		if err != nil {
			t.Fatal(err)
		}
		real, fake := make([]float64, 1), make([]float64, 1)
		value := func(off float64) float64 {
			return -integral(func(x float64) float64 {
				v := []float64{e.critic(x) + off}
				l.Real(real, nil, nil, v)
				l.Fake(fake, nil, nil, v)
				return p(x)*real[0] + q(x)*fake[0]
			})
		}
		best := value(0)
		if !(math.Abs(best-e.want) <= e.tol) {
			t.Errorf("%s: −L_D at the optimal critic is %.12g, want %.12g", e.name, best, e.want)
		}
		if e.tol < 1e-9 && !(value(0.01) < best-1e-6 && value(-0.01) < best-1e-6) {
			t.Errorf("%s: a critic that is off by ±0.01 gives %.12g and %.12g, the optimal one %.12g", e.name, value(0.01), value(-0.01), best)
		}
	}
}

// TestOutputs: what goes with a bounded output and what is refused, with its reason.
func TestOutputs(t *testing.T) {
	why := map[string]string{"wasserstein": "Lipschitz", "non-saturating": "logit", "saturating": "logit", "minimax": "logit"}
	for _, e := range Losses() {
		l, _ := NewLoss(e.Name)
		for _, o := range []Output{"sigmoid", "tanh"} {
			b, err := WithOutput(l, o)
			part := why[e.Name]
			if strings.HasPrefix(e.Name, "fgan") {
				part = "g_f"
			}
			switch {
			case e.Name == "least-squares" || e.Name == "hinge":
				if err != nil || b.Name() != e.Name {
					t.Errorf("%s with %s: %v", e.Name, o, err)
				}
			case err == nil || !strings.Contains(err.Error(), part) || !strings.Contains(err.Error(), "linear"):
				t.Errorf("%s with %s: error %v does not mention %q", e.Name, o, err, part)
			}
		}
		if same, err := WithOutput(l, "linear"); err != nil || same != l {
			t.Errorf("%s with a linear output is another loss (%v)", e.Name, err)
		}
	}
	l, _ := NewLoss("hinge")
	if _, err := WithOutput(l, "relu"); err == nil || !strings.Contains(err.Error(), "sigmoid") {
		t.Errorf("an unknown output: %v", err)
	}
	type foreign struct{ Loss }
	if _, err := WithOutput(foreign{l}, "tanh"); err == nil || !strings.Contains(err.Error(), "WithOutput") {
		t.Errorf("a loss that cannot say: %v", err)
	}
	for part, f := range map[string]func() error{
		"\"kullback\"":  func() error { _, err := NewLoss("kullback"); return err },
		"both 1":        func() error { _, err := LeastSquaresConfig{A: 1, B: 1}.Loss(); return err },
		"finite":        func() error { _, err := LeastSquaresConfig{A: 1, B: math.NaN()}.Loss(); return err },
		"objective":     func() error { c := FGANConfig{of: klDivergence{}}; _, err := c.Loss(); return err },
		"the catalogue": func() error { c := FGANConfig{Generator: "minimax"}; _, err := c.Loss(); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not mention %q", err, part)
		}
	}
}
