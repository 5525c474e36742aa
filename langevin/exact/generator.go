package exact

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// PlaneGap is the spectral gap of minus the generator L = −∇U·∇ + TΔ of overdamped Langevin
// dynamics in a box of the plane with reflecting walls, extrapolated to zero spacing from
// grids of nx × ny and 2nx × 2ny cells, and the difference that the extrapolation made, a
// bound on what error is left. The box must hold all of e^{−U/T} that matters.
//
// On a grid the generator is the Markov chain of rates (T/h²)e^{−(U_j − U_i)/2T} between
// neighbours, in detailed balance with e^{−U/T}; its error is O(h²) (Wang, Peskin & Elston,
// J. Theor. Biol. 221 (2003) 491, for rates of this kind). Symmetrised it has the ground state
// e^{−U/2T}; the next state follows by inverse iteration with that one projected out.
func PlaneGap(u func(x, y float64) float64, temperature float64, lo, hi [2]float64, nx, ny int) (gap, extrapolated float64) {
	coarse := planeGap(u, temperature, lo, hi, nx, ny)
	fine := planeGap(u, temperature, lo, hi, 2*nx, 2*ny)
	return fine + (fine-coarse)/3, math.Abs(fine-coarse) / 3
}

// planeGap is the gap on one grid of cell centres.
func planeGap(u func(x, y float64) float64, temperature float64, lo, hi [2]float64, nx, ny int) float64 {
	n, hx, hy := nx*ny, (hi[0]-lo[0])/float64(nx), (hi[1]-lo[1])/float64(ny)
	energy := make([]float64, n)
	bottom := math.Inf(1)
	for i := range nx {
		for j := range ny {
			energy[i*ny+j] = u(lo[0]+(float64(i)+0.5)*hx, lo[1]+(float64(j)+0.5)*hy) / temperature
			bottom = min(bottom, energy[i*ny+j])
		}
	}
	h := mat.NewSymBandDense(n, ny, nil)
	bond := func(a, b int, rate float64) {
		h.SetSymBand(a, b, -rate)
		e := math.Exp((energy[a] - energy[b]) / 2)
		h.SetSymBand(a, a, h.At(a, a)+rate*e)
		h.SetSymBand(b, b, h.At(b, b)+rate/e)
	}
	for i := range nx {
		for j := range ny {
			if a := i*ny + j; j+1 < ny {
				bond(a, a+1, temperature/(hy*hy))
			}
			if a := i*ny + j; i+1 < nx {
				bond(a, a+ny, temperature/(hx*hx))
			}
		}
	}
	ground := mat.NewVecDense(n, nil)
	for a, e := range energy {
		ground.SetVec(a, math.Exp(-(e-bottom)/2))
	}
	ground.ScaleVec(1/mat.Norm(ground, 2), ground)
	return nextEigenvalue(h, ground)
}

// nextEigenvalue is the lowest eigenvalue of a positive semidefinite matrix besides the 0 of
// its known ground state.
func nextEigenvalue(h *mat.SymBandDense, ground *mat.VecDense) float64 {
	const shift = 1e-7 // makes it definite; far below a gap of interest, above rounding
	n, band := h.SymBand()
	shifted := mat.NewSymBandDense(n, band, append([]float64(nil), h.RawSymBand().Data...))
	for i := range n {
		shifted.SetSymBand(i, i, h.At(i, i)+shift)
	}
	var factor mat.BandCholesky
	if !factor.Factorize(shifted) {
		panic("exact: the generator on this grid is not positive")
	}
	v, w := mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	for i := range n {
		v.SetVec(i, math.Sin(float64(i*i%97))*ground.AtVec(i)+ground.AtVec(i)*float64(i)/float64(n))
	}
	project := func(v *mat.VecDense) {
		v.AddScaledVec(v, -mat.Dot(ground, v), ground)
		v.ScaleVec(1/mat.Norm(v, 2), v)
	}
	project(v)
	before := 0.0
	for range 500 {
		if err := factor.SolveVecTo(w, v); err != nil {
			var bad mat.Condition // the walls make it large: they scale rows, and do no harm
			if !errors.As(err, &bad) {
				panic("exact: the generator on this grid is singular")
			}
		}
		value := 1/mat.Dot(v, w) - shift
		v.CopyVec(w)
		project(v)
		if math.Abs(value-before) < 1e-12*value {
			return value
		}
		before = value
	}
	panic("exact: the inverse iteration for the gap did not converge")
}

// MeanFirstPassage is the mean number of steps from x0, a node of the grid, until the
// recurrence is first found above the threshold: (1 − P)τ = 1 on the nodes below it. The
// threshold must lie midway between two nodes, where the error is O(h²) in the spacing
// h over the width of a step's noise.
func (k *Kernel) MeanFirstPassage(x0, threshold float64) float64 {
	n := 0
	for n < len(k.x) && k.x[n] < threshold {
		n++
	}
	h := k.x[1] - k.x[0]
	if n == 0 || n == len(k.x) || math.Abs((k.x[n-1]+k.x[n])/2-threshold) > 1e-9*h {
		panic("exact: Kernel.MeanFirstPassage needs a threshold midway between two nodes")
	}
	a, one := mat.NewDense(n, n, nil), mat.NewVecDense(n, nil)
	for i := range n {
		one.SetVec(i, 1)
		for j := range n {
			a.Set(i, j, -k.p.At(i, j))
		}
		a.Set(i, i, 1+a.At(i, i))
	}
	var tau mat.VecDense
	if err := tau.SolveVec(a, one); err != nil {
		panic("exact: the first passage has no finite mean on this grid")
	}
	return tau.AtVec(int(math.Round((x0 - k.x[0]) / h)))
}
