package gan

import (
	"math"

	"machlup/internal/rng"
)

// GaussianConfig is N(mean, std²), by default the paper's N(8, 1.25²).
type GaussianConfig struct {
	MeanValue float64 `toml:"mean" unit:"1" doc:"mean"`
	StdValue  float64 `toml:"std" range:"(0,inf)" unit:"1" doc:"standard deviation"`
}

// DefaultGaussian returns the paper's data distribution.
func DefaultGaussian() GaussianConfig { return GaussianConfig{MeanValue: 8, StdValue: 1.25} }

// Target returns the Gaussian.
func (c GaussianConfig) Target() (Target, error) {
	if err := checkFinite("mean of the gaussian", c.MeanValue); err != nil {
		return nil, err
	}
	if err := checkPositive("std of the gaussian", c.StdValue); err != nil {
		return nil, err
	}
	return gaussian{c.MeanValue, c.StdValue}, nil
}

type gaussian struct{ mean, std float64 }

func (g gaussian) Name() string       { return "gaussian" }
func (g gaussian) Dim() int           { return 1 }
func (g gaussian) Normals() int       { return 1 }
func (g gaussian) Mean(dst []float64) { dst[0] = g.mean }
func (g gaussian) Std(dst []float64)  { dst[0] = g.std }

// Sample is x = ξ·std + mean.
func (g gaussian) Sample(dst, xi []float64) {
	for i := range dst {
		dst[i] = xi[i]*g.std + g.mean
	}
}

func (g gaussian) Density(x []float64) float64 { return normalDensity((x[0]-g.mean)/g.std) / g.std }

func (g gaussian) Quantile(u float64) float64 { return g.mean + g.std*rng.NormalQuantile(u) }

func normalDensity(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }
