package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"machlup/internal/build"
	"machlup/internal/spec"
)

//go:embed experiments/*.toml
var builtin embed.FS

// builtinNames lists the built-in experiments.
func builtinNames() []string {
	entries, err := fs.ReadDir(builtin, "experiments")
	if err != nil {
		panic("machlup: no embedded experiments")
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	sort.Strings(names)
	return names
}

// source finds an experiment: a built-in name, or a TOML file.
func source(experiment string) (file string, text []byte, err error) {
	if data, err := builtin.ReadFile("experiments/" + experiment + ".toml"); err == nil {
		return experiment + ".toml", data, nil
	}
	if !strings.ContainsAny(experiment, "./"+string(filepath.Separator)) {
		hint := ""
		if n := nearestBuiltin(experiment); n != "" {
			hint = fmt.Sprintf("nearest: %q; ", n)
		}
		return "", nil, fmt.Errorf("no built-in experiment %q (%sall: %s), and a TOML file's name ends in .toml",
			experiment, hint, strings.Join(builtinNames(), ", "))
	}
	data, err := os.ReadFile(experiment)
	if err != nil {
		return "", nil, fmt.Errorf("reading the experiment: %w", err)
	}
	return experiment, data, nil
}

// nearestBuiltin is the shortest name that has all words of the one asked for, ring8-sweep-small for
// ring8-small, or else one with few letters changed; empty if there is none.
func nearestBuiltin(name string) string {
	best := ""
	for _, n := range builtinNames() {
		all := true
		for _, word := range strings.Split(name, "-") {
			all = all && strings.Contains("-"+n+"-", "-"+word+"-")
		}
		if all && (best == "" || len(n) < len(best)) {
			best = n
		}
	}
	if best != "" {
		return best
	}
	return spec.NearestName(name, builtinNames())
}

// load parses an experiment with its --set overrides and builds it.
func load(experiment string, sets []string, seed *int64) (*build.Experiment, error) {
	file, text, err := source(experiment)
	if err != nil {
		return nil, err
	}
	doc, err := spec.Parse(file, text)
	if err != nil {
		return nil, err
	}
	for _, s := range sets {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fmt.Errorf("--set %s: found no '=', want --set key=value (a dotted key, a TOML value)", s)
		}
		if err := doc.Set(strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return nil, err
		}
	}
	if seed != nil {
		if *seed < 0 {
			return nil, fmt.Errorf("--seed: found %d, allowed 0 … 2⁶³−1", *seed)
		}
		if err := doc.Set("seed", fmt.Sprint(*seed)); err != nil {
			return nil, err
		}
	}
	return build.Load(doc)
}

// experimentEntries lists the built-in experiments with the first lines of their files.
func experimentEntries() ([]build.Entry, error) {
	var out []build.Entry
	for _, name := range builtinNames() {
		_, text, err := source(name)
		if err != nil {
			return nil, err
		}
		out = append(out, build.Entry{Name: name, Doc: leadingComment(text)})
	}
	return out, nil
}

// leadingComment joins the comment lines at the head of a file.
func leadingComment(text []byte) string {
	var words []string
	for _, line := range strings.Split(string(text), "\n") {
		body, ok := strings.CutPrefix(line, "#")
		if !ok {
			break
		}
		words = append(words, strings.TrimSpace(body))
	}
	return strings.Join(words, " ")
}
