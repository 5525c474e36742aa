package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"machlup/internal/build"
	"machlup/internal/dispatch"
	"machlup/internal/spec"
)

// pages are what a reader reads.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range append(files, filepath.Join(root, "README.md"), filepath.Join(root, "CHANGELOG.md")) {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimPrefix(f, root+"/")] = string(text)
	}
	return out
}

// blocks are the fenced blocks of a language.
func blocks(text, language string) (out []string) {
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// A complete experiment on a page runs.
func TestExperimentsOnPages(t *testing.T) {
	found := 0
	for page, text := range pages(t) {
		for _, b := range blocks(text, "toml") {
			if !strings.HasPrefix(b, "name = ") {
				continue
			}
			found++
			doc, err := spec.Parse(page, []byte(b))
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			exp, err := build.Load(doc)
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			exp.Tasks = exp.Tasks[:min(3, len(exp.Tasks))] // enough to see each estimator
			res, err := dispatch.Run(context.Background(), exp, dispatch.Options{Dir: t.TempDir(), Workers: 2})
			if err != nil || res.Failed() > 0 {
				t.Errorf("%s: experiment %s: %v, %d tasks failed", page, exp.Name, err, res.Failed())
			}
		}
	}
	if found == 0 {
		t.Error("no page shows an experiment")
	}
}

// A program or experiment on a page is the file that the tests run.
func TestPagesShowTheFiles(t *testing.T) {
	all := pages(t)
	for page, name := range map[string]string{"README.md": "temperature.toml", "docs/extend.md": "pendulum_test.go"} {
		text, err := os.ReadFile(filepath.Join(root, "examples", name))
		if err != nil {
			t.Fatal(err)
		}
		if language := strings.TrimPrefix(filepath.Ext(name), "."); !slices.Contains(blocks(all[page], language), string(text)) {
			t.Errorf("%s does not show examples/%s as it is", page, name)
		}
	}
	for _, b := range blocks(all["docs/extend.md"], "go") {
		shown := false
		files, _ := filepath.Glob(filepath.Join(root, "examples", "*_test.go"))
		for _, f := range files {
			text, err := os.ReadFile(f)
			shown = shown || err == nil && string(text) == b
		}
		if !shown {
			t.Errorf("docs/extend.md shows a program that is no file of examples/:\n%.200s", b)
		}
	}
}

var links = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)

// A link on a page leads to a file that is there, and to a heading of it.
func TestLinks(t *testing.T) {
	all := pages(t)
	for page, text := range all {
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			target := page
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(page), m[1])
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: link to %s: %v", page, m[1], err)
				continue
			}
			if m[2] != "" && !slices.Contains(anchors(all[target]), m[2]) {
				t.Errorf("%s: %s has no heading #%s", page, target, m[2])
			}
		}
	}
}

// anchors are the headings of a page as links name them.
func anchors(text string) (out []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		out = append(out, strings.ReplaceAll(name, " ", "-"))
	}
	return out
}
