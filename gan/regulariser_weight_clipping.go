package gan

import "fmt"

// WeightClippingConfig clips every parameter of the discriminator to [−c, c] after each of its
// steps (Arjovsky, Chintala and Bottou, ICML 2017, algorithm 1). A velocity is not changed.
// Clipped parameters have atoms at ±c, so a path has no density in positions.
type WeightClippingConfig struct {
	C float64 `toml:"c" range:"(0,inf)" unit:"1" doc:"largest magnitude of a discriminator's parameter"`
}

// DefaultWeightClipping returns the source's c = 0.01.
func DefaultWeightClipping() WeightClippingConfig { return WeightClippingConfig{C: 0.01} }

// Regulariser returns the constraint.
func (c WeightClippingConfig) Regulariser() (Regulariser, error) {
	return weightClipping{c: c.C}, checkPositive("c of weight-clipping", c.C)
}

// weightClipping needs no working storage: it is its own regularisation.
type weightClipping struct {
	unregularised
	c float64
}

func (weightClipping) Name() string                            { return "weight-clipping" }
func (w weightClipping) bind(*Trainer) (regularisation, error) { return w, nil }

func (w weightClipping) project(player int, params []float64) {
	if player == 1 {
		return
	}
	for i, x := range params { // NaN stays
		if x > w.c {
			params[i] = w.c
		} else if x < -w.c {
			params[i] = -w.c
		}
	}
}

func (w weightClipping) gaussian() error {
	return fmt.Errorf("weight-clipping leaves clipped parameters exactly at ±%v: their law has atoms and no density; sample the innovation action, or use a gradient penalty", w.c)
}

func (w weightClipping) smooth() error {
	return fmt.Errorf("weight-clipping has a kink at ±%v; use a gradient penalty", w.c)
}
