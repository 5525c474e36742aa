package verify

import (
	"math"
	"testing"
)

// TestMetricLawsTendToTheirDensities: what the checks compare with at a finite step, carried to step 0, are the moments of
// the density that each correction is named after.
func TestMetricLawsTendToTheirDensities(t *testing.T) {
	const temperature, amplitude, wave, stiffness = 0.8, 0.6, 1.3, 1.0
	for correction, power := range map[string]float64{"none": -1, "half": -0.5, "full": 0, "hanggi-klimontovich": 0} {
		var z, m1, m2 float64
		for i := range 14001 {
			x := -7 + float64(i)/1000
			w := math.Exp(-stiffness*x*x/(2*temperature)) * math.Pow(1+amplitude*math.Sin(wave*x), power)
			z, m1, m2 = z+w, m1+w*x, m2+w*x*x
		}
		at := func(eta float64) (float64, float64) {
			return metricMoments(correction, eta, temperature, amplitude, wave, stiffness, 225)
		}
		a1, a2 := at(0.16)
		b1, b2 := at(0.08)
		c1, c2 := at(0.04)
		for i, v := range [][2]float64{{(8*c1 - 6*b1 + a1) / 3, m1 / z}, {(8*c2 - 6*b2 + a2) / 3, m2 / z}} {
			if math.Abs(v[0]-v[1]) > 1e-3 {
				t.Errorf("%s, moment %d: %.5f as η → 0, of the density %.5f", correction, i+1, v[0], v[1])
			}
		}
	}
}
