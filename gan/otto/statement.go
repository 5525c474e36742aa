package otto

import (
	"fmt"
	"math"
)

// A Statement is something that the paper claims, with the number that decides it.
type Statement struct {
	ID       string // "prop-5.4": the paper's own numbering, what is decided behind it
	Claim    string // what the paper says, short
	Right    bool   // the verdict
	Quantity string // what the number is
	Paper    func() float64
	Exact    func() float64          // what is true: a formula or quadrature
	Measure  func() (float64, error) // the number, computed another way
	Bound    float64                 // largest |Measure − Exact|
}

// Verdict is "right" or "wrong".
func (s Statement) Verdict() string {
	if s.Right {
		return "right"
	}
	return "wrong"
}

// Statements lists the claims in the order of the paper. Paper gives the number that the
// claim implies, NaN where it implies none (an inequality, or existence).
func Statements() []Statement {
	var out []Statement
	for _, part := range [][]Statement{functionalStatements(), geometryStatements(), flowStatements(), equilibriumStatements(), actionStatements(), parameterStatements(), outlookStatements()} {
		out = append(out, part...)
	}
	return out
}

// FindStatement returns the statement of an identifier.
func FindStatement(id string) (Statement, error) {
	for _, s := range Statements() {
		if s.ID == id {
			return s, nil
		}
	}
	return Statement{}, fmt.Errorf("otto: the paper has no statement %q", id)
}

// is is a constant; none a claim without a number.
func is(x float64) func() float64 { return func() float64 { return x } }

var none = is(math.NaN())

// The example away from equilibrium that most statements are decided on: the paper's data and
// a generator that has come close.
var (
	exampleData = Normal(8, 1.25)
	exampleFake = Normal(7, 1)
)

func exampleBreaks() []float64 { return Breaks(exampleData, exampleFake) }

// exampleGrid is a finite-volume flow of the example's data with the example's q.
func exampleGrid(f Flow, cells int, p, q Density) (*FiniteVolume, []float64, error) {
	g, err := GridFor(cells, 1e-13, p, q)
	if err != nil {
		return nil, nil, err
	}
	average, start := make([]float64, cells), make([]float64, cells)
	g.Average(average, p)
	g.Average(start, q)
	v, err := NewFiniteVolume(g, average, f)
	return v, start, err
}
