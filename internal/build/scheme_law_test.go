package build

import "testing"

// TestOtherLaws: of all schemes with their defaults, and with the keys that change the law, which have e^{−U/T}.
func TestOtherLaws(t *testing.T) {
	other := map[string]bool{"rmsprop-sgld": true, "natural-isotropic": true}
	for _, c := range schemes {
		s := c.config()
		if got := otherLaw(s) != nil; got != other[c.name] {
			t.Errorf("%s: another law than exp(-U/T): %t (%v)", c.name, got, otherLaw(s))
		}
		switch s := s.(type) {
		case *metricScheme:
			s.Correction = "half"
		case *milsteinScheme:
			s.Correction = "none"
		case *stratonovichHeunScheme:
			s.Correction = "half"
		case *sgldScheme:
			s.Schedule = "cyclical"
		case *rmspropScheme:
			if s.Correction = "adiabatic"; otherLaw(s) != nil {
				t.Errorf("%s with Γ: %v", c.name, otherLaw(s))
			}
			continue
		default:
			continue
		}
		if otherLaw(s) == nil {
			t.Errorf("%s: %+v is said to sample exp(-U/T)", c.name, s)
		}
	}
	if e := (&eulerMaruyamaScheme{}); coldest(1, []float64{0.3, 0}) != 0 || coldest(1, nil) != 1 || e.temperature() != 0 {
		t.Error("the coldest block decides whether paths have a density")
	}
}
