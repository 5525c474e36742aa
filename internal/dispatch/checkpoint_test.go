package dispatch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"machlup/internal/build"
	"machlup/internal/engine"
	"machlup/internal/record"
)

// counter is a Runner of one part that adds up 1 … 100 and can be stopped on the way.
type counter struct {
	synthetic
	stop  func() // called at 50, if not nil
	steps int    // taken in this session
}

type counterState struct{ N, Sum int }

func (c *counter) Run(ctx context.Context, _ int, progress func(float64)) (any, error) {
	session, s := engine.SessionOf(ctx), counterState{}
	if session.Restore(&s) && s.N < 0 {
		return nil, &engine.StaleError{Err: errors.New("a negative count")}
	}
	for ; s.N < 100; s.N++ {
		if s.N == 50 && c.stop != nil {
			c.stop()
		}
		if err := session.Offer(ctx, func() any { return s }); err != nil {
			return nil, err
		}
		progress(float64(s.N) / 10)
		s.Sum += s.N + 1
		c.steps++
	}
	return &square{s.Sum}, nil
}

// stopped runs a counter to 50 in a new directory and returns that with its checkpoint.
func stopped(t *testing.T) (dir, checkpoint string) {
	t.Helper()
	dir = t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	c := &counter{synthetic: synthetic{parts: 1}, stop: cancel}
	exp := experiment(c)
	res, err := Run(ctx, exp, Options{Dir: dir})
	if err != nil || !res.Stopped || c.steps != 50 {
		t.Fatalf("stopped %v after %d steps: %v", res.Stopped, c.steps, err)
	}
	return dir, checkpointPath(taskDir(dir, exp.Tasks[0]), 0)
}

func TestAPartGoesOnFromItsCheckpoint(t *testing.T) {
	rewrite := func(change func(*engine.Identity), state any) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			id := engine.Identity{Version: build.Version, Schema: build.SchemaVersion, Task: "0000000000000000", Config: "a.b = 0\n"}
			change(&id)
			// A session of that identity saves its state when it is stopped.
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if err := engine.NewSession(path, id, time.Hour, nil, nil).Offer(ctx, func() any { return state }); err == nil {
				t.Fatal("not stopped")
			}
			if err := os.Remove(path + ".previous"); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name   string
		plant  func(*testing.T, string)
		steps  int
		says   string
		stored string // left beside the checkpoint
	}{
		{"untouched", func(*testing.T, string) {}, 50, "", ""},
		{"damaged", damage, 100, "the previous one", ""},
		{"of another version", rewrite(func(id *engine.Identity) { id.Version = "0.0.9" }, counterState{N: 99}), 100, "found a checkpoint of version 0.0.9, schema 1; allowed: version " + build.Version, ".refused"},
		{"of another config", rewrite(func(id *engine.Identity) { id.Config = "a.b = 7\n" }, counterState{N: 99}), 100, "another config (a.b = 7); allowed: this task's (a.b = 0)", ".refused"},
		{"whole, of no use", rewrite(func(*engine.Identity) {}, counterState{N: -1}), 100, "does not fit: a negative count", ".refused"},
		{"of another layout", rewrite(func(*engine.Identity) {}, struct{ M int }{3}), 100, "fields {M int}; allowed: {N int, Sum int}", ".refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, checkpoint := stopped(t)
			c.plant(t, checkpoint)
			again := &counter{synthetic: synthetic{parts: 1}}
			var said []string
			res := mustRun(t, experiment(again), Options{Dir: dir, Warn: func(text string) { said = append(said, text) }})
			if again.steps != c.steps || res.Failed() != 0 || table(t, dir, "squares")[1][2] != "5050" {
				t.Errorf("%d steps, %d failed: %v", again.steps, res.Failed(), table(t, dir, "squares"))
			}
			if text := strings.Join(said, "\n"); !strings.Contains(text, c.says) || (c.says == "") != (text == "") {
				t.Errorf("said %q, want %q", text, c.says)
			}
			restored := map[bool]int{true: 1}[c.steps == 50]
			m, err := record.ReadManifest(filepath.Join(dir, "manifest.json"))
			if err != nil || m.CheckpointRestores != restored {
				t.Errorf("%d restores from checkpoints, %v", m.CheckpointRestores, err)
			}
			for _, suffix := range []string{"", ".previous"} {
				if _, err := os.Stat(checkpoint + suffix); err == nil {
					t.Errorf("checkpoint%s of a finished part", suffix)
				}
			}
			if _, err := os.Stat(checkpoint + ".refused"); (err == nil) != (c.stored != "") {
				t.Errorf("set aside: %v", err)
			}
		})
	}
}
