package gan

import "machlup/internal/num"

// InstanceNoiseConfig adds N(0, σ²) to every coordinate of the data and of the generated
// samples that the discriminator sees, in its own step and in the generator's (Sønderby et al.,
// ICLR 2017; Mescheder, Geiger and Nowozin, ICML 2018, section 4). The noise is an input of
// the step, of its own in each player's. The generator's gradient is that of its loss at the
// noisy samples; the natural gradient's metric of the generator is that of the samples without
// noise. σ_k = sigma·f_k, f a schedule; quantities on the quenched batch have f_0.
type InstanceNoiseConfig struct {
	Sigma    float64 `toml:"sigma" range:"[0,inf)" unit:"1" doc:"standard deviation of the noise on what the discriminator sees"`
	Schedule string  `toml:"schedule" doc:"of sigma, see machlup list schedules; configured by the table of its name beside it"`

	// Annealing is the schedule that Schedule names; nil is constant.
	Annealing Schedule `toml:"-"`
}

// DefaultInstanceNoise returns σ = 0.1.
func DefaultInstanceNoise() InstanceNoiseConfig {
	return InstanceNoiseConfig{Sigma: 0.1, Schedule: "constant"}
}

// ScheduleName is the key schedule.
func (c *InstanceNoiseConfig) ScheduleName() string { return c.Schedule }

// Follow sets the schedule.
func (c *InstanceNoiseConfig) Follow(s Schedule) { c.Annealing = s }

// Regulariser returns the noise.
func (c InstanceNoiseConfig) Regulariser() (Regulariser, error) {
	return instanceNoise{sigma: c.Sigma, annealing: c.Annealing}, checkWeight("sigma of instance-noise", c.Sigma)
}

type instanceNoise struct {
	unregularised
	sigma     float64
	annealing Schedule
	samples   int // numbers in a batch of samples
}

func (instanceNoise) Name() string { return "instance-noise" }

func (n instanceNoise) schedule() Schedule { return n.annealing }

func (n instanceNoise) bind(t *Trainer) (regularisation, error) {
	n.samples = t.rows * t.dim
	return n, nil
}

// normals is B·d for each batch that the discriminator sees: data and fakes, or fakes.
func (n instanceNoise) normals(player int) int { return (2 - player) * n.samples }

func (n instanceNoise) perturbs() bool { return n.sigma > 0 }

func (n instanceNoise) perturb(v *view) {
	sigma := n.sigma
	if n.annealing != nil {
		sigma *= n.annealing.At(v.step)
	}
	num.Axpy(sigma, v.xi[:len(v.fake)], v.fake)
	if v.player == 0 {
		num.Axpy(sigma, v.xi[len(v.fake):], v.real)
	}
}
