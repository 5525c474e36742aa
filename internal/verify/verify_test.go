package verify

import (
	"context"
	"math"
	"regexp"
	"strconv"
	"testing"
)

// Every check has an id of its own, an experiment that builds, and a bound that a wrong
// value would break: a Monte Carlo cap is at most a twentieth of the exact value's scale.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	built := map[string]error{}
	for _, c := range Checks() {
		if seen[c.ID] {
			t.Errorf("check %s is listed twice", c.ID)
		}
		seen[c.ID] = true
		if _, ok := built[c.Experiment]; !ok {
			_, built[c.Experiment] = parse(c.Experiment, nil)
		}
		if err := built[c.Experiment]; err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
		switch c.Kind {
		case MonteCarlo:
			if scale := math.Max(math.Abs(c.Exact), 0.3); c.Tolerance > scale/15 {
				t.Errorf("%s: a cap of %g on the error of %g cannot see a mistake", c.ID, c.Tolerance, c.Exact)
			}
		case Exact:
			if math.IsNaN(c.Exact) || c.Tolerance < 0 {
				t.Errorf("%s: exact %g, tolerance %g", c.ID, c.Exact, c.Tolerance)
			}
		default:
			t.Errorf("%s: unknown kind %q", c.ID, c.Kind)
		}
	}
}

// A few checks run here, one of each kind, as they stand; and with the exact value of a
// classic mistake in its place they fail.
func TestChecksPassAndMistakesFail(t *testing.T) {
	filter := regexp.MustCompile(`^(langevin/euler-maruyama|langevin/heavy-ball|paths/O9-staging|paths/O4-variance|free-energy/ti)$`)
	results, err := Run(context.Background(), Options{Filter: filter, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 5 {
		t.Fatalf("%d checks ran, want 5", len(results))
	}
	for _, r := range results {
		if !r.Passed {
			t.Errorf("%s: estimate %v, exact %v: %s", r.ID, r.Estimate, r.Exact, r.Message)
		}
		for _, mistake := range []float64{1.1, 0.5, -1} { // lost step-size bias, factor 2, sign
			wrong := Check{ID: r.ID, Kind: r.Kind, Exact: r.Exact * mistake, Tolerance: r.Tolerance, Cell: Cell{Column: "v", StdErr: "e", ESS: "n"}}
			row := map[string]string{"v": format(r.Estimate), "e": format(r.StdErr), "n": "1000"}
			var again Result
			if err := again.fill(wrong, row); err != nil || again.Passed {
				t.Errorf("%s: passes with an exact value %g times the right one (%v)", r.ID, mistake, err)
			}
		}
	}
}

// Numbers that must not be used never pass: a huge error bar, too few draws, an empty cell.
func TestJudge(t *testing.T) {
	c := Check{Kind: MonteCarlo, Exact: 1, Tolerance: 0.01, Cell: Cell{Column: "v", StdErr: "e", ESS: "n"}}
	for _, row := range []map[string]string{
		{"v": "1", "e": "0.5", "n": "1000"}, {"v": "1", "e": "0.001", "n": "20"}, {"v": "1.1", "e": "0.001", "n": "1000"},
	} {
		var r Result
		if err := r.fill(c, row); err != nil || r.Passed {
			t.Errorf("%v passes (%v)", row, err)
		}
	}
	for _, row := range []map[string]string{{"v": "", "e": "0.001", "n": "1000"}, {"e": "0.001", "n": "1000"}} {
		var r Result
		if err := r.fill(c, row); err == nil {
			t.Errorf("%v is taken for a number", row)
		}
	}
}

// A share counts the rows asked for, and those alone.
func TestShare(t *testing.T) {
	o := &outcome{tables: map[string][]map[string]string{"verdict": {
		{"clue": "verdict", "supports": "crossover"}, {"clue": "verdict", "supports": "undecided"}, {"clue": "verdict", "supports": "continuous-like"},
		{"clue": "verdict", "supports": "crossover"}, {"clue": "barrier", "supports": "first-order-like"},
	}}}
	c := Check{Kind: Exact, Tolerance: 0.2, Cell: Cell{Table: "verdict", Row: map[string]string{"clue": "verdict"}, Column: "supports", Neither: []string{"crossover", "undecided"}}}
	if r := c.judge(o); r.Estimate == nil || *r.Estimate != 0.25 || r.Passed {
		t.Errorf("one of four: %+v", r)
	}
	c.Tolerance = 0.25
	if r := c.judge(o); !r.Passed {
		t.Errorf("a quarter allowed: %+v", r)
	}
	c.Cell.Row = map[string]string{"clue": "hysteresis"}
	if r := c.judge(o); r.Passed || r.Message == "" {
		t.Errorf("no rows: %+v", r)
	}
}

func format(v *float64) string {
	if v == nil {
		return "0"
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}
