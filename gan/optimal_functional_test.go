package gan

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"machlup/internal/rng"
)

// optimal is the exact discriminator of a target and a loss.
func optimal(t testing.TB, c OptimalConfig, target Target, loss string) *OptimalDiscriminator {
	t.Helper()
	l, err := NewLoss(loss)
	if err != nil {
		t.Fatal(err)
	}
	if c.Latents == "" {
		c.Latents = "random"
	}
	d, err := c.Discriminator(target, l)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func normalTarget(t testing.TB, mean, std float64) Target {
	t.Helper()
	target, err := GaussianConfig{mean, std}.Target()
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// bimodal is ½N(±2, 0.6²) with a third, wider mode.
func bimodal(t testing.TB) Target {
	t.Helper()
	target, err := MixtureConfig{Dimension: 1, Weights: []float64{2, 1, 1}, Means: []float64{-2, 2, 3}, Stds: []float64{0.6, 0.4, 1.1}}.Target()
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// bruteForce integrates the functional of the samples from its definition: densities summed
// normal by normal at each of the points of a grid of its own.
func bruteForce(loss string, p func(x float64) float64, y []float64, h, low, high float64, n int) float64 {
	step, sum := (high-low)/float64(n), 0.0
	logq := mixtureDensity(repeat(1/float64(len(y)), len(y)), y, make([]float64, len(y)), h)
	for g := range n {
		x := low + step*(float64(g)+0.37)
		lp, lq := p(x), logq(x)
		lm := math.Max(lp, lq) + math.Log1p(math.Exp(-math.Abs(lp-lq))) // log(p+q)
		if loss == "non-saturating" {
			sum += math.Exp(lm) * (lm - math.Ln2 - lp)
		} else {
			sum += math.Exp(lp)*(lp-lm) + math.Exp(lq)*(lq-lm)
		}
	}
	return step * sum
}

// mixtureDensity is log p_h from the definition.
func mixtureDensity(weights, means, stds []float64, h float64) func(float64) float64 {
	return func(x float64) float64 {
		log := func(k int) float64 {
			s := math.Sqrt(stds[k]*stds[k] + h*h)
			return math.Log(weights[k]/(s*math.Sqrt(2*math.Pi))) - (x-means[k])*(x-means[k])/(2*s*s)
		}
		top, sum := math.Inf(-1), 0.0
		for k := range weights {
			top = math.Max(top, log(k))
		}
		for k := range weights {
			sum += math.Exp(log(k) - top)
		}
		return top + math.Log(sum)
	}
}

// TestFunctional compares values with an independent quadrature, for every kind of target,
// both functionals, and samples on, partly off and (where it matters) far off the grid. The
// estimate of the grid's error is above the error.
func TestFunctional(t *testing.T) {
	rows, err := NewSamples([][]float64{{-1}, {0.5}, {0.7}, {3}, {3.2}})
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]Target{"gaussian": normalTarget(t, 1, 1.2), "mixture": bimodal(t), "samples": rows} {
		for _, loss := range []string{"saturating", "minimax", "non-saturating"} {
			for _, h := range []float64{0.2, 0.7} {
				d := optimal(t, OptimalConfig{Bandwidth: h}, target, loss)
				p := mixtureDensity(components(target.(MixtureTarget), h))
				for i, shift := range []float64{0, 4, 14} {
					y := normals(stream(t, fmt.Sprint(name, h, i)), 24)
					for k := range y {
						y[k] += shift
					}
					s := newSmoothing(d, len(y))
					want := bruteForce(loss, p, y, h, -25, 40, 6500)
					got, bound := s.value(y), math.Abs(s.gridError(y))
					if e := math.Abs(got - want); e > 1e-9*math.Max(1, math.Abs(want)) || e > bound+1e-11*math.Max(1, math.Abs(want)) {
						t.Errorf("%s, %s, h = %v, shift %v: %v, want %v (error %.2g, estimate %.2g)", name, loss, h, shift, got, want, got-want, bound)
					}
				}
			}
		}
	}
}

func components(m MixtureTarget, h float64) (w, mean, std []float64, _ float64) {
	w, mean, std = m.Components()
	return w, mean, std, h
}

// TestFunctionalClosedForm: one sample at the data's only row makes p_h = q_h, C = −2 log 2
// and 2KL = 0; samples out of reach make C = 0.
func TestFunctionalClosedForm(t *testing.T) {
	narrow := normalTarget(t, 0.3, 1e-9)
	for loss, want := range map[string]float64{"saturating": -2 * math.Ln2, "non-saturating": 0} {
		s := newSmoothing(optimal(t, OptimalConfig{Bandwidth: 0.5}, narrow, loss), 2)
		if got := s.value([]float64{0.3, 0.3}); math.Abs(got-want) > 1e-13 {
			t.Errorf("%s at q = p: %v, want %v", loss, got, want)
		}
	}
	s := newSmoothing(optimal(t, OptimalConfig{Bandwidth: 0.5}, narrow, "saturating"), 2)
	for _, far := range []float64{40, 1e5, -1e9, 1e300} {
		if got := s.value([]float64{far, far + 1}); math.Abs(got) > 1e-13 {
			t.Errorf("C of samples at %v is %v, want 0", far, got)
		}
	}
	// 2KL(m‖p) of a single far sample: q log(q/2p) integrated, a quadratic.
	n := newSmoothing(optimal(t, OptimalConfig{Bandwidth: 0.5}, narrow, "non-saturating"), 1)
	for _, far := range []float64{30, -200} {
		u := (far - 0.3) / 0.5
		want := -2*math.Ln2 + u*u/2
		if got := n.value([]float64{far}); math.Abs(got-want) > 1e-10*want {
			t.Errorf("2KL of a sample at %v is %v, want %v", far, got, want)
		}
	}
	for _, lost := range []float64{math.NaN(), math.Inf(1), 1e9} {
		if got := n.value([]float64{lost}); got == got {
			t.Errorf("2KL of a sample at %v is %v, want NaN", lost, got)
		}
	}
	if got := s.value([]float64{math.NaN(), 0}); got == got {
		t.Errorf("C with a NaN among the samples is %v, want NaN", got)
	}
}

// TestOptimalLogit: D* of smoothed Gaussian mixtures is p/(p+q) in closed form, and the logit
// put into the ordinary discriminator loss E_p softplus(−a) + E_q softplus(a) gives −C_h.
func TestOptimalLogit(t *testing.T) {
	const h = 0.4
	target := bimodal(t)
	logp := mixtureDensity(components(target.(MixtureTarget), h))
	y := []float64{-2.1, -0.3, 0.4, 2.2, 3.5}
	logq := mixtureDensity(repeat(0.2, 5), y, make([]float64, 5), h)
	s := newSmoothing(optimal(t, OptimalConfig{Bandwidth: h}, target, "saturating"), len(y))
	loss, f, g, step := 0.0, make([]float64, 1), make([]float64, 1), 0.005
	bce := NonSaturating{}
	for x := -16.0; x < 20; x += step {
		a := s.logit(x, y)
		if want := logp(x) - logq(x); math.Abs(a-want) > 1e-10*(1+math.Abs(want)) {
			t.Errorf("logit at %v is %v, want %v", x, a, want)
		}
		bce.Real(f, nil, nil, []float64{a})
		bce.Fake(g, nil, nil, []float64{a})
		loss += step * (math.Exp(logp(x))*f[0] + math.Exp(logq(x))*g[0])
	}
	near(t, "loss of the optimal discriminator", loss, -s.value(y), 1e-10)
	// The mean smoothed loss of the batch's own samples is the fakes' part of C_h.
	losses := make([]float64, len(y))
	s.losses(losses, y, y)
	fake := 0.0
	for x := -16.0; x < 20; x += step {
		fake += step * math.Exp(logq(x)) * -softplus(logp(x)-logq(x))
	}
	near(t, "mean loss of the generator's samples", mean(losses), fake, 1e-9)
}

// TestFunctionalDerivatives holds gradient and Hessian product by the samples against
// central differences (fourth order), to 1e-8 of the largest, near and off the target; a
// saturating gradient that lacks the envelope theorem (the derivative of log(1−D*) at the
// moving D*) or a factor 2 fails.
func TestFunctionalDerivatives(t *testing.T) {
	for _, loss := range []string{"saturating", "non-saturating"} {
		for _, h := range []float64{0.15, 0.6} {
			for i, shift := range []float64{0, 3, 9} {
				s := newSmoothing(optimal(t, OptimalConfig{Bandwidth: h}, bimodal(t), loss), 9)
				src := stream(t, fmt.Sprint(h, i))
				y, v := normals(src, 9), normals(src, 9)
				for k := range y {
					y[k] = 1.5*y[k] + shift
				}
				g, hv, at, n := make([]float64, 9), make([]float64, 9), make([]float64, 9), make([]float64, 9)
				s.gradient(g, y)
				s.product(hv, v)
				const e = 2e-3
				fourthOrder(n, func(dst []float64, k int, d float64) {
					copy(at, y)
					at[k] += d
					dst[k] = s.value(at)
				}, e*h)
				closeTo(t, fmt.Sprintf("gradient of %s, h = %v, shift %v", loss, h, shift), g, n, 1e-8)
				fourthOrder(n, func(dst []float64, k int, d float64) {
					for j := range at {
						at[j] = y[j] + d*v[j]
					}
					s.gradient(g, at)
					dst[k] = g[k]
				}, e*h)
				closeTo(t, fmt.Sprintf("Hessian product of %s, h = %v, shift %v", loss, h, shift), hv, n, 1e-7)
				s.gridErrorGradient(g, y)
				fourthOrder(n, func(dst []float64, k int, d float64) {
					copy(at, y)
					at[k] += d
					dst[k] = s.gridError(at)
				}, e*h)
				for k := range n {
					if math.Abs(n[k]-g[k]) > 1e-9 {
						t.Errorf("gradient of the grid error: %v, want %v", g[k], n[k])
					}
				}
			}
		}
	}
}

// fourthOrder writes (8(f(e) − f(−e)) − (f(2e) − f(−2e)))/12e, component by component.
func fourthOrder(dst []float64, f func(dst []float64, k int, d float64), e float64) {
	a, b, c, d := make([]float64, len(dst)), make([]float64, len(dst)), make([]float64, len(dst)), make([]float64, len(dst))
	for k := range dst {
		f(a, k, e)
		f(b, k, -e)
		f(c, k, 2*e)
		f(d, k, -2*e)
		dst[k] = (8*(a[k]-b[k]) - (c[k] - d[k])) / (12 * e)
	}
}

func closeTo(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	worst, scale := 0.0, 0.0
	for i := range want {
		worst, scale = math.Max(worst, math.Abs(got[i]-want[i])), math.Max(scale, math.Abs(want[i]))
	}
	if !(worst <= tolerance*scale) {
		t.Errorf("%s is off by %.2g of its largest component: %v, want %v", what, worst/scale, got, want)
	}
}

// TestExtensionHasNoMemory: a value does not depend on where samples have been before.
func TestExtensionHasNoMemory(t *testing.T) {
	d := optimal(t, OptimalConfig{Bandwidth: 0.3}, normalTarget(t, 0, 1), "non-saturating")
	used, y := newSmoothing(d, 2), []float64{11, -0.4}
	fresh := newSmoothing(d, 2)
	used.value([]float64{50, -70})
	used.value([]float64{0, 300})
	a, b := make([]float64, 2), make([]float64, 2)
	if used.gradient(a, y) != fresh.gradient(b, y) || a[0] != b[0] || a[1] != b[1] {
		t.Errorf("value or gradient depends on earlier samples: %v, %v", a, b)
	}
}

func TestOptimalRefusals(t *testing.T) {
	line := normalTarget(t, 0, 1)
	for part, c := range map[string]struct {
		config OptimalConfig
		target Target
		loss   string
	}{
		"on the line":    {OptimalConfig{Bandwidth: 0.3}, planar(t), "saturating"},
		"no functional":  {OptimalConfig{Bandwidth: 0.3}, line, "hinge"},
		"bandwidth":      {OptimalConfig{}, line, "saturating"},
		"latents":        {OptimalConfig{Bandwidth: 0.3, Latents: "fresh"}, line, "saturating"},
		"half the band":  {OptimalConfig{Bandwidth: 0.3, Points: 50}, line, "saturating"},
		"outside the gr": {OptimalConfig{Bandwidth: 0.3, Low: -5, High: 5}, line, "saturating"},
		"low < high":     {OptimalConfig{Bandwidth: 0.3, Low: 5, High: -5}, line, "saturating"},
		"takes":          {OptimalConfig{Bandwidth: 1e-6}, line, "saturating"},
	} {
		if c.config.Latents == "" {
			c.config.Latents = "random"
		}
		l, _ := NewLoss(c.loss)
		if _, err := c.config.Discriminator(c.target, l); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not mention %q", err, part)
		}
	}
	d := optimal(t, OptimalConfig{Bandwidth: 0.3, Low: -8, High: 8, Points: 161}, line, "saturating")
	if low, high, n := d.Grid(); low != -8 || math.Abs(high-8) > 1e-12 || n != 161 || d.Bandwidth() != 0.3 {
		t.Errorf("grid %v … %v of %d points", low, high, n)
	}
	if b := d.TruncationBound(); !(b > 0 && b < 1e-11) {
		t.Errorf("truncation bound %v", b)
	}
}

// TestSmoothedSamples: the windowed density of many samples equals the sum of all.
func TestSmoothedSamples(t *testing.T) {
	var rows [][]float64
	src := rng.New(3, 0, "rows", "")
	for range 400 {
		rows = append(rows, []float64{src.Normal()})
	}
	rows = append(rows, []float64{9})
	target, err := NewSamples(rows)
	if err != nil {
		t.Fatal(err)
	}
	p := newSmoothedTarget(target.(MixtureTarget), 0.1)
	for _, x := range []float64{-8, -3, 0, 0.3, 5, 8.7, 9.1, 14} {
		top, sum := math.Inf(-1), 0.0
		for _, c := range p.component {
			top = math.Max(top, c.log(x))
		}
		for _, c := range p.component {
			sum += math.Exp(c.log(x) - top)
		}
		near(t, fmt.Sprint("log p_h at ", x), p.logDensity(x), top+math.Log(sum), 1e-13)
	}
	if o := p.outside(-0.5, 0.5); !(o > 0.5 && o < 0.7) {
		t.Errorf("mass outside ±½ is %v", o)
	}
}

// TestPlantedMistakes: a functional with a missing factor 2 or the entropy part's sign wrong
// is no longer that of the definition, and a gradient without the envelope theorem (through
// the moving D* of the fakes' term alone), or of half the size, is not that of the value.
func TestPlantedMistakes(t *testing.T) {
	right := jensenShannon.at
	p := mixtureDensity(components(bimodal(t).(MixtureTarget), 0.4))
	y := []float64{-1.9, -0.2, 0.3, 2.5}
	for name, c := range map[string]struct {
		at       func(p, logp, q float64) (f, d1, d2 float64)
		value    bool // the value is right
		gradient bool // the gradient is that of the value
	}{
		"right": {right, true, true},
		"factor 2": {func(p, l, q float64) (float64, float64, float64) {
			f, d1, d2 := right(p, l, q)
			return f / 2, d1 / 2, d2 / 2
		}, false, true},
		"sign of the entropy": {func(p, l, q float64) (float64, float64, float64) {
			return -p*math.Log1p(q/p) + q*math.Log1p(p/q), math.Log1p(p/q) - 2*p/(p+q), 0
		}, false, true},
		"no envelope": {func(p, l, q float64) (float64, float64, float64) {
			f, d1, d2 := right(p, l, q)
			return f, d1 + p/(p+q), d2 // ∂/∂q of q log(1−D*)
		}, true, false},
		"half the gradient": {func(p, l, q float64) (float64, float64, float64) {
			f, d1, d2 := right(p, l, q)
			return f, d1 / 2, d2
		}, true, false},
	} {
		d := *optimal(t, OptimalConfig{Bandwidth: 0.4}, bimodal(t), "saturating")
		d.functional.at = c.at
		s := newSmoothing(&d, len(y))
		if e := math.Abs(s.value(y) - bruteForce("saturating", p, y, 0.4, -25, 25, 5000)); (e < 1e-9) != c.value {
			t.Errorf("%s: the value is off by %.2g", name, e)
		}
		g, n, at, worst := make([]float64, 4), make([]float64, 4), make([]float64, 4), 0.0
		s.gradient(g, y)
		fourthOrder(n, func(dst []float64, k int, d float64) {
			copy(at, y)
			at[k] += d
			dst[k] = s.value(at)
		}, 1e-3)
		for k := range g {
			worst = math.Max(worst, math.Abs(g[k]-n[k]))
		}
		if (worst < 1e-8) != c.gradient {
			t.Errorf("%s: the gradient is off by %.2g", name, worst)
		}
	}
}
