package gan

// R2Config adds γ/2 E_q|∇ₓD|², D the logit, over the generated samples of the batch to the
// discriminator's loss (Mescheder, Geiger and Nowozin, ICML 2018, eq. 10). The generator's
// own loss does not contain it.
type R2Config struct {
	Gamma float64 `toml:"gamma" range:"[0,inf)" unit:"1" doc:"γ of γ/2 E|∇D|² over the generated samples"`
}

// DefaultR2 returns γ = 10, the source's.
func DefaultR2() R2Config { return R2Config{Gamma: 10} }

// Regulariser returns the penalty.
func (c R2Config) Regulariser() (Regulariser, error) {
	return gradientPenalty{name: "r2", w: c.Gamma / 2, points: atFakes{}}, checkWeight("gamma of r2", c.Gamma)
}
