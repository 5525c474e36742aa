package langevin_test

import (
	"fmt"
	"math"

	"machlup/langevin"
)

// pendulum is a potential of one's own: U = Σ (1 − cos x).
type pendulum struct{}

func (pendulum) Dim() int { return 1 }

func (pendulum) Energy(x []float64) float64 { return 1 - math.Cos(x[0]) }

func (u pendulum) Gradient(dst, x []float64) float64 {
	dst[0] = math.Sin(x[0])
	return u.Energy(x)
}

func (pendulum) HessVec(dst, x, v []float64) { dst[0] = math.Cos(x[0]) * v[0] }

// A potential of one's own runs with every scheme; with a Hessian-vector product it has a
// linear-noise prediction too.
func Example() {
	m, err := langevin.EulerMaruyamaConfig{Eta: 0.1, Temperature: 0.01}.New(langevin.Descent(pendulum{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := langevin.LinearNoise(m, []float64{2}, langevin.NewCoordinates(1, pendulum{}), []int{1, 10, 1000})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, k := range p.Steps {
		fmt.Printf("step %4d: x = %.4f ± %.4f\n", k, p.Mean[i][0], p.Std[i][0])
	}
	fmt.Printf("stationary: %.4f\n", math.Sqrt(0.01/(1-0.1/2)))
	// Output:
	// step    1: x = 1.9091 ± 0.0447
	// step   10: x = 1.0389 ± 0.1305
	// step 1000: x = 0.0000 ± 0.1026
	// stationary: 0.1026
}
