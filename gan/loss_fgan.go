package gan

import (
	"fmt"
	"math"

	"machlup/internal/num"
)

// FGANConfig is the table of a loss of the f-GAN family (Nowozin, Cseke and Tomioka,
// NeurIPS 2016, arXiv:1606.00709, eqs 4, 6 and 8 and Table 2). For a convex f with f(1) = 0
// and conjugate f*(t) = sup_u [ut − f(u)], and with T = g(V) in the domain of f*,
//
//	D_f(p‖q) = ∫ q f(p/q) dx = sup_T [E_p T − E_q f*(T)],   attained at T* = f′(p/q).
//
// The discriminator minimises L_D = −mean T(x) + mean f*(T(G(z))), so −L_D ≤ D_f(p‖q) in
// the mean. The generator minimises −mean f*(T(G(z))), the same game, or, with the trick of
// section 3.2 there, −mean T(G(z)).
//
//	loss                     f(u)                         T = g(V)            f*(g(V))         V* at u = p/q
//	fgan-kl                  u log u                      V                   e^{V−1}          1 + log u
//	fgan-reverse-kl          −log u                       −e^{−V}             V − 1            log u
//	fgan-js                  u log u − (u+1) log((u+1)/2) log 2 − sp(−V)      sp(V) − log 2    log u
//	fgan-squared-hellinger   (√u − 1)²                    1 − e^{−V}          e^V − 1          ½ log u
//	fgan-pearson             (u − 1)²                     V                   V²/4 + V         2(u − 1)
//	fgan-total-variation     ½|u − 1|                     ½ tanh V            ½ tanh V         ±∞
//
// sp is softplus. Every g increases, as section 2.3 asks, so large V says real; where a
// printed table has e^{V} for the reverse KL and Hellinger, V has the other sign and nothing
// else differs. The divergences are those of the f in the table: JS is KL(p‖m) + KL(q‖m),
// m = (p+q)/2, without a factor ½; Pearson is ∫(p−q)²/q.
//
// An exponential overflows to +Inf at |V| ≈ 710 (KL: V > 710.7; reverse KL: V < −709.7;
// Hellinger: either side); the trainer then has diverged. Pearson's V is not bounded below
// by the domain of f: at V < −2 the bound is still one, but loose. Total variation saturates:
// its derivatives are below 1e−16 from |V| ≈ 19 on.
type FGANConfig struct {
	Generator string `toml:"generator" enum:"minimax|non-saturating" doc:"what the generator minimises: minimax is −f*(T(G(z))), non-saturating −T(G(z))"`

	of divergence
}

// Loss returns the loss.
func (c FGANConfig) Loss() (Loss, error) {
	if c.of == nil {
		return nil, fmt.Errorf("gan: an FGANConfig comes from the catalogue, which knows its divergence")
	}
	if c.Generator != "minimax" && c.Generator != "non-saturating" {
		return nil, fmt.Errorf("gan: the generator's objective is %q, allowed are minimax, non-saturating", c.Generator)
	}
	return fganLoss{c.of, c.Generator == "non-saturating"}, nil
}

func fgan(of divergence) func() LossConfig {
	return func() LossConfig { return &FGANConfig{Generator: "minimax", of: of} }
}

type fganLoss struct {
	divergence
	nonSaturating bool
}

func (l fganLoss) Name() string { return "fgan-" + l.name() }

// Real is −T.
func (l fganLoss) Real(f, df, ddf, v []float64) { l.activation(f, df, ddf, v, -1) }

// Fake is f*(T).
func (l fganLoss) Fake(f, df, ddf, v []float64) { l.conjugate(f, df, ddf, v, 1) }

// Generator is −f*(T), or −T.
func (l fganLoss) Generator(f, df, ddf, v []float64) {
	if l.nonSaturating {
		l.activation(f, df, ddf, v, -1)
	} else {
		l.conjugate(f, df, ddf, v, -1)
	}
}

// WithOutput refuses: the output activation is in the loss.
func (l fganLoss) WithOutput(o Output) (Loss, error) {
	return nil, fmt.Errorf("the output activation g_f of this f-divergence is inside the loss and takes any real V, so with %q the critic could not reach f′(p/q); use \"linear\"", o)
}

// A divergence is an f-divergence: weight times g(v) and f*(g(v)) with two derivatives in v.
type divergence interface {
	name() string
	activation(f, df, ddf, v []float64, weight float64)
	conjugate(f, df, ddf, v []float64, weight float64)
}

type (
	klDivergence        struct{}
	reverseKLDivergence struct{}
	jsDivergence        struct{}
	hellingerDivergence struct{}
	pearsonDivergence   struct{}
	tvDivergence        struct{}
)

func (klDivergence) name() string        { return "kl" }
func (reverseKLDivergence) name() string { return "reverse-kl" }
func (jsDivergence) name() string        { return "js" }
func (hellingerDivergence) name() string { return "squared-hellinger" }
func (pearsonDivergence) name() string   { return "pearson" }
func (tvDivergence) name() string        { return "total-variation" }

func (klDivergence) activation(f, df, ddf, v []float64, w float64) {
	polynomial(f, df, ddf, v, 0, w, 0)
}
func (klDivergence) conjugate(f, df, ddf, v []float64, w float64) {
	exponential(f, df, ddf, v, 1, -1, w, 0)
}

func (reverseKLDivergence) activation(f, df, ddf, v []float64, w float64) {
	exponential(f, df, ddf, v, -1, 0, -w, 0)
}
func (reverseKLDivergence) conjugate(f, df, ddf, v []float64, w float64) {
	polynomial(f, df, ddf, v, 0, w, -w)
}

func (jsDivergence) activation(f, df, ddf, v []float64, w float64) {
	logLoss(f, df, ddf, v, -1, -w)
	shift(f, w*math.Ln2)
}
func (jsDivergence) conjugate(f, df, ddf, v []float64, w float64) {
	logLoss(f, df, ddf, v, 1, w)
	shift(f, -w*math.Ln2)
}

func (hellingerDivergence) activation(f, df, ddf, v []float64, w float64) {
	exponential(f, df, ddf, v, -1, 0, -w, w)
}
func (hellingerDivergence) conjugate(f, df, ddf, v []float64, w float64) {
	exponential(f, df, ddf, v, 1, 0, w, -w)
}

func (pearsonDivergence) activation(f, df, ddf, v []float64, w float64) {
	polynomial(f, df, ddf, v, 0, w, 0)
}
func (pearsonDivergence) conjugate(f, df, ddf, v []float64, w float64) {
	polynomial(f, df, ddf, v, w/4, w, 0)
}

func (tvDivergence) activation(f, df, ddf, v []float64, w float64) {
	hyperbolic(f, df, ddf, v, w/2)
}
func (tvDivergence) conjugate(f, df, ddf, v []float64, w float64) {
	hyperbolic(f, df, ddf, v, w/2)
}

// polynomial is a·v² + b·v + c with its derivatives.
func polynomial(f, df, ddf, v []float64, a, b, c float64) {
	for i, x := range v {
		if f != nil {
			f[i] = (a*x+b)*x + c
		}
		if df != nil {
			df[i] = 2*a*x + b
		}
		if ddf != nil {
			ddf[i] = 2 * a
		}
	}
}

// exponential is weight·exp(sign·v + at) + c with its derivatives; sign is ±1.
func exponential(f, df, ddf, v []float64, sign, at, weight, c float64) {
	e := firstOf(f, df, ddf)
	for i, x := range v {
		e[i] = sign*x + at
	}
	num.Exp(e, e)
	for i, x := range e {
		x *= weight
		if f != nil {
			f[i] = x + c
		}
		if df != nil {
			df[i] = sign * x
		}
		if ddf != nil {
			ddf[i] = x
		}
	}
}

// hyperbolic is weight·tanh v with its derivatives.
func hyperbolic(f, df, ddf, v []float64, weight float64) {
	e := firstOf(f, df, ddf)
	num.Tanh(e, v)
	for i, t := range e {
		d := weight * (1 - t) * (1 + t)
		if f != nil {
			f[i] = weight * t
		}
		if df != nil {
			df[i] = d
		}
		if ddf != nil {
			ddf[i] = -2 * t * d
		}
	}
}

// shift adds c to x, which may be nil.
func shift(x []float64, c float64) {
	for i := range x {
		x[i] += c
	}
}

// firstOf returns the first slice that is there, as working storage.
func firstOf(f, df, ddf []float64) []float64 {
	switch {
	case f != nil:
		return f
	case df != nil:
		return df
	}
	return ddf
}
