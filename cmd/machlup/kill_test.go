package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"machlup/internal/record"
)

// Kill −9 at any moment, then run again: the bytes of csv/ are those of a run that was not
// disturbed. More than fifty kills at random moments, some of them as soon as a file is half
// written, in every stage of a run, while it trains and while it samples.
func TestKilledAtAnyMoment(t *testing.T) {
	k := newKiller(t)
	k.program(k.whole).wait(t)
	for k.kills < 70 && !k.computed() && !(k.kills >= 34 && k.everywhere()) {
		k.once(t, "computing")
	}
	k.program(k.cut, "--max-time", "1h").wait(t) // what is left
	for last := max(52, k.kills+18); k.kills < last; {
		k.once(t, []string{"merging", "drawing", "", "reading"}[k.random.IntN(4)])
	}
	k.program(k.cut).wait(t)
	for _, sub := range []string{"csv", "figures"} {
		if got, want := readAll(t, filepath.Join(k.cut, sub)), readAll(t, filepath.Join(k.whole, sub)); !maps.EqualFunc(got, want, bytes.Equal) || len(want) < 6 {
			t.Errorf("%s of a killed run differs: %v, %v", sub, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
	}
	m, err := record.ReadManifest(filepath.Join(k.cut, "manifest.json"))
	if err != nil || m.Status != "done" || m.CheckpointRestores < 5 || m.Restores < m.CheckpointRestores {
		t.Errorf("the manifest: %v, status %q, %d restores, %d of them from checkpoints", err, m.Status, m.Restores, m.CheckpointRestores)
	}
	t.Logf("%d kills, in stages %v, with files half written %d times; %d restores, %d from checkpoints, of %v", k.kills, k.stages, k.torn, m.Restores, m.CheckpointRestores, k.resumed)
	if k.kills < 50 {
		t.Errorf("%d kills, want 50", k.kills)
	}
	for _, stage := range []string{"reading", "computing", "merging", "drawing"} {
		if k.stages[stage] == 0 {
			t.Errorf("no kill while %s", stage)
		}
	}
	if k.torn == 0 {
		t.Error("no kill while a file was written")
	}
	if !k.everywhere() {
		t.Errorf("training or sampling left no checkpoint to go on from: %v", k.resumed)
	}
	if left := temporaries(k.cut); len(left) > 0 {
		t.Errorf("half-written files stay: %v", left)
	}
}

// A killer runs the experiment in a directory and kills it.
type killer struct {
	exe, whole, cut string
	random          *rand.Rand
	estimator       map[string]string // of a task, by hash
	kills, torn     int
	stages, resumed map[string]int
}

func newKiller(t *testing.T) *killer {
	t.Helper()
	dir := t.TempDir()
	k := &killer{exe: filepath.Join(dir, "machlup"), whole: filepath.Join(dir, "whole"), cut: filepath.Join(dir, "cut"),
		random: rand.New(rand.NewPCG(7, 50)), stages: map[string]int{}, resumed: map[string]int{}, estimator: map[string]string{}}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, k.exe); err != nil { // under this name the test is the program
		t.Fatal(err)
	}
	return k
}

type process struct {
	*exec.Cmd
	out  *bytes.Buffer
	done chan error
}

func (k *killer) program(out string, flags ...string) *process {
	p := &process{exec.Command(k.exe, append([]string{"run", filepath.Join("testdata", "kill.toml"), "--out", out, "--quiet"}, flags...)...), new(bytes.Buffer), make(chan error, 1)}
	p.Stdout, p.Stderr = p.out, p.out
	if err := p.Start(); err != nil {
		panic(err)
	}
	go func() { p.done <- p.Wait() }()
	return p
}

func (p *process) wait(t *testing.T) {
	t.Helper()
	if err := <-p.done; err != nil {
		t.Fatalf("%v\n%s", err, p.out)
	}
}

// once starts a run, waits for a stage (for none if it is ""), then for a random time or
// until a file is half written, and kills it.
func (k *killer) once(t *testing.T, stage string) {
	t.Helper()
	p := k.program(k.cut)
	limit := time.Now().Add(time.Minute)
	for stage != "" && k.stage() != stage {
		select {
		case err := <-p.done:
			if err != nil {
				t.Fatalf("%v\n%s", err, p.out)
			}
			return // too quick
		default:
		}
		if time.Now().After(limit) {
			t.Fatalf("no stage %s\n%s", stage, p.out)
		}
	}
	longest := 30 * time.Millisecond
	if stage == "computing" {
		longest = 320 * time.Millisecond
	}
	until := time.Now().Add(time.Duration(k.random.Int64N(int64(longest))))
	for pounce := k.random.IntN(3) == 0; time.Now().Before(until); {
		if pounce && len(temporaries(k.cut)) > 0 {
			break
		}
		if !pounce {
			time.Sleep(time.Millisecond)
		}
	}
	_ = p.Process.Kill()
	if err := <-p.done; err == nil {
		return // it had ended
	}
	k.kills++
	k.stages[k.stage()]++
	if len(temporaries(k.cut)) > 0 {
		k.torn++
	}
	k.look(t)
}

// look notes whose checkpoints there are to go on from.
func (k *killer) look(t *testing.T) {
	t.Helper()
	plan, _ := os.ReadFile(filepath.Join(k.cut, "plan.jsonl"))
	for _, line := range strings.Split(strings.TrimSpace(string(plan)), "\n") {
		var task struct{ Task, Hash string }
		if line != "" && json.Unmarshal([]byte(line), &task) == nil {
			k.estimator[task.Hash] = strings.SplitN(task.Task, "/", 2)[0]
		}
	}
	paths, _ := filepath.Glob(filepath.Join(k.cut, "tasks", "*", "checkpoint-*"))
	for _, p := range paths {
		k.resumed[k.estimator[filepath.Base(filepath.Dir(p))]]++
	}
}

// stage is what the lock says that the run is at.
func (k *killer) stage() string {
	var h struct{ Stage string }
	data, _ := os.ReadFile(filepath.Join(k.cut, "run.lock"))
	_ = json.Unmarshal(data, &h)
	return h.Stage
}

// everywhere tells whether training and sampling were both killed with checkpoints.
func (k *killer) everywhere() bool {
	return k.resumed["phase"] > 0 && k.resumed["paths"] > 0
}

// computed tells whether all tasks are finished.
func (k *killer) computed() bool {
	done, _ := filepath.Glob(filepath.Join(k.cut, "tasks", "*", "manifest.json"))
	return len(done) >= 6
}

// temporaries are the files that are being written, or were when the process died.
func temporaries(dir string) []string {
	var out []string
	for _, pattern := range []string{".*", "*/.*", "tasks/*/.*"} {
		paths, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, p := range paths {
			if record.IsTemporary(p) || strings.HasPrefix(filepath.Base(p), ".stage-") {
				out = append(out, p)
			}
		}
	}
	return out
}

func readAll(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, e := range entries {
		if out[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
