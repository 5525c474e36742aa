package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"machlup/internal/record"
)

// A box is a place for the faults of one test: the program, and small experiments.
type box struct{ dir, exe string }

func newBox(t *testing.T) box {
	t.Helper()
	b := box{dir: t.TempDir()}
	b.exe = filepath.Join(b.dir, "machlup")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, b.exe); err != nil { // under this name the test is the program
		t.Fatal(err)
	}
	return b
}

// command is the program run by a shell with some limit first.
func (b box) command(limit string, args ...string) *exec.Cmd {
	c := exec.Command("sh", append([]string{"-c", limit + ` exec "$0" "$@"`, b.exe}, args...)...)
	c.Dir = "testdata"
	return c
}

// run runs the program under a limit and returns its exit status and what it said.
func (b box) run(t *testing.T, limit string, args ...string) (status int, said string) {
	t.Helper()
	out, err := b.command(limit, args...).CombinedOutput()
	if e, ok := err.(*exec.ExitError); ok {
		return e.ExitCode(), string(out)
	} else if err != nil {
		t.Fatal(err)
	}
	return 0, string(out)
}

// toy runs the experiment of many small tasks.
func (b box) toy(t *testing.T, limit, dir string) (status int, said string) {
	t.Helper()
	return b.run(t, limit, "run", "toy.toml", "--set", "run.replicas=1", "--quiet", "--workers", "2", "--out", dir)
}

// healthy requires that a run of the toy in dir now ends well, that nothing which was
// finished is computed again, and that the tables are those of an untroubled run.
func (b box) healthy(t *testing.T, what, dir string, untroubled map[string][]byte) {
	t.Helper()
	before := finishedTasks(t, dir)
	if status, said := b.toy(t, "", dir); status != exitDone {
		t.Fatalf("%s, then a run: exit status %d\n%s", what, status, said)
	}
	after := finishedTasks(t, dir)
	for path, at := range before {
		if !after[path].Equal(at) {
			t.Errorf("%s: %s was finished and is written again", what, path)
		}
	}
	if got := readAll(t, filepath.Join(dir, "csv")); !maps.EqualFunc(got, untroubled, bytes.Equal) {
		t.Errorf("%s: the tables differ from those of an untroubled run", what)
	}
	if left := temporaries(dir); len(left) > 0 {
		t.Errorf("%s: half-written files stay: %v", what, left)
	}
}

// finishedTasks are the manifests of finished tasks with the time they were written.
func finishedTasks(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	out := map[string]time.Time{}
	paths, _ := filepath.Glob(filepath.Join(dir, "tasks", "*", "manifest.json"))
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		out[p] = info.ModTime()
	}
	return out
}

func untroubled(t *testing.T, b box) map[string][]byte {
	t.Helper()
	dir := filepath.Join(b.dir, "untroubled")
	if status, said := b.toy(t, "", dir); status != exitDone {
		t.Fatalf("exit status %d\n%s", status, said)
	}
	return readAll(t, filepath.Join(dir, "csv"))
}

// mount makes a file system in memory, nil if that is not allowed here.
func mount(t *testing.T, size string) (dir string, remount func(options string)) {
	dir = t.TempDir()
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "none", dir).Run(); err != nil {
		t.Logf("no tmpfs here (%v): a limit on file sizes stands in for a full disk, permissions for a read-only one", err)
		return dir, nil
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	return dir, func(options string) {
		t.Helper()
		if out, err := exec.Command("mount", "-o", "remount,"+options, dir).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

// A disk that is full, at whatever point, fails what cannot be stored and loses nothing that
// was finished. Once there is room the run ends as if nothing had been.
func TestFullDisk(t *testing.T) {
	b := newBox(t)
	want := untroubled(t, b)
	partial := false
	dir, remount := mount(t, "40k")
	for _, size := range []string{"40k", "100k", "200k", "400k", "700k"} {
		if remount == nil {
			break
		}
		remount("size=" + size)
		status, said := b.toy(t, "", filepath.Join(dir, "run"))
		if status != exitFailed || !strings.Contains(said, "no space left on device") {
			t.Errorf("%s: exit status %d\n%s", size, status, said)
		}
		n := len(finishedTasks(t, filepath.Join(dir, "run")))
		partial = partial || n > 0 && n < 18
	}
	if remount != nil {
		if !partial {
			t.Error("no disk was full half-way")
		}
		remount("size=100m")
		b.healthy(t, "full disk", filepath.Join(dir, "run"), want)
	}
	for _, blocks := range []int{1, 4, 16} { // of 512 bytes or 1 KiB: the largest file
		dir := filepath.Join(b.dir, fmt.Sprint("limit", blocks))
		status, said := b.toy(t, fmt.Sprintf("ulimit -f %d;", blocks), dir)
		if status != exitFailed || !strings.Contains(said, "file too large") {
			t.Errorf("files of %d blocks: exit status %d\n%s", blocks, status, said)
		}
		b.healthy(t, fmt.Sprintf("files of %d blocks", blocks), dir, want)
	}
}

// Nowhere to write: exit status 1, the reason, and what was there stays.
func TestReadOnlyDirectory(t *testing.T) {
	b := newBox(t)
	dir, remount := mount(t, "20m")
	run := filepath.Join(dir, "run")
	if status, said := b.toy(t, "", run); status != exitDone {
		t.Fatalf("exit status %d\n%s", status, said)
	}
	want := readAll(t, filepath.Join(run, "csv"))
	if remount != nil {
		remount("ro")
	} else if err := os.Chmod(run, 0o555); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{run, filepath.Join(run, "new")} {
		status, said := b.toy(t, "", out)
		if status != exitFailed || !regexp.MustCompile(`(?i)read-only|permission denied`).MatchString(said) {
			t.Errorf("%s: exit status %d\n%s", out, status, said)
		}
	}
	if status, said := b.run(t, "", "status", run); status != exitDone || !strings.Contains(said, "18") {
		t.Errorf("status of a read-only directory: %d\n%s", status, said)
	}
	if remount != nil {
		remount("rw")
	} else if err := os.Chmod(run, 0o777); err != nil {
		t.Fatal(err)
	}
	b.healthy(t, "read-only", run, want)
}

// Out of file descriptors: whatever the limit, tasks fail or not, and the next run heals it.
func TestOutOfFileDescriptors(t *testing.T) {
	b := newBox(t)
	want := untroubled(t, b)
	failed := 0
	for limit := 4; limit <= 12; limit++ {
		dir := filepath.Join(b.dir, fmt.Sprint("fds", limit))
		status, said := b.toy(t, fmt.Sprintf("ulimit -n %d;", limit), dir)
		if status != exitDone && status != exitFailed {
			if !strings.Contains(said, "too many open files") && !strings.Contains(said, "failed to create new OS thread") && status != 2 {
				t.Errorf("%d descriptors: exit status %d\n%s", limit, status, said)
			}
			continue // the program could not start
		}
		if status == exitFailed {
			failed++
			if !strings.Contains(said, "too many open files") {
				t.Errorf("%d descriptors: it does not say so:\n%s", limit, said)
			}
		}
		if _, err := os.Stat(dir); err == nil {
			b.healthy(t, fmt.Sprintf("%d descriptors", limit), dir, want)
		}
	}
	if failed == 0 {
		t.Error("there were always enough")
	}
}

// A table or manifest that was cut short is made again from what is there.
func TestCutFiles(t *testing.T) {
	b := newBox(t)
	dir := filepath.Join(b.dir, "run")
	if status, said := b.toy(t, "", dir); status != exitDone {
		t.Fatalf("exit status %d\n%s", status, said)
	}
	want := readAll(t, filepath.Join(dir, "csv"))
	for _, glob := range []string{"csv/phase.csv", "csv/phase.csv-metadata.json", "manifest.json", "plan.jsonl", "tasks/*/phase.csv", "tasks/*/manifest.json", "tasks/*/part-0000"} {
		paths, _ := filepath.Glob(filepath.Join(dir, glob))
		if len(paths) == 0 {
			t.Fatalf("no %s", glob)
		}
		info, err := os.Stat(paths[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(paths[0], info.Size()/2); err != nil {
			t.Fatal(err)
		}
		status, said := b.toy(t, "", dir)
		if status != exitDone || glob == "manifest.json" && !strings.Contains(said, "manifest.json") {
			t.Errorf("%s cut short: exit status %d\n%s", glob, status, said)
		}
		if got := readAll(t, filepath.Join(dir, "csv")); !maps.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("%s cut short: the tables differ", glob)
		}
		m, err := record.ReadManifest(filepath.Join(dir, "manifest.json"))
		if err == nil {
			err = m.Check(dir)
		}
		if err != nil {
			t.Errorf("%s cut short: %v", glob, err)
		}
	}
}

// The first signal stops in an orderly way as soon as every part has come to a place where it
// can be saved, the second one at once.
func TestSecondSignalForces(t *testing.T) {
	b := newBox(t)
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		dir := filepath.Join(b.dir, fmt.Sprint(sig))
		c := b.command("", "run", "slow.toml", "--out", dir)
		var said bytes.Buffer
		c.Stderr = &said
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- c.Wait() }()
		stage := func() string { return (&killer{cut: dir}).stage() }
		for limit := time.Now().Add(30 * time.Second); stage() != "computing"; time.Sleep(time.Millisecond) {
			if time.Now().After(limit) {
				t.Fatal("it does not start")
			}
		}
		time.Sleep(50 * time.Millisecond)
		_ = c.Process.Signal(sig)
		select {
		case <-done:
			t.Fatalf("%v: it stopped at the first signal: nothing was tested", sig)
		case <-time.After(300 * time.Millisecond):
		}
		_ = c.Process.Signal(sig)
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = c.Process.Kill()
			t.Fatalf("%v: the second one does not force", sig)
		}
		if got := c.ProcessState.ExitCode(); got != exitStopped || !strings.Contains(said.String(), "again to force") {
			t.Errorf("%v: exit status %d\n%s", sig, got, said.String())
		}
	}
}
