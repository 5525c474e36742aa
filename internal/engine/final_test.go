package engine

import (
	"crypto/sha256"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func finals() *FinalStates {
	return &FinalStates{"mlp 2-3-1", []FinalState{{0, []float64{1, -0.5}}, {2, []float64{math.SmallestNonzeroFloat64, math.MaxFloat64}}}}
}

func TestFinalStatesComeBack(t *testing.T) {
	got, err := DecodeFinal(finals().Encode())
	if err != nil || !reflect.DeepEqual(got, finals()) {
		t.Fatalf("%+v, %v", got, err)
	}
	one, err := got.Chain(2)
	if err != nil || one.States[0].Q[1] != math.MaxFloat64 || len(one.States) != 1 {
		t.Errorf("chain 2: %+v, %v", one, err)
	}
	if _, err := got.Chain(1); err == nil || !strings.Contains(err.Error(), "chain 1") || !strings.Contains(err.Error(), "allowed: 0, 2") {
		t.Errorf("chain 1: %v", err)
	}
	if CollectFinal("x", []any{new(TIPart), &PhasePart{}, &EnsemblePart{}}) != nil {
		t.Error("final states of what has none")
	}
	f := CollectFinal("x", []any{&StationaryPart{Chain: 3, End: []float64{7}}, &EnsemblePart{Chains: []ChainPart{{Index: 5}, {Index: 6, End: []float64{8}}}}})
	if want := []FinalState{{3, []float64{7}}, {6, []float64{8}}}; !reflect.DeepEqual(f.States, want) {
		t.Errorf("%+v", f.States)
	}
	if !keepFinal(0, 1<<20) || keepFinal(1, 1<<16) || !keepFinal(63, 1024) || keepFinal(64, 1024) {
		t.Error("another number of chains is kept")
	}
}

func TestDamagedFinalStates(t *testing.T) {
	whole := finals().Encode()
	for i := range whole {
		flipped := append([]byte(nil), whole...)
		flipped[i] ^= 4
		for _, data := range [][]byte{whole[:i], flipped} {
			if _, err := DecodeFinal(data); !errors.Is(err, ErrFinal) {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
	}
	sealed := func(body string) []byte {
		sum := sha256.Sum256([]byte(body))
		return []byte(finalMagic + string(sum[:]) + body)
	}
	for _, body := range []string{"", "{}\n", "{\"chains\":[0],\"components\":2}\n12345678", "{\"chains\":[0],\"components\":-1}\n", "{\"chains\":[0],\"components\":1152921504606846976}\n",
		"{\"chains\":[0],\"components\":1}\n\x00\x00\x00\x00\x00\x00\xf0\x7f"} {
		if _, err := DecodeFinal(sealed(body)); !errors.Is(err, ErrFinal) {
			t.Errorf("%q: %v", body, err)
		}
	}
}
