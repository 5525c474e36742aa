package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestPartsComeBackAsTheyWere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "part")
	want := &PhasePart{DivergedStep: -1, Step: []int{0, 5}, Values: [][]float64{{1, 2}, {0.1, -3e-300}}}
	if err := WritePart(path, want); err != nil {
		t.Fatal(err)
	}
	got := new(PhasePart)
	if err := ReadPart(path, got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := ReadPart(path+"x", got); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing part: %v", err)
	}
}

// Any flipped bit and any cut is seen.
func TestDamagedPartsAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "part")
	if err := WritePart(path, &TIPart{Series: [][]float64{{1, 2, 3}}}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := ReadPart(path, new(TIPart)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range whole {
		data := append([]byte{}, whole...)
		data[i] ^= 1 << (i % 8)
		refused("a flipped bit", data)
		refused("a cut", whole[:i])
	}
	refused("a tail", append(append([]byte{}, whole...), 0))
	if err := WritePart(path, &PhasePart{Step: []int{1}}); err != nil {
		t.Fatal(err)
	}
	if err := ReadPart(path, new(TIPart)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a part of another estimator: %v", err)
	}
}
