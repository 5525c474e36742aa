package analysis

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
)

// By hand on the line, k = 1: reach of 0, 1, 3 is 1, 1, 2; of 2, 2.5, 9 it is ½, ½, 6½.
func TestPrecisionRecallByHand(t *testing.T) {
	real, fake := []float64{0, 1, 3}, []float64{2, 2.5, 9}
	p, r := PrecisionRecall(real, fake, 1, 1)
	near(t, "precision", p, 2.0/3, 1e-15) // 2 within 1 of 1, 2.5 within 2 of 3, 9 nowhere
	near(t, "recall", r, 1.0/3, 1e-15)    // 3 within ½ of 2.5; 0 and 1 nowhere
	p, r = PrecisionRecall(real, fake, 1, 2)
	near(t, "precision", p, 2.0/3, 1e-15) // reaches 3, 2, 3
	near(t, "recall", r, 1, 1e-15)        // reaches 7, 6.5, 7
	if p, r = PrecisionRecall(real, real, 1, 1); p != 1 || r != 1 {
		t.Errorf("of itself: %v, %v", p, r)
	}
}

// One of two modes: all that is generated is real, half of the real is generated.
func TestPrecisionRecallOfCollapse(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var real, fake, uniform []float64
	for i := range 200 {
		real = append(real, 100*float64(i%2), rng.NormFloat64())
		fake = append(fake, 0, real[len(real)-1]/2)
		uniform = append(uniform, 500, rng.NormFloat64())
	}
	for i := 0; i < len(real); i += 4 { // the generated are among the real of the first mode
		copy(fake[i:i+2], real[i:i+2])
		copy(fake[i+2:i+4], real[i:i+2])
	}
	p, r := PrecisionRecall(real, fake, 2, 3)
	if p != 1 || r != 0.5 {
		t.Errorf("collapse: %v, %v, want 1 and ½", p, r)
	}
	if p, r = PrecisionRecall(real, uniform, 2, 3); p != 0 || r != 0 {
		t.Errorf("elsewhere: %v, %v, want 0 and 0", p, r)
	}
}

// Against sorted distances.
func TestPrecisionRecallByBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	real, fake := normals(rng, 180, 0, 1), normals(rng, 135, 1.5, 0.8)
	for _, k := range []int{1, 2, 3} {
		brute := func(support, points []float64) float64 {
			n := 0
			for i := 0; i < len(points); i += 3 {
				in := false
				for a := 0; a < len(support); a += 3 {
					var all []float64
					for b := 0; b < len(support); b += 3 {
						if a != b {
							all = append(all, distance3(support[a:], support[b:]))
						}
					}
					sort.Float64s(all)
					in = in || distance3(support[a:], points[i:]) <= all[k-1]
				}
				if in {
					n++
				}
			}
			return float64(n) / float64(len(points)/3)
		}
		p, r := PrecisionRecall(real, fake, 3, k)
		near(t, "precision", p, brute(real, fake), 1e-15)
		near(t, "recall", r, brute(fake, real), 1e-15)
		if !(p > 0 && p < 1 && r > 0 && r < 1) {
			t.Errorf("k = %d: precision %v, recall %v test nothing", k, p, r)
		}
	}
}

func distance3(a, b []float64) float64 {
	return math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2])
}
