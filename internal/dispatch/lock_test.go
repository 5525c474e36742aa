package dispatch

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"machlup/internal/record"
)

// hold takes a directory for a test.
func hold(t *testing.T, dir string, s Shard, merge bool) *lock {
	t.Helper()
	l, _, err := acquire(dir, s, merge, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// leave writes the lock of another process.
func leave(t *testing.T, dir string, change func(*Holder)) string {
	t.Helper()
	h := newHolder(Shard{}, false)
	h.Token = "another"
	change(&h)
	path := filepath.Join(dir, lockName(Shard{}, false))
	if err := record.WriteJSON(path, h); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestALiveRunKeepsItsDirectory(t *testing.T) {
	dir := t.TempDir()
	exp := experiment(&synthetic{parts: 1})
	l := hold(t, dir, Shard{}, false)
	_, err := Run(context.Background(), exp, Options{Dir: dir})
	var inUse *InUseError
	if !errors.As(err, &inUse) || inUse.By.PID != os.Getpid() || inUse.By.Host == "" || time.Since(inUse.By.Started) > time.Minute {
		t.Fatalf("a second run: %v", err)
	}
	for _, word := range []string{"in use by process", "started", "--out"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "tasks")); err == nil {
		t.Error("the refused run wrote something")
	}
	l.release()
	mustRun(t, exp, Options{Dir: dir})
	if left, _ := filepath.Glob(filepath.Join(dir, "*.lock")); len(left) > 0 {
		t.Errorf("a finished run leaves %v", left)
	}
}

// A process that is gone, here or (by the age of its lock) elsewhere, holds nothing.
func TestStaleLocksAreTakenOver(t *testing.T) {
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	other := func(h *Holder) { h.Host, h.Process = "elsewhere", "boot/pid:[1]/7" }
	for _, c := range []struct {
		name   string
		change func(*Holder)
		age    time.Duration
		stale  bool
	}{
		{"dead process", func(h *Holder) { h.PID = gone.Process.Pid }, 0, true},
		{"same number, other process", func(h *Holder) { h.Process += "0" }, 0, true},
		{"live process", func(*Holder) {}, time.Hour, false},
		{"another host, lately", other, 30 * time.Second, false},
		{"another host, long ago", other, 5 * time.Minute, true},
		{"before a reboot", func(h *Holder) { h.Process = "otherboot" + h.Process }, 5 * time.Minute, true},
		{"a namesake of this host", func(h *Holder) { h.Process = "otherboot" + h.Process }, 0, false},
	} {
		dir := t.TempDir()
		path := leave(t, dir, c.change)
		at := time.Now().Add(-c.age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		l, stale, err := acquire(dir, Shard{}, false, nil)
		if (err == nil) != c.stale || (len(stale) == 1) != c.stale {
			t.Errorf("%s: took over %v, %v", c.name, stale, err)
		}
		if err == nil {
			l.release()
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "run.lock"), []byte(`{"pid":`), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := acquire(dir, Shard{}, false, nil); err == nil {
		t.Error("a lock that cannot be read, just written, was taken over")
	}
}

func TestWhoExcludesWhom(t *testing.T) {
	type kind struct {
		s     Shard
		merge bool
	}
	whole, merge := kind{}, kind{merge: true}
	sh := func(i, n int) kind { return kind{s: Shard{i, n}} }
	for _, c := range []struct {
		a, b     kind
		together bool
	}{
		{whole, whole, false}, {whole, sh(0, 2), false}, {whole, merge, false}, {merge, merge, false},
		{sh(0, 2), sh(1, 2), true}, {sh(0, 2), sh(0, 2), false}, {sh(0, 2), sh(2, 4), false}, {sh(0, 2), sh(1, 4), true},
		{sh(0, 2), sh(0, 3), false}, {sh(1, 3), merge, true}, {merge, sh(0, 2), true},
	} {
		dir := t.TempDir()
		hold(t, dir, c.a.s, c.a.merge)
		if _, _, err := acquire(dir, c.b.s, c.b.merge, nil); (err == nil) != c.together {
			t.Errorf("%v with %v: %v", c.a, c.b, err)
		}
	}
}

// Of many that try at once exactly one gets the directory.
func TestOneWins(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, func(h *Holder) { h.Process += "0" }) // stale: all see it
	var won sync.Map
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			if l, _, err := acquire(dir, Shard{}, false, nil); err == nil {
				won.Store(i, l)
			}
		})
	}
	wait.Wait()
	n := 0
	won.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d of 8 got the directory", n)
	}
}

// A process that lost its lock (it was stopped for long on another host) writes no more.
func TestALostLockStopsTheRun(t *testing.T) {
	dir := t.TempDir()
	lost := make(chan struct{})
	s := &synthetic{parts: 50, before: func(part int) error {
		if part == 1 {
			leave(t, dir, func(*Holder) {})
		}
		if part == 2 {
			<-lost
		}
		return nil
	}}
	go func() { time.Sleep(beat + beat/2); close(lost) }()
	_, err := Run(context.Background(), experiment(s), Options{Dir: dir, Workers: 1})
	if err == nil || !strings.Contains(err.Error(), "taken over") {
		t.Errorf("went on: %v", err)
	}
	if len(s.ran) > 4 {
		t.Errorf("computed %d parts without its lock", len(s.ran))
	}
	if _, err := os.Stat(filepath.Join(dir, "run.lock")); err != nil {
		t.Error("deleted the lock of another")
	}
}

func TestAnotherExperimentIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, experiment(runners(three())...), Options{Dir: dir})
	before := files(t, dir, "csv")
	other := experiment(&synthetic{parts: 1})
	other.Name, other.Resolved = "other", "name = \"other\"\n"
	_, err := Run(context.Background(), other, Options{Dir: dir})
	var occupied *OccupiedError
	if !errors.As(err, &occupied) {
		t.Fatalf("another experiment there: %v", err)
	}
	for _, word := range []string{`"synthetic" with 3 finished tasks`, `allowed: "other"`, "--out", "--fresh"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	sameFiles(t, "refused", files(t, dir, "csv"), before)
	if res := mustRun(t, other, Options{Dir: dir, Fresh: true}); res.Skipped != 0 {
		t.Error("a fresh start skipped something")
	}
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte("name = \"oth"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), other, Options{Dir: dir}); !errors.As(err, &occupied) || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a broken config.toml: %v", err)
	}
}

// A directory that no run made, with names that a run replaces or --fresh deletes.
func TestForeignFilesAreLeftAlone(t *testing.T) {
	exp := experiment(&synthetic{parts: 1})
	for _, fresh := range []bool{false, true} {
		dir := t.TempDir()
		mine := filepath.Join(dir, "csv", "mine.csv")
		if err := os.Mkdir(filepath.Dir(mine), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(mine, []byte("a\n1\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		var occupied *OccupiedError
		if _, err := Run(context.Background(), exp, Options{Dir: dir, Fresh: fresh}); !errors.As(err, &occupied) || !strings.Contains(err.Error(), "csv that no run of machlup left") {
			t.Errorf("fresh %v: %v", fresh, err)
		}
		if _, err := os.Stat(mine); err != nil {
			t.Error(err)
		}
	}
	dir := t.TempDir() // other names do not matter
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	mustRun(t, exp, Options{Dir: dir})
}

func TestOutputsStayBelowTheDirectory(t *testing.T) {
	for _, sub := range []string{"tasks", "csv", "figures", filepath.Join("tasks", "0000000000000000")} {
		dir, away := t.TempDir(), t.TempDir()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, sub)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte("name = \"synthetic\"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(away, filepath.Join(dir, sub)); err != nil {
			t.Fatal(err)
		}
		for _, fresh := range []bool{false, true} {
			if fresh && sub == filepath.Join("tasks", "0000000000000000") {
				continue // deleted, not followed
			}
			if _, err := Run(context.Background(), experiment(&synthetic{parts: 1}), Options{Dir: dir, Fresh: fresh}); err == nil || !strings.Contains(err.Error(), "symbolic link") {
				t.Errorf("%s, fresh %v: %v", sub, fresh, err)
			}
		}
		if entries, _ := os.ReadDir(away); len(entries) > 0 {
			t.Errorf("%s: wrote %v elsewhere", sub, entries)
		}
	}
}

// A manifest is data: a table's name in it leads nowhere else.
func TestATableNamedAwayIsRefused(t *testing.T) {
	dir := t.TempDir()
	exp := experiment(&synthetic{parts: 1})
	mustRun(t, exp, Options{Dir: dir})
	path := filepath.Join(dir, "tasks", exp.Tasks[0].Hash, "manifest.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	evil := strings.Replace(string(data), `"Name": "squares"`, `"Name": "../../../squares"`, 1)
	if evil == string(data) {
		t.Fatal("nothing was changed")
	}
	if err := os.WriteFile(path, []byte(evil), 0o666); err != nil {
		t.Fatal(err)
	}
	if res, err := MergeOnly(exp, Options{Dir: dir}); err != nil || res.Unfinished() != 1 {
		t.Errorf("%d unfinished, %v", res.Unfinished(), err)
	}
	if res := mustRun(t, exp, Options{Dir: dir}); res.Skipped != 0 || res.Failed() != 0 {
		t.Errorf("the next run: %d skipped, %d failed", res.Skipped, res.Failed())
	}
}

// A process that is fenced off again and again while it renews its lock never gets it back,
// and the one that fences it off is never refused.
func TestFenceAgainstRenewal(t *testing.T) {
	dir := t.TempDir()
	held, _, err := acquire(dir, Shard{}, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		old, done := held, make(chan struct{})
		go func() {
			defer close(done)
			for old.taken() == nil {
				old.stage("computing")
			}
		}()
		told := false
		if held, _, err = acquire(dir, Shard{}, false, func(Holder) { told = true }); err != nil {
			t.Fatal(err)
		}
		<-done
		if !told || !held.ours() {
			t.Fatalf("told %v, the newcomer's lock is its own: %v", told, held.ours())
		}
	}
}
