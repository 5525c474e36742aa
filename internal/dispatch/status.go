package dispatch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"machlup/internal/engine"
	"machlup/internal/record"
)

// A Standing is how a run's directory stands, for machlup status.
type Standing struct {
	Name  string `json:"name"`
	Dir   string `json:"dir"`
	State string `json:"status"` // running, finished, unfinished, failed

	Counts    map[string]int `json:"tasks"` // by status
	Parts     int            `json:"parts"`
	PartsDone int            `json:"parts_done"`
	Total     float64        `json:"gradient_evaluations"`
	Done      float64        `json:"gradient_evaluations_done"` // in finished parts, and by those at work
	Left      float64        `json:"seconds_left,omitempty"`    // of the processes at work, if they have done something

	Holders  []HolderStanding `json:"processes"`
	Slurm    []QueuedJob      `json:"slurm,omitempty"` // what Slurm has of its jobs
	Manifest *record.Manifest `json:"manifest,omitempty"`
	Tasks    []TaskStanding   `json:"list"`
}

// A HolderStanding is a process that holds the directory, or held it when it died.
type HolderStanding struct {
	Holder
	Alive bool `json:"alive"`
}

// A TaskStanding is how one task stands.
type TaskStanding struct {
	Task         string        `json:"task"`
	Hash         string        `json:"hash"`
	Status       engine.Status `json:"status"` // of tasks.csv, or unfinished
	DivergedStep int           `json:"diverged_step,omitempty"`
	Note         string        `json:"note,omitempty"`
	Parts        int           `json:"parts"`
	PartsDone    int           `json:"parts_done"`
	Checkpoints  int           `json:"checkpoints"`                      // parts that can go on from one
	Age          float64       `json:"checkpoint_age_seconds,omitempty"` // of the latest
}

const unfinished engine.Status = "unfinished"

// Status reads how the run in dir stands. It writes nothing, and reads plan and manifests
// only: whether the tables are whole is for run to check.
func Status(dir string) (Standing, error) {
	s := Standing{Dir: dir, Counts: map[string]int{}}
	plan, err := os.ReadFile(filepath.Join(dir, "plan.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("%s: found no plan.jsonl; allowed: a directory of machlup run", dir)
	}
	if err != nil {
		return s, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "config.toml"))
	if err != nil {
		return s, err
	}
	if s.Name, err = nameOf(text); err != nil {
		return s, err
	}
	for n, line := range bytes.Split(bytes.TrimSuffix(plan, []byte("\n")), []byte("\n")) {
		var p planLine
		if err := json.Unmarshal(line, &p); err != nil || p.Hash == "" || p.Hash != filepath.Base(p.Hash) {
			return s, &record.DataError{File: filepath.Join(dir, "plan.jsonl"), Line: n + 1, Found: "a line that is no task", Allowed: "a plan as run writes it; run the experiment again to renew it"}
		}
		s.add(dir, p)
	}
	if m, err := record.ReadManifest(filepath.Join(dir, "manifest.json")); err == nil {
		s.Manifest = &m
	}
	s.queued()
	return s, s.processes(dir)
}

// add looks at a task.
func (s *Standing) add(dir string, p planLine) {
	t := TaskStanding{Task: p.Task, Hash: p.Hash, Status: unfinished, Parts: p.Parts}
	tdir := filepath.Join(dir, "tasks", p.Hash)
	var m taskManifest
	data, err := os.ReadFile(filepath.Join(tdir, "manifest.json"))
	if err == nil && json.Unmarshal(data, &m) == nil && m.Hash == p.Hash {
		t.Status, t.Note, t.PartsDone = m.Status, m.Note, p.Parts
		if m.DivergedStep > 0 {
			t.DivergedStep = m.DivergedStep
		}
	} else {
		t.unfinished(tdir)
	}
	s.Counts[string(t.Status)]++
	s.Parts += t.Parts
	s.PartsDone += t.PartsDone
	s.Total += p.Work
	s.Done += p.Work * float64(t.PartsDone) / float64(max(t.Parts, 1))
	s.Tasks = append(s.Tasks, t)
}

// unfinished counts the parts and checkpoints of a task that is not finished.
func (t *TaskStanding) unfinished(dir string) {
	entries, _ := os.ReadDir(dir)
	latest := time.Time{}
	for _, e := range entries {
		name := e.Name()
		switch {
		case name == failureFile:
			t.Status, t.Note = engine.Failed, "see "+filepath.Join(dir, failureFile)
		case numbered(name, "part-") && e.Type().IsRegular():
			t.PartsDone = min(t.PartsDone+1, t.Parts)
		case numbered(name, "checkpoint-"):
			t.Checkpoints++
			if info, err := e.Info(); err == nil && info.ModTime().After(latest) {
				latest = info.ModTime()
			}
		}
	}
	if !latest.IsZero() {
		t.Age = max(0, time.Since(latest).Round(100*time.Millisecond).Seconds())
	}
}

func numbered(name, prefix string) bool {
	n, ok := strings.CutPrefix(name, prefix)
	_, err := strconv.Atoi(n)
	return ok && err == nil
}

// processes tells who holds the directory, and so what state it is in.
func (s *Standing) processes(dir string) error {
	held, err := readLocks(dir)
	if err != nil {
		return err
	}
	running := false
	rate, left := 0.0, 0.0
	s.Holders = []HolderStanding{}
	for path, h := range held {
		live, err := alive(path, h)
		if err != nil {
			return err
		}
		s.Holders = append(s.Holders, HolderStanding{h, live})
		running = running || live
		if live && h.Seconds > 0 {
			rate += h.Done / h.Seconds
			left += h.Total - h.Done
		}
	}
	slices.SortFunc(s.Holders, func(a, b HolderStanding) int { return strings.Compare(a.Work, b.Work) })
	if rate > 0 {
		s.Left = left / rate
	}
	switch {
	case running:
		s.State = "running"
	case s.Counts[string(unfinished)] > 0:
		s.State = "unfinished"
	case s.Counts[string(engine.Failed)] > 0:
		s.State = "failed"
	default:
		s.State = "finished"
	}
	return nil
}
