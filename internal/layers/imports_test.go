package layers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "machlup/"

// layer says where a package stands and what its code may import besides the standard
// library: packages of lower layers (all of them, or only those named), the named ones of
// its own layer, and modules.
type layer struct {
	number  int
	only    []string // if set: of the layers below, these
	beside  []string // of the same layer
	modules []string
}

const gonum = "gonum.org/v1/gonum"

var ground = []string{"internal/num", "internal/rng", "internal/spec", "internal/record"}

// table is the layout of the house, package by package.
var table = map[string]layer{
	"internal/layers": {number: 0},
	"internal/num":    {number: 0, modules: []string{"golang.org/x/sys"}},
	"internal/rng":    {number: 0, beside: []string{"internal/num"}, modules: []string{"golang.org/x/exp/rand"}},
	"internal/spec":   {number: 0, modules: []string{"github.com/BurntSushi/toml"}},
	"internal/record": {number: 0},

	"analysis":              {number: 1, only: []string{}, modules: []string{gonum}},
	"analysis/exact":        {number: 1, only: []string{}, modules: []string{gonum}},
	"langevin":              {number: 1, modules: []string{gonum}},
	"langevin/exact":        {number: 1, beside: []string{"langevin"}, modules: []string{gonum}},
	"langevin/langevintest": {number: 1, beside: []string{"langevin"}, modules: []string{gonum}},

	"gan":      {number: 2, only: append([]string{"langevin"}, ground...), modules: []string{gonum}},
	"gan/otto": {number: 2, only: append([]string{"langevin"}, ground...), beside: []string{"gan"}, modules: []string{gonum}},
	"pathint":  {number: 2, only: append([]string{"langevin", "analysis"}, ground...), modules: []string{gonum}},

	"internal/engine": {number: 3, modules: []string{gonum}},
	"internal/build":  {number: 4},
	"internal/report": {number: 4, only: []string{"internal/record", "analysis"}, modules: []string{gonum, "gonum.org/v1/plot", "golang.org/x/image"}},

	"internal/dispatch": {number: 5, modules: []string{"golang.org/x/sync"}},
	// A check is an experiment through the same code path as run, so verify stands on dispatch.
	"internal/verify": {number: 5, beside: []string{"internal/dispatch"}, modules: []string{gonum}},
	"notebooks":       {number: 6, only: []string{}}, // a test that executes them
	"examples":        {number: 6, only: []string{}}, // what an outside program does, in its tests
	"cmd/machlup":     {number: 6, modules: []string{"github.com/spf13/cobra"}},
}

// testModules may be used by any test.
var testModules = []string{gonum, "github.com/google/go-cmp", "github.com/rogpeppe/go-internal", "pgregory.net/rapid", "github.com/chromedp",
	"golang.org/x/sys", "gonum.org/v1/plot"}

type listed struct {
	ImportPath, Name, Export           string
	Imports, TestImports, XTestImports []string
}

// list runs go list -json in the module's root.
func list(t *testing.T, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		var e *exec.ExitError
		if errors.As(err, &e) {
			t.Fatalf("go list: %v\n%s", err, e.Stderr)
		}
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportsGoDown(t *testing.T) {
	packages := list(t, "-json=ImportPath,Name,Imports,TestImports,XTestImports", "./...")
	if len(packages) < 12 {
		t.Fatalf("go list found %d packages", len(packages))
	}
	for _, p := range packages {
		for _, complaint := range complaints(p) {
			t.Error(complaint)
		}
	}
}

// complaints lists the imports of a package that its place does not allow.
func complaints(p listed) (out []string) {
	name := strings.TrimPrefix(p.ImportPath, module)
	if p.Name == "main" && name != "cmd/machlup" {
		return nil // a generator of code, no part of the program
	}
	own, ok := table[name]
	if !ok {
		return []string{fmt.Sprintf("%s has no layer: add it to the table", name)}
	}
	add := func(what, imported string) {
		out = append(out, fmt.Sprintf("%s, layer %d, %s %s", name, own.number, what, imported))
	}
	for _, i := range p.Imports {
		if !own.mayImport(i) {
			add("imports", i)
		}
	}
	// An internal test stays below its package too; what it knows of analysis and report
	// is its own business.
	for _, i := range p.TestImports {
		if !own.mayTestWith(i, own.number) && !own.mayImport(i) {
			add("in its tests imports", i)
		}
	}
	for _, i := range p.XTestImports { // an external test may look sideways
		if !own.mayTestWith(i, own.number+1) {
			add("in its external tests imports", i)
		}
	}
	for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
		if strings.HasPrefix(i, "golang.org/x/exp/") && name != "internal/rng" {
			add("imports, which internal/rng alone may,", i)
		}
	}
	return out
}

func (l layer) mayImport(path string) bool {
	name, inside := strings.CutPrefix(path, module)
	switch {
	case !inside:
		return standard(path) || within(path, l.modules)
	case slices.Contains(l.beside, name):
		return true
	case l.only != nil && !slices.Contains(l.only, name):
		return false
	}
	below, ok := table[name]
	return ok && below.number < l.number
}

// mayTestWith tells whether a test may import a path whose layer is below a limit.
func (l layer) mayTestWith(path string, limit int) bool {
	name, inside := strings.CutPrefix(path, module)
	if !inside {
		return standard(path) || within(path, testModules) || within(path, l.modules)
	}
	below, ok := table[name]
	return ok && (below.number < limit || strings.HasSuffix(name, "/exact") || strings.HasSuffix(name, "test"))
}

func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func within(path string, modules []string) bool {
	return slices.ContainsFunc(modules, func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") })
}

// The two sides of the house meet where configs become objects, nowhere below.
func TestGanAndPathintMeetInBuild(t *testing.T) {
	for _, p := range list(t, "-json=ImportPath,Imports", "./...") {
		both := slices.Contains(p.Imports, module+"gan") && slices.Contains(p.Imports, module+"pathint")
		if both && p.ImportPath != module+"internal/build" {
			t.Errorf("%s imports both gan and pathint", p.ImportPath)
		}
	}
}

// The rules see what they are for.
func TestRulesRefuse(t *testing.T) {
	for _, c := range []struct{ from, to string }{
		{"analysis", "machlup/langevin"},
		{"langevin", "machlup/analysis"},
		{"langevin", "machlup/pathint"},
		{"gan", "machlup/pathint"},
		{"gan", "machlup/analysis"},
		{"pathint", "machlup/gan"},
		{"pathint", "golang.org/x/exp/rand"},
		{"internal/record", "machlup/internal/spec"},
		{"internal/num", "machlup/internal/rng"},
		{"internal/engine", "machlup/internal/build"},
		{"internal/report", "machlup/internal/engine"},
		{"internal/dispatch", "machlup/internal/verify"},
		{"internal/build", "github.com/BurntSushi/toml"},
		{"internal/verify", "machlup/cmd/machlup"},
		{"nowhere", "fmt"},
	} {
		if got := complaints(listed{ImportPath: module + c.from, Imports: []string{c.to}}); len(got) == 0 {
			t.Errorf("%s may import %s", c.from, c.to)
		}
	}
	for _, c := range []struct{ from, to string }{
		{"pathint", "machlup/internal/engine"},
		{"langevin", "machlup/pathint"},
		{"gan", "golang.org/x/exp/rand"},
	} {
		if got := complaints(listed{ImportPath: module + c.from, XTestImports: []string{c.to}}); len(got) == 0 {
			t.Errorf("an external test of %s may import %s", c.from, c.to)
		}
	}
	if got := complaints(listed{ImportPath: module + "pathint", XTestImports: []string{"machlup/gan"}}); len(got) > 0 {
		t.Errorf("an external test may not look sideways: %v", got)
	}
}
