package verify

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"machlup/gan/otto"
)

// docs/paper.md names each check of the paper once, with the verdict and a number that is
// within the check's bound, and no check that is not in the catalogue.
func TestPageOfThePaper(t *testing.T) {
	page, err := os.ReadFile("../../docs/paper.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range Checks() {
		known[c.ID] = true
	}
	for _, m := range regexp.MustCompile("`((?:paper|otto|gan|paths|langevin|metric|free-energy)/[^`]+)`").FindAllStringSubmatch(string(page), -1) {
		if !known[m[1]] && m[1] != "gan/otto" {
			t.Errorf("docs/paper.md names %s, which is no check", m[1])
		}
	}
	results := map[string][]string{}
	for _, m := range regexp.MustCompile("`paper/([^`]+)`: \\*\\*(\\w+)\\*\\*, (?:order )?(-?[0-9][0-9.e-]*[0-9]|[0-9])").FindAllStringSubmatch(string(page), -1) {
		if results[m[1]] != nil {
			t.Errorf("docs/paper.md has two results of paper/%s", m[1])
		}
		results[m[1]] = m[2:]
	}
	for _, s := range otto.Statements() {
		r := results[s.ID]
		if r == nil || strings.Count(string(page), "`paper/"+s.ID+"`") != 1 {
			t.Errorf("docs/paper.md does not give the result of paper/%s once", s.ID)
			continue
		}
		number, err := strconv.ParseFloat(r[1], 64)
		if exact := s.Exact(); err != nil || r[0] != s.Verdict() || math.Abs(number-exact) > s.Bound*1.01+1e-7*math.Abs(exact) {
			t.Errorf("docs/paper.md says of paper/%s: %q, the check says %s, %v within %v", s.ID, r, s.Verdict(), exact, s.Bound)
		}
		delete(results, s.ID)
	}
	for id := range results {
		t.Errorf("docs/paper.md has a result of paper/%s, which is no check", id)
	}
}
