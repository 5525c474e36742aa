package pathint

import (
	"fmt"
	"math"

	"machlup/langevin"
)

// A Density is a law of q_0. A constant factor belongs to the measure that Z is relative to.
type Density interface {
	// NegLog returns −log ρ(q).
	NegLog(q []float64) float64
}

// A Drawable density can be drawn exactly.
type Drawable interface {
	Density
	// Draw writes old, drawn from the density, mixed with a share b of a fresh draw into q,
	// reversibly with respect to the density; b = 1 is an independent draw, whatever old is.
	// q and old may be the same.
	Draw(q, old []float64, b float64, src Source)
}

// Gaussian is the normalised density N(Mean, Std²·I).
type Gaussian struct {
	Mean []float64
	Std  float64
}

// NewGaussian returns the density, or an error unless the standard deviation is positive.
func NewGaussian(mean []float64, std float64) (*Gaussian, error) {
	if !(std > 0) || math.IsInf(std, 0) {
		return nil, fmt.Errorf("pathint: density of q_0: standard deviation %g; want a positive number", std)
	}
	return &Gaussian{append([]float64(nil), mean...), std}, nil
}

// NegLog returns −log of the normalised density at q.
func (g *Gaussian) NegLog(q []float64) float64 {
	s := 0.0
	for i, m := range g.Mean {
		s += (q[i] - m) * (q[i] - m)
	}
	return 0.5*s/(g.Std*g.Std) + 0.5*float64(len(g.Mean))*math.Log(2*math.Pi*g.Std*g.Std)
}

// Draw is the preconditioned Crank–Nicolson step q = mean + √(1−b²)(old − mean) + b·std·ξ.
func (g *Gaussian) Draw(q, old []float64, b float64, src Source) {
	keep := math.Sqrt(1 - b*b)
	for i, m := range g.Mean {
		q[i] = m + keep*(old[i]-m) + b*g.Std*src.Normal()
	}
}

// Boltzmann returns the density e^{−U/T}, not normalised. draw writes an exact draw of it and
// may be nil; where it is not, the density is Drawable (every draw is a fresh one).
func Boltzmann(u langevin.Potential, temperature float64, draw func(q []float64, src langevin.Source)) (Density, error) {
	if !(temperature > 0) || math.IsInf(temperature, 0) {
		return nil, fmt.Errorf("pathint: density of q_0: temperature %g; want a positive number", temperature)
	}
	b := boltzmann{u, temperature}
	if draw == nil {
		return b, nil
	}
	return drawnBoltzmann{b, draw}, nil
}

type boltzmann struct {
	u           langevin.Potential
	temperature float64
}

func (b boltzmann) NegLog(q []float64) float64 { return b.u.Energy(q) / b.temperature }

type drawnBoltzmann struct {
	boltzmann
	draw func(q []float64, src langevin.Source)
}

func (b drawnBoltzmann) Draw(q, _ []float64, _ float64, src Source) { b.draw(q, src) }

// MovesStart tells whether a move changes a q_0 that has a density.
func MovesStart(m Move) bool {
	for {
		u, ok := m.(interface{ Unwrap() Move })
		if !ok {
			break
		}
		m = u.Unwrap()
	}
	_, ok := m.(interface{ movesStart() })
	return ok
}

func (PCN) movesStart()         {}
func (Shooting) movesStart()    {}
func (SingleSlice) movesStart() {}
func (Staging) movesStart()     {}
