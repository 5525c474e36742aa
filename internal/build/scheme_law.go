package build

import (
	"fmt"
	"slices"
)

// coldest is the temperature of a scheme whose blocks may have their own: paths have a density in positions if the
// coldest has noise. Where there is a potential, there is one block.
func coldest(all float64, blocks []float64) float64 {
	if len(blocks) > 0 {
		return slices.Min(blocks)
	}
	return all
}

// otherLaw is why the stationary law of a scheme in a potential is not e^{−U/T} as its step goes to 0, nil where it is.
func otherLaw(scheme schemeConfig) error {
	switch s := scheme.(type) {
	case *metricScheme:
		return otherMeasure(s.Correction)
	case *milsteinScheme:
		return otherMeasure(s.Correction)
	case *stratonovichHeunScheme:
		return otherMeasure(s.Correction)
	case *rmspropScheme:
		if s.Correction != "adiabatic" {
			return fmt.Errorf("with correction = %q the law of rmsprop-sgld is not exp(-U/T); adiabatic keeps it", s.Correction)
		}
	case *naturalIsotropicScheme:
		return fmt.Errorf("isotropic noise with a natural gradient has the law exp(∫Gf/T), not exp(-U/T)")
	case *sgldScheme:
		if s.Schedule == "cyclical" && s.Exploration > 0 {
			return fmt.Errorf("a cycle of sgld has a part without noise: its draws together have not the law exp(-U/T)")
		}
	}
	return nil
}

func otherMeasure(correction string) error {
	law := map[string]string{"none": "exp(-U/T)/G", "half": "exp(-U/T)/sqrt(G)"}[correction]
	if law == "" {
		return nil
	}
	return fmt.Errorf("with correction = %q the law of the scheme is %s, not exp(-U/T)", correction, law)
}
