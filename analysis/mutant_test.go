package analysis_test

import (
	"testing"

	"machlup/langevin/langevintest"
)

// TestTransitionMutants plants classic mistakes in the statistics of transitions.
func TestTransitionMutants(t *testing.T) {
	langevintest.KillMutants(t, []langevintest.Mutant{
		{Name: "missing |m|", File: "order.go", Old: "norm * (m2 - mAbs*mAbs)", New: "norm * m2", Run: "^TestTransitionByHand$"},
		{Name: "wrong N_χ", File: "transition.go", Old: "Susceptibility(norms.Chi, mean[2], mean[1])", New: "Susceptibility(norms.Heat, mean[2], mean[1])", Run: "^TestTransitionByHand$"},
		{Name: "jackknife without blocks", File: "transition.go", Old: "t.BlockSize = BlockLength(t.Tau.Tau)", New: "t.BlockSize = 1", Run: "^TestTransitionBlocks$"},
		{Name: "free energies taken as known", File: "multihistogram.go", Old: "sums[b*q+a] -= c[j] * v", New: "sums[b*q+a] -= 0 * c[j] * v", Run: "^TestReweightedErrors$"},
		{Name: "crossing by chance", File: "crossing.go", Old: "math.Abs(d[i]) <= CrossingLevel*s[i]", New: "d[i] == 0", Run: "^TestCrossing$"},
	})
}

// TestVerdictMutants plants mistakes in the rules of the verdict and in their evidence.
func TestVerdictMutants(t *testing.T) {
	const rules = "^TestVerdictRules$"
	langevintest.KillMutantsTogether(t, "analysis", []langevintest.Mutant{
		{Name: "U₄ without the 3", File: "order.go", Old: "1 - m4/(3*m2*m2)", New: "1 - m4/(pick(MUTANT, 1.0, 3.0)*m2*m2)", Run: "^TestTransitionByHand$"},
		{Name: "χ without N_χ", File: "transition.go", Old: "Susceptibility(norms.Chi,", New: "Susceptibility(pick(MUTANT, 1, norms.Chi),", Run: "^TestTransitionByHand$"},
		{Name: "errors of x a third", File: "verdict.go", Old: "x, s := c.Estimate.Value, c.Estimate.StdErr", New: "x, s := c.Estimate.Value, pick(MUTANT, 1.0/3, 1)*c.Estimate.StdErr", Run: rules},
		{Name: "errors of x tripled", File: "verdict.go", Old: "case s >= exponentError:", New: "case pick(MUTANT, 0.3, 1)*s >= exponentError:", Run: rules},
		{Name: "⅞ within its error is 1", File: "verdict.go", Old: "x-s <= firstExponent", New: "x-s <= pick(MUTANT, 0, firstExponent)", Run: rules},
		{Name: "0.9 without its error", File: "verdict.go", Old: "1-verdictLevel*s && x-s", New: "1-verdictLevel*s && x-pick(MUTANT, 0, s)", Run: rules},
		{Name: "x above 1 is no law", File: "verdict.go", Old: "case x >= 1-verdictLevel*s:", New: "case x >= 1-verdictLevel*s && x < pick(MUTANT, 1+verdictLevel*s, 9):", Run: rules},
		{Name: "x below 1 is 1", File: "verdict.go", Old: "c.Supports = ContinuousLike\n", New: "c.Supports = pick(MUTANT, FirstOrderLike, ContinuousLike)\n", Run: rules},
		{Name: "½ not ruled out", File: "verdict.go", Old: "x+verdictLevel*s < crossoverLimit", New: "x+pick(MUTANT, 0, verdictLevel)*s < crossoverLimit", Run: rules},
		{Name: "always one power", File: "verdict.go", Old: "l.P < exponentP {", New: "pick(MUTANT, 1, l.P) < exponentP {", Run: rules},
		{Name: "drift the other way", File: "verdict.go", Old: "[]float64{a, -2*b - a, 2 * b}", New: "[]float64{-pick(MUTANT, a, -a), -2*b - pick(MUTANT, -a, a), 2 * b}", Run: rules},
		{Name: "barrier that shrinks", File: "verdict.go", Old: "if l.Slope.Value-verdictLevel*l.Slope.StdErr > barrierGrowth {", New: "if (l.Slope.Value-verdictLevel*l.Slope.StdErr > barrierGrowth) == pick(MUTANT, false, true) {", Run: rules},
		{Name: "barrier that only grows", File: "verdict.go", Old: "l.Slope.StdErr > barrierGrowth", New: "l.Slope.StdErr > pick(MUTANT, 0, barrierGrowth)", Run: rules},
		{Name: "height within its errors", File: "verdict.go", Old: "last.Value-verdictLevel*last.StdErr > barrierHeight", New: "last.Value-pick(MUTANT, -1, verdictLevel)*last.StdErr > barrierHeight", Run: rules},
		{Name: "U₄ that rises", File: "verdict.go", Old: "b.Value-a.Value > verdictLevel*math.Hypot(a.StdErr, b.StdErr)", New: "pick(MUTANT, 2, b.Value-a.Value) > verdictLevel*math.Hypot(a.StdErr, b.StdErr)", Run: rules},
		{Name: "U₄ above 0", File: "verdict.go", Old: "return b.Value > verdictLevel*b.StdErr &&", New: "return pick(MUTANT, 2, b.Value) > verdictLevel*b.StdErr &&", Run: rules},
		{Name: "dips ignored", File: "verdict.go", Old: "against = against || c.Against == ContinuousLike", New: "against = pick(MUTANT, false, against || c.Against == ContinuousLike)", Run: rules},
		{Name: "one clue of first order is enough", File: "verdict.go", Old: "first >= 2 &&", New: "first >= pick(MUTANT, 1, 2) &&", Run: rules},
		{Name: "first order against the exponent", File: "verdict.go", Old: "exponent != ContinuousLike ||", New: "pick(MUTANT, true, exponent != ContinuousLike) ||", Run: rules},
		{Name: "continuous without crossings", File: "verdict.go", Old: "exponent == ContinuousLike && crosses:", New: "exponent == ContinuousLike && pick(MUTANT, true, crosses):", Run: rules},
		{Name: "no crossing of one pair", File: "verdict.go", Old: "if e.Pairs > 1 {", New: "if e.Pairs > pick(MUTANT, 0, 1) {", Run: rules},
		{Name: "loops that vanish", File: "verdict.go", Old: "x.Value+2*x.StdErr < hysteresisLimit", New: "x.Value-pick(MUTANT, 2.0, -2.0)*x.StdErr < hysteresisLimit", Run: rules},
		{Name: "loops of no area", File: "verdict.go", Old: "e.SlowArea.Value > verdictLevel*e.SlowArea.StdErr", New: "e.SlowArea.Value > pick(MUTANT, 0, verdictLevel)*e.SlowArea.StdErr", Run: rules},
		{Name: "curves that may cross", File: "crossing.go", Old: "apart && above != below", New: "apart && pick(MUTANT, true, above != below)", Run: "^TestUncrossed$"},
		{Name: "noise that is the same", File: "crossing.go", Old: "s < 0.02\n", New: "s < pick(MUTANT, 1, 0.02)\n", Run: "^TestUncrossed$"},
		{Name: "barrier of the higher maximum", File: "order_law.go", Old: "math.Min(left, right[i+1])", New: "pick(MUTANT, math.Max, math.Min)(left, right[i+1])", Run: "^TestOrderLaw$"},
	})
}

// TestOrderLawMutants plants mistakes in the bins of a lattice.
func TestOrderLawMutants(t *testing.T) {
	const run = "^TestOrderLawIsEven$"
	langevintest.KillMutantsTogether(t, "analysis", []langevintest.Mutant{
		{Name: "the last bin as wide as it is not", File: "order_law.go", Old: "hi -= b.Trim", New: "hi -= pick(MUTANT, 0, b.Trim)", Run: run},
		{Name: "density of equal widths", File: "order_law.go", Old: "w := l.Width * l.share(i)", New: "w := l.Width * pick(MUTANT, 1, l.share(i))", Run: run},
		{Name: "bins from the lowest draw", File: "order_law.go", Old: "lo < 0 && hi > 0 &&", New: "lo < 0 && hi > pick(MUTANT, 9.0, 0.0) &&", Run: run},
		{Name: "bins that miss the middle", File: "order_law.go", Old: "points%2 == 1 {", New: "points%2 == pick(MUTANT, 5, 1) {", Run: run},
		{Name: "an end that is odd", File: "order_law.go", Old: "(bins*per-points)%2 == 1 {", New: "(bins*per-points)%2 == pick(MUTANT, 5, 1) {", Run: run},
		{Name: "fewer points, lower peak", File: "order_law.go", Old: "p*l.ESS/l.share(i) +", New: "p*l.ESS/pick(MUTANT, 1, l.share(i)) +", Run: "^TestOrderLawPeaks$"},
	})
}

// TestCollapseMutants plants mistakes in the errors of a data collapse and in what is refused.
func TestCollapseMutants(t *testing.T) {
	const file, ising, refused = "collapse_errors.go", "^TestCollapseErrorsOfIsing$", "^TestCollapseRefused$"
	langevintest.KillMutantsTogether(t, "analysis", []langevintest.Mutant{
		{Name: "no corrections", File: file, Old: "(e.Value - start[i]) * v.factor(r[i])", New: "(e.Value - start[i]) * pick(MUTANT, 0, v.factor(r[i]))", Run: ising},
		{Name: "change for the bias", File: file, Old: "return 1 / (1 - r) }", New: "return pick(MUTANT, 1, 1 / (1 - r)) }", Run: "^TestCollapseSeries$"},
		{Name: "largest size as the smallest", File: file, Old: "return r / (1 - r) }", New: "return pick(MUTANT, 1, r) / (1 - r) }", Run: "^TestCollapseSeries$"},
		{Name: "corrections that hardly fall", File: file, Old: "-decay/float64(2*(n-1)))", New: "-pick(MUTANT, 0.1, 1)*decay/float64(2*(n-1)))", Run: ising},
		{Name: "steps of a whole factor", File: file, Old: "float64(2*(n-1))", New: "float64(pick(MUTANT, 1, 2)*(n-1))", Run: "^TestCollapseSeries$"},
		{Name: "critical value as an exponent", File: file, Old: "left(decay + math.Max(0, start[1]))", New: "left(decay + pick(MUTANT, 0, math.Max(0, start[1])))", Run: "^TestCollapseSeries$"},
		{Name: "S for the errors' square", File: file, Old: "float64(c.Terms)/float64(c.Terms-c.Free)", New: "pick(MUTANT, 1, float64(c.Terms)/float64(c.Terms-c.Free))", Run: "^TestCollapseWithoutCorrections$"},
		{Name: "good luck shrinks errors", File: file, Old: "return math.Max(1, math.Sqrt(", New: "return math.Max(pick(MUTANT, 0.0, 1.0), math.Sqrt(", Run: "^TestCollapseWithoutCorrections$"},
		{Name: "any S", File: file, Old: "if !(c.S <= MaxCollapseS) {", New: "if !(c.S <= MaxCollapseS*pick(MUTANT, 9.0, 1.0)) {", Run: refused},
		{Name: "critical value anywhere below", File: file, Old: "case !(c.Critical.Value > lo+edge):", New: "case pick(MUTANT, false, !(c.Critical.Value > lo+edge)):", Run: refused},
		{Name: "critical value anywhere above", File: file, Old: "case !(c.Critical.Value < hi-edge):", New: "case pick(MUTANT, false, !(c.Critical.Value < hi-edge)):", Run: refused},
		{Name: "the end itself", File: file, Old: "edge := collapseEdge * (hi - lo)", New: "edge := pick(MUTANT, 0, collapseEdge) * (hi - lo)", Run: refused},
		{Name: "critical value unknown", File: file, Old: "c.Critical.StdErr < (hi-lo)/2)", New: "c.Critical.StdErr < pick(MUTANT, 9.0, 1.0)*(hi-lo)/2)", Run: refused},
		{Name: "a of no scaling", File: file, Old: "c.A.Value > collapseExponent*c.A.StdErr", New: "c.A.Value > pick(MUTANT, 0, collapseExponent)*c.A.StdErr", Run: refused},
	})
}

// TestEscapeMutants plants mistakes in tests of escape times, in counts against 1/T and in limits of many chains.
func TestEscapeMutants(t *testing.T) {
	const hand, level, counts = "^TestHomogeneousByHand$", "^TestExponentialLevel$", "^TestArrheniusCounts$"
	langevintest.KillMutantsTogether(t, "analysis", []langevintest.Mutant{
		{Name: "one side only", File: "survival.go", Old: "v = above + below", New: "v = above + pick(MUTANT, 0, below)", Run: hand},
		{Name: "waits for time on test", File: "survival.go", Old: "float64(len(order)-k)", New: "float64(len(order)-pick(MUTANT, 0, k))", Run: hand},
		{Name: "tail without its factor", File: "survival.go", Old: "2 * (4*j*j*x*x - 1)", New: "2 * (pick(MUTANT, 2.0, 4.0)*j*j*x*x - 1)", Run: hand},
		{Name: "the smaller p of two", File: "survival.go", Old: "2*math.Min(a, b)", New: "pick(MUTANT, 1.0, 2.0)*math.Min(a, b)", Run: level},
		{Name: "weights of a line", File: "line.go", Old: "m := watched[i] * math.Exp(a+b*d)", New: "m := pick(MUTANT, 1, watched[i]) * math.Exp(a+b*d)", Run: counts},
		{Name: "error of a slope without its intercept", File: "line.go", Old: "va, vb, cov := kxx/det, k/det, -kx/det", New: "va, vb, cov := kxx/det, pick(MUTANT, 4, 1.0)*k/det, -kx/det", Run: counts},
		{Name: "intercept at the centre", File: "line.go", Old: "Estimate{a - b*mean,", New: "Estimate{a - b*pick(MUTANT, 0, mean),", Run: counts},
		{Name: "one limit for all", File: "refusal.go", Old: "/ 2 / float64(n)", New: "/ 2 / float64(pick(MUTANT, 1, n))", Run: "^TestManyChainsAreManyTests$"},
	})
}
