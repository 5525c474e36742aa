package analysis

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/mathext"
)

const (
	wolffS  = 1.5  // assumed ratio of the exponential time to τ
	sokalC  = 5.0  // window in units of τ
	minTaus = 50.0 // series shorter than this many τ are flagged
	minTauN = 8    // draws below which no τ is attempted
)

// Tau is the integrated autocorrelation time of a series and the mean with its error.
//
// Err is non-nil when τ does not exist (constant series, fewer than 8 draws, a value that
// is not finite). Then N and, if the data are finite, Mean are set, the errors are +Inf
// (unknown) and all else is 0.
type Tau struct {
	Tau    float64 // τ = ½ + Σ_{1≤d≤Window} ρ(d), bias corrected
	TauErr float64 // its standard error, Wolff (42): 2τ √((W+½−τ)/N)
	Mean   float64
	StdErr float64 // of Mean: StdErr² = 2τ·Var/N
	Sokal  float64 // τ with the window of Sokal, the smallest W ≥ 5τ(W); a cross-check, not bias corrected
	Window int     // W, in draws
	ESS    float64 // N/(2τ)

	N         int     // draws over all chains
	Var       float64 // Γ(0), bias corrected
	ReplicaP  float64 // probability that the chains' means differ this much (1 for one chain)
	Converged bool    // the window closed and N ≥ 50(½+Σ|ρ|); otherwise the errors are not to be trusted
	Err       error
}

// Autocorrelation estimates τ and the error of the mean of one stationary series by the
// Γ-method with automatic window, S = 1.5.
//
// The scale of both windows is taken from Σ|ρ| instead of Σρ. For positive autocorrelations
// that is Wolff's and Sokal's choice; oscillating ones (inertia, α < 0) otherwise close the
// window at once.
// Should the windowed sum still be ≤ 0, the naive τ = ½ is quoted, which is then an upper
// bound, and Converged is false.
//
// Source: U. Wolff, Comput. Phys. Commun. 156 (2004) 143, hep-lat/0306017 and erratum,
// (31)–(52); A. Sokal, in Functional Integration (1997) 131.
func Autocorrelation(x []float64) Tau { return AutocorrelationChains([][]float64{x}) }

// AutocorrelationChains pools independent chains of one stationary process, of any
// lengths: Γ(t) uses deviations from the common mean, so that chains which disagree show
// up as a long τ and a small ReplicaP.
func AutocorrelationChains(chains [][]float64) Tau {
	t := Tau{}
	lo, hi, longest := math.Inf(1), math.Inf(-1), 0
	for _, x := range chains {
		for _, v := range x {
			t.Mean += v
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
		t.N += len(x)
		longest = max(longest, len(x))
	}
	if t.N > 0 {
		t.Mean /= float64(t.N)
	}
	if t.Err = tauExists(t.N, lo, hi, t.Mean); t.Err != nil {
		if t.Mean-t.Mean != 0 {
			t.Mean = 0
		}
		t.StdErr, t.TauErr = math.Inf(1), math.Inf(1)
		return t
	}
	g := &lags{chains: centred(chains, t.Mean), longest: longest}
	if v := g.at(0); !(v > 0) || v-v != 0 {
		t.StdErr, t.TauErr = math.Inf(1), math.Inf(1)
		t.Err = &Refusal{NotFinite, "autocorrelation time", v, math.MaxFloat64, "the variance under- or overflows: rescale the series"}
		return t
	}
	t.fill(g)
	t.ReplicaP = replicaP(chains, t.Mean, t.StdErr*t.StdErr*float64(t.N))
	return t
}

func tauExists(n int, lo, hi, mean float64) error {
	switch {
	case n > 0 && (math.IsInf(hi-lo, 0) || math.IsNaN(hi-lo) || math.IsNaN(mean)):
		return &Refusal{NotFinite, "autocorrelation time", mean, 0, "the series holds NaN or an infinity"}
	case n < minTauN:
		return &Refusal{TooShort, "autocorrelation time", float64(n), minTauN, "draw more"}
	case lo == hi:
		return &Refusal{Constant, "autocorrelation time", 0, 0,
			"the series never changed, so its error is unknown, not zero"}
	}
	return nil
}

// fill sets the estimates from Γ(t).
func (t *Tau) fill(g *lags) {
	n := float64(t.N)
	w, closed := wolffWindow(g, n)
	c, scale := g.at(0), 0.5
	for d := 1; d <= w; d++ {
		c += 2 * g.at(d)
		scale += math.Abs(g.at(d) / g.at(0))
	}
	t.Sokal = sokal(g)
	t.Window = w
	if c <= 0 {
		c, closed = g.at(0), false
		t.Var, t.Tau = c, 0.5
	} else {
		// Γ̄(t) is low by C/N because the mean is estimated too: Wolff (49).
		bias := c / n
		c += float64(2*w+1) * bias
		t.Var = g.at(0) + bias
		t.Tau = c / (2 * t.Var)
	}
	t.StdErr = math.Sqrt(c / n)
	if w > 0 {
		t.TauErr = 2 * t.Tau * math.Sqrt(math.Max(float64(w)+0.5-t.Tau, 0)/n)
	}
	t.ESS = n / (2 * t.Tau)
	independent := g.longest == 1 // no chain has a second draw
	t.Converged = (closed || independent) && n >= minTaus*scale
}

// wolffWindow minimises truncation bias plus noise, Wolff (51)–(52).
func wolffWindow(g *lags, n float64) (w int, closed bool) {
	sum := 0.0
	for t := 1; t < g.longest; t++ {
		sum += math.Abs(g.at(t) / g.at(0))
		tau := wolffS / math.Log1p(1/sum)
		if sum == 0 || math.Exp(-float64(t)/tau) < tau/math.Sqrt(float64(t)*n) {
			return t, true
		}
	}
	return g.longest - 1, false
}

// sokal returns ½+Σρ up to the smallest W ≥ c·(½+Σ|ρ|), or up to the last lag.
func sokal(g *lags) float64 {
	tau, scale := 0.5, 0.5
	for w := 1; w < g.longest && float64(w-1) < sokalC*scale; w++ {
		rho := g.at(w) / g.at(0)
		tau += rho
		scale += math.Abs(rho)
	}
	return tau
}

// replicaP is the χ² probability of the scatter of the chains' means, given C = 2τ·Var.
func replicaP(chains [][]float64, mean, c float64) float64 {
	chi2, dof := 0.0, -1
	for _, x := range chains {
		if len(x) == 0 {
			continue
		}
		m := 0.0
		for _, v := range x {
			m += v - mean
		}
		chi2 += m * m / float64(len(x)) / c
		dof++
	}
	if dof < 1 {
		return 1
	}
	return mathext.GammaIncRegComp(float64(dof)/2, chi2/2)
}

// lags holds Γ(t) = Σ_chains Σ_i x_i x_{i+t} / (number of pairs) of centred chains, Wolff
// (31), one lag at a time while few are needed and all at once by FFT after that.
type lags struct {
	chains  [][]float64
	longest int
	gamma   []float64 // known so far
}

const directLags = 100 // about the cost of the transforms

func (g *lags) at(t int) float64 {
	for len(g.gamma) <= t {
		if len(g.gamma) == directLags {
			g.gamma = autocovariance(g.chains, g.longest)
			break
		}
		g.gamma = append(g.gamma, g.direct(len(g.gamma)))
	}
	return g.gamma[t]
}

func (g *lags) direct(t int) float64 {
	s, pairs := 0.0, 0
	for _, x := range g.chains {
		if len(x) <= t {
			continue
		}
		for i, v := range x[t:] {
			s += v * x[i]
		}
		pairs += len(x) - t
	}
	return s / float64(pairs)
}

func centred(chains [][]float64, mean float64) [][]float64 {
	c := make([][]float64, len(chains))
	for r, x := range chains {
		c[r] = make([]float64, len(x))
		for i, v := range x {
			c[r][i] = v - mean
		}
	}
	return c
}

// autocovariance returns Γ(t), t < longest, of centred chains by FFT.
func autocovariance(chains [][]float64, longest int) []float64 {
	size := fastLength(2 * longest)
	fft := fourier.NewFFT(size)
	buf := make([]float64, size)
	coef := make([]complex128, size/2+1)
	power := make([]float64, size/2+1)
	pairs := make([]int, longest)
	for _, x := range chains {
		for i := range buf[copy(buf, x):] {
			buf[len(x)+i] = 0
		}
		fft.Coefficients(coef, buf)
		for i, c := range coef {
			power[i] += real(c)*real(c) + imag(c)*imag(c)
		}
		for t := range x {
			pairs[t] += len(x) - t
		}
	}
	for i, p := range power {
		coef[i] = complex(p, 0)
	}
	fft.Sequence(buf, coef)
	gamma := make([]float64, longest)
	for t := range gamma {
		gamma[t] = buf[t] / float64(size) / float64(pairs[t])
	}
	return gamma
}

// fastLength returns the smallest even 2^a·3^b·5^c ≥ n.
func fastLength(n int) int {
	for m := n + n%2; ; m += 2 {
		k := m
		for _, p := range []int{2, 3, 5} {
			for k%p == 0 {
				k /= p
			}
		}
		if k == 1 {
			return m
		}
	}
}

// Subsample returns every ⌈2τ⌉-th draw of x, starting with the first: nearly independent
// draws for estimators that assume them (BAR, MBAR, PSIS).
func Subsample(x []float64, tau float64) []float64 {
	stride := max(1, int(math.Ceil(2*tau)))
	var y []float64
	for i := 0; i < len(x); i += stride {
		y = append(y, x[i])
	}
	return y
}
