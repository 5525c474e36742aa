package gan

// GeneratorConfig is the generator's network, by default the listing's 16-32-1.
type GeneratorConfig struct {
	Latent     int     `toml:"latent" range:"[1,inf)" unit:"1" doc:"dimension of the latent normals"`
	Hidden     []int   `toml:"hidden" range:"[1,inf)" unit:"1" doc:"widths of the hidden layers; empty for a linear map"`
	Activation string  `toml:"activation" enum:"tanh|relu|leaky-relu|softplus" doc:"nonlinearity of the hidden layers"`
	Slope      float64 `toml:"slope" range:"[0,1]" unit:"1" doc:"slope of leaky-relu for negative arguments"`
	InitConfig
}

// DefaultGenerator returns the listing's generator.
func DefaultGenerator() GeneratorConfig {
	return GeneratorConfig{Latent: 16, Hidden: []int{32}, Activation: "relu", Slope: 0.2, InitConfig: DefaultInit()}
}

// Network returns the generator of samples of dimension dim.
func (c GeneratorConfig) Network(dim int) (*MLP, error) {
	act, err := NewActivation(c.Activation, c.Slope)
	if err != nil {
		return nil, err
	}
	return newMLP(c.Latent, c.Hidden, dim, act, c.InitConfig)
}

// DiscriminatorConfig is the discriminator's network, by default the listing's 1-32-1 with
// the sigmoid moved into the loss: its output is a logit.
type DiscriminatorConfig struct {
	Hidden     []int   `toml:"hidden" range:"[1,inf)" unit:"1" doc:"widths of the hidden layers; empty for a linear logit"`
	Activation string  `toml:"activation" enum:"tanh|relu|leaky-relu|softplus" doc:"nonlinearity of the hidden layers"`
	Slope      float64 `toml:"slope" range:"[0,1]" unit:"1" doc:"slope of leaky-relu for negative arguments"`
	Output     string  `toml:"output" enum:"linear|sigmoid|tanh" doc:"last nonlinearity; sigmoid and tanh go with the losses least-squares and hinge only (see WithOutput)"`
	InitConfig
}

// DefaultDiscriminator returns the listing's discriminator.
func DefaultDiscriminator() DiscriminatorConfig {
	return DiscriminatorConfig{Hidden: []int{32}, Activation: "leaky-relu", Slope: 0.2, Output: "linear", InitConfig: DefaultInit()}
}

// Network returns the discriminator of samples of dimension dim.
func (c DiscriminatorConfig) Network(dim int) (*MLP, error) {
	act, err := NewActivation(c.Activation, c.Slope)
	if err != nil {
		return nil, err
	}
	return newMLP(dim, c.Hidden, 1, act, c.InitConfig)
}

func newMLP(in int, hidden []int, out int, act Activation, init InitConfig) (*MLP, error) {
	m, err := NewMLP(in, hidden, out, act)
	if err != nil {
		return nil, err
	}
	return m.WithInit(init)
}
