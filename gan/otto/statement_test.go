package otto

import (
	"math"
	"testing"
	"time"
)

// Every statement's number is what is true; it is what the paper implies if and only if the
// verdict says so.
func TestStatements(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Statements() {
		if seen[s.ID] || s.ID == "" || s.Claim == "" || s.Quantity == "" {
			t.Errorf("statement %q is listed twice or says nothing", s.ID)
		}
		seen[s.ID] = true
		begin := time.Now()
		got, err := s.Measure()
		if err != nil {
			t.Errorf("%s: %v", s.ID, err)
			continue
		}
		exact, paper := s.Exact(), s.Paper()
		t.Logf("%-22s %-5s %-12.8g exact %-12.8g off %.1e (%.1e) paper %.6g  %v", s.ID, s.Verdict(), got, exact, got-exact, s.Bound, paper, time.Since(begin).Round(time.Millisecond))
		if !(math.Abs(got-exact) <= s.Bound) {
			t.Errorf("%s: %v, exact %v, allowed %v", s.ID, got, exact, s.Bound)
		}
		if math.IsNaN(paper) {
			continue
		}
		if off := math.Abs(got - paper); s.Right && off > s.Bound || !s.Right && off < 20*s.Bound+1e-9 {
			t.Errorf("%s is called %s: %v against the paper's %v (bound %v)", s.ID, s.Verdict(), got, paper, s.Bound)
		}
	}
	if _, err := FindStatement("prop-5.4"); err != nil {
		t.Error(err)
	}
	if _, err := FindStatement("prop-9.9"); err == nil {
		t.Error("a statement that is not there is found")
	}
}
