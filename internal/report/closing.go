package report

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

// section is one part of the closing table.
type section struct {
	header []string // the first is the section's title
	left   int      // so many columns are left-aligned, and the last one, which is free text
	rows   [][]string
	foot   [][]string // rows that are always shown, below the others
	most   int        // so many rows are shown on the terminal; 0: all
	what   string     // what the others are, and where they stand
	more   string     // what was left out of rows
}

// sections of the closing table, in order. One without data is nil.
var sections = []func(*run) *section{
	certificatesSection,
	logZSection,
	fluctuationsSection,
	noiseSection,
	modesSection,
	collapseSection,
	orderSection,
	stationarySection,
	finalSection,
	tasksSection,
}

// Closing writes the short table at the end of a run: per section the numbers with their
// errors, then where to look. The whole fits a screen; what is left out is in the tables.
func Closing(w io.Writer, dir string) error {
	var b bytes.Buffer
	r := open(dir)
	for _, f := range sections {
		s := f(r)
		if r.err != nil {
			return r.err
		}
		if s != nil {
			s.print(&b)
			b.WriteByte('\n')
		}
	}
	fmt.Fprintf(&b, "tables   %s\nfigures  %s\nreport   %s\nnumbers  1.234(56) means 1.234 ± 0.056\n", filepath.Join(dir, "csv"), filepath.Join(dir, "figures"), filepath.Join(dir, "report.html"))
	_, err := w.Write(b.Bytes())
	return err
}

// keep makes the terminal show the first rows only.
func (s *section) keep(rows int, what, table string) *section {
	s.most, s.what = rows, fmt.Sprintf("%s in csv/%s.csv", what, table)
	return s
}

// shown are the rows for the terminal, and the words for those left out.
func (s *section) shown() (rows [][]string, more string) {
	rows, more = s.rows, s.more
	if n := len(rows) - s.most; s.most > 0 && n > 0 {
		rows, more = rows[:s.most:s.most], fmt.Sprintf("… %d more %s", n, s.what)
	}
	return append(rows, s.foot...), more
}

func (s *section) print(b *bytes.Buffer) {
	rows, more := s.shown()
	widths := make([]int, len(s.header))
	for i, h := range s.header {
		widths[i] = columnsOf(h)
		if i == 0 {
			widths[i] -= 2 // the title is not indented
		}
		for _, row := range rows {
			widths[i] = max(widths[i], columnsOf(row[i]))
		}
	}
	line := func(cells []string, indent int) {
		var out strings.Builder
		for i, c := range cells {
			gap := widths[i] - columnsOf(c)
			if i == 0 {
				out.WriteString(strings.Repeat(" ", indent))
				gap += 2 - indent
			} else {
				out.WriteString("  ")
			}
			if i < s.left || i == len(cells)-1 && len(cells) > s.left {
				out.WriteString(c + strings.Repeat(" ", gap))
			} else {
				out.WriteString(strings.Repeat(" ", gap) + c)
			}
		}
		b.WriteString(strings.TrimRight(out.String(), " ") + "\n")
	}
	line(s.header, 0)
	for _, row := range rows {
		line(row, 2)
	}
	if more != "" {
		b.WriteString("  " + more + "\n")
	}
}

// columnsOf is the width of a text on a terminal: combining marks take no place.
func columnsOf(s string) int {
	n := 0
	for _, r := range s {
		if !unicode.Is(unicode.Mn, r) {
			n++
		}
	}
	return n
}

// refusal is how the analysis says that a number must not be given.
var refusal = regexp.MustCompile(`(?:[^:]*: )?([^:]*) refused \(([a-z-]+)\): found ([^,]+), limit ([^;]+);.*`)

// chance is how a comparison of many numbers says how it ended.
var chance = regexp.MustCompile(`^([^:]*: )?[0-9]+ comparisons, chance of a worst \|z\| as large <= ([^,]+)`)

// reason is wholeReason in short: a refusal without advice, and cut, between words, to what fits on a line.
func reason(status string) string {
	const most = 96
	status = wholeReason(status)
	if m := refusal.FindStringSubmatchIndex(status); m != nil {
		status = string(refusal.ExpandString(nil, "$2: $1 $3 (limit $4)", status, m))
	}
	r := []rune(status)
	if len(r) <= most {
		return status
	}
	cut := string(r[:most-1])
	if i := strings.LastIndex(cut, " "); i > 0 && r[most-1] != ' ' {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:(") + "…"
}

// wholeReason is what went wrong, of a status: where it passed through is left out.
func wholeReason(status string) string {
	for _, prefix := range []string{"no-estimate: ", "ok; ", "ok: "} {
		status = strings.TrimPrefix(status, prefix)
	}
	status = withoutPackages(status)
	if m := chance.FindStringSubmatch(status); m != nil {
		return m[1] + "chance ≤ " + m[2]
	}
	return status
}

// withoutPackages leaves out of an error which packages it passed through.
func withoutPackages(text string) string {
	for _, pkg := range []string{"pathint: ", "analysis: ", "langevin: ", "gan: "} {
		text = strings.ReplaceAll(text, pkg, "")
	}
	return text
}
