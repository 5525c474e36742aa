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

// A Clue is one piece of evidence: a number with its error, what it supports (empty: none), and
// why in words.
type Clue struct {
	Name     string
	Estimate Estimate // NaN where there is none
	Supports Verdict
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
	// BinderMin is the least U₄ over the control parameter.
	BinderMin []Estimate
	// Crossings found; Pairs that were compared, with curves good enough to tell.
	Crossings []Crossed
	Pairs     int
	// Area of the hysteresis loop against the rate of the ramp: exponent of the power law, and
	// the area of the slowest ramp; nil without.
	AreaExponent, SlowArea *Estimate
	Missing                []string
}

// Judge weighs the evidence. The rules, with σ the error of what is named:
//
//   - barrier: the slope of the barrier of −log P(m) at the maximum of χ against the size is
//     positive by 3σ and the barrier of the largest size is above 1 by 3σ: first-order-like
//     (P(m) of a continuous transition keeps its shape at the maximum of χ).
//   - binder-minimum: U₄ falls below 0 by 3σ at the largest size and below that of the
//     smallest by 3σ: first-order-like.
//   - chi-exponent x of max χ ∼ size^x (N_χ = size): compatible with 1 (within 3σ, σ < 0.1) is
//     what first-order-like has; above 0 by 3σ and below 1 by 3σ is continuous-like; within 3σ
//     of 0 or below 0.1, with σ < 0.1, is a crossover.
//   - crossings of U₄: at least one pair of sizes crosses: a transition of either kind; none of at
//     least two pairs: crossover. U₄ of two sizes may cross by chance or by corrections:
//     the drift is in the clue.
//   - hysteresis: the area of the slowest ramp is above 0 by 3σ and its exponent against the rate
//     is below 0.2 by 2σ: first-order-like. An area that vanishes with the rate says nothing.
//
// first-order-like: barrier or binder-minimum or hysteresis says so, together with another of them
// or with the exponent. continuous-like: the exponent says so, U₄ crosses, and nothing
// says first-order-like. crossover: the exponent says so, and U₄ does not cross. All else, and
// fewer than two sizes, is undecided.
func Judge(e Evidence) (Verdict, []Clue) {
	var clues []Clue
	add := func(c Clue) { clues = append(clues, c) }
	if len(e.Sizes) < 2 {
		add(Clue{"sizes", Estimate{float64(len(e.Sizes)), 0}, "", "one size: nothing tells growth with size from a property of this size"})
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
		add(Clue{"missing", Estimate{math.NaN(), math.NaN()}, "", m})
	}
	says := func(name string, v Verdict) bool {
		for _, c := range clues {
			if c.Name == name && c.Supports == v {
				return true
			}
		}
		return false
	}
	first := 0
	for _, name := range []string{"barrier", "binder-minimum", "hysteresis"} {
		if says(name, FirstOrderLike) {
			first++
		}
	}
	crosses := len(e.Crossings) > 0
	switch {
	case len(e.Sizes) < 2:
		return Undecided, clues
	case first >= 2 || first == 1 && says("chi-exponent", FirstOrderLike):
		return FirstOrderLike, clues
	case first == 0 && says("chi-exponent", ContinuousLike) && crosses:
		return ContinuousLike, clues
	case first == 0 && says("chi-exponent", Crossover) && !crosses && says("crossings", Crossover):
		return Crossover, clues
	}
	return Undecided, clues
}

func none(name, why string) Clue {
	return Clue{name, Estimate{math.NaN(), math.NaN()}, "", why}
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
	c := Clue{Name: name, Estimate: l.Slope}
	x, s := l.Slope.Value, l.Slope.StdErr
	switch {
	case s >= 0.1:
		c.Text = "max χ ∼ size^x: its error is 0.1 or more, which excludes nothing"
	case math.Abs(x-1) <= 3*s:
		c.Supports, c.Text = FirstOrderLike, "max χ ∼ size^x with x = 1 within three errors, as two coexisting phases have"
	case math.Abs(x) <= 3*s || x < 0.1:
		c.Supports, c.Text = Crossover, "max χ ∼ size^x with x compatible with 0 or below 0.1: fluctuations of independent parts"
	case x < 1-3*s:
		c.Supports, c.Text = ContinuousLike, "max χ ∼ size^x with 0 < x < 1 by three errors"
	default:
		c.Text = "max χ ∼ size^x with x > 1 by three errors: no law of the kinds known; is N_χ the size?"
	}
	if len(v) > 2 && l.P < 1e-3 {
		c.Text += fmt.Sprintf(" (one power does not fit all sizes, p = %.1g)", l.P)
	}
	return c
}

func (e Evidence) barrier() Clue {
	const name = "barrier"
	sizes, v := e.over(e.Barrier)
	if len(v) < 2 {
		return none(name, "the barrier of −log P(m) at max χ is known for fewer than two sizes")
	}
	var y, s []float64
	for _, b := range v {
		y, s = append(y, b.Value), append(s, b.StdErr)
	}
	l, err := FitLine(sizes, y, s)
	if err != nil {
		return none(name, err.Error())
	}
	last := v[len(v)-1]
	c := Clue{Name: name, Estimate: l.Slope, Text: fmt.Sprintf("slope of the barrier of −log P(m) at max χ against the size; %.2f±%.2f at the largest", last.Value, last.StdErr)}
	if l.Slope.Value > 3*l.Slope.StdErr && last.Value-1 > 3*last.StdErr {
		c.Supports = FirstOrderLike
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
	if b.Value < -3*b.StdErr && a.Value-b.Value > 3*math.Hypot(a.StdErr, b.StdErr) {
		c.Supports = FirstOrderLike
	}
	return c
}

func (e Evidence) crossings() Clue {
	const name = "crossings"
	switch {
	case e.Pairs == 0:
		return none(name, "no pair of sizes has curves of U₄ that can be compared")
	case len(e.Crossings) == 0:
		c := none(name, fmt.Sprintf("U₄ of none of %d pairs of sizes cross beyond their errors", e.Pairs))
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
	return Clue{name, last.At, "", fmt.Sprintf("U₄ of %d of %d pairs of sizes cross, from small to large at %s", len(at), e.Pairs, strings.Join(at, ", "))}
}

func (e Evidence) hysteresis() Clue {
	c := Clue{Name: "hysteresis", Estimate: *e.SlowArea, Text: "area of the loop of the slowest ramp"}
	if e.AreaExponent == nil {
		return c
	}
	x := *e.AreaExponent
	c.Text += fmt.Sprintf("; area ∼ rate^x with x = %.2f±%.2f", x.Value, x.StdErr)
	if e.SlowArea.Value > 3*e.SlowArea.StdErr && x.Value+2*x.StdErr < 0.2 {
		c.Supports = FirstOrderLike
		c.Text += ": it does not vanish with the rate"
	}
	return c
}
