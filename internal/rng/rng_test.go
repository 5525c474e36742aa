package rng

import (
	"math/rand/v2"
	"testing"
)

var _ rand.Source = (*Stream)(nil)

func TestMixedDrawsConsumeWordsInOrder(t *testing.T) {
	s, w := New(1, 2, "a", "b"), New(1, 2, "a", "b")
	var words [9]float64
	for i := range words {
		words[i] = w.Normal()
	}
	var got [9]float64
	got[0] = s.Normal()
	s.Normals(got[1:4])
	got[4] = s.Normal()
	s.Normals(got[5:8])
	got[8] = s.Normal()
	if got != words {
		t.Errorf("got %v, want %v", got, words)
	}
}
