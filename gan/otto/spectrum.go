package otto

import (
	"fmt"
	"math"
)

// A Spectrum is that of the generator L = ∂² + (log p)′∂ of overdamped Langevin dynamics in
// p at unit temperature, on a grid: L_ij = P_{i+½}/(h² p_i) for neighbours, the linearisation
// of FiniteVolume's `kl` at q = p. It is self-adjoint in the weight p, so that it has the
// eigenvalues of a symmetric tridiagonal matrix. −L has 0 = λ₀ < λ₁ < …; λ₁ is the gap.
type Spectrum struct {
	grid      Grid
	p         []float64
	diag, off []float64
}

// NewSpectrum returns the spectrum for cell averages p of the data density.
func NewSpectrum(g Grid, p []float64) (*Spectrum, error) {
	v, err := NewFiniteVolume(g, p, KL)
	if err != nil {
		return nil, err
	}
	h2 := g.Width() * g.Width()
	s := &Spectrum{grid: g, p: v.p, diag: make([]float64, g.Cells), off: make([]float64, g.Cells-1)}
	for i := range s.diag {
		s.diag[i] = (v.left(i) + v.right(i)) / (h2 * v.p[i])
	}
	for i := range s.off {
		s.off[i] = -v.edge[i] / (h2 * math.Sqrt(v.p[i]) * math.Sqrt(v.p[i+1]))
	}
	return s, nil
}

// Eigenvalue returns λ_k, k = 0 … Cells−1, by bisection on the number of eigenvalues below
// (Sturm's sequence; Golub & Van Loan, Matrix Computations, §8.4). Absolute error about
// 1e−15 of the largest eigenvalue, 4/h².
func (s *Spectrum) Eigenvalue(k int) float64 {
	if k < 0 || k >= len(s.diag) {
		panic("otto: the spectrum has no eigenvalue of that index")
	}
	lo, hi := 0.0, 0.0
	for i, d := range s.diag { // Gershgorin
		r := 0.0
		if i > 0 {
			r += math.Abs(s.off[i-1])
		}
		if i < len(s.off) {
			r += math.Abs(s.off[i])
		}
		lo, hi = math.Min(lo, d-r), math.Max(hi, d+r)
	}
	for range 200 {
		mid := lo + (hi-lo)/2
		if !(mid > lo && mid < hi) {
			break
		}
		if s.below(mid) > k {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo + (hi-lo)/2
}

// below counts eigenvalues < x.
func (s *Spectrum) below(x float64) int {
	count, q := 0, 1.0
	for i, d := range s.diag {
		e := 0.0
		if i > 0 {
			e = s.off[i-1] * s.off[i-1] / q
		}
		q = d - x - e
		if q == 0 {
			q = -1e-300
		}
		if q < 0 {
			count++
		}
	}
	return count
}

// Eigenfunction writes u_k, the solution of −Lu = λ_k u with ∫u² p = 1 and a positive value
// at the right end, by inverse iteration. Along any flow ∫u₁ q relaxes at w(0)·λ₁ near
// q = p.
func (s *Spectrum) Eigenfunction(dst []float64, k int) error {
	n, lambda := len(s.diag), s.Eigenvalue(k)
	x, diag, lower, upper := dst[:n], make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = 1 + 0.5*math.Sin(float64(i*(k+1))) // no symmetry
	}
	shift := lambda + 1e-10*(s.diag[n/2]+lambda)
	for range 8 {
		for i := range x {
			diag[i] = s.diag[i] - shift
			if i > 0 {
				lower[i], upper[i-1] = s.off[i-1], s.off[i-1]
			}
		}
		solveTridiagonal(lower, diag, upper, x)
		norm := 0.0
		for _, v := range x {
			norm += v * v
		}
		if !(norm > 0) || math.IsInf(norm, 0) {
			return fmt.Errorf("otto: inverse iteration for eigenfunction %d failed", k)
		}
		norm = math.Copysign(1/math.Sqrt(norm), x[n-1])
		for i := range x {
			x[i] *= norm
		}
	}
	for i := range x {
		x[i] /= math.Sqrt(s.p[i] * s.grid.Width())
	}
	return nil
}

// Gap returns the spectral gap λ₁ of the generator of p in the limit of fine grids, by
// Richardson extrapolation from cells and 2·cells cells of a domain that leaves out less
// than 1e−13 of the mass, and the difference to the finer grid's value as an estimate of the
// error of the unextrapolated one.
func Gap(p Law, cells int) (gap, correction float64, err error) {
	var at [2]float64
	for i := range at {
		g, err := GridFor(cells<<i, 1e-13, p)
		if err != nil {
			return 0, 0, err
		}
		average := make([]float64, g.Cells)
		g.Average(average, p)
		s, err := NewSpectrum(g, average)
		if err != nil {
			return 0, 0, err
		}
		at[i] = s.Eigenvalue(1)
	}
	correction = (at[1] - at[0]) / 3
	return at[1] + correction, correction, nil
}
