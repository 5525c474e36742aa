package spec

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const everything = `# comments go
run.checkpoint_every = "90s"
seed = 0x10
name = 'x\y'
[move.pcn]
[move.staging]
length = 4
[trainer]
generator = { optimizer = "adam", betas = [0, 9e-1] }
damping = 1
schedule.every = "3600s"
centers_are = "elsewhere"
`

func TestResolved(t *testing.T) {
	d := mustLoad(t, strings.Replace(everything, "centers_are = \"elsewhere\"\n", "", 1)+
		"[sweep.grid]\n\"trainer.batch\" = [1, 2]\nrun.workers = {linspace = [1, 3, 3]}\n[sweep.zip]\n\"run.common_random_numbers\" = [true]\n")
	const want = `name = "x\\y"
seed = 16

[trainer]
damping = 1.0
widths = [32]
pair = [0, 0]

[trainer.generator]
optimizer = "adam"
eta = 0.001
betas = [0.0, 0.9]

[trainer.schedule]
every = "1h"

[move.pcn]

[move.staging]
length = 4

[run]
checkpoint_every = "1m30s"
grace = "0s"
tags = []
centers = []

[sweep.grid]
"trainer.batch" = [1, 2]
"run.workers" = {linspace = [1, 3, 3]}

[sweep.zip]
"run.common_random_numbers" = [true]
`
	if diff := cmp.Diff(want, d.Resolved()); diff != "" {
		t.Error(diff)
	}
	if again := mustLoad(t, want).Resolved(); again != want {
		t.Errorf("not a fixed point:\n%s", cmp.Diff(want, again))
	}
}

// A default that follows from a swept key must keep following from it.
func TestResolvedLeavesOutWhatTheSweepDecides(t *testing.T) {
	const src = "[sweep.grid]\n\"trainer.generator.optimizer\" = [\"sgd\", \"adam\"]\n"
	etas := func(src string) (out []float64) {
		d := mustLoad(t, src)
		points, _ := d.Points()
		for _, p := range points {
			at, err := d.With(p)
			if err != nil {
				t.Fatal(err)
			}
			tr, _, err := build(at)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, tr.Generator.Eta)
		}
		return out
	}
	resolved := mustLoad(t, src).Resolved()
	if strings.Contains(resolved, "eta =") || !strings.Contains(resolved, "batch = 128\n") {
		t.Errorf("resolved:\n%s", resolved)
	}
	if got := etas(resolved); !cmp.Equal(got, []float64{0.01, 0.001}) {
		t.Errorf("learning rates %v", got)
	}
	explicit := mustLoad(t, "[trainer.generator]\neta = 1\noptimizer = \"adam\"\n"+src).Resolved()
	if !strings.Contains(explicit, "eta = 1.0\n") || !strings.Contains(explicit, "optimizer = \"adam\"\n") {
		t.Errorf("resolved:\n%s", explicit)
	}
}

// Nothing is lost when nothing, or only a part, was decoded.
func TestResolvedKeepsWhatIsNotDecoded(t *testing.T) {
	d, err := Parse("x.toml", []byte(everything+"when = 2020-01-02\n"))
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, d)
	if err := d.Table("trainer").Decode(&struct{}{}); err != nil {
		t.Fatal(err)
	}
	roundTrip(t, d)
	for _, want := range []string{"centers_are = \"elsewhere\"\n", "when = 2020-01-02\n", "[move.pcn]\n", "[trainer.schedule]\nevery = \"3600s\"\n"} {
		if !strings.Contains(d.Resolved(), want) {
			t.Errorf("no %q in\n%s", want, d.Resolved())
		}
	}
}

func TestNonDefault(t *testing.T) {
	hash := func(src string, paths ...string) string {
		t.Helper()
		d, err := Parse("x.toml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := build(d); err != nil {
			t.Fatal(err)
		}
		return d.NonDefault(paths...)
	}
	for _, c := range []struct {
		src, want string
		paths     []string
	}{
		{"", "", []string{""}},
		{"[run]\n[trainer]\nbatch = 128\ngenerator.betas = [0.5, 0.999]\n", "", []string{""}},
		{"seed = 7\n[trainer]\nbatch = 2\ngenerator.eta = 1\n[run]\nworkers = 3\n", "trainer.batch = 2\ntrainer.generator.eta = 1.0\n", []string{"trainer"}},
		{"seed = 7\n[trainer]\nbatch = 2\n[run]\nworkers = 3\n", "seed = 7\ntrainer.batch = 2\n", []string{"trainer", "seed"}},
		{"[trainer.generator]\noptimizer = \"adam\"\n", "trainer.generator.optimizer = \"adam\"\n", []string{"trainer"}},
		{"[trainer]\ndamping = 0\n", "trainer.damping = 0.0\n", []string{"trainer"}},
		{"[trainer.schedule]\n", "[trainer.schedule]\n", []string{"trainer"}},
		{"[move.staging]\n", "[move] staging\n", []string{"move"}},
		{"[move.staging]\n[move.pcn]\n", "[move] staging pcn\n", []string{"move"}},
		{"[move.pcn]\n[move.staging]\nlength = 3\n", "[move] pcn staging\nmove.staging.length = 3\n", []string{"move"}},
		{"[move.pcn]\n", "", []string{"trainer", "mov"}},
	} {
		if got := hash(c.src, c.paths...); got != c.want {
			t.Errorf("%q: got %q, want %q", c.src, got, c.want)
		}
	}
}

// A new option with a default, wherever it stands in its struct, leaves hashes alone.
func TestNonDefaultOfAGrownStruct(t *testing.T) {
	const src = "[a]\nx = 2\ny = 3.5\n"
	old := struct {
		X int     `toml:"x"`
		Y float64 `toml:"y"`
	}{}
	grown := struct {
		New string  `toml:"new"`
		Y   float64 `toml:"y"`
		X   int     `toml:"x"`
	}{New: "default"}
	var texts []string
	for _, dst := range []any{&old, &grown} {
		d, _ := Parse("x.toml", []byte(src))
		if err := d.Table("a").Decode(dst); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, d.NonDefault("a"))
	}
	if texts[0] != texts[1] || texts[0] != "a.x = 2\na.y = 3.5\n" {
		t.Errorf("%q", texts)
	}
}

func TestFields(t *testing.T) {
	want := []Field{
		{"batch", "integer", "128", "an integer in [1, inf)", "", "batch size"},
		{"generator.optimizer", "string", `"sgd"`, `"sgd", "adam", "natural"`, "", "update rule"},
		{"generator.eta", "float", "0.01", "a finite number in (0, inf)", "1", "learning rate"},
		{"generator.betas", "list of float", "[0.5, 0.999]", "a list of finite numbers in [0, 1), of length 2", "", "decay rates"},
		{"damping", "float", "", "a finite number in [0, inf)", "", "metric damping"},
		{"widths", "list of integer", "[32]", "a list of integers in [1, 4096]", "", ""},
		{"pair", "list of integer", "[0, 0]", "a list of integers, of length 2", "", ""},
		{"schedule.every", "duration", `"0s"`, `a duration such as "60s" or "100ms", in [1ms, 1h]`, "", ""},
	}
	if d := cmp.Diff(want, Fields(defaultTrainer())); d != "" {
		t.Error(d)
	}
}

func TestEmbeddedStructs(t *testing.T) {
	type common struct {
		Steps int `toml:"steps" range:"[1,inf)"`
	}
	cfg := struct {
		common
		Eta float64 `toml:"eta"`
	}{common{10}, 1}
	d, _ := Parse("x.toml", []byte("steps = 3\n"))
	if err := d.Table("").Decode(&cfg); err != nil || cfg.Steps != 3 || cfg.Eta != 1 {
		t.Errorf("%+v, %v", cfg, err)
	}
	if got := d.Resolved(); got != "steps = 3\neta = 1.0\n" {
		t.Errorf("%q", got)
	}
}

// A default list is not written through.
func TestDecodeDoesNotShareDefaults(t *testing.T) {
	shared := []int{1, 2}
	cfg := struct {
		W []int `toml:"w"`
	}{shared}
	d, _ := Parse("x.toml", []byte("w = [3, 4]\n"))
	if err := d.Table("").Decode(&cfg); err != nil || shared[0] != 1 || cfg.W[0] != 3 {
		t.Errorf("%v %v %v", shared, cfg.W, err)
	}
}

// Any values, written as TOML, decode to themselves and resolve to a fixed point.
func TestResolvedRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type inner struct {
			S  string    `toml:"s"`
			F  float64   `toml:"f"`
			Fs []float64 `toml:"fs"`
		}
		type config struct {
			B    bool          `toml:"b"`
			I    int           `toml:"i"`
			U    uint64        `toml:"u"`
			D    time.Duration `toml:"d" range:"(-inf,inf)"`
			Odd  string        `toml:"an odd.key"`
			Opt  *float64      `toml:"opt"`
			Ss   []string      `toml:"ss"`
			Mat  [][]float64   `toml:"mat"`
			In   inner         `toml:"in"`
			Tab  *inner        `toml:"tab"`
			Last int64         `toml:"last"`
		}
		finite := rapid.Float64().Filter(func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) })
		text := rapid.String().Filter(func(s string) bool { return strings.ToValidUTF8(s, "") == s })
		fill := func(name string) inner {
			return inner{text.Draw(t, name+"s"), finite.Draw(t, name+"f"), rapid.SliceOfN(finite, 0, 4).Draw(t, name+"fs")}
		}
		want := config{
			B: rapid.Bool().Draw(t, "b"), I: rapid.Int().Draw(t, "i"), U: rapid.Uint64Max(math.MaxInt64).Draw(t, "u"),
			D: time.Duration(rapid.Int64().Draw(t, "d")), Odd: text.Draw(t, "odd"), Ss: rapid.SliceOfN(text, 0, 3).Draw(t, "ss"),
			Mat: rapid.SliceOfN(rapid.SliceOfN(finite, 0, 3), 0, 3).Draw(t, "mat"), In: fill("in"), Last: rapid.Int64().Draw(t, "last"),
		}
		if rapid.Bool().Draw(t, "hasOpt") {
			x := finite.Draw(t, "opt")
			want.Opt = &x
		}
		if rapid.Bool().Draw(t, "hasTab") {
			x := fill("tab")
			want.Tab = &x
		}
		empty, _ := Parse("x.toml", nil)
		start := want
		if err := empty.Table("t.u").Decode(&start); err != nil {
			t.Fatal(err)
		}
		one := empty.Resolved()
		d, err := Parse("x.toml", []byte(one))
		if err != nil {
			t.Fatalf("%v\nin\n%s", err, one)
		}
		var got config
		if err := d.Table("t.u").Decode(&got); err != nil {
			t.Fatalf("%v\nin\n%s", err, one)
		}
		if err := d.Unknown(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\nin\n%s", diff, one)
		}
		if math.Signbit(want.In.F) != math.Signbit(got.In.F) {
			t.Fatal("the sign of zero is lost")
		}
		if two := d.Resolved(); two != one {
			t.Fatalf("first\n%s\nthen\n%s", one, two)
		}
	})
}

func TestBareWordsOfSet(t *testing.T) {
	for value, want := range map[string]string{
		"sgd": `"sgd"`, "natural-momentum": `"natural-momentum"`, `"x y"`: `"x y"`, "'a'": `"a"`, " adam ": `"adam"`, "True": `"True"`,
		"true": "true", "1": "1", "-2.50": "-2.5", "[1, 2]": "[1, 2]", "1e3": "1000.0", "7 # lucky": "7", "inf": "inf",
	} {
		d, _ := Parse("x.toml", nil)
		s, err := ParseSetting("a.k=" + value)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Set(s.Key, s.Value); err != nil {
			t.Errorf("%s: %v", value, err)
		} else if got, want := d.Resolved(), fmt.Sprintf("[a]\nk = %s\n", want); got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
	for arg, want := range map[string]Setting{
		"a=b=c": {"a", "b=c"}, `a."x=y".b = 3`: {`a."x=y".b`, "3"}, "a=": {"a", ""},
	} {
		if got, err := ParseSetting(arg); err != nil || got != want {
			t.Errorf("%s: %q, %v", arg, got, err)
		}
	}
	for _, bad := range []string{"", "a", "=1", "a b=1", "a.=1"} {
		if _, err := ParseSetting(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func TestLaterSetWins(t *testing.T) {
	d, err := Parse("x.toml", []byte("a = 1\n[t]\nb = 2\nc = 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Setting{{"t.b", "5"}, {"t.b", "6"}, {"t.d.e", "7"}, {"a", "[1]"}, {"t.c", "{x = 1, y.z = 2}"}} {
		if err := d.Set(s.Key, s.Value); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := d.Resolved(), "a = [1]\n\n[t]\nb = 6\n\n[t.c]\nx = 1\n\n[t.c.y]\nz = 2\n\n[t.d]\ne = 7\n"; got != want {
		t.Errorf("got\n%s", got)
	}
}
