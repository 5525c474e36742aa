package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../../.."

func TestReferenceIsFresh(t *testing.T) {
	want, err := reference(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "docs", "reference.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/reference.md is stale: run make docs\n%s", cmp.Diff(strings.Split(string(got), "\n"), strings.Split(string(want), "\n")))
	}
}

// Every table that the engine can write is in the reference.
func TestReferenceHasEveryTable(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "internal", "engine", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, s := range schemas() {
		known = append(known, s.Name)
	}
	found := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`record\.Schema\{Name: "([^"]+)"`).FindAllSubmatch(text, -1) {
			found++
			if name := string(m[1]); !slices.Contains(known, name) {
				t.Errorf("%s: the table %q is not in the reference", f, name)
			}
		}
	}
	if found < len(known)-1 { // tasks is not the engine's
		t.Errorf("found %d tables in the engine, the reference has %d", found, len(known))
	}
}
