package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"machlup/internal/dispatch"
)

// newProgress shows a bar on a terminal and a plain line every ten seconds elsewhere.
func newProgress(w io.Writer) func(dispatch.Progress) {
	if f, ok := w.(*os.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 {
			return func(p dispatch.Progress) { bar(w, p) }
		}
	}
	next := 10 * time.Second
	return func(p dispatch.Progress) {
		if p.Elapsed >= next || (p.Final && p.Total > 0) {
			next = p.Elapsed + 10*time.Second
			fmt.Fprintln(w, progressLine(p))
		}
	}
}

func bar(w io.Writer, p dispatch.Progress) {
	const width = 28
	filled := int(width * fraction(p))
	fmt.Fprintf(w, "\r\x1b[K[%s%s] %s", strings.Repeat("█", filled), strings.Repeat("·", width-filled), progressLine(p))
	if p.Final {
		fmt.Fprintln(w)
	}
}

func fraction(p dispatch.Progress) float64 {
	if p.Total <= 0 {
		return 1
	}
	return min(1, p.Done/p.Total)
}

// progressLine is: percent, tasks, rate, elapsed and remaining time.
func progressLine(p dispatch.Progress) string {
	s := fmt.Sprintf("%3.0f %%  %d of %d tasks  %s", 100*fraction(p), p.Tasks-p.Left, p.Tasks, p.Elapsed.Round(time.Second))
	if sec := p.Elapsed.Seconds(); sec > 1 && p.Done > 0 {
		s += fmt.Sprintf("  %.0f gradient evaluations/s", p.Done/sec)
		if !p.Final && p.Done < p.Total {
			left := time.Duration(sec * (p.Total - p.Done) / p.Done * float64(time.Second))
			s += "  " + left.Round(time.Second).String() + " left"
		}
	}
	return s
}
