package engine

import (
	"context"
	"encoding/gob"
	"io"
	"runtime"
	"testing"

	"machlup/langevin"
)

// TestEnsembleMemory: what a part of an ensemble holds does not grow with the length of its
// trajectories: the trace is thinned, and ten times the steps allocate no more and save no
// more.
func TestEnsembleMemory(t *testing.T) {
	measure := func(steps int) (bytes uint64, saved int) {
		env := Env{Seed: 1}
		env.NewModel = func() (*Model, error) { return harmonicModel(t), nil }
		m := harmonicModel(t)
		cfg := DefaultEnsemble()
		cfg.Chains, cfg.Steps, cfg.TraceRows, cfg.Classical = 2, steps, 64, false
		r, err := NewEnsemble(cfg, env, m)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		part, err := r.Run(context.Background(), 1, func(float64) {})
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		n := &counter{}
		if err := gob.NewEncoder(n).Encode(part); err != nil {
			t.Fatal(err)
		}
		chain := part.(*EnsemblePart).Chains[0]
		if last := chain.TraceStep[len(chain.TraceStep)-1]; len(chain.Trace) > 64 || last < steps-steps/32 {
			t.Errorf("%d steps: a trace of %d rows up to step %d", steps, len(chain.Trace), last)
		}
		return after.TotalAlloc - before.TotalAlloc, n.n
	}
	measure(2000)
	short, saved := measure(20000)
	long, savedLong := measure(200000)
	if long > short+short/4+4096 || savedLong > saved+saved/4 {
		t.Errorf("ten times the steps take %d bytes and save %d, instead of %d and %d", long, savedLong, short, saved)
	}
}

// counter counts bytes.
type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }

var _ io.Writer = (*counter)(nil)

func harmonicModel(t *testing.T) *Model {
	t.Helper()
	u, err := langevin.NewHarmonic(langevin.HarmonicConfig{Dim: 1, Stiffness: []float64{1}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := langevin.EulerMaruyamaConfig{Eta: 0.1, Temperature: 1}.New(langevin.Descent(u))
	if err != nil {
		t.Fatal(err)
	}
	return &Model{Kind: "harmonic", Map: s, Observer: langevin.NewCoordinates(1, u), Start: []float64{0}, Eta: 0.1, Quenched: true}
}
