package gan

import (
	"fmt"
	"testing"
)

// BenchmarkExactPotential is a gradient of U and a Hessian product, for a linear generator
// (the functional alone) of a number of latents.
func BenchmarkExactPotential(b *testing.B) {
	for _, rows := range []int{64, 1024} {
		u, err := optimalGame{latent: 1, config: OptimalConfig{Bandwidth: 0.5}, noise: Noise{Kind: "none", Quenched: rows}}.trainer(b).Potential()
		if err != nil {
			b.Fatal(err)
		}
		x, g := []float64{1.3, 0.2}, make([]float64, 2)
		b.Run(fmt.Sprintf("gradient/%d", rows), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				u.Gradient(g, x)
			}
		})
		b.Run(fmt.Sprintf("hessian/%d", rows), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				u.HessVec(g, x, x)
			}
		})
	}
}
