package engine

import (
	"context"
	"math"
	"testing"
)

// explosion's step is x' = 1e100 x and has no derivative: differences find its eigenvalue, and
// a state that is not finite is a divergence.
func TestStabilityByDifferences(t *testing.T) {
	env := Env{Seed: 1, NewModel: explosive}
	m, _ := explosive()
	cfg := DefaultStability()
	r, err := NewStability(cfg, env, m)
	if err != nil {
		t.Fatal(err)
	}
	part, err := r.Run(context.Background(), 0, func(float64) {})
	if err != nil {
		t.Fatal(err)
	}
	p := part.(*StabilityPart)
	if e := math.Abs(p.Real[0]/1e100 - 1); len(p.Real) != 1 || e > 1e-9 || p.Rough != "none" {
		t.Errorf("eigenvalues %v, %q", p.Real, p.Rough)
	}
	cfg.Steps = 4
	if r, err = NewStability(cfg, env, m); err != nil {
		t.Fatal(err)
	}
	if _, err = r.Run(context.Background(), 0, func(float64) {}); err == nil || err.(*Divergence).Step != 4 {
		t.Errorf("divergence: %v", err)
	}
	m.Quenched = false
	if _, err = NewStability(cfg, env, m); err == nil {
		t.Error("a step of minibatches was accepted")
	}
}
