package pathint

import (
	"fmt"
	"math"

	"machlup/analysis"
)

// A LevelSample is the draws of X at one level of a ladder of laws e^{−λX + …}, one series for
// each independent chain or replica-exchange ladder.
type LevelSample struct {
	Lambda float64
	Series [][]float64
}

// A LadderEstimate is log Z(λ_last)/Z(λ_first) from samples at all levels by several
// estimators, which share the draws: their agreement is a check of the analysis, not of the
// sampling.
type LadderEstimate struct {
	Trapezoid     Estimate   // thermodynamic integration of −⟨X⟩
	SteppingStone Estimate   // Σ log⟨e^{−Δλ X}⟩, each stone from the draws at its lower level
	BAR           Estimate   // Σ Bennett's acceptance ratio between neighbours
	MBAR          Estimate   // all levels together
	Profile       []Estimate // MBAR's log Z(λ_l)/Z(λ_first) at every level
	Levels        []Point    // ⟨X⟩ at every level
	Overlap       []float64  // levels × levels, row-major: MBAR's overlap matrix
	Adjacent      []float64  // overlap of neighbours, ½ at best
}

// Multistate analyses a ladder, whose levels have equally many series of equal length, draw by
// draw of the same sweep. Every draw is used. Statistical errors come from the draws'
// influence on the estimate, summed over blocks of at least 10τ of the slowest level, all
// levels of a block at once: exchanges correlate the levels. It is an error to have fewer than
// 20 blocks, and whatever makes one level's mean unfit is that of all.
func Multistate(levels []LevelSample) LadderEstimate {
	e := LadderEstimate{}
	tau, ess, refused := 0.5, math.Inf(1), error(nil)
	for _, s := range levels {
		p := Summarise(s.Lambda, s.Series)
		e.Levels = append(e.Levels, p)
		if p.Err != nil && refused == nil {
			refused = p.Err
		}
		tau, ess = max(tau, p.Tau), min(ess, p.ESS)
	}
	d := newDraws(levels, analysis.BlockLength(tau))
	if len(d.blocks) < analysis.MinBlocks && refused == nil {
		refused = &analysis.Refusal{Reason: analysis.TooShort, Quantity: "error of log Z of a ladder", Found: float64(len(d.blocks)), Limit: analysis.MinBlocks,
			Advice: "blocks of 10τ must be at least that many: draw longer, or more ladders"}
	}
	e.Trapezoid = e.trapezoid(d)
	e.SteppingStone = steppingStone(d)
	e.BAR = barChain(d)
	e.mbar(d)
	for _, p := range e.estimates() {
		p.ESS = ess
		if p.Err == nil {
			p.Err = refused
		}
	}
	return e
}

// estimates returns the four values of log Z.
func (e *LadderEstimate) estimates() []*Estimate {
	return []*Estimate{&e.Trapezoid, &e.SteppingStone, &e.BAR, &e.MBAR}
}

// draws are those of all levels, series after series, with the blocks of the errors.
type draws struct {
	lambda []float64
	x      [][]float64 // by level
	blocks [][2]int    // draws lo ≤ draw < hi of every level
}

func newDraws(levels []LevelSample, size int) *draws {
	d := &draws{}
	for _, s := range levels {
		d.lambda = append(d.lambda, s.Lambda)
		var pool []float64
		for _, x := range s.Series {
			pool = append(pool, x...)
		}
		d.x = append(d.x, pool)
	}
	at := 0
	for _, x := range levels[0].Series {
		n := max(1, len(x)/size)
		for j := range n {
			d.blocks = append(d.blocks, [2]int{at + j*len(x)/n, at + (j+1)*len(x)/n})
		}
		at += len(x)
	}
	return d
}

// influences adds up what the draws of each block, at all levels, contribute to an estimate.
type influences []float64

func (d *draws) influences() influences { return make(influences, len(d.blocks)) }

// add takes the influence of every draw of one level.
func (v influences) add(d *draws, c []float64) {
	for b, r := range d.blocks {
		for _, x := range c[r[0]:r[1]] {
			v[b] += x
		}
	}
}

// stderr is the standard error: influences sum to zero but for rounding.
func (v influences) stderr() float64 {
	n := float64(len(v))
	if n < 2 {
		return math.Inf(1)
	}
	s := 0.0
	for _, x := range v {
		s += x * x
	}
	return math.Sqrt(s * n / (n - 1))
}

// trapezoid integrates −⟨X⟩; its quadrature error is that of the rule.
func (e *LadderEstimate) trapezoid(d *draws) Estimate {
	last := len(d.lambda) - 1
	g := Grid{Rule: "trapezoid", Lo: d.lambda[0], Hi: d.lambda[last]}
	t := g.Integrate(e.Levels)
	t.Err = nil // that of a level is told once
	v, c := d.influences(), make([]float64, len(d.x[0]))
	for l, x := range d.x {
		w := (d.lambda[min(l+1, last)] - d.lambda[max(l-1, 0)]) / 2
		for i, o := range x {
			c[i] = -w * (o - e.Levels[l].Mean) / float64(len(x))
		}
		v.add(d, c)
	}
	t.StatErr = v.stderr()
	return t
}

// steppingStone sums log⟨e^{−Δλ X}⟩_λ over the stones (Xie et al., Syst. Biol. 60 (2011) 150).
func steppingStone(d *draws) Estimate {
	e := Estimate{Estimator: "stepping-stone", Overlap: math.NaN(), ParetoK: math.Inf(-1)}
	v, logw := d.influences(), make([]float64, len(d.x[0]))
	for l, x := range d.x[:len(d.x)-1] {
		step := d.lambda[l+1] - d.lambda[l]
		for i, o := range x {
			logw[i] = -step * o
		}
		if err := analysis.CheckWeights(logw); err != nil && e.Err == nil {
			e.Err = fmt.Errorf("pathint: stone from λ = %g: %w", d.lambda[l], err)
		}
		e.ParetoK = max(e.ParetoK, analysis.ParetoK(logw))
		stone, _ := analysis.LogMeanExp(logw)
		e.LogZ += stone
		c := make([]float64, len(x))
		for i, w := range logw {
			c[i] = (math.Exp(w-stone) - 1) / float64(len(x))
		}
		v.add(d, c)
	}
	e.StatErr = v.stderr()
	return e
}

// barChain sums Bennett's acceptance ratio over neighbours: MBAR of two states.
func barChain(d *draws) Estimate {
	e := Estimate{Estimator: "bar", Overlap: math.Inf(1), ParetoK: math.NaN()}
	v := d.influences()
	for l := range len(d.x) - 1 {
		m, err := d.multistate(l, l+2)
		if err != nil && e.Err == nil {
			e.Err = fmt.Errorf("pathint: between λ = %g and %g: %w", d.lambda[l], d.lambda[l+1], err)
		}
		if m == nil {
			return e
		}
		e.LogZ -= m.F[1]
		e.Overlap = min(e.Overlap, m.Adjacent[0])
		c, n := m.Influence()[1], len(d.x[l])
		v.add(d, c[:n])
		v.add(d, c[n:])
	}
	e.StatErr = v.stderr()
	return e
}

// multistate is MBAR of the levels lo ≤ l < hi.
func (d *draws) multistate(lo, hi int) (*analysis.MultiState, error) {
	var pool []float64
	var n []int
	for _, x := range d.x[lo:hi] {
		pool = append(pool, x...)
		n = append(n, len(x))
	}
	u := make([][]float64, hi-lo)
	for i := range u {
		u[i] = make([]float64, len(pool))
		for j, x := range pool {
			u[i][j] = d.lambda[lo+i] * x
		}
	}
	return analysis.MBAR(u, n)
}

func (e *LadderEstimate) mbar(d *draws) {
	e.MBAR = Estimate{Estimator: "mbar", Overlap: math.NaN(), ParetoK: math.NaN()}
	m, err := d.multistate(0, len(d.x))
	e.MBAR.Err = err
	if m == nil {
		return
	}
	e.Overlap, e.Adjacent = m.Overlap, m.Adjacent
	influence := m.Influence()
	for l := range d.x {
		v, at := d.influences(), 0
		for _, x := range d.x {
			v.add(d, influence[l][at:at+len(x)])
			at += len(x)
		}
		e.Profile = append(e.Profile, Estimate{Estimator: "mbar", LogZ: -m.F[l], StatErr: v.stderr(),
			ESS: e.Levels[l].ESS, Overlap: smallest(m.Adjacent), ParetoK: math.NaN(), Err: err})
	}
	e.MBAR = e.Profile[len(d.x)-1]
}

func smallest(x []float64) float64 {
	v := math.Inf(1)
	for _, y := range x {
		v = min(v, y)
	}
	return v
}
