package otto

import (
	"fmt"
	"math"
	"slices"
)

func sortFloats(x []float64) { slices.Sort(x) }

// A Grid cuts [Lo, Hi] into Cells equal cells. A density on it is the vector of cell
// averages, so that its mass is Width()·Σ q_i.
type Grid struct {
	Lo, Hi float64
	Cells  int
}

// NewGrid returns the grid, or an error for an empty interval or fewer than 3 cells.
func NewGrid(lo, hi float64, cells int) (Grid, error) {
	switch {
	case !(hi > lo) || math.IsInf(hi-lo, 0):
		return Grid{}, fmt.Errorf("otto: the grid is [%v, %v]: its ends must be finite and in order", lo, hi)
	case cells < 3:
		return Grid{}, fmt.Errorf("otto: the grid has %d cells: at least 3 are needed", cells)
	}
	return Grid{lo, hi, cells}, nil
}

// GridFor returns a grid that holds each law up to a mass tail beyond either end.
func GridFor(cells int, tail float64, laws ...Law) (Grid, error) {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, d := range laws {
		lo, hi = math.Min(lo, d.Quantile(tail)), math.Max(hi, d.Quantile(1-tail))
	}
	return NewGrid(lo, hi, cells)
}

// Width returns the width of a cell.
func (g Grid) Width() float64 { return (g.Hi - g.Lo) / float64(g.Cells) }

// Edge returns the left edge of cell i; i = Cells gives the right end.
func (g Grid) Edge(i int) float64 {
	if i == g.Cells {
		return g.Hi
	}
	return g.Lo + float64(i)*g.Width()
}

// Centre returns the centre of cell i.
func (g Grid) Centre(i int) float64 { return g.Lo + (float64(i)+0.5)*g.Width() }

// Average writes the cell averages of a law, scaled to unit mass on the grid.
func (g Grid) Average(dst []float64, d Law) {
	for i := range dst[:g.Cells] {
		dst[i] = d.Mass(g.Edge(i), g.Edge(i+1))
	}
	g.Normalise(dst)
}

// Normalise scales a density to unit mass.
func (g Grid) Normalise(q []float64) {
	scale := 1 / g.Mass(q)
	for i := range q[:g.Cells] {
		q[i] *= scale
	}
}

// Mass returns ∫q.
func (g Grid) Mass(q []float64) float64 { return g.Width() * sum(q[:g.Cells]) }

// Mean returns ∫xq and Variance ∫(x−mean)²q + width²/12, those of the piecewise constant
// density.
func (g Grid) Mean(q []float64) float64 {
	total := 0.0
	for i, v := range q[:g.Cells] {
		total += v * g.Centre(i)
	}
	return total * g.Width() / g.Mass(q)
}

// Variance returns the variance of the piecewise constant density.
func (g Grid) Variance(q []float64) float64 {
	mean, total := g.Mean(q), 0.0
	for i, v := range q[:g.Cells] {
		d := g.Centre(i) - mean
		total += v * d * d
	}
	return total*g.Width()/g.Mass(q) + g.Width()*g.Width()/12
}

// Basins cuts the grid at the cell edges nearest to the local minima of a density: it
// returns the first cell of each mode's basin and Cells at the end.
func (g Grid) Basins(p []float64) []int {
	cuts, falling, low := []int{0}, false, 0
	for i := 1; i < g.Cells; i++ {
		switch {
		case p[i] < p[i-1]:
			falling, low = true, i
		case p[i] > p[i-1] && falling:
			cut := low // the edge on the side of the lower neighbour is the nearer one
			if p[low+1] < p[low-1] {
				cut++
			}
			cuts, falling = append(cuts, cut), false
		}
	}
	return append(cuts, g.Cells)
}

// W2 returns the Wasserstein-2 distance of two piecewise constant densities on the grid,
// each scaled to unit mass: W₂² = ∫₀¹ |Q₁(u) − Q₂(u)|² du, with piecewise linear quantile
// functions integrated exactly.
func (g Grid) W2(a, b []float64) float64 {
	h := g.Width()
	massA, massB := sum(a[:g.Cells]), sum(b[:g.Cells])
	total, u, i, j := 0.0, 0.0, -1, -1
	var endA, endB float64 // cumulated mass at the right edges of cells i and j
	next := func(q []float64, mass float64, k int, end float64) (int, float64) {
		for k++; k < g.Cells && q[k] <= 0; k++ {
		}
		if k < g.Cells {
			end += q[k] / mass
		}
		return k, end
	}
	i, endA = next(a, massA, i, 0)
	j, endB = next(b, massB, j, 0)
	for i < g.Cells && j < g.Cells {
		to := math.Min(endA, endB)
		if du := to - u; du > 0 {
			// At the mass u the quantile is the right edge less what is left of the cell.
			at := func(k int, q []float64, mass, end, u float64) float64 { return g.Edge(k+1) - h*(end-u)*mass/q[k] }
			d0 := at(i, a, massA, endA, u) - at(j, b, massB, endB, u)
			d1 := at(i, a, massA, endA, to) - at(j, b, massB, endB, to)
			total += du * (d0*d0 + d0*d1 + d1*d1) / 3
			u = to
		}
		if endA <= endB {
			i, endA = next(a, massA, i, endA)
		} else {
			j, endB = next(b, massB, j, endB)
		}
	}
	return math.Sqrt(total)
}

func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}
