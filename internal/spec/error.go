package spec

import (
	"fmt"
	"strings"
	"unicode"
)

// An Error says what is wrong with one key, on one line.
type Error struct {
	File      string // file name, or `--set a.b.c`
	Line, Col int    // 1-based, Col in characters; 0 when there is no such place
	Key       string // dotted
	Found     string
	Allowed   string
	Hint      string // what to do
	Msg       string // replaces Found and Allowed where they do not fit
}

// Error returns "file:line:col: key: found …; allowed: …; hint".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Col > 0 {
			fmt.Fprintf(&b, ":%d", e.Col)
		}
	}
	for _, part := range []struct{ lead, text string }{
		{": ", e.Key}, {": ", e.Msg}, {": found ", e.Found}, {"; allowed: ", e.Allowed}, {"; ", e.Hint},
	} {
		if part.text != "" {
			b.WriteString(part.lead)
			b.WriteString(clipTo(part.text, 500))
		}
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, b.String())
}

// NearestName returns the valid name closest to name by edit distance (letters swapped,
// missing, added or changed; case counts little), or "" if none is close.
func NearestName(name string, valid []string) string {
	best, bestDist := "", 1+max(1, len([]rune(name))/3)
	for _, v := range valid {
		d := editDistance(strings.ToLower(name), strings.ToLower(v))
		if d < bestDist {
			best, bestDist = v, d
		}
	}
	return best
}

// didYouMean returns a hint, or "".
func didYouMean(name string, valid []string) string {
	if n := NearestName(name, valid); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return ""
}

// editDistance is the optimal string alignment distance (Damerau 1964; no substring is
// edited twice), over three rows.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	const most = 64 // names are short; what is longer is far from any of them
	if len(x) > most || len(y) > most {
		return max(len(x), len(y))
	}
	before, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(y)]
}
