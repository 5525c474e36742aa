package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The FFT and the bias correction against Wolff's formulas written out as double sums.
func TestAutocorrelationAgainstDirectSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	chains := [][]float64{ar1(rng, 0.7, 500), ar1(rng, 0.7, 301), ar1(rng, 0.7, 77)}
	for _, x := range chains {
		for i := range x {
			x[i] = 1e3 + 3*x[i]
		}
	}
	got := AutocorrelationChains(chains)
	var n, mean float64
	for _, x := range chains {
		n += float64(len(x))
		for _, v := range x {
			mean += v
		}
	}
	mean /= n
	gamma := func(lag int) float64 {
		s, pairs := 0.0, 0.0
		for _, x := range chains {
			for i := 0; i+lag < len(x); i++ {
				s += (x[i] - mean) * (x[i+lag] - mean)
				pairs++
			}
		}
		return s / pairs
	}
	c := gamma(0)
	for d := 1; d <= got.Window; d++ {
		c += 2 * gamma(d)
	}
	c2 := c + float64(2*got.Window+1)*c/n // Γ(t) += C/N, W+1 and W times
	tau := c2 / (2 * (gamma(0) + c/n))
	near(t, "mean", got.Mean, mean, 1e-12)
	near(t, "τ", got.Tau, tau, 1e-9)
	near(t, "stderr", got.StdErr, math.Sqrt(c2/n), 1e-9)
	near(t, "ESS", got.ESS, n/(2*tau), 1e-9)
	near(t, "stderr² = 2τVar/N", got.StdErr*got.StdErr, 2*got.Tau*got.Var/n, 1e-12)
	near(t, "τ error", got.TauErr, 2*tau*math.Sqrt((float64(got.Window)+0.5-tau)/n), 1e-9)

	// The window is the first lag at which Wolff's g turns negative.
	sum := 0.0
	for d := 1; d <= got.Window; d++ {
		sum += math.Abs(gamma(d) / gamma(0))
		s := 1.5 / math.Log((sum+1)/sum)
		g := math.Exp(-float64(d)/s) - s/math.Sqrt(float64(d)*n)
		if (g < 0) != (d == got.Window) {
			t.Errorf("g(%d) = %g with window %d", d, g, got.Window)
		}
	}
	// Sokal: first W ≥ 5(½+Σ|ρ|).
	w, sokal, scale := 0, 0.5, 0.5
	for float64(w) < 5*scale {
		w++
		sokal += gamma(w) / gamma(0)
		scale += math.Abs(gamma(w) / gamma(0))
	}
	near(t, "Sokal", got.Sokal, sokal, 1e-9)
}

// Direct sums and FFT are the same Γ.
func TestAutocovarianceByFFT(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	chains := [][]float64{ar1(rng, 0.9, 400), {}, ar1(rng, 0.9, 151)}
	fft := autocovariance(chains, 400)
	g := &lags{chains: chains, longest: 400}
	for d := range fft {
		within(t, "Γ by FFT", fft[d], g.direct(d), 1e-12)
		within(t, "Γ", g.at(d), g.direct(d), 1e-12)
	}
}

// Σρ = α/(1−α), so τ = ½ + α/(1−α), for persistent, independent and alternating series.
func TestAutocorrelationOfAR1(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, alpha := range []float64{-0.5, 0, 0.5, 0.9, 0.98} {
		got := Autocorrelation(ar1(rng, alpha, 400000))
		want := ar1Tau(alpha)
		if !got.Converged || got.Err != nil {
			t.Fatalf("α = %g: not converged, %v", alpha, got.Err)
		}
		// The window truncates a tail of relative size e^{−W/τ}.
		if d := math.Abs(got.Tau - want); d > 4*got.TauErr+0.01*want || got.TauErr > 0.07*want {
			t.Errorf("α = %g: τ = %.4f ± %.4f, want %.4f", alpha, got.Tau, got.TauErr, want)
		}
		within(t, "Sokal", got.Sokal, want, 0.1*want)
		near(t, "Var", got.Var, 1, 0.1)
	}
}

// A phase-space oscillator, ρ(d) = r^d cos(ωd): Wolff's own window would close at the
// first negative lag.
func TestAutocorrelationOfOscillation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	const r, w, n = 0.95, 0.3, 400000
	x := make([]float64, n)
	a, b, s := rng.NormFloat64(), rng.NormFloat64(), math.Sqrt(1-r*r)
	for i := range x {
		a, b = r*(a*math.Cos(w)-b*math.Sin(w))+s*rng.NormFloat64(), r*(a*math.Sin(w)+b*math.Cos(w))+s*rng.NormFloat64()
		x[i] = a
	}
	want := 0.5 + r*(math.Cos(w)-r)/(1-2*r*math.Cos(w)+r*r)
	got := Autocorrelation(x)
	if math.Abs(got.Tau-want) > 4*got.TauErr || got.TauErr > 0.2*want {
		t.Errorf("τ = %.4f ± %.4f, want %.4f", got.Tau, got.TauErr, want)
	}
}

func TestAutocorrelationErrorsAreCalibrated(t *testing.T) {
	for _, alpha := range []float64{-0.5, 0.3, 0.9} {
		calibrated(t, "mean of AR(1)", 400, 0, 0, func(rng *rand.Rand) Estimate {
			a := Autocorrelation(ar1(rng, alpha, 4000))
			return Estimate{a.Mean, a.StdErr}
		})
	}
	calibrated(t, "mean of pooled AR(1)", 300, 0, 0, func(rng *rand.Rand) Estimate {
		a := AutocorrelationChains([][]float64{ar1(rng, 0.8, 1500), ar1(rng, 0.8, 700), ar1(rng, 0.8, 1100)})
		return Estimate{a.Mean, a.StdErr}
	})
	// The pull of τ itself is skewed (its error scales with it) and biased by truncation.
	calibrated(t, "τ of AR(1)", 300, ar1Tau(0.7), 0.35, func(rng *rand.Rand) Estimate {
		a := Autocorrelation(ar1(rng, 0.7, 20000))
		return Estimate{a.Tau, a.TauErr}
	})
}

func TestAutocorrelationWhereTauDoesNotExist(t *testing.T) {
	c := Autocorrelation([]float64{2, 2, 2, 2, 2, 2, 2, 2, 2, 2})
	refused(t, "constant", c.Err, Constant)
	if c.Mean != 2 || c.Tau != 0 || !math.IsInf(c.StdErr, 1) || !math.IsInf(c.TauErr, 1) || c.ESS != 0 {
		t.Errorf("constant series: %+v", c)
	}
	third := make([]float64, 1000)
	for i := range third {
		third[i] = 0.1
	}
	refused(t, "constant with inexact mean", Autocorrelation(third).Err, Constant)
	refused(t, "short", Autocorrelation([]float64{1, 2, 3}).Err, TooShort)
	refused(t, "empty", AutocorrelationChains(nil).Err, TooShort)
	bad := ar1(rand.New(rand.NewPCG(1, 4)), 0, 100)
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		bad[3] = v
		a := Autocorrelation(bad)
		refused(t, "not finite", a.Err, NotFinite)
		if a.Mean != 0 || a.Tau != 0 {
			t.Errorf("not finite: %+v", a)
		}
	}
}

// Variances that double precision cannot hold are refused, in range ones scale.
func TestAutocorrelationOfExtremeScales(t *testing.T) {
	x := ar1(rand.New(rand.NewPCG(1, 8)), 0.5, 500)
	want := Autocorrelation(x)
	for _, scale := range []float64{1e-150, 1e150} {
		got := Autocorrelation(mapped(x, func(v float64) float64 { return scale * v }))
		near(t, "τ", got.Tau, want.Tau, 1e-9)
		near(t, "stderr", got.StdErr, scale*want.StdErr, 1e-9)
	}
	for _, scale := range []float64{1e-200, 1e200} {
		got := Autocorrelation(mapped(x, func(v float64) float64 { return scale * v }))
		refused(t, "extreme scale", got.Err, NotFinite)
		if !math.IsInf(got.StdErr, 1) || got.Tau != 0 {
			t.Errorf("extreme scale: %+v", got)
		}
	}
}

// No number is NaN whatever the series: alternation, a single jump, a drift, replicas of
// one draw.
func TestAutocorrelationOfAwkwardSeries(t *testing.T) {
	n := 200
	alternating, jump, drift, single := make([]float64, n), make([]float64, n), make([]float64, n), make([][]float64, n)
	rng := rand.New(rand.NewPCG(1, 5))
	for i := range alternating {
		alternating[i] = float64(i % 2)
		jump[i] = float64(i / 150)
		drift[i] = float64(i)
		single[i] = []float64{rng.NormFloat64()}
	}
	for what, chains := range map[string][][]float64{"alternating": {alternating}, "jump": {jump}, "drift": {drift}, "with an empty chain": {{}, drift}} {
		a := AutocorrelationChains(chains)
		for _, v := range []float64{a.Tau, a.TauErr, a.Mean, a.StdErr, a.Sokal, a.ESS, a.Var, a.ReplicaP} {
			if v-v != 0 {
				t.Errorf("%s: %+v", what, a)
			}
		}
		if a.Converged || a.Err != nil || !(a.StdErr > 0) {
			t.Errorf("%s must be flagged: %+v", what, a)
		}
	}
	a := AutocorrelationChains(single)
	if a.Tau != 0.5 || !a.Converged {
		t.Errorf("independent replicas: %+v", a)
	}
	_, v := meanVar(flatten(single))
	near(t, "error of replicas", a.StdErr, math.Sqrt(v/float64(n)), 1e-2)
}

func flatten(x [][]float64) []float64 {
	var y []float64
	for _, v := range x {
		y = append(y, v...)
	}
	return y
}

// Chains stuck at different levels: a long τ and an improbable scatter.
func TestAutocorrelationSeesDisagreeingChains(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 6))
	var chains [][]float64
	var p Moments
	for r := 0; r < 300; r++ {
		chains = [][]float64{ar1(rng, 0.6, 800), ar1(rng, 0.6, 800), ar1(rng, 0.6, 400)}
		p.Add(AutocorrelationChains(chains).ReplicaP)
	}
	// Uniform on [0, 1] when the chains agree.
	if math.Abs(p.Mean()-0.5) > 4*p.StdErr() || math.Abs(p.Std()-math.Sqrt(1.0/12)) > 0.03 {
		t.Errorf("ReplicaP: mean %.3f, std %.3f", p.Mean(), p.Std())
	}
	for i := range chains[2] {
		chains[2][i] += 3
	}
	if a := AutocorrelationChains(chains); a.Converged || a.Tau < 10*ar1Tau(0.6) {
		t.Errorf("stuck chains pass: %+v", a)
	}
}

func TestSubsample(t *testing.T) {
	x := []float64{0, 1, 2, 3, 4, 5, 6}
	if y := Subsample(x, 1.2); len(y) != 3 || y[1] != 3 || y[2] != 6 {
		t.Errorf("stride of τ = 1.2: %v", y)
	}
	if y := Subsample(x, 0.5); len(y) != len(x) {
		t.Errorf("independent draws are all kept: %v", y)
	}
}
