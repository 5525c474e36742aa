package build

import (
	"bytes"
	"context"
	"encoding/gob"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"machlup/internal/engine"
	"machlup/internal/spec"
)

// A budget is a context that ends after so many looks at it.
type budget struct {
	context.Context
	looks *int
}

func (b budget) Err() error {
	if *b.looks--; *b.looks < 0 {
		return context.Canceled
	}
	return nil
}

func (b budget) Done() <-chan struct{} { return nil }

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every part of every estimator gives the same bits when it is stopped again and again at
// random places and goes on from its checkpoints. Estimators that have none start over, and
// must then not be asked to stop again.
func TestPartsGoOnBitForBit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	resumed := map[string]int{}
	for _, file := range []string{"toy.toml", "gan.toml", "resume.toml", "collapse.toml", "imaginary.toml", "schedule.toml", "minibatch.toml", "rare.toml", "escape.toml", "nonequilibrium.toml", "sgd_inference.toml", "spins.toml", "log-z.toml"} {
		exp := loadFile(t, file)
		seen := map[string]bool{}
		for _, task := range exp.Tasks {
			if key := task.Estimator + task.Swept["path.action"]; seen[key] {
				continue
			} else {
				seen[key] = true
			}
			for part := range task.Runner.Parts() {
				want, err := task.Runner.Run(context.Background(), part, func(float64) {})
				if err != nil {
					t.Fatalf("%s: %v", task.Label, err)
				}
				got, stops := interrupted(t, task, part, random)
				if !bytes.Equal(encoded(t, got), encoded(t, want)) {
					t.Errorf("%s %s part %d: another result after %d stops", file, task.Label, part, stops)
				}
				resumed[strings.SplitN(file, ".", 2)[0]+"/"+task.Estimator] += stops
			}
		}
	}
	for _, name := range []string{"toy/ensemble", "toy/stationary", "toy/phase", "toy/paths", "toy/ti", "toy/ais", "toy/forward", "toy/free-energy", "toy/o10",
		"gan/ensemble", "gan/paths", "gan/ti", "gan/ais", "gan/o10", "resume/annealing", "resume/both-ways", "collapse/collapse", "schedule/ensemble", "schedule/paths", "minibatch/ensemble", "rare/rate", "rare/transition-paths", "escape/escape", "nonequilibrium/non-equilibrium", "nonequilibrium/temperatures", "sgd_inference/sgd-inference", "spins/transition", "spins/hysteresis",
		"log-z/ais", "log-z/smc", "log-z/filter", "log-z/scgf", "log-z/tempering", "log-z/discretisation"} {
		if resumed[name] == 0 {
			t.Errorf("%s never went on from a checkpoint", name)
		}
	}
}

func loadFile(t *testing.T, name string) *Experiment {
	t.Helper()
	path := filepath.Join("testdata", name)
	if _, err := os.Stat(path); err != nil {
		path = filepath.Join("../../cmd/machlup/testdata", name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := spec.Parse(name, text)
	if err != nil {
		t.Fatal(err)
	}
	exp, err := Load(doc)
	if err != nil {
		t.Fatal(err)
	}
	return exp
}

// interrupted computes a part in many sessions, each a few looks at the context long.
func interrupted(t *testing.T, task Task, part int, random *rand.Rand) (result any, stops int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "checkpoint")
	id := engine.Identity{Version: Version, Schema: SchemaVersion, Task: task.Hash, Config: task.Config, Part: part}
	for sessions := 0; ; sessions++ {
		looks := 1 + random.IntN(5)
		if sessions > 400 {
			looks = 1 << 30
		}
		s := engine.NewSession(path, id, time.Hour, func(text string) { t.Errorf("%s: %s", task.Label, text) }, func() {})
		ctx := engine.WithSession(budget{context.Background(), &looks}, s)
		result, err := task.Runner.Run(ctx, part, func(float64) {})
		if s.Restored() {
			stops++
		} else if sessions > 0 {
			looks = 1 << 30 // it saves nothing
			if result, err = task.Runner.Run(ctx, part, func(float64) {}); err != nil {
				t.Fatalf("%s: %v", task.Label, err)
			}
			return result, stops
		}
		if err == nil {
			return result, stops
		}
		if err != context.Canceled {
			t.Fatalf("%s: %v", task.Label, err)
		}
	}
}
