package dispatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"machlup/internal/build"
	"machlup/internal/engine"
	"machlup/internal/num"
	"machlup/internal/record"
)

// planLine is one task of plan.jsonl.
type planLine struct {
	Index int               `json:"index"`
	Task  string            `json:"task"`
	Hash  string            `json:"hash"`
	Parts int               `json:"parts"`
	Work  float64           `json:"gradient_evaluations"`
	Swept map[string]string `json:"swept,omitempty"`
}

func planLines(exp *build.Experiment) []byte {
	var b bytes.Buffer
	for i, t := range exp.Tasks {
		line := planLine{Index: i, Task: t.Label, Hash: t.Hash, Parts: t.Runner.Parts(), Swept: t.Swept}
		for p := range line.Parts {
			line.Work += t.Runner.Work(p)
		}
		data, err := json.Marshal(line)
		if err != nil {
			panic("dispatch: a plan line that cannot be encoded")
		}
		b.Write(data)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// earlier is the manifest that sessions before this one left.
func (o Options) earlier() record.Manifest {
	if o.Fresh {
		return record.Manifest{}
	}
	m, err := record.ReadManifest(filepath.Join(o.Dir, "manifest.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		o.warn("%v; its times and counts start anew", err)
	}
	return m
}

// writeManifest writes manifest.json: what made the run, how it went over all sessions, and
// the SHA-256 of every output. It is the only file that names versions, hosts or times.
func writeManifest(exp *build.Experiment, opts Options, base record.Manifest, res Result, status string) error {
	m := record.Manifest{Format: record.ManifestFormat, Program: "machlup", Version: build.Version, Revision: opts.Revision,
		Kernels: num.Kernels(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Name: exp.Name, Seed: exp.Seed, Started: res.Started.UTC(), Finished: time.Now().UTC(), Seconds: base.Seconds + res.Elapsed.Seconds(),
		Restores: base.Restores + res.Restores, CheckpointRestores: base.CheckpointRestores + res.Checkpoints, Status: status, Outputs: map[string]string{}}
	for _, in := range exp.Inputs {
		if m.Inputs == nil {
			m.Inputs = map[string]string{}
		}
		m.Inputs[build.InputsDir+"/"+in.Name] = in.SHA256
	}
	if !base.Started.IsZero() {
		m.Started = base.Started
	}
	if status == "running" {
		m.Outputs = base.Outputs // they may be replaced before it ends
	} else if err := hashOutputs(opts.Dir, m.Outputs); err != nil {
		return err
	}
	return record.WriteManifest(filepath.Join(opts.Dir, "manifest.json"), m)
}

func status(res Result) string {
	switch {
	case res.Stopped:
		return "stopped"
	case res.Failed() > 0:
		return "failed"
	case !res.Merged:
		return "shard done"
	}
	return "done"
}

// reportFile is the page that opens without a network.
const reportFile = "report.html"

// hashOutputs fills out with the SHA-256 of every output of a run.
func hashOutputs(dir string, out map[string]string) error {
	for _, sub := range []string{"csv", "figures"} {
		if err := hashAll(dir, sub, out); err != nil {
			return err
		}
	}
	sum, err := record.HashFile(filepath.Join(dir, reportFile))
	if err == nil {
		out[reportFile] = sum
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func hashAll(dir, sub string, out map[string]string) error {
	entries, err := os.ReadDir(filepath.Join(dir, sub))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if record.IsTemporary(e.Name()) {
			continue
		}
		name := sub + "/" + e.Name()
		if out[name], err = record.HashFile(filepath.Join(dir, sub, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// A Summary is the closing table as data, for --json.
type Summary struct {
	Event   string         `json:"event"` // summary: progress may have come before
	Name    string         `json:"name"`
	Dir     string         `json:"dir"`
	Status  string         `json:"status"`
	Seconds float64        `json:"seconds"`
	Skipped int            `json:"skipped"`
	Counts  map[string]int `json:"tasks"`
	Tasks   []TaskSummary  `json:"list"`
}

// TaskSummary is one task of a Summary.
type TaskSummary struct {
	Task         string        `json:"task"`
	Hash         string        `json:"hash"`
	Status       engine.Status `json:"status"`
	DivergedStep int           `json:"diverged_step,omitempty"`
	Note         string        `json:"note,omitempty"`
}

// Summarise makes the Summary of a run.
func Summarise(exp *build.Experiment, opts Options, res Result) Summary {
	s := Summary{Event: "summary", Name: exp.Name, Dir: opts.Dir, Status: status(res), Seconds: res.Elapsed.Seconds(), Skipped: res.Skipped, Counts: map[string]int{}}
	for _, t := range res.Tasks {
		ts := TaskSummary{Task: t.Label, Hash: t.Hash, Status: "unfinished"}
		switch {
		case t.Err != nil:
			ts.Status, ts.Note = engine.Failed, t.Err.Error()
		case t.Finished:
			ts.Status, ts.Note = t.Outcome.Status, t.Outcome.Note
			if t.Outcome.DivergedStep > 0 {
				ts.DivergedStep = t.Outcome.DivergedStep
			}
		}
		s.Counts[string(ts.Status)]++
		s.Tasks = append(s.Tasks, ts)
	}
	return s
}

// ParseShard reads "I/N", 0 ≤ I < N; an empty string is everything.
func ParseShard(s string) (Shard, error) {
	if s == "" {
		return Shard{}, nil
	}
	a, b, ok := strings.Cut(s, "/")
	i, err1 := strconv.Atoi(a)
	n, err2 := strconv.Atoi(b)
	if !ok || err1 != nil || err2 != nil || i < 0 || i >= n {
		return Shard{}, fmt.Errorf("--shard: found %q, allowed I/N with 0 ≤ I < N, such as 0/4", s)
	}
	return Shard{i, n}, nil
}
