package pathint

import (
	"fmt"
	"math"
	"slices"

	"machlup/langevin"
)

// A Reversal compares the steps of a recurrence with those of its time reversal, in the
// Onsager–Machlup action of both:
//
//	S_fwd(x → x') = Σ_b ‖x'_b − x_b − β_b(x_b − x⁻_b) − v_b(x'_{<b}, x_{≥b})‖²/2s_b² − ½ log det F_b,
//	S_rev(x' → x) = Σ_b ‖x_b − x'_b − β_b(x'_b − x″_b) − v_b(x'_{≤b}, x_{>b})‖²/2s_b² − ½ log det F_b,
//
// x⁻ the slice before x and x″ the one after x'; F_b is taken where v_b is. The reversed
// process runs the blocks in the opposite order: block b moves from x'_b to x_b when the
// later blocks are back at x and the earlier ones are still at x'. With the order kept, players
// that take turns in a potential would seem to produce entropy.
//
// ⟨S_rev − S_fwd⟩ per step of a stationary process is its entropy production, in nats
// (Seifert, Rep. Prog. Phys. 75 (2012) 126001, sec. 2; Maes and Netočný, J. Stat. Phys. 110
// (2003) 269). For a path of K steps from a start at rest (x⁻ = x₀), reversed from its end at
// rest, and any normalised densities ρ₀ of the start and ρ₁ of the end,
//
//	⟨exp(−Σ(S_rev − S_fwd)) ρ₁(x_K)/ρ₀(x₀)⟩ = 1
//
// exactly, in discrete time: the reversed law is normalised. It serves one goroutine.
type Reversal struct {
	a      *OnsagerMachlup
	second bool // a block has momentum

	at, v []float64 // the last reversed drift of a single block and where it was taken
}

// NewReversal returns the reversal of a system, or the reason why its paths have no density
// in positions, and so no entropy production (Adam, minibatches, a player without noise).
func NewReversal(sys System) (*Reversal, error) {
	a, err := NewOnsagerMachlup(sys)
	if err != nil {
		return nil, fmt.Errorf("pathint: there is no entropy production: %w", err)
	}
	r := &Reversal{a: a, v: make([]float64, a.n)}
	for _, b := range a.blocks {
		r.second = r.second || b.Momentum != 0
	}
	return r, nil
}

// Second tells whether a block has momentum, so that Step reads four slices.
func (r *Reversal) Second() bool { return r.second }

// Blocks lists the blocks in the order of the forward step.
func (r *Reversal) Blocks() []langevin.Block { return r.a.blocks }

// Step returns S_rev − S_fwd of the step x → after. The slices before x and beyond after are
// read only where a block has momentum. It allocates nothing after the first call.
func (r *Reversal) Step(before, x, after, beyond []float64) float64 {
	sum := 0.0
	for b := range r.a.blocks {
		cut := r.a.blocks[b].Lo
		sum -= r.action(b, r.mix(after, x, cut), before, x, after)
	}
	for b := range r.a.blocks {
		cut := r.a.blocks[b].Hi
		sum += r.action(b, r.mix(after, x, cut), beyond, after, x)
	}
	return sum
}

// Path returns Σ(S_rev − S_fwd) of a path of K+1 ≥ 2 slices that starts at rest and whose
// reversal starts at rest.
func (r *Reversal) Path(slices [][]float64) float64 {
	last, sum := len(slices)-1, 0.0
	for k := range last {
		sum += r.Step(slices[max(k-1, 0)], slices[k], slices[k+1], slices[min(k+2, last)])
	}
	return sum
}

// A Normal is a density of independent normals about a mean, their standard deviation Spread
// times the noise of a step of each component.
type Normal struct {
	Mean   []float64
	Spread float64
}

// LogWeight returns −R = −Σ(S_rev − S_fwd) + ln ρ₁(x_K) − ln ρ₀(x₀) of a path that starts at
// rest: ⟨e^{−R}⟩ = 1 over paths whose start is drawn from ρ₀. With one block and ρ₁ = ρ₀ the
// reversed process is the process itself, and P(R)/P(−R) = e^R besides.
func (r *Reversal) LogWeight(path [][]float64, start, end Normal) float64 {
	return r.logDensity(end, path[len(path)-1]) - r.logDensity(start, path[0]) - r.Path(path)
}

// logDensity is up to the constant of unit spread.
func (r *Reversal) logDensity(d Normal, x []float64) float64 {
	sum := -float64(r.a.n) * math.Log(d.Spread)
	for _, b := range r.a.blocks {
		for i := b.Lo; i < b.Hi; i++ {
			z := (x[i] - d.Mean[i]) / (d.Spread * b.Noise)
			sum -= z * z / 2
		}
	}
	return sum
}

// mix returns (first[:cut], rest[cut:]).
func (r *Reversal) mix(first, rest []float64, cut int) []float64 {
	copy(r.a.mix[:cut], first[:cut])
	copy(r.a.mix[cut:], rest[cut:r.a.n])
	return r.a.mix
}

// action is the action of the step of block b from now to after whose drift is at mix.
func (r *Reversal) action(b int, mix, before, now, after []float64) float64 {
	blk := &r.a.blocks[b]
	lo, hi := blk.Lo, blk.Hi
	v := r.drift(b, mix)
	half := 0.5 / (blk.Noise * blk.Noise)
	if blk.Momentum == 0 {
		before = now
	}
	if !blk.Metric {
		return half * residualNorm(before[lo:hi], now[lo:hi], after[lo:hi], v, blk.Momentum)
	}
	res := r.a.res[:hi-lo]
	residual(res, before[lo:hi], now[lo:hi], after[lo:hi], v, blk.Momentum)
	logDet := r.a.metric.LogDet(b, mix)
	return half*r.a.metric.MetricNorm(b, mix, res) - 0.5*logDet
}

// drift is v_b at mix. With a single block the reversed drift of one step is the forward one
// of the next, which is not computed again.
func (r *Reversal) drift(b int, mix []float64) []float64 {
	blk := &r.a.blocks[b]
	v := r.v[blk.Lo:blk.Hi]
	if len(r.a.blocks) == 1 {
		if slices.Equal(r.at, mix) {
			return v
		}
		r.at = append(r.at[:0], mix...)
	}
	r.a.sys.Drift(v, b, mix)
	return v
}
