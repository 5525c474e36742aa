package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
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
	return seldom(func(p dispatch.Progress) { fmt.Fprintln(w, progressLine(p)) })
}

// newProgressJSON writes an object a line, as seldom.
func newProgressJSON(w io.Writer) func(dispatch.Progress) {
	enc := json.NewEncoder(w)
	return seldom(func(p dispatch.Progress) { _ = enc.Encode(event(p)) })
}

// seldom passes on a report every ten seconds, and the last.
func seldom(show func(dispatch.Progress)) func(dispatch.Progress) {
	next := 10 * time.Second
	return func(p dispatch.Progress) {
		if p.Elapsed >= next || (p.Final && p.Total > 0) {
			next = p.Elapsed + 10*time.Second
			show(p)
		}
	}
}

// A progressEvent is a report as data. What is not known is left out.
type progressEvent struct {
	Event    string   `json:"event"` // progress
	Done     float64  `json:"gradient_evaluations_done"`
	Total    float64  `json:"gradient_evaluations"`
	Tasks    int      `json:"tasks"`
	Finished int      `json:"tasks_finished"`
	Seconds  float64  `json:"seconds"`
	Left     *float64 `json:"seconds_left,omitempty"`
	Accepted *float64 `json:"accepted_fraction,omitempty"`
	LogZ     *float64 `json:"log_z,omitempty"`
	LogZErr  *float64 `json:"log_z_stderr,omitempty"`
}

func event(p dispatch.Progress) progressEvent {
	e := progressEvent{Event: "progress", Done: p.Done, Total: p.Total, Tasks: p.Tasks, Finished: p.Tasks - p.Left, Seconds: p.Elapsed.Seconds()}
	if left, ok := timeLeft(p); ok {
		s := left.Seconds()
		e.Left = &s
	}
	if !math.IsNaN(p.Accepted) {
		e.Accepted = &p.Accepted
	}
	if p.LogZ != nil {
		e.LogZ, e.LogZErr = &p.LogZ.Value, &p.LogZ.StdErr
	}
	return e
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

// timeLeft extrapolates the rate so far.
func timeLeft(p dispatch.Progress) (time.Duration, bool) {
	if p.Final || p.Done <= 0 || p.Done >= p.Total || p.Elapsed <= time.Second {
		return 0, false
	}
	return time.Duration(float64(p.Elapsed) * (p.Total - p.Done) / p.Done), true
}

// progressLine is: percent, tasks, elapsed, rate, remaining time, the fraction of proposals
// accepted by the chains at work, and the last log Z.
func progressLine(p dispatch.Progress) string {
	s := fmt.Sprintf("%3.0f %%  %d of %s  %s", 100*fraction(p), p.Tasks-p.Left, counted(p.Tasks, "task"), p.Elapsed.Round(time.Second))
	if sec := p.Elapsed.Seconds(); sec > 1 && p.Done > 0 {
		s += fmt.Sprintf("  %.0f gradient evaluations/s", p.Done/sec)
	}
	if left, ok := timeLeft(p); ok {
		s += "  " + left.Round(time.Second).String() + " left"
	}
	if !math.IsNaN(p.Accepted) && !p.Final {
		s += fmt.Sprintf("  accepted %.0f %%", 100*p.Accepted)
	}
	if p.LogZ != nil {
		s += fmt.Sprintf("  log Z %.4g ± %.2g", p.LogZ.Value, p.LogZ.StdErr)
	}
	return s
}
