package pathint

import (
	"fmt"
	"math"

	"machlup/analysis"
)

// Grid is the set of λ at which thermodynamic integration samples.
type Grid struct {
	Rule   string // "gauss-legendre" or "trapezoid"
	Lo, Hi float64
	Lambda []float64
}

// NewGrid returns n nodes of a rule on [lo, hi], at least 3. hi < lo integrates backwards.
func NewGrid(rule string, lo, hi float64, n int) (Grid, error) {
	g := Grid{Rule: rule, Lo: lo, Hi: hi}
	if n < 3 || lo == hi || !finite([]float64{lo, hi}) {
		return g, fmt.Errorf("pathint: grid: %d points on [%g, %g]; want at least 3 on an interval", n, lo, hi)
	}
	switch rule {
	case "gauss-legendre":
		g.Lambda, _ = analysis.GaussLegendreNodes(n, min(lo, hi), max(lo, hi))
	case "trapezoid":
		for i := range n {
			f := float64(i) / float64(n-1)
			g.Lambda = append(g.Lambda, (1-f)*lo+f*hi)
		}
	default:
		return g, fmt.Errorf("pathint: grid: no rule %q; there are gauss-legendre and trapezoid", rule)
	}
	return g, nil
}

// Sampling says how a chain is run at one λ.
type Sampling struct {
	Warm  int // sweeps that adapt step sizes
	Burn  int // sweeps with fixed steps, discarded
	Draws int // draws kept per chain
	Thin  int // sweeps per draw; 0 means 1
}

// Point is ⟨∂U/∂λ⟩ at one λ over several chains. Err says why it is not to be used: the
// chains drift, disagree or are shorter than 50 τ.
type Point struct {
	Lambda, Mean, StdErr float64
	Tau, ESS, RHat       float64
	Err                  error
}

// Sample runs chains at one λ, each with its own source, and returns the point. Start them
// from different paths: R̂ then sees whether the start is forgotten.
func Sample(chains []Ladder, srcs []Source, lambda float64, s Sampling) Point {
	series := make([][]float64, len(chains))
	for i, l := range chains {
		src := srcs[i]
		l.SetLambda(lambda)
		l.Warm(s.Warm, src)
		for range s.Burn {
			l.Sweep(src)
		}
		for range s.Draws {
			for range max(s.Thin, 1) {
				l.Sweep(src)
			}
			series[i] = append(series[i], l.Slope())
		}
	}
	return Summarise(lambda, series)
}

// Summarise makes a point of the series of ∂U/∂λ of several chains.
func Summarise(lambda float64, series [][]float64) Point {
	t := analysis.AutocorrelationChains(series)
	p := Point{Lambda: lambda, Mean: t.Mean, StdErr: t.StdErr, Tau: t.Tau, ESS: t.ESS, RHat: analysis.RHat(series)}
	if err := analysis.CheckEquilibration(series); err != nil {
		p.Err = fmt.Errorf("pathint: integration at λ = %g: %w", lambda, err)
	}
	return p
}

// Integrate returns log Z(hi)/Z(lo) = −∫⟨∂U/∂λ⟩dλ from one point per node of the grid. A
// point that is not to be used makes the whole an estimate that is not.
func (g Grid) Integrate(points []Point) Estimate {
	e := Estimate{Estimator: "ti-" + g.Rule, Overlap: math.NaN(), ParetoK: math.NaN(), ESS: math.Inf(1)}
	var ps []analysis.LambdaPoint
	for _, p := range points {
		ps = append(ps, analysis.LambdaPoint{Lambda: p.Lambda, Mean: p.Mean, StdErr: p.StdErr})
		e.ESS = min(e.ESS, p.ESS)
		if p.Err != nil && e.Err == nil {
			e.Err = p.Err
		}
	}
	var v analysis.Integral
	var err error
	sign := 1.0
	if g.Hi < g.Lo {
		sign = -1
	}
	if g.Rule == "trapezoid" {
		v, err = analysis.Trapezoid(ps)
	} else {
		v, err = analysis.GaussLegendre(ps, min(g.Lo, g.Hi), max(g.Lo, g.Hi))
	}
	if e.Err == nil {
		e.Err = err
	}
	e.LogZ, e.StatErr, e.QuadErr = -sign*v.Value, v.StatErr, v.QuadErr
	return e
}

// TI is thermodynamic integration over a grid by the same chains from node to node.
func TI(g Grid, chains []Ladder, srcs []Source, s Sampling) (Estimate, []Point) {
	var points []Point
	for _, lambda := range g.Lambda {
		points = append(points, Sample(chains, srcs, lambda, s))
	}
	return g.Integrate(points), points
}
