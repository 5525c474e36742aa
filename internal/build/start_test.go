package build

import (
	"bytes"
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"machlup/internal/engine"
	"machlup/internal/spec"
)

const trained = `
name = "trained"
seed = 4
[system]
kind = "double-well"
[start]
steps = 1000
[estimator.phase]
observable = "x0"
steps = 500
window = 100
low = -0.5
high = 0.5
[estimator.ensemble]
chains = 3
steps = 50
`

// The training before the start gives the same bits whether it is done by the parts
// themselves or once before them, in one go or stopped again and again.
func TestTheStartIsTrainedOnce(t *testing.T) {
	result := func(exp *Experiment, i int) []byte {
		r, err := exp.Tasks[i].Runner.Run(context.Background(), 0, func(float64) {})
		if err != nil {
			t.Fatal(err)
		}
		return encoded(t, r)
	}
	plain := loadText(t, trained)
	want := [][]byte{result(plain, 0), result(plain, 1)}
	exp := loadText(t, trained)
	path, task := filepath.Join(t.TempDir(), "checkpoint-start"), exp.Tasks[0]
	id := engine.Identity{Version: Version, Schema: SchemaVersion, Task: task.Hash, Config: task.Config, Part: -1}
	sessions := 0
	for ; ; sessions++ {
		looks := 3
		s := engine.NewSession(path, id, time.Hour, func(text string) { t.Error(text) }, func() {})
		err := task.Prepare(engine.WithSession(budget{context.Background(), &looks}, s))
		if err == nil {
			break
		}
		if err != context.Canceled || sessions > 100 {
			t.Fatalf("session %d: %v", sessions, err)
		}
	}
	if sessions < 3 {
		t.Errorf("stopped %d times only", sessions)
	}
	for i := range want {
		if !bytes.Equal(result(exp, i), want[i]) {
			t.Errorf("task %s starts elsewhere", exp.Tasks[i].Label)
		}
	}
	cold := loadText(t, trained) // the next run of a process that was killed after the training
	s := engine.NewSession(path, id, time.Hour, nil, nil)
	if err := cold.Tasks[0].Prepare(engine.WithSession(context.Background(), s)); err != nil || !s.Restored() {
		t.Errorf("trained again: %v", err)
	}
	if !bytes.Equal(result(cold, 1), want[1]) {
		t.Error("another start after a restore")
	}
	if loadText(t, "name = \"none\"\n[system]\nkind = \"ou\"\n[estimator.ensemble]\n").Tasks[0].Prepare != nil {
		t.Error("a start without steps is prepared")
	}
}

// Without noise a start is the same at every temperature; where noise is not a factor it is refused.
func TestStartNoise(t *testing.T) {
	at := func(temperature string) float64 {
		doc, err := spec.Parse("exp.toml", []byte("[system]\nkind = \"double-well\"\n[start]\nsteps = 1000\nnoise = 0.0\n[trainer]\nstart = [0.1]\n[trainer.euler-maruyama]\ntemperature = "+temperature+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		sys, err := decodeSystem(doc)
		if err != nil {
			t.Fatal(err)
		}
		m, err := new(start).train(context.Background(), sys, engine.Env{})
		if err != nil {
			t.Fatal(err)
		}
		return m.Start[0]
	}
	if cold, hot := at("0.1"), at("2.0"); cold != hot || math.Abs(cold-1) > 1e-3 {
		t.Errorf("starts %v and %v, want the well at 1 twice", cold, hot)
	}
	toy := "name = \"noise\"\n[system]\nkind = \"double-well\"\n[start]\nsteps = 10\nnoise = 0.5\n[estimator.ensemble]\n"
	game := ganText + "[start]\nsteps = 10\nnoise = 0.5\n"
	for _, c := range []struct{ text, set, want string }{
		{toy, "start.steps=0", "start.noise: found 0.5 with steps = 0"},
		{game, "trainer.discriminator.optimizer=\"adam\"", "start.noise: found 0.5, allowed 1: "},
	} {
		if _, err := parse(c.text, c.set); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.set, err, c.want)
		}
	}
}
