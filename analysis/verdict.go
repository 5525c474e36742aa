package analysis

import (
	"fmt"
	"math"
	"strings"
)

// A Verdict names what a finite system looks like. No system of fixed size has a singularity:
// all but undecided end in "like", or speak of a crossover.
type Verdict string

// The verdicts.
const (
	FirstOrderLike Verdict = "first-order-like"
	ContinuousLike Verdict = "continuous-like"
	Crossover      Verdict = "crossover"
	Undecided      Verdict = "undecided"
)

// A Clue is one piece of evidence: a number with its error, what it supports and what it speaks
// against (empty: none), and why in words.
type Clue struct {
	Name     string
	Estimate Estimate // NaN where there is none
	Supports Verdict
	Against  Verdict
	Text     string
}

// Evidence is what a sweep of control parameter and size has to say. Sizes rise; series over
// sizes have one value for each. Values that could not be had are NaN, with the reason in
// Missing. All lengths that are not Sizes' are allowed to be 0.
type Evidence struct {
	Sizes []float64
	// ChiMax is the maximum over the control parameter of N(⟨m²⟩ − ⟨|m|⟩²): N_χ = size.
	ChiMax []Estimate
	// Barrier is that of −log P(m) at the maximum of χ.
	Barrier []Estimate
	// BinderMin is the least U₄ over the control parameter, BinderDip how far it lies below the
	// lower of the two ends of the sweep: 0 where U₄ is least at an end.
	BinderMin, BinderDip []Estimate
	// Crossings found; Pairs of neighbours of which it is known whether they cross: those found
	// to, and those that are Uncrossed.
	Crossings []Crossed
	Pairs     int
	// Area of the hysteresis loop against the rate of the ramp: exponent of the power law, and
	// the area of the slowest ramp; nil without.
	AreaExponent, SlowArea *Estimate
	Missing                []string
}

// The numbers of Judge's rules.
const (
	verdictLevel    = 3.0  // errors that count
	exponentError   = 0.1  // an exponent known worse excludes nothing
	firstExponent   = 0.9  // continuous transitions come close: ⅞ in the Ising model of two dimensions
	exponentP       = 0.01 // p below which one power of the size does not fit χ
	crossoverBelow  = 0.1  // an exponent of χ below this is none
	crossoverLimit  = 0.5  // and ½, that of mean field, must be excluded
	barrierGrowth   = 0.25 // exponent that the barrier's must exceed
	barrierHeight   = 1.0  // and the height that it must have
	hysteresisLimit = 0.2  // exponent of an area that stays
)

// Judge weighs the evidence. The rules, with σ the error of what is named:
//
//   - chi-exponent x of max χ ∼ size^x (N_χ = size): x = 1 within 3σ or above, and x − σ above 0.9, is what first-order-like
//     has; above 0 by 3σ and below 1 by 3σ is continuous-like; within 3σ of 0 or below 0.1, and below
//     ½ by 3σ, is a crossover. x is not used unless σ < 0.1. Where one power does not fit
//     three sizes or more (p < 0.01) it is that between the two largest sizes plus its
//     change from the pair before, which is what corrections that shrink leave of it.
//     Var|m| = max χ/N is (m₁ − m₀)²/4 where phases of order m₀ and m₁ coexist, and m₀ ∼ N^−½ of an |m| that is
//     disordered takes a share that dies out: x falls to 1 from above. At a continuous
//     transition Var|m| vanishes.
//   - barrier ∼ size^y of −log P(m) at the maximum of χ: y is above ¼ by 3σ and the barrier of the
//     largest size above 1 by 3σ: first-order-like. Phases that coexist are parted by a surface, which
//     grows as N^{(d−1)/d}, N^½ or faster; P(m) of a continuous transition keeps its shape, with
//     corrections (Curie–Weiss: 0.61 to 1.04 from N = 16 to 1024). A smaller barrier that grows
//     so speaks against continuous-like.
//   - binder-minimum: U₄ falls below 0 by 3σ at the largest size and below that of the smallest by 3σ:
//     first-order-like. A minimum inside the sweep that deepens with the size, by 3σ each, but
//     does not reach 0 speaks against continuous-like: two phases do that long before P(m) has two maxima.
//   - crossings of U₄: at least one pair of sizes crosses: a transition of either kind; none of at
//     least two pairs: crossover. U₄ of two sizes may cross by chance or by corrections:
//     the drift is in the clue.
//   - hysteresis: the area of the slowest ramp is above 0 by 3σ and its exponent against the rate
//     is below 0.2 by 2σ: first-order-like. An area that vanishes with the rate says nothing.
//
// first-order-like: barrier or binder-minimum or hysteresis says so, together with another of them
// or with the exponent, and the exponent does not say continuous-like. continuous-like: the exponent
// says so, U₄ crosses, nothing says first-order-like or speaks against. crossover: the exponent
// says so, U₄ does not cross, and again nothing else. All else, and fewer than two sizes, is undecided.
//
// Sizes that are too small for their transition deceive: below its correlation volume a weak
// transition of first order has x < 1 and crossings. docs/physics.md has how often.
func Judge(e Evidence) (Verdict, []Clue) {
	var clues []Clue
	add := func(c Clue) { clues = append(clues, c) }
	if len(e.Sizes) < 2 {
		add(Clue{Name: "sizes", Estimate: Estimate{float64(len(e.Sizes)), 0}, Text: "one size: nothing tells growth with size from a property of this size"})
	} else {
		add(e.exponent())
		add(e.barrier())
		add(e.binderMinimum())
		add(e.crossings())
	}
	if e.SlowArea != nil {
		add(e.hysteresis())
	}
	for _, m := range e.Missing {
		add(none("missing", m))
	}
	said, first, against := map[string]Verdict{}, 0, false
	for _, c := range clues {
		said[c.Name] = c.Supports
		against = against || c.Against == ContinuousLike
	}
	for _, name := range []string{"barrier", "binder-minimum", "hysteresis"} {
		if said[name] == FirstOrderLike {
			first++
		}
	}
	exponent, crosses := said["chi-exponent"], len(e.Crossings) > 0
	switch {
	case len(e.Sizes) < 2:
		return Undecided, clues
	case first >= 2 && exponent != ContinuousLike || first == 1 && exponent == FirstOrderLike:
		return FirstOrderLike, clues
	case first > 0 || against:
		return Undecided, clues
	case exponent == ContinuousLike && crosses:
		return ContinuousLike, clues
	case exponent == Crossover && said["crossings"] == Crossover:
		return Crossover, clues
	}
	return Undecided, clues
}

func none(name, why string) Clue {
	return Clue{Name: name, Estimate: Estimate{math.NaN(), math.NaN()}, Text: why}
}

// over keeps the sizes whose value is known.
func (e Evidence) over(v []Estimate) (sizes []float64, known []Estimate) {
	for i, s := range v {
		if s.Value-s.Value == 0 && s.StdErr > 0 && !math.IsInf(s.StdErr, 1) {
			sizes, known = append(sizes, e.Sizes[i]), append(known, s)
		}
	}
	return sizes, known
}

func (e Evidence) exponent() Clue {
	const name = "chi-exponent"
	sizes, v := e.over(e.ChiMax)
	if len(v) < 2 {
		return none(name, "max χ is known for fewer than two sizes")
	}
	l, err := PowerLaw(sizes, v)
	if err != nil {
		return none(name, err.Error())
	}
	c := Clue{Name: name, Estimate: l.Slope, Text: "max χ ∼ size^x"}
	if n := len(v); n > 2 && l.P < exponentP {
		c.Estimate = drifting(sizes[n-3:], v[n-3:])
		c.Text += fmt.Sprintf(" (one power of %.3f does not fit all sizes, p = %.1g: that of the largest two and its drift)", l.Slope.Value, l.P)
	}
	x, s := c.Estimate.Value, c.Estimate.StdErr
	switch {
	case s >= exponentError:
		c.Text += fmt.Sprintf(": the error of x is %v or more, which excludes nothing", exponentError)
	case x >= 1-verdictLevel*s && x-s <= firstExponent:
		c.Text += fmt.Sprintf(": x is compatible with 1, and with the %v or less of continuous transitions", firstExponent)
	case x >= 1-verdictLevel*s:
		c.Supports = FirstOrderLike
		c.Text += " with x = 1 within three errors or above: Var|m| does not fall with size, as that of two coexisting phases"
	case (x <= verdictLevel*s || x < crossoverBelow) && x+verdictLevel*s < crossoverLimit:
		c.Supports = Crossover
		c.Text += " with x compatible with 0 or below 0.1: fluctuations of independent parts"
	case x > verdictLevel*s:
		c.Supports = ContinuousLike
		c.Text += " with 0 < x < 1 by three errors"
	default:
		c.Text += ": x is compatible with 0, and with ½ or more"
	}
	return c
}

// drifting is the local exponent of three sizes, taken on by another of its changes: with sizes in
// geometric progression and corrections that halve from pair to pair, what is left at infinity.
func drifting(size []float64, v []Estimate) Estimate {
	var value, variance float64
	a, b := 1/math.Log(size[1]/size[0]), 1/math.Log(size[2]/size[1])
	for i, c := range []float64{a, -2*b - a, 2 * b} { // 2(y₂ − y₁)b − (y₁ − y₀)a
		value += c * math.Log(v[i].Value)
		variance += c * c * v[i].StdErr * v[i].StdErr / (v[i].Value * v[i].Value)
	}
	return Estimate{value, math.Sqrt(variance)}
}

func (e Evidence) barrier() Clue {
	const name = "barrier"
	sizes, v := e.over(e.Barrier)
	if len(v) < 2 {
		return none(name, "the barrier of −log P(m) at max χ is known for fewer than two sizes")
	}
	last := v[len(v)-1]
	text := fmt.Sprintf("barrier of −log P(m) at max χ: %.2f±%.2f at the largest size", last.Value, last.StdErr)
	var at []float64
	var seen []Estimate
	for i, b := range v { // noise alone makes a barrier of its error
		if b.Value > 2*b.StdErr {
			at, seen = append(at, sizes[i]), append(seen, b)
		}
	}
	if len(seen) < 2 {
		return none(name, text+"; fewer than two sizes have one that is above 0 by two errors")
	}
	l, err := PowerLaw(at, seen)
	if err != nil {
		return none(name, err.Error())
	}
	c := Clue{Name: name, Estimate: l.Slope, Text: text + ", ∼ size^y"}
	if l.Slope.Value-verdictLevel*l.Slope.StdErr > barrierGrowth {
		if last.Value-verdictLevel*last.StdErr > barrierHeight {
			c.Supports = FirstOrderLike
			c.Text += " with y above ¼ by three errors: phases that coexist"
		} else {
			c.Against = ContinuousLike
			c.Text += " with y above ¼ by three errors, but too low to tell phases: larger sizes are needed"
		}
	}
	return c
}

func (e Evidence) binderMinimum() Clue {
	const name = "binder-minimum"
	_, v := e.over(e.BinderMin)
	if len(v) < 2 {
		return none(name, "U₄ is known for fewer than two sizes")
	}
	a, b := v[0], v[len(v)-1]
	c := Clue{Name: name, Estimate: b, Text: fmt.Sprintf("least U₄ of the largest size; %.3f±%.3f of the smallest", a.Value, a.StdErr)}
	deepens := func(a, b Estimate) bool { // b above 0 and above a
		return b.Value > verdictLevel*b.StdErr && b.Value-a.Value > verdictLevel*math.Hypot(a.StdErr, b.StdErr)
	}
	if deepens(Estimate{-a.Value, a.StdErr}, Estimate{-b.Value, b.StdErr}) {
		c.Supports = FirstOrderLike
		return c
	}
	if _, d := e.over(e.BinderDip); len(d) > 1 && deepens(d[0], d[len(d)-1]) {
		c.Against = ContinuousLike
		c.Text += fmt.Sprintf("; inside the sweep U₄ dips by %.3f±%.3f below its ends, %.3f±%.3f at the smallest: larger sizes are needed", d[len(d)-1].Value, d[len(d)-1].StdErr, d[0].Value, d[0].StdErr)
	}
	return c
}

func (e Evidence) crossings() Clue {
	const name = "crossings"
	switch {
	case e.Pairs == 0:
		return none(name, "of no pair of sizes is it known whether U₄ crosses")
	case len(e.Crossings) == 0:
		c := none(name, fmt.Sprintf("U₄ of sizes next to each other does not cross, in %d pairs", e.Pairs))
		if e.Pairs > 1 {
			c.Supports = Crossover
		}
		return c
	}
	var at []string
	for _, c := range e.Crossings {
		at = append(at, fmt.Sprintf("%.5g±%.1g (U₄ = %.4f±%.4f)", c.At.Value, c.At.StdErr, c.Value.Value, c.Value.StdErr))
	}
	last := e.Crossings[len(e.Crossings)-1]
	return Clue{Name: name, Estimate: last.At, Text: fmt.Sprintf("U₄ of %d of %d pairs of sizes crosses, from small to large at %s", len(at), e.Pairs, strings.Join(at, ", "))}
}

func (e Evidence) hysteresis() Clue {
	c := Clue{Name: "hysteresis", Estimate: *e.SlowArea, Text: "area of the loop of the slowest ramp"}
	if e.AreaExponent == nil {
		return c
	}
	x := *e.AreaExponent
	c.Text += fmt.Sprintf("; area ∼ rate^x with x = %.2f±%.2f", x.Value, x.StdErr)
	if e.SlowArea.Value > verdictLevel*e.SlowArea.StdErr && x.Value+2*x.StdErr < hysteresisLimit {
		c.Supports = FirstOrderLike
		c.Text += ": it does not vanish with the rate"
	}
	return c
}
