package gan

import (
	"fmt"
	"math"
	"strings"
)

// A Target is the data distribution p. It maps standard normals to samples by inverse CDF,
// so that the data of a step are part of its iid N(0,1) inputs.
type Target interface {
	Name() string
	Dim() int     // dimension d of a sample
	Normals() int // standard normals per sample
	// Sample maps xi[rows×Normals] to dst[rows×Dim]; rows = len(dst)/Dim.
	Sample(dst, xi []float64)
	// Mean and Std write the exact mean and standard deviation of each coordinate.
	Mean(dst []float64)
	Std(dst []float64)
}

// A DensityTarget is a Target whose density is known.
type DensityTarget interface {
	Target
	Density(x []float64) float64
}

// A QuantileTarget is a 1-D Target whose quantile function is known.
type QuantileTarget interface {
	Target
	Quantile(u float64) float64 // 0 < u < 1
}

// A TargetConfig is a target's table in the configuration.
type TargetConfig interface{ Target() (Target, error) }

// A TargetEntry is a line of the catalogue of targets; New returns a pointer to a config
// struct holding the defaults.
type TargetEntry struct {
	Name, Doc string
	New       func() TargetConfig
}

var targets = []TargetEntry{
	{"gaussian", "normal distribution on the line", func() TargetConfig { c := DefaultGaussian(); return &c }},
	{"mixture", "mixture of isotropic normals on the line or the plane", func() TargetConfig { c := DefaultMixture(); return &c }},
	{"ring", "equal normals on a circle", func() TargetConfig { c := DefaultRing(); return &c }},
	{"grid", "equal normals on a square grid", func() TargetConfig { c := DefaultGrid(); return &c }},
}

// Targets returns the catalogue. User samples are not in it: read them, then NewSamples.
func Targets() []TargetEntry { return append([]TargetEntry(nil), targets...) }

// names joins the names of a catalogue for an error message.
func names[E any](entries []E, name func(E) string) string {
	var s []string
	for _, e := range entries {
		s = append(s, name(e))
	}
	return strings.Join(s, ", ")
}

func checkPositive(what string, x float64) error {
	if !(x > 0) || math.IsInf(x, 0) {
		return fmt.Errorf("gan: %s is %v, allowed are finite numbers > 0", what, x)
	}
	return nil
}

func checkFinite(what string, x float64) error {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return fmt.Errorf("gan: %s is %v, allowed are finite numbers", what, x)
	}
	return nil
}
