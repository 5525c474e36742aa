package dispatch

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"machlup/internal/build"
	"machlup/internal/engine"
	"machlup/internal/record"
)

// synthetic is a Runner whose parts are squares, with whatever accidents a test wants.
type synthetic struct {
	name   string
	parts  int
	extra  bool                 // one column more
	pool   string               // PoolKey, if not ""
	before func(part int) error // runs first in a part; may panic
	finish func() error         // runs first in Finish; may panic

	mu  sync.Mutex
	ran []int // parts computed, in order of their starts
}

type square struct{ Value int }

func (s *synthetic) Parts() int       { return s.parts }
func (s *synthetic) Work(int) float64 { return 10 }
func (s *synthetic) NewResult() any   { return new(square) }

func (s *synthetic) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	s.mu.Lock()
	s.ran = append(s.ran, part)
	s.mu.Unlock()
	progress(5)
	if s.before != nil {
		if err := s.before(part); err != nil {
			return nil, err
		}
	}
	return &square{part * part}, ctx.Err()
}

func (s *synthetic) Finish(parts []any, out *engine.Output) (engine.Outcome, error) {
	schema := record.Schema{Name: "squares", Doc: "squares of parts", Columns: []record.Column{
		{Name: "task", Doc: "label", Type: record.String}, {Name: "part", Unit: "1", Doc: "part", Type: record.Int}, {Name: "square", Unit: "1", Doc: "its square", Type: record.Int}}}
	if s.extra {
		schema.Columns = slices.Insert(schema.Columns, 2, record.Column{Name: "extra", Unit: "1", Doc: "more", Type: record.Float})
	}
	for i, p := range parts {
		if s.extra {
			out.Table(schema).Add(i, 0.5, p.(*square).Value)
		} else {
			out.Table(schema).Add(i, p.(*square).Value)
		}
		if i == 0 && s.finish != nil {
			if err := s.finish(); err != nil {
				return engine.Outcome{}, err
			}
		}
	}
	return engine.Done(), nil
}

// pooling is a synthetic whose tasks are summed over an experiment.
type pooling struct{ *synthetic }

func (p pooling) PoolKey() string { return p.pool }

func (p pooling) Pool(tasks []engine.Finished, out *engine.Output) error {
	sum := 0
	for _, t := range tasks {
		for _, part := range t.Parts {
			sum += part.(*square).Value
		}
	}
	out.Table(record.Schema{Name: "sums", Doc: "sums", Columns: []record.Column{
		{Name: "task", Doc: "label", Type: record.String}, {Name: "tasks", Unit: "1", Doc: "tasks", Type: record.Int}, {Name: "sum", Unit: "1", Doc: "sum", Type: record.Int}}}).Add(len(tasks), sum)
	return nil
}

func experiment(runners ...engine.Runner) *build.Experiment {
	exp := &build.Experiment{Name: "synthetic", Seed: 1, Resolved: "name = \"synthetic\"\n", Swept: []build.Swept{{Key: "a.b", Unit: "kη", Type: record.Int}}}
	for i, r := range runners {
		exp.Tasks = append(exp.Tasks, build.Task{Label: fmt.Sprintf("squares/b=%d/r0", i), Hash: fmt.Sprintf("%016x", i), Config: "a.b = " + strconv.Itoa(i) + "\n",
			Swept: map[string]string{"a.b": strconv.Itoa(i)}, Runner: r})
	}
	return exp
}

func three() []*synthetic {
	return []*synthetic{{name: "a", parts: 3}, {name: "b", parts: 2}, {name: "c", parts: 4}}
}

func runners(s []*synthetic) []engine.Runner {
	var out []engine.Runner
	for _, r := range s {
		out = append(out, r)
	}
	return out
}

func mustRun(t *testing.T, exp *build.Experiment, opts Options) Result {
	t.Helper()
	res, err := Run(context.Background(), exp, opts)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// files reads what is below dir/sub.
func files(t *testing.T, dir, sub string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(filepath.Join(dir, sub))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, sub, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(data)
	}
	return out
}

func table(t *testing.T, dir, name string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(files(t, dir, "csv")[name+".csv"])).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s.csv: %d rows, %v", name, len(rows), err)
	}
	return rows
}

func sameFiles(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%s: the tables differ from those of an untroubled run:\n%v\n%v", what, got, want)
	}
}

// untroubled is csv/ of three tasks without accidents.
func untroubled(t *testing.T) map[string]string {
	dir := t.TempDir()
	mustRun(t, experiment(runners(three())...), Options{Dir: dir, Workers: 1})
	return files(t, dir, "csv")
}

func TestTablesFollowThePlanWhateverFinishesFirst(t *testing.T) {
	want := untroubled(t)
	for workers := range 8 {
		dir, tasks := t.TempDir(), three()
		for i, s := range tasks {
			s.before = func(part int) error {
				time.Sleep(time.Duration((7*i+5*part)%4) * time.Millisecond)
				return nil
			}
		}
		mustRun(t, experiment(runners(tasks)...), Options{Dir: dir, Workers: workers})
		sameFiles(t, fmt.Sprintf("%d workers", workers), files(t, dir, "csv"), want)
	}
	if got := want["squares.csv"]; !strings.HasPrefix(got, "task,part,square\nsquares/b=0/r0,0,0\nsquares/b=0/r0,1,1\nsquares/b=0/r0,2,4\nsquares/b=1/r0,0,0\n") {
		t.Errorf("squares.csv:\n%s", got)
	}
}

// A panic, in a part or where parts are combined, and an error of the disk fail one task;
// the others finish and are merged; the next run computes what is missing.
func TestAFailureIsRecordedAndTriedAgain(t *testing.T) {
	want := untroubled(t)
	for _, c := range []struct {
		name   string
		plant  func(*synthetic)
		reason string
		again  []int // parts that the next run computes
	}{
		{"panic in a part", func(s *synthetic) {
			s.before = func(part int) error {
				if part == 1 {
					panic("index out of luck")
				}
				return nil
			}
		}, "index out of luck", []int{1}},
		{"error in a part", func(s *synthetic) {
			s.before = func(part int) error {
				if part == 0 {
					return errors.New("disk full")
				}
				return nil
			}
		}, "disk full", []int{0}},
		{"panic in Finish", func(s *synthetic) { s.finish = func() error { panic("cannot combine") } }, "cannot combine", nil},
		{"error in Finish", func(s *synthetic) { s.finish = func() error { return errors.New("no room") } }, "no room", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, tasks := t.TempDir(), three()
			c.plant(tasks[1])
			exp := experiment(runners(tasks)...)
			res := mustRun(t, exp, Options{Dir: dir, Workers: 2})
			if res.Failed() != 1 || res.Tasks[1].Err == nil || !res.Merged || res.Stopped {
				t.Fatalf("failed %d, error %v, merged %v, stopped %v", res.Failed(), res.Tasks[1].Err, res.Merged, res.Stopped)
			}
			rows := table(t, dir, "tasks")
			if rows[1][3] != "ok" || rows[2][3] != "failed" || rows[3][3] != "ok" {
				t.Errorf("tasks.csv: %v", rows)
			}
			if got := files(t, dir, "csv")["squares.csv"]; strings.Contains(got, "b=1") || strings.Count(got, "\n") != 1+3+4 {
				t.Errorf("squares.csv:\n%s", got)
			}
			failure := filepath.Join(dir, "tasks", exp.Tasks[1].Hash, "failure.txt")
			text, err := os.ReadFile(failure)
			if err != nil || !strings.Contains(string(text), c.reason) || !strings.Contains(string(text), exp.Tasks[1].Config) {
				t.Errorf("failure.txt: %v\n%s", err, text)
			}
			if strings.HasPrefix(c.name, "panic") && !bytes.Contains(text, []byte("run_test.go")) {
				t.Errorf("failure.txt has no stack:\n%s", text)
			}
			for name := range files(t, dir, filepath.Join("tasks", exp.Tasks[1].Hash)) {
				if name != "failure.txt" && name != "replay.toml" && !strings.HasPrefix(name, "part-") {
					t.Errorf("a failed task leaves %s", name)
				}
			}
			if m, err := record.ReadManifest(filepath.Join(dir, "manifest.json")); err != nil || m.Status != "failed" {
				t.Errorf("manifest: %q, %v", m.Status, err)
			}
			if merged, err := MergeOnly(exp, Options{Dir: dir}); err != nil || merged.Failed() != 1 || table(t, dir, "tasks")[2][3] != "failed" {
				t.Errorf("merging alone forgets the failure: %v", err)
			}

			healed := three()
			if res := mustRun(t, experiment(runners(healed)...), Options{Dir: dir, Workers: 2}); res.Failed() != 0 || res.Skipped != 2 {
				t.Errorf("the next run: %d failed, %d skipped", res.Failed(), res.Skipped)
			}
			if !slices.Equal(healed[1].ran, c.again) || healed[0].ran != nil {
				t.Errorf("the next run computed parts %v, want %v", healed[1].ran, c.again)
			}
			sameFiles(t, "after the next run", files(t, dir, "csv"), want)
			if _, err := os.Stat(failure); err == nil {
				t.Error("failure.txt of a finished task")
			}
		})
	}
}

func TestADivergenceIsAnOutcome(t *testing.T) {
	dir, tasks := t.TempDir(), three()
	tasks[1].pool, tasks[2].pool = "sum", "sum"
	tasks[2].before = func(part int) error {
		return map[int]error{1: &engine.Divergence{What: "late", Step: 30}, 2: fmt.Errorf("wrapped: %w", &engine.Divergence{What: "early", Step: 7}), 3: &engine.Divergence{What: "never", Step: -1}}[part]
	}
	exp := experiment(tasks[0], pooling{tasks[1]}, pooling{tasks[2]})
	res := mustRun(t, exp, Options{Dir: dir, Workers: 2})
	if res.Failed() != 0 || !res.Merged {
		t.Fatalf("failed %d, merged %v", res.Failed(), res.Merged)
	}
	if row := table(t, dir, "tasks")[3]; row[3] != "diverged" || row[4] != "7" {
		t.Errorf("tasks.csv: %v", row)
	}
	if o := res.Tasks[2].Outcome; !strings.Contains(o.Note, "early") {
		t.Errorf("note %q", o.Note)
	}
	if row := table(t, dir, "sums")[1]; row[1] != "1" || row[2] != "1" {
		t.Errorf("pooled %v, want the one task that did not diverge", row)
	}
	tasks[2].ran = nil
	if res := mustRun(t, exp, Options{Dir: dir}); res.Skipped != 3 || tasks[2].ran != nil {
		t.Errorf("%d skipped, parts %v computed again", res.Skipped, tasks[2].ran)
	}
}

// damage flips a bit near the end of a file: in a number, where no relabelling hides it.
func damage(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-2] ^= 4
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// stopAfter cancels a run as soon as n parts have been computed.
func stopAfter(n int) (context.Context, func(int) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	return ctx, func(int) error {
		mu.Lock()
		defer mu.Unlock()
		if n--; n < 0 {
			cancel()
			return ctx.Err()
		}
		return nil
	}
}

func TestStopAndResume(t *testing.T) {
	want := untroubled(t)
	for n := range 9 {
		dir, tasks := t.TempDir(), three()
		ctx, hook := stopAfter(n)
		for _, s := range tasks {
			s.before = hook
		}
		res, err := Run(ctx, experiment(runners(tasks)...), Options{Dir: dir, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if !res.Stopped || res.Merged || res.Failed() != 0 {
			t.Fatalf("after %d parts: stopped %v, merged %v, failed %d", n, res.Stopped, res.Merged, res.Failed())
		}
		if _, err := os.Stat(filepath.Join(dir, "csv")); err == nil {
			t.Error("a stopped run left csv/")
		}
		if m, err := record.ReadManifest(filepath.Join(dir, "manifest.json")); err != nil || m.Status != "stopped" {
			t.Errorf("manifest: %q, %v", m.Status, err)
		}
		again := three()
		res = mustRun(t, experiment(runners(again)...), Options{Dir: dir, Workers: 1})
		computed := len(again[0].ran) + len(again[1].ran) + len(again[2].ran)
		if computed != 9-n {
			t.Errorf("stopped after %d of 9 parts, the next run computed %d", n, computed)
		}
		sameFiles(t, fmt.Sprintf("stopped after %d parts", n), files(t, dir, "csv"), want)
		if m, _ := record.ReadManifest(filepath.Join(dir, "manifest.json")); m.Status != "done" || m.Restores != res.Restores {
			t.Errorf("manifest: %q, %d restores, want %d", m.Status, m.Restores, res.Restores)
		}
	}
}

func TestDamageIsRepaired(t *testing.T) {
	want := untroubled(t)
	part := func(task, part int) string {
		return filepath.Join("tasks", fmt.Sprintf("%016x", task), fmt.Sprintf("part-%04d", part))
	}
	t.Run("part of an unfinished task", func(t *testing.T) {
		dir, tasks := t.TempDir(), three()
		ctx, hook := stopAfter(7)
		for _, s := range tasks {
			s.before = hook
		}
		if _, err := Run(ctx, experiment(runners(tasks)...), Options{Dir: dir, Workers: 1}); err != nil {
			t.Fatal(err)
		}
		damage(t, filepath.Join(dir, part(2, 1)))
		again := three()
		mustRun(t, experiment(runners(again)...), Options{Dir: dir, Workers: 1})
		if !slices.Equal(again[2].ran, []int{1, 2, 3}) {
			t.Errorf("computed parts %v, want the damaged 1 and the missing 2, 3", again[2].ran)
		}
		sameFiles(t, "damaged part", files(t, dir, "csv"), want)
	})
	t.Run("table of a finished task", func(t *testing.T) {
		dir := t.TempDir()
		mustRun(t, experiment(runners(three())...), Options{Dir: dir})
		damage(t, filepath.Join(dir, "tasks", fmt.Sprintf("%016x", 1), "squares.csv"))
		again := three()
		mustRun(t, experiment(runners(again)...), Options{Dir: dir})
		if again[1].ran != nil {
			t.Errorf("parts %v computed again for a table", again[1].ran)
		}
		sameFiles(t, "damaged table", files(t, dir, "csv"), want)
	})
	t.Run("part of a finished task that is pooled", func(t *testing.T) {
		dir, tasks := t.TempDir(), three()
		make := func(s []*synthetic) *build.Experiment {
			s[0].pool, s[1].pool = "sum", "sum"
			return experiment(pooling{s[0]}, pooling{s[1]}, s[2])
		}
		mustRun(t, make(tasks), Options{Dir: dir})
		before := files(t, dir, "csv")
		if rows := table(t, dir, "sums"); rows[1][2] != "6" {
			t.Fatalf("sums.csv: %v", rows)
		}
		damage(t, filepath.Join(dir, part(0, 2)))
		if _, err := MergeOnly(make(three()), Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "run the experiment again") {
			t.Errorf("merging a damaged part: %v", err)
		}
		again := three()
		mustRun(t, make(again), Options{Dir: dir})
		if !slices.Equal(again[0].ran, []int{2}) {
			t.Errorf("computed parts %v, want 2", again[0].ran)
		}
		sameFiles(t, "damaged part", files(t, dir, "csv"), before)
	})
	t.Run("manifest of a task", func(t *testing.T) {
		dir := t.TempDir()
		mustRun(t, experiment(runners(three())...), Options{Dir: dir})
		if err := os.WriteFile(filepath.Join(dir, "tasks", fmt.Sprintf("%016x", 0), "manifest.json"), []byte("{"), 0o666); err != nil {
			t.Fatal(err)
		}
		mustRun(t, experiment(runners(three())...), Options{Dir: dir})
		sameFiles(t, "damaged manifest", files(t, dir, "csv"), want)
	})
}

func TestShardsMakeTheWhole(t *testing.T) {
	want := untroubled(t)
	for n := 2; n <= 4; n++ {
		dir, done := t.TempDir(), 0
		for i := range n {
			tasks := three()
			res := mustRun(t, experiment(runners(tasks)...), Options{Dir: dir, Workers: 2, Shard: Shard{i, n}})
			if res.Merged {
				t.Error("a shard merged")
			}
			for k, s := range tasks {
				if (k%n == i) != (s.ran != nil) {
					t.Errorf("shard %d/%d: task %d ran %v", i, n, k, s.ran)
				}
				done += len(s.ran)
			}
		}
		if done != 9 {
			t.Errorf("%d shards computed %d parts", n, done)
		}
		if _, err := os.Stat(filepath.Join(dir, "csv")); err == nil {
			t.Error("a shard wrote csv/")
		}
		res, err := MergeOnly(experiment(runners(three())...), Options{Dir: dir})
		if err != nil || res.Unfinished() != 0 {
			t.Fatalf("merge: %d unfinished, %v", res.Unfinished(), err)
		}
		sameFiles(t, fmt.Sprintf("%d shards", n), files(t, dir, "csv"), want)
	}
}

func TestColumnsOfOneTableAreJoined(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, experiment(&synthetic{parts: 2}, &synthetic{parts: 1, extra: true}), Options{Dir: dir})
	want := [][]string{{"task", "part", "square", "extra"}, {"squares/b=0/r0", "0", "0", ""}, {"squares/b=0/r0", "1", "1", ""}, {"squares/b=1/r0", "0", "0", "0.5"}}
	if got := table(t, dir, "squares"); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("squares.csv: %v, want %v", got, want)
	}
	if meta := files(t, dir, "csv")["squares.csv-metadata.json"]; strings.Count(meta, `"datatype"`) != 4 {
		t.Errorf("the sidecar:\n%s", meta)
	}
}

func TestStaleTablesAndFreshStarts(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, experiment(pooling{&synthetic{parts: 2, pool: "sum"}}), Options{Dir: dir})
	if _, ok := files(t, dir, "csv")["sums.csv"]; !ok {
		t.Fatal("no sums.csv")
	}
	if err := os.WriteFile(filepath.Join(dir, "csv", "notes.txt"), []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	mustRun(t, experiment(&synthetic{parts: 2}), Options{Dir: dir})
	got := files(t, dir, "csv")
	if _, ok := got["sums.csv"]; ok || got["sums.csv-metadata.json"] != "" || got["notes.txt"] != "mine" {
		t.Errorf("csv/ after a plan without sums: %v", slices.Sorted(maps.Keys(got)))
	}
	s := &synthetic{parts: 2}
	mustRun(t, experiment(s), Options{Dir: dir, Fresh: true})
	if len(s.ran) != 2 {
		t.Errorf("a fresh start computed %v", s.ran)
	}
}

func TestProgressAddsUp(t *testing.T) {
	dir, tasks := t.TempDir(), three()
	tasks[1].before = func(int) error { panic("lost") }
	var seen []Progress
	mustRun(t, experiment(runners(tasks)...), Options{Dir: dir, Workers: 2, Report: func(p Progress) { seen = append(seen, p) }})
	last := seen[len(seen)-1]
	if !last.Final || last.Done != 90 || last.Total != 90 || last.Tasks != 3 || last.Left != 1 {
		t.Errorf("the last report: %+v", last)
	}
	for i, p := range seen {
		if i > 0 && p.Done < seen[i-1].Done || p.Done > p.Total {
			t.Errorf("report %d: %v of %v after %v", i, p.Done, p.Total, seen[max(i-1, 0)].Done)
		}
	}
}

func TestParseShard(t *testing.T) {
	for text, want := range map[string]Shard{"": {}, "0/1": {0, 1}, "3/4": {3, 4}} {
		if got, err := ParseShard(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"1", "2/2", "-1/2", "0/0", "a/b", "1/2/3", "0/2x", " 0/2", "/2", "0/"} {
		if got, err := ParseShard(text); err == nil || !strings.Contains(err.Error(), "--shard") {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestManifestAddsUpOverSessions(t *testing.T) {
	dir := t.TempDir()
	exp := experiment(&synthetic{parts: 1})
	mustRun(t, exp, Options{Dir: dir, Revision: "abc"})
	first, err := record.ReadManifest(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, exp, Options{Dir: dir, Revision: "def"})
	second, err := record.ReadManifest(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !second.Started.Equal(first.Started) || second.Seconds < first.Seconds || second.Revision != "def" || second.Name != "synthetic" || second.Seed != 1 {
		t.Errorf("first %+v\nsecond %+v", first, second)
	}
	for name, want := range second.Outputs {
		if got, err := record.HashFile(filepath.Join(dir, name)); err != nil || got != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if len(second.Outputs) != 4 { // squares and tasks, each with its sidecar
		t.Errorf("outputs: %v", second.Outputs)
	}
}

func TestManifestCountsRestores(t *testing.T) {
	dir := t.TempDir()
	for session, want := range []int{0, 1, 3} { // parts taken over: 0, then 1, then 2 more
		ctx, hook := stopAfter(1 + 9*(session/2))
		if _, err := Run(ctx, experiment(&synthetic{parts: 5, before: hook}), Options{Dir: dir, Workers: 1}); err != nil {
			t.Fatal(err)
		}
		if m, err := record.ReadManifest(filepath.Join(dir, "manifest.json")); err != nil || m.Restores != want {
			t.Errorf("session %d: %d restores, want %d, %v", session, m.Restores, want, err)
		}
	}
}

// A merge clears away what a merge that was killed had half written.
func TestMergeSweepsTemporaries(t *testing.T) {
	dir := t.TempDir()
	exp := experiment(runners(three())...)
	if _, err := Run(context.Background(), exp, Options{Dir: dir, Workers: 2}); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, "csv", ".summary.csv.tmp-1")
	if err := os.WriteFile(left, []byte("half"), 0o666); err != nil || !record.IsTemporary(filepath.Base(left)) {
		t.Fatalf("%v; temporary: %v", err, record.IsTemporary(filepath.Base(left)))
	}
	if _, err := MergeOnly(exp, Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", left, err)
	}
}
