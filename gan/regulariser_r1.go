package gan

// R1Config adds γ/2 E_p|∇ₓD|², D the logit, over the data of the batch to the
// discriminator's loss (Mescheder, Geiger and Nowozin, ICML 2018, eq. 9).
type R1Config struct {
	Gamma float64 `toml:"gamma" range:"[0,inf)" unit:"1" doc:"γ of γ/2 E|∇D|² over the data"`
}

// DefaultR1 returns γ = 10, the source's.
func DefaultR1() R1Config { return R1Config{Gamma: 10} }

// Regulariser returns the penalty.
func (c R1Config) Regulariser() (Regulariser, error) {
	return gradientPenalty{name: "r1", w: c.Gamma / 2, points: atData{}}, checkWeight("gamma of r1", c.Gamma)
}
