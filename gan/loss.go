package gan

import (
	"fmt"

	"machlup/internal/num"
)

// A Loss is a GAN objective in the discriminator's output V (the logit of the losses with
// a sigmoid in them, else the critic), per sample; both players minimise their batch means:
//
//	L_D = mean real(V(x)) + mean fake(V(G(z))),   L_G = mean generator(V(G(z))).
//
// Each method writes the value, the first and the second derivative with respect to V into
// f, df, ddf; any of them may be nil.
type Loss interface {
	Name() string
	Real(f, df, ddf, logit []float64)
	Fake(f, df, ddf, logit []float64)
	Generator(f, df, ddf, logit []float64)
}

// A LossConfig is a loss's table in the configuration.
type LossConfig interface{ Loss() (Loss, error) }

// A LossEntry is a line of the catalogue of losses; New returns a pointer to a config
// struct holding the defaults.
type LossEntry struct {
	Name, Doc string
	New       func() LossConfig
}

var losses = []LossEntry{
	{"non-saturating", "generator minimises −log D(G(z)) (the listing's loss)", func() LossConfig { return &NonSaturating{} }},
	{"saturating", "generator minimises log(1 − D(G(z))) (the paper's functional C)", func() LossConfig { return &Saturating{} }},
	{"minimax", "the same as saturating, under its name in Goodfellow et al. 2014", func() LossConfig { return &Minimax{} }},
	{"fgan-kl", "f-GAN of KL(p‖q)", fgan(klDivergence{})},
	{"fgan-reverse-kl", "f-GAN of KL(q‖p)", fgan(reverseKLDivergence{})},
	{"fgan-js", "f-GAN of twice the Jensen–Shannon divergence: minimax less 2 log 2", fgan(jsDivergence{})},
	{"fgan-squared-hellinger", "f-GAN of ∫(√p − √q)²", fgan(hellingerDivergence{})},
	{"fgan-pearson", "f-GAN of Pearson's χ², ∫(p − q)²/q", fgan(pearsonDivergence{})},
	{"fgan-total-variation", "f-GAN of the total variation, ½∫|p − q|", fgan(tvDivergence{})},
	{"wasserstein", "critic maximises E_p V − E_q V; it is W₁ only while V is kept Lipschitz", func() LossConfig { return &Wasserstein{} }},
	{"least-squares", "squared distances of V to labels (LSGAN)", func() LossConfig { c := DefaultLeastSquares(); return &c }},
	{"hinge", "critic minimises max(0, 1 − V(x)) + max(0, 1 + V(G(z))), generator −V(G(z))", func() LossConfig { return &Hinge{} }},
}

// Losses returns the catalogue.
func Losses() []LossEntry { return append([]LossEntry(nil), losses...) }

// NewLoss returns the loss of that name with its default settings.
func NewLoss(name string) (Loss, error) {
	for _, e := range losses {
		if e.Name == name {
			return e.New().Loss()
		}
	}
	return nil, fmt.Errorf("gan: loss %q is unknown, allowed are %s", name, names(losses, func(e LossEntry) string { return e.Name }))
}

// NonSaturating is the binary cross entropy with logits, the generator labelled real
// (Goodfellow et al. 2014, section 3; the paper's Listing 1, whose BCELoss of a sigmoid
// this equals wherever that one does not clamp its logarithm at −100).
type NonSaturating struct{ bceDiscriminator }

// Name returns "non-saturating".
func (NonSaturating) Name() string { return "non-saturating" }

// Loss returns the loss itself, which has no settings.
func (l NonSaturating) Loss() (Loss, error) { return l, nil }

// Generator is −log D = softplus(−a).
func (NonSaturating) Generator(f, df, ddf, logit []float64) { logLoss(f, df, ddf, logit, -1, 1) }

// Saturating is the zero-sum game of C = E_p log D + E_q log(1−D) (Goodfellow et al. 2014,
// eq. 1).
type Saturating struct{ bceDiscriminator }

// Name returns "saturating".
func (Saturating) Name() string { return "saturating" }

// Loss returns the loss itself, which has no settings.
func (l Saturating) Loss() (Loss, error) { return l, nil }

// Generator is log(1−D) = −softplus(a).
func (Saturating) Generator(f, df, ddf, logit []float64) { logLoss(f, df, ddf, logit, 1, -1) }

// Minimax is Saturating under its other name.
type Minimax struct{ Saturating }

// Name returns "minimax".
func (Minimax) Name() string { return "minimax" }

// Loss returns the loss itself, which has no settings.
func (l Minimax) Loss() (Loss, error) { return l, nil }

// bceDiscriminator is the discriminator's cross entropy, shared by both.
type bceDiscriminator struct{}

// WithOutput refuses: the sigmoid is in the loss.
func (bceDiscriminator) WithOutput(o Output) (Loss, error) {
	return nil, fmt.Errorf("this loss takes the logit, D = sigmoid(V) is inside it, so %q would be applied before a second squashing; use \"linear\" (the listing's network with its last Sigmoid is this)", o)
}

// Real is −log D = softplus(−a).
func (bceDiscriminator) Real(f, df, ddf, logit []float64) { logLoss(f, df, ddf, logit, -1, 1) }

// Fake is −log(1−D) = softplus(a).
func (bceDiscriminator) Fake(f, df, ddf, logit []float64) { logLoss(f, df, ddf, logit, 1, 1) }

// logLoss is weight·softplus(sign·a) with its derivatives: weight·sign·σ(sign·a) and
// weight·σ(a)σ(−a).
func logLoss(f, df, ddf, a []float64, sign, weight float64) {
	if f != nil {
		scaled(f, sign, a)
		num.Softplus(f, f)
		scaled(f, weight, f)
	}
	if df != nil {
		scaled(df, sign, a)
		num.Sigmoid(df, df)
		if ddf != nil {
			for i, s := range df {
				ddf[i] = weight * s * (1 - s)
			}
		}
		scaled(df, sign*weight, df)
	} else if ddf != nil {
		num.Sigmoid(ddf, a)
		for i, s := range ddf {
			ddf[i] = weight * s * (1 - s)
		}
	}
}

// scaled writes dst = c·x.
func scaled(dst []float64, c float64, x []float64) {
	if c == 1 {
		copy(dst, x)
		return
	}
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = c * v
	}
}
