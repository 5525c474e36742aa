package verify

import (
	"fmt"

	"machlup/gan/otto"
)

// paperChecks are the statements of the paper, each decided by its number: right, or wrong
// with what is true in the paper's place (docs/paper.md).
func paperChecks() []Check {
	var checks []Check
	for _, s := range otto.Statements() {
		checks = append(checks, Check{ID: "paper/" + s.ID, Group: "Statements of the paper", Name: s.Verdict() + ": " + s.Claim, Kind: Exact,
			Experiment: fmt.Sprintf("name = \"verify-paper\"\nseed = 1\n[system]\nkind = \"quantile\"\n[estimator.paper]\nstatement = %q\n", s.ID),
			Cell:       Cell{Table: "summary", Row: map[string]string{"quantity": s.ID + ": " + s.Quantity}, Column: "value"},
			Law:        s.Exact, Tolerance: s.Bound})
	}
	return checks
}
