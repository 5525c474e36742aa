package langevin

import "fmt"

// maxNamed is the largest dimension whose coordinates are observables one by one.
const maxNamed = 8

// Coordinates observes a configuration of a toy: each coordinate (up to 8 of them, x0,
// x1, …), their mean and mean square, and the energy if there is a potential. All have
// gradients.
type Coordinates struct {
	n         int
	potential Potential
	names     []Observable
}

// NewCoordinates returns the observer of n coordinates; u may be nil.
func NewCoordinates(n int, u Potential) *Coordinates {
	o := &Coordinates{n: n, potential: u}
	if n <= maxNamed {
		for i := range n {
			o.names = append(o.names, Observable{fmt.Sprintf("x%d", i), "1", fmt.Sprintf("coordinate %d", i)})
		}
	}
	o.names = append(o.names,
		Observable{"mean_x", "1", "mean of the coordinates"},
		Observable{"mean_square_x", "1", "mean square of the coordinates"})
	if u != nil {
		o.names = append(o.names, Observable{"energy", "1", "potential energy U(x)"})
	}
	return o
}

// Observables lists the names; the caller must not change them.
func (o *Coordinates) Observables() []Observable { return o.names }

// Observe writes the observables of q.
func (o *Coordinates) Observe(dst, q []float64) {
	at := 0
	if o.n <= maxNamed {
		at = copy(dst, q[:o.n])
	}
	sum, square := 0.0, 0.0
	for _, x := range q[:o.n] {
		sum += x
		square += x * x
	}
	dst[at], dst[at+1] = sum/float64(o.n), square/float64(o.n)
	if o.potential != nil {
		dst[at+2] = o.potential.Energy(q)
	}
}

// ObserveGradient writes the gradient of observable i.
func (o *Coordinates) ObserveGradient(dst []float64, i int, q []float64) {
	clear(dst[:o.n])
	if o.n <= maxNamed {
		if i < o.n {
			dst[i] = 1
			return
		}
		i -= o.n
	}
	switch i {
	case 0:
		for j := range o.n {
			dst[j] = 1 / float64(o.n)
		}
	case 1:
		for j := range o.n {
			dst[j] = 2 * q[j] / float64(o.n)
		}
	case 2:
		o.potential.Gradient(dst[:o.n], q)
	default:
		panic("langevin: Coordinates has no such observable")
	}
}
