package main

import (
	"bytes"
	"os"
	"testing"
)

// The committed assembly is what the generator writes.
func TestUpToDate(t *testing.T) {
	for name, kernels := range files {
		have, err := os.ReadFile("../" + name + "_amd64.s")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, generate(name, kernels)) {
			t.Errorf("%s_amd64.s differs: run go generate in internal/num", name)
		}
	}
}
