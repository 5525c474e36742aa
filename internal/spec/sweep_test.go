package spec

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func labels(t *testing.T, src string, settings ...Setting) []string {
	t.Helper()
	d, err := Parse("x.toml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		if err := d.Set(s.Key, s.Value); err != nil {
			t.Fatal(err)
		}
	}
	points, err := d.Points()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range points {
		out = append(out, p.Label())
	}
	return out
}

func TestPointsOrder(t *testing.T) {
	for _, c := range []struct {
		name, src string
		want      []string
	}{
		{"none", "seed = 1\n", []string{""}},
		{"empty tables", "[sweep.grid]\n[sweep.zip]\n", []string{""}},
		{"last fastest", "[sweep.grid]\n\"b.x\" = [2, 1]\n\"a\" = ['u', \"v w\", true]\n", []string{
			"b.x=2,a=u", `b.x=2,a="v w"`, "b.x=2,a=true", "b.x=1,a=u", `b.x=1,a="v w"`, "b.x=1,a=true"}},
		{"zip", "[sweep.zip]\na = [1, 2]\nb = [0.5, 1e-7]\n", []string{"a=1,b=0.5", "a=2,b=1e-07"}},
		{"zip is faster than grid, wherever it stands", "[sweep.zip]\na = [1, 2]\nb = [3, 4]\n[sweep.grid]\nc = [5, 6]\n", []string{
			"c=5,a=1,b=3", "c=5,a=2,b=4", "c=6,a=1,b=3", "c=6,a=2,b=4"}},
		{"linspace", "[sweep.grid]\na = {linspace = [-0.3, 0.3, 7]}\n", []string{
			"a=-0.3", "a=-0.2", "a=-0.1", "a=0.0", "a=0.1", "a=0.2", "a=0.3"}},
		{"linspace of integers", "[sweep.grid]\na = {linspace = [4, -2, 3]}\n", []string{"a=4", "a=1", "a=-2"}},
		{"linspace between integers", "[sweep.grid]\na = {linspace = [0, 1, 3]}\n", []string{"a=0.0", "a=0.5", "a=1.0"}},
		{"logspace", "[sweep.grid]\na = {logspace = [1e-6, 1, 7]}\n", []string{
			"a=1e-06", "a=1e-05", "a=0.0001", "a=0.001", "a=0.01", "a=0.1", "a=1.0"}},
		{"lists of lists", "[sweep.grid]\n\"g.widths\" = [[32], [16, 16]]\n", []string{"g.widths=[32]", "g.widths=[16, 16]"}},
		{"keys without quotes", "[sweep.grid]\ntrainer.eta = [1]\n[sweep.grid.run]\nn = {linspace = [1, 2, 2]}\n", []string{
			"trainer.eta=1,run.n=1", "trainer.eta=1,run.n=2"}},
		{"odd keys", "[sweep.grid]\n'a.\"b.c\"' = [1]\n", []string{`a."b.c"=1`}},
	} {
		if d := cmp.Diff(c.want, labels(t, c.src)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestSetOfSweeps(t *testing.T) {
	const src = "[sweep.grid]\n\"a.x\" = [1, 2]\n\"a.y\" = [3]\n"
	for _, c := range []struct {
		s    Setting
		want []string
	}{
		{Setting{`sweep.grid."a.x"`, "[5]"}, []string{"a.x=5,a.y=3"}},
		{Setting{`sweep.grid.a.x`, "[5, 6]"}, []string{"a.x=5,a.y=3", "a.x=6,a.y=3"}},
		{Setting{`sweep.grid.a.x`, "{linspace=[1,2,2]}"}, []string{"a.x=1,a.y=3", "a.x=2,a.y=3"}},
		{Setting{`sweep.grid.a.z`, "[7, 8]"}, []string{"a.x=1,a.y=3,a.z=7", "a.x=1,a.y=3,a.z=8", "a.x=2,a.y=3,a.z=7", "a.x=2,a.y=3,a.z=8"}},
		{Setting{`sweep.zip.a.z`, "[7]"}, []string{"a.x=1,a.y=3,a.z=7", "a.x=2,a.y=3,a.z=7"}},
		{Setting{"sweep", "{}"}, []string{""}},
	} {
		if d := cmp.Diff(c.want, labels(t, src, c.s)); d != "" {
			t.Errorf("%v: %s", c.s, d)
		}
	}
}

func TestSetAfterPoints(t *testing.T) {
	d, err := Parse("x.toml", []byte("[sweep.grid]\na = [1, 2]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{2, 3} {
		if points, err := d.Points(); err != nil || len(points) != want {
			t.Errorf("%v, %v; want %d", points, err, want)
		}
		if err := d.Set("sweep.grid.a", "[1, 2, 3]"); err != nil {
			t.Fatal(err)
		}
	}
}

// Against the formulas, to the 14 digits that are kept.
func TestSpacing(t *testing.T) {
	for _, c := range []struct {
		a, b float64
		n    int
		log  bool
	}{{0.1, 17.3, 37, false}, {-1e300, 1e300, 11, false}, {3e-7, 2.5, 23, true}, {1e-300, 1e300, 61, true}, {5, 1e-3, 9, true}} {
		kind := "linspace"
		if c.log {
			kind = "logspace"
		}
		src := "[sweep.grid]\na = {" + kind + " = [" + formatFloat(c.a) + ", " + formatFloat(c.b) + ", " + strconv.Itoa(c.n) + "]}\n"
		got := labels(t, src)
		if len(got) != c.n {
			t.Fatalf("%d values", len(got))
		}
		for i, l := range got {
			x, err := strconv.ParseFloat(strings.TrimPrefix(l, "a="), 64)
			if err != nil {
				t.Fatal(err)
			}
			w := float64(i) / float64(c.n-1)
			want, scale := c.a*(1-w)+c.b*w, math.Max(math.Abs(c.a), math.Abs(c.b))
			if c.log {
				want = c.a * math.Pow(10, w*(math.Log10(c.b)-math.Log10(c.a)))
				scale = math.Abs(want)
			}
			if math.Abs(x-want) > 1e-12*scale {
				t.Errorf("%s: value %d is %v, want %v", src, i, x, want)
			}
		}
		if got[0] != "a="+formatFloat(c.a) || got[c.n-1] != "a="+formatFloat(c.b) {
			t.Errorf("the ends moved: %s, %s", got[0], got[c.n-1])
		}
	}
}

func TestSweepRefusals(t *testing.T) {
	const lists = "a list, {linspace = [a, b, n]} or {logspace = [a, b, n]}"
	for _, c := range []struct{ name, src, want string }{
		{"scalar", "[sweep.grid]\na = 1\n", "x.toml:2:1: sweep.grid.a: found the integer 1; allowed: " + lists},
		{"empty", "[sweep.grid]\na = []\n", "x.toml:2:1: sweep.grid.a: found an empty list; allowed: " + lists},
		{"empty table", "[sweep.grid]\na = {}\n", "x.toml:2:1: sweep.grid.a: found a table of 0 keys; allowed: " + lists},
		{"two spacings", "[sweep.grid]\na = {linspace = [1, 2, 3], logspace = [1, 2, 3]}\n", "x.toml:2:1: sweep.grid.a: found a table of 2 keys; allowed: " + lists},
		{"misspelt spacing", "[sweep.grid]\na = {linspce = [1, 2, 3]}\n", `x.toml:2:6: a: found an unknown table; allowed: name, seed, trainer, run, move, sweep`},
		{"short spacing", "[sweep.grid]\na = {linspace = [1, 2]}\n", "x.toml:2:6: sweep.grid.a.linspace: found a list [1, 2]; allowed: [a, b, n]"},
		{"float n", "[sweep.grid]\na = {linspace = [1, 2, 3.0]}\n", "x.toml:2:6: sweep.grid.a.linspace: found [1, 2, 3.0]; allowed: an integer n in [2, 1000000]"},
		{"one value", "[sweep.grid]\na = {linspace = [1, 2, 1]}\n", "x.toml:2:6: sweep.grid.a.linspace: found [1, 2, 1]; allowed: an integer n in [2, 1000000]"},
		{"huge n", "[sweep.grid]\na = {linspace = [1, 2, 1000000000000]}\n", "x.toml:2:6: sweep.grid.a.linspace: found [1, 2, 1000000000000]; allowed: an integer n in [2, 1000000]"},
		{"infinite end", "[sweep.grid]\na = {linspace = [1, inf, 3]}\n", "x.toml:2:6: sweep.grid.a.linspace: found [1, inf, 3]; allowed: finite numbers a and b"},
		{"exponents", "[sweep.grid]\na = {logspace = [-3, 0, 4]}\n", "x.toml:2:6: sweep.grid.a.logspace: found [-3, 0, 4]; allowed: positive a and b (values, not exponents)"},
		{"repeated value", "[sweep.grid]\na = [1, 2, 1]\n", "x.toml:2:1: sweep.grid.a: found the value 1 again; allowed: each value once"},
		{"flat spacing", "[sweep.grid]\na = {linspace = [1.5, 1.5, 2]}\n", "x.toml:2:1: sweep.grid.a: found the value 1.5 again; allowed: each value once"},
		{"repeated point", "[sweep.zip]\na = [1, 2, 1]\nb = [3, 4, 3]\n", "x.toml:2:1: sweep.zip.a: found the value 1, 3 again; allowed: each value once"},
		{"zip lengths", "[sweep.zip]\na = [1, 2]\n\"b.c\" = [3]\n", `x.toml:3:1: sweep.zip."b.c": found 1 values; allowed: 2, as for a (first at line 2): zipped keys advance together`},
		{"twice", "[sweep.grid]\n\"b.c\" = [1]\n[sweep.zip]\nb.c = [2]\n", `x.toml:4:3: sweep.zip.b.c: found sweeps of b.c and of b.c (first at line 2); allowed: one sweep of each key`},
		{"within another", "[sweep.grid]\n\"b.c\" = [1]\n\"b.c.d\" = [2]\n", `x.toml:3:1: sweep.grid."b.c.d": found sweeps of b.c.d and of b.c (first at line 2); allowed: one sweep of each key`},
		{"by case", "[sweep.grid]\n\"b.c\" = [1]\n\"b.C\" = [2]\n", `x.toml:3:1: sweep.grid."b.C": found a name that differs only by case from "b.c" (first at line 2); allowed: one of the two; names are case-exact`},
		{"bad key", "[sweep.grid]\n\"b..c\" = [1]\n", `x.toml:2:1: sweep.grid."b..c": found the swept key "b..c"; allowed: a dotted key such as "trainer.generator.eta"`},
		{"itself", "[sweep.grid]\n\"sweep.grid.a\" = [1]\n", `x.toml:2:1: sweep.grid."sweep.grid.a": found a sweep of the sweep; allowed: keys of other tables`},
		{"misspelt table", "[sweep.gird]\na = [1]\n", `x.toml:1:8: sweep.gird: found an unknown key; allowed: the tables [sweep.grid] and [sweep.zip]; did you mean "grid"?`},
		{"no table", "[sweep]\na = [1]\n", `x.toml:2:1: sweep.a: found an unknown key; allowed: the tables [sweep.grid] and [sweep.zip]`},
		{"scalar grid", "[sweep]\ngrid = [1]\n", `x.toml:2:1: sweep.grid: found a list; allowed: a table of swept keys`},
		{"scalar sweep", "sweep = 1\n", `x.toml:1:1: sweep: found the integer 1; allowed: the tables [sweep.grid] and [sweep.zip]`},
		{"too many", "[sweep.grid]\na = {linspace = [1, 2, 2000]}\nb = {linspace = [1, 2, 2000]}\n", `x.toml:3:1: sweep.grid.b: found a sweep of too many points; allowed: 1000000`},

		{"bad value", "[sweep.grid]\n\"seed\" = [1]\n\"trainer.batch\" = [2,\n  -2]\n", `x.toml:3:1: trainer.batch: found the integer -2; allowed: an integer in [1, inf)`},
		{"float of linspace for an integer", "[sweep.grid]\n\"trainer.batch\" = {linspace = [1, 2, 3]}\n", `x.toml:2:1: trainer.batch: found the float 1.0; allowed: an integer in [1, inf); write 1`},
		{"unknown key", "[sweep.grid]\n\"trainer.btach\" = [2, 3]\n", `x.toml:2:1: trainer.btach: found an unknown key; allowed: generator, batch, damping, widths, pair, schedule; did you mean "batch"?`},
		{"unknown table", "[sweep.grid]\n\"trianer.batch\" = [2, 3]\n", `x.toml:2:1: trianer: found an unknown table; allowed: name, seed, trainer, run, move, sweep; did you mean "trainer"?`},
		{"by case of the base", "[trainer]\nbatch = 1\n[sweep.grid]\n\"trainer.Batch\" = [2, 3]\n", `x.toml:4:1: trainer.Batch: found a name that differs only by case from "batch" (first at line 2); allowed: one of the two; names are case-exact`},
		{"below a value", "seed = 1\n[sweep.grid]\n\"seed.x\" = [2, 3]\n", `x.toml:3:1: seed: cannot set seed.x: seed is not a table (first at line 1)`},
		{"a table's value", "[sweep.grid]\n\"trainer\" = [2]\n", `x.toml:2:1: trainer: found the integer 2; allowed: a table`},
	} {
		_, err := load(c.src)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s\ngot  %v\nwant %s", c.name, err, c.want)
		}
	}
	_, err := load("[sweep.grid]\n\"trainer.batch\" = [2, 3]\n", Setting{"trainer.batch", "4"})
	if want := `--set trainer.batch: trainer.batch: found a value for a key that is swept (x.toml:2); allowed: a key that is not; set sweep.grid."trainer.batch"=[…] instead`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A point kept as text (plan.jsonl) gives the same Doc as one just expanded.
func TestWithIsIndependent(t *testing.T) {
	d, err := Parse("x.toml", []byte("seed = 1\n[trainer]\nbatch = 8\n[sweep.grid]\n\"trainer.batch\" = [2, 3]\n\"move.staging.length\" = [4]\n"))
	if err != nil {
		t.Fatal(err)
	}
	at, err := d.With(Point{{"trainer.batch", "3"}, {"move.staging.length", "4"}})
	if err != nil {
		t.Fatal(err)
	}
	tr, _, err := build(at)
	if err != nil || tr.Batch != 3 || at.Unknown() != nil {
		t.Errorf("batch %d, %v, %v", tr.Batch, err, at.Unknown())
	}
	if got := at.Names("move"); !cmp.Equal(got, []string{"staging"}) {
		t.Errorf("moves %q", got)
	}
	if points, err := at.Points(); err != nil || len(points) != 1 || len(points[0]) != 0 {
		t.Errorf("%v, %v", points, err)
	}
	if tr, _, err := build(d); err != nil || tr.Batch != 8 || len(d.Names("move")) != 0 {
		t.Errorf("the base changed: %d, %v", tr.Batch, err)
	}
}
