package gan

import (
	"fmt"

	"machlup/internal/num"
)

// A Loss is a GAN objective in the discriminator's logit a, per sample; both players
// minimise their batch means:
//
//	L_D = mean real(a(x)) + mean fake(a(G(z))),   L_G = mean generator(a(G(z))).
//
// Each method writes the value, the first and the second derivative with respect to the
// logit into f, df, ddf; any of them may be nil.
type Loss interface {
	Name() string
	Real(f, df, ddf, logit []float64)
	Fake(f, df, ddf, logit []float64)
	Generator(f, df, ddf, logit []float64)
}

// A LossEntry is a line of the catalogue of losses.
type LossEntry struct {
	Name, Doc string
	Loss      Loss
}

var losses = []LossEntry{
	{"non-saturating", "generator minimises −log D(G(z)) (the listing's loss)", NonSaturating{}},
	{"saturating", "generator minimises log(1 − D(G(z))) (the paper's functional C)", Saturating{}},
}

// Losses returns the catalogue.
func Losses() []LossEntry { return append([]LossEntry(nil), losses...) }

// NewLoss returns the loss of that name.
func NewLoss(name string) (Loss, error) {
	for _, e := range losses {
		if e.Name == name {
			return e.Loss, nil
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

// Generator is −log D = softplus(−a).
func (NonSaturating) Generator(f, df, ddf, logit []float64) { logLoss(f, df, ddf, logit, -1, 1) }

// Saturating is the zero-sum game of C = E_p log D + E_q log(1−D).
type Saturating struct{ bceDiscriminator }

// Name returns "saturating".
func (Saturating) Name() string { return "saturating" }

// Generator is log(1−D) = −softplus(a).
func (Saturating) Generator(f, df, ddf, logit []float64) { logLoss(f, df, ddf, logit, 1, -1) }

// bceDiscriminator is the discriminator's cross entropy, shared by both.
type bceDiscriminator struct{}

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
