package gan

import (
	"fmt"
	"math"
)

// Wasserstein is the critic's game of Arjovsky, Chintala and Bottou (arXiv:1701.07875):
// L_D = −mean V(x) + mean V(G(z)), L_G = −mean V(G(z)). −L_D is the Wasserstein-1 distance
// at the maximum over 1-Lipschitz V. Nothing here keeps V Lipschitz: without a constraint
// L_D has no lower bound.
type Wasserstein struct{}

// Name returns "wasserstein".
func (Wasserstein) Name() string { return "wasserstein" }

// Loss returns the loss itself, which has no settings.
func (l Wasserstein) Loss() (Loss, error) { return l, nil }

// Real is −V.
func (Wasserstein) Real(f, df, ddf, v []float64) { polynomial(f, df, ddf, v, 0, -1, 0) }

// Fake is V.
func (Wasserstein) Fake(f, df, ddf, v []float64) { polynomial(f, df, ddf, v, 0, 1, 0) }

// Generator is −V.
func (Wasserstein) Generator(f, df, ddf, v []float64) { polynomial(f, df, ddf, v, 0, -1, 0) }

// WithOutput refuses a bounded critic.
func (Wasserstein) WithOutput(o Output) (Loss, error) {
	return nil, fmt.Errorf("the critic of the Wasserstein distance ranges over all 1-Lipschitz functions, which are not bounded: with %q E_p V − E_q V stays below %g however far apart p and q are, and is no W₁; use \"linear\"", o, o.span())
}

// LeastSquaresConfig is the table of the loss of Mao et al. (ICCV 2017, arXiv:1611.04076,
// eq. 2): L_D = ½ mean (V(x) − b)² + ½ mean (V(G(z)) − a)², L_G = ½ mean (V(G(z)) − c)².
// At the optimal V* = (bp + aq)/(p + q) and with b − c = 1, b − a = 2 the generator's
// ½E_p(V* − c)² + ½E_q(V* − c)² is half of ∫(p − q)²/(p + q), Pearson's χ² of p + q and 2q
// (their eqs 5 to 8).
type LeastSquaresConfig struct {
	A float64 `toml:"a" unit:"1" doc:"label of generated samples for the discriminator"`
	B float64 `toml:"b" unit:"1" doc:"label of data"`
	C float64 `toml:"c" unit:"1" doc:"what the generator wants the discriminator to say"`
}

// DefaultLeastSquares returns the labels 0, 1, 1 of Mao et al., eq. 9.
func DefaultLeastSquares() LeastSquaresConfig { return LeastSquaresConfig{A: 0, B: 1, C: 1} }

// Loss returns the loss.
func (c LeastSquaresConfig) Loss() (Loss, error) {
	if c.A == c.B {
		return nil, fmt.Errorf("gan: the labels a and b of least-squares are both %v, allowed are different ones: the discriminator would have nothing to tell apart", c.A)
	}
	for _, x := range []float64{c.A, c.B, c.C} {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("gan: the labels of least-squares are %v, %v and %v, allowed are finite numbers", c.A, c.B, c.C)
		}
	}
	return leastSquaresLoss{LeastSquaresConfig: c}, nil
}

type leastSquaresLoss struct {
	LeastSquaresConfig
	out Output
}

func (leastSquaresLoss) Name() string { return "least-squares" }

func (l leastSquaresLoss) Real(f, df, ddf, v []float64)      { squares(f, df, ddf, v, l.B, l.out) }
func (l leastSquaresLoss) Fake(f, df, ddf, v []float64)      { squares(f, df, ddf, v, l.A, l.out) }
func (l leastSquaresLoss) Generator(f, df, ddf, v []float64) { squares(f, df, ddf, v, l.C, l.out) }

// WithOutput applies o before the square.
func (l leastSquaresLoss) WithOutput(o Output) (Loss, error) { l.out = o; return l, nil }

// squares is ½(o(v) − label)² with its derivatives in v.
func squares(f, df, ddf, v []float64, label float64, o Output) {
	for i, x := range v {
		y, d, dd := o.at(x)
		r := y - label
		if f != nil {
			f[i] = 0.5 * r * r
		}
		if df != nil {
			df[i] = r * d
		}
		if ddf != nil {
			ddf[i] = d*d + r*dd
		}
	}
}

// Hinge is the loss of Lim and Ye (arXiv:1705.02894) and Miyato et al. (ICLR 2018, eqs 16,
// 17): L_D = mean max(0, 1 − V(x)) + mean max(0, 1 + V(G(z))), L_G = −mean V(G(z)). At a
// kink the derivative is 0, PyTorch's of relu.
type Hinge struct{}

// Name returns "hinge".
func (Hinge) Name() string { return "hinge" }

// Loss returns the loss itself, which has no settings.
func (Hinge) Loss() (Loss, error) { return hingeLoss{}, nil }

type hingeLoss struct{ out Output }

func (hingeLoss) Name() string { return "hinge" }

func (l hingeLoss) Real(f, df, ddf, v []float64) { hinge(f, df, ddf, v, 1, -1, l.out) }
func (l hingeLoss) Fake(f, df, ddf, v []float64) { hinge(f, df, ddf, v, 1, 1, l.out) }
func (l hingeLoss) Generator(f, df, ddf, v []float64) {
	hinge(f, df, ddf, v, math.Inf(1), -1, l.out)
}

// WithOutput applies o before the hinge; as |o| ≤ 1 the hinge then never closes, and the
// game is that of mean differences of o(V).
func (l hingeLoss) WithOutput(o Output) (Loss, error) { l.out = o; return l, nil }

// hinge is max(0, margin + sign·o(v)) with its derivatives in v; a margin of +Inf stands for
// sign·o(v) alone.
func hinge(f, df, ddf, v []float64, margin, sign float64, o Output) {
	for i, x := range v {
		y, d, dd := o.at(x)
		y *= sign
		switch {
		case math.IsInf(margin, 1):
		case margin+y > 0 || math.IsNaN(y):
			y += margin
		default:
			y, d, dd = 0, 0, 0
		}
		if f != nil {
			f[i] = y
		}
		if df != nil {
			df[i] = sign * d
		}
		if ddf != nil {
			ddf[i] = sign * dd
		}
	}
}
