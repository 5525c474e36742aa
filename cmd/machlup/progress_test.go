package main

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"machlup/analysis"
	"machlup/internal/dispatch"
)

func TestProgressSaysWhatIsKnown(t *testing.T) {
	p := dispatch.Progress{Done: 250, Total: 1000, Tasks: 4, Left: 3, Elapsed: 5 * time.Second, Accepted: 0.375, LogZ: &analysis.Estimate{Value: -4.5901, StdErr: 0.042}}
	want := " 25 %  1 of 4 tasks  5s  50 gradient evaluations/s  15s left  accepted 38 %  log Z -4.59 ± 0.042"
	if got := progressLine(p); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	var b bytes.Buffer
	bar(&b, p)
	if got := b.String(); got != "\r\x1b[K["+strings.Repeat("█", 7)+strings.Repeat("·", 21)+"] "+want {
		t.Errorf("bar %q", got)
	}
	var e progressEvent
	b.Reset()
	report := newProgressJSON(&b)
	report(p) // too early for a line
	p.Elapsed = 10 * time.Second
	report(p)
	report(p) // again too early
	if err := json.Unmarshal(b.Bytes(), &e); err != nil || *e.Left != 30 || *e.Accepted != 0.375 || *e.LogZ != -4.5901 || *e.LogZErr != 0.042 || e.Finished != 1 {
		t.Errorf("%s: %v", b.String(), err)
	}
	bare := dispatch.Progress{Total: 1000, Tasks: 1, Left: 1, Elapsed: time.Minute, Accepted: math.NaN()}
	if got := progressLine(bare); got != "  0 %  0 of 1 task  1m0s" {
		t.Errorf("nothing done yet: %q", got)
	}
	b.Reset()
	newProgressJSON(&b)(bare)
	if got := b.String(); strings.Contains(got, "left") || strings.Contains(got, "accepted") || strings.Contains(got, "log_z") {
		t.Errorf("it tells what it does not know: %s", got)
	}
}
