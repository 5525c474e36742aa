package report

import (
	"bytes"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"machlup/internal/engine"
)

func closing(t *testing.T, dir string) string {
	t.Helper()
	var b bytes.Buffer
	if err := Closing(&b, dir); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(b.String(), dir, "DIR")
}

// small is a run with a little of everything, in numbers that one can check by eye.
func small(t *testing.T, dir string) {
	s := newSynthetic(t, dir)
	const opt = "trainer.generator.optimizer"
	tasks := tasksSchema(opt)
	for _, row := range [][]any{
		{"paths/optimizer=sgd/r0", "ok", nil, "sgd"}, {"ti/optimizer=sgd/r0", "no-estimate", nil, "sgd"}, {"ais/optimizer=sgd/r0", "ok", nil, "sgd"},
		{"ensemble/optimizer=sgd/r0", "ok", nil, "sgd"}, {"ensemble/optimizer=sgd/r1", "ok", nil, "sgd"},
		{"ensemble/optimizer=adam/r0", "diverged", 17, "adam"}, {"phase/optimizer=adam/r0", "failed", nil, "adam"}, {"phase/optimizer=adam/r1", "", nil, "adam"},
	} {
		s.add(tasks, row[0], "0123456789abcdef", 0, row[1], row[2], row[3])
	}
	paths := "paths/optimizer=sgd/r0"
	s.add(engine.Partition, paths, "O1", "metropolis/all", "mean of S_quad/hbar", 0.0, "exact", 4057.06, 2.12, 2.12, nil, 4056.0, 0.5, 800.0, nil, "ok")
	s.add(engine.Partition, paths, "O1", "metropolis/all", "variance of S_quad/hbar", 0.0, "exact", 4300.0, 120.0, 120.0, nil, 4056.0, 2.03, 800.0, nil, "ok")
	s.add(engine.Partition, paths, "O1", "metropolis/pcn", "mean of S_quad/hbar", 0.0, "exact", 4065.0, 2.0, 2.0, nil, 4056.0, 4.5, 800.0, nil, "disagrees with the exact value")
	s.add(engine.Partition, paths, "O10", "forward vs innovation", "worst |z| (mean of rho at slice 3)", 0.0, "forward ensemble", 2.9, nil, nil, nil, nil, 2.9, 96.0, nil,
		"ok: 96 comparisons, chance of a worst |z| as large <= 0.31, mean z² = 1.04")
	s.add(engine.Partition, "ti/optimizer=sgd/r0", "mean_tilt_observable", "metropolis", "s", 1.0, "m", 1.5, 0.1, 0.1, nil, nil, nil, 9.0, nil, "ok")
	s.add(engine.Partition, "ti/optimizer=sgd/r0", "log_z_ratio", "ti-gauss-legendre", "s", 2.0, "m", nil, nil, nil, nil, nil, nil, 9.0, nil,
		"no-estimate: pathint: integration at λ = 1: analysis: length of the chains in autocorrelation times refused (not-converged): found 8.588, limit 50; run longer")
	s.add(engine.Partition, "ais/optimizer=sgd/r0", "log_z_ratio", "ais", "s", 2.0, "m", -0.94689, 0.01418, 0.01418, nil, nil, nil, 300.0, nil, "ok")
	s.add(engine.Summary, "log_z/optimizer=sgd/r0", "log_z_ratio", nil, nil, nil, nil, "1", "not converged: one estimate only")
	for _, step := range []int{32, 64} { // the last one counts
		s.add(engine.Fluctuations, "ensemble/optimizer=sgd/r0", "gen_mean", step, 0.6, 0.0594*float64(step)/64, 0.0, 0.0, 0.6, 0.05997, 0.91, 512.0, 0.002, 0.0037, 0, 0.6, 0.0)
		s.add(engine.Fluctuations, "ensemble/optimizer=sgd/r0", "w2", step, 7.4, 0.0591, 0.0, 0.0, nil, nil, nil, 512.0, 0.002, 0.0037, 0, 7.4, 0.0)
	}
	for seed, m := range []float64{8.02, 7.94} {
		task := "ensemble/optimizer=sgd/r" + strconv.Itoa(seed)
		s.add(engine.Summary, task, "final_mean", m, 0.012, nil, nil, "data", "ok")
		s.add(engine.Summary, task, "final_std", 1.05, 0.009, nil, nil, "data", "ok")
		s.add(engine.Summary, task, "final_w2", nil, nil, nil, nil, "data", "the quantile function of the data is unknown")
		s.add(engine.Summary, task, "final_loss", 0.7+float64(seed)/100, 0.001, nil, nil, "nat", "ok")
	}
	s.add(engine.Phase, "phase/optimizer=sgd", 593.0, "rho", 0.777, 0.098, nil, 16.0, nil)
	s.add(engine.Phase, "phase/optimizer=sgd", 593.0, "escaped_fraction", 0.75, 0.11, nil, 16.0, nil)
	s.add(engine.Summary, "phase/optimizer=sgd", "escape_rate", 1.67e-4, 5.6e-5, nil, nil, "1/step", "ok")
	s.add(engine.Phase, "phase/optimizer=adam", 593.0, "rho", 0.948, 0.055, nil, 15.0, nil)
	s.add(engine.Phase, "stationary/optimizer=sgd/r0", 2.0, "x", 0.012, 0.034, 12.345, 812.3, 1.0012)
	s.commit()
}

func TestClosing(t *testing.T) {
	dir := t.TempDir()
	small(t, dir)
	want := `Certificates                                exact     estimate         z
  O1 · sgd · all · mean of S_quad/ħ          4056  4057.1(2.1)      0.50
  O1 · sgd · all · variance of S_quad/ħ      4056    4300(120)      2.03
  O1 · sgd · pcn · mean of S_quad/ħ          4056  4065.0(2.0)      4.50  disagrees with the exact value
  O10 · sgd · samplers agree             same law  96 compared  max 2.90  chance ≤ 0.31

log Z(s)/Z(0)  estimator          s       value
  sgd          ti-gauss-legendre  2           –  not-converged: length of the chains in autocorrelation times 8.588 (limit 50)
               ais                2  −0.947(14)
               together                       –  not converged: one estimate only

Fluctuations  observable  step  std measured  predicted      ratio  KS p
  sgd         gen_mean      64    0.0594(37)    0.05997  0.990(62)  0.91
              w2            64    0.0591(37)          –          –     –

Collapse  replicas      ⟨rho⟩   escaped  escapes [1/step]
  sgd           16  0.777(98)  0.75(11)       1.67(56)e−4
  adam          15  0.948(55)         –                 –

Stationary averages  observable       mean  τ_int [draw]  ESS      R̂
  sgd                x           0.012(34)          12.3  812  1.001

Generated at the end  seeds           mean [data]         std [data]  w2 [data]            loss [nat]
  sgd                     2  7.980 [7.940, 8.020]  1.05 [1.05, 1.05]          –  0.705 [0.700, 0.710]

Tasks: 8 (4 ok, 1 no-estimate, 1 diverged, 1 failed, 1 not run)
  no-estimate  ti sgd r0: not-converged: length of the chains in autocorrelation times 8.588 (limit 50)
  diverged  ensemble adam r0: at step 17
  failed  phase adam r0: the same command tries it again

tables   DIR/csv
figures  DIR/figures
report   DIR/report.html
numbers  1.234(56) means 1.234 ± 0.056
`
	if d := cmp.Diff(want, closing(t, dir)); d != "" {
		t.Error(d)
	}
}

// A reason that is too long for a line of the table ends with a word; findings have all of it.
func TestReason(t *testing.T) {
	const long = "no-estimate: the string has not come to rest within the steps allowed: its action still falls by 0.01 a step; raise steps"
	for n := range 12 { // every place within a word, and between two
		whole := strings.Replace(wholeReason(long), "the", strings.Repeat("x", n+1), 1)
		got, cut := strings.CutSuffix(reason(whole), "…")
		rest, prefix := strings.CutPrefix(whole, got)
		next, _, _ := strings.Cut(strings.TrimLeft(rest, "; "), " ")
		if !cut || !prefix || rest[0] != ' ' && rest[0] != ';' || len(got)+1 > 96 || len(got+"; "+next)+1 <= 96 {
			t.Errorf("%q is cut to %q", whole, got)
		}
	}
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	s.add(tasksSchema("a.b"), "instanton/b=1/r0", "h", 0, "no-estimate", nil, "1")
	s.add(engine.Summary, "instanton/b=1/r0", "s_min", nil, nil, nil, nil, "1", long)
	s.commit()
	text := missingFindings(open(dir))
	if len(text) != 1 || !strings.HasSuffix(text[0], "a step; raise steps.") {
		t.Errorf("%q", text)
	}
}

// The table fits a screen, whatever the run, and never shows a number that is none.
func TestClosingFitsAScreen(t *testing.T) {
	for name, make := range map[string]func(dir string){
		"main job": func(dir string) { quickstart(t, dir, 16, 50) },
		"paper":    func(dir string) { paper(t, dir, 2, 100, 10) },
		"collapse": func(dir string) { collapse(t, dir, 3) },
		"nothing":  func(string) {},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		make(dir)
		text := closing(t, dir)
		if lines := strings.Count(text, "\n"); lines > 40 {
			t.Errorf("%s: %d lines", name, lines)
		}
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("%s: not a number in\n%s", name, text)
		}
		for _, line := range strings.Split(text, "\n") {
			if utf8.RuneCountInString(line) > 150 || strings.HasSuffix(line, " ") {
				t.Errorf("%s: line %q", name, line)
			}
		}
		if !strings.HasSuffix(text, "tables   DIR/csv\nfigures  DIR/figures\nreport   DIR/report.html\nnumbers  1.234(56) means 1.234 ± 0.056\n") {
			t.Errorf("%s: the end does not say where to look:\n%s", name, text)
		}
	}
}

func TestWithError(t *testing.T) {
	for _, c := range []struct {
		value, err float64
		want       string
	}{
		{1.2344, 0.0561, "1.234(56)"}, {-0.94689, 0.01418, "−0.947(14)"}, {4057.06, 2.12, "4057.1(2.1)"}, {4300, 120, "4300(120)"},
		{4321.9, 37.8, "4322(38)"}, {12345, 1234, "12300(1200)"}, {1.67e-4, 5.6e-5, "1.67(56)e−4"}, {1.5e8, 2e6, "1.500(20)e8"},
		{1, 0.0996, "1.00(10)"}, {1, 0.996, "1.0(1.0)"}, {0.4, 9.96, "0(10)"}, {-0.0001, 0.5, "0.00(50)"}, {0, 0.03, "0.000(30)"},
		{4056, 0, "4056"}, {0.0123456, math.NaN(), "0.01235"}, {math.NaN(), 1, "–"}, {2, math.Inf(1), "2"},
	} {
		if got := withError(c.value, c.err); got != c.want {
			t.Errorf("%v ± %v: %s, want %s", c.value, c.err, got, c.want)
		}
	}
}

// Read back, 1.234(56) is the value to within half a unit of the error's second digit.
func TestWithErrorReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Float64Range(-2000, 2000).Draw(t, "value")
		err := math.Pow(10, rapid.Float64Range(-6, 3).Draw(t, "log err"))
		if m := math.Max(math.Abs(value), err); m < 1e-2 {
			return
		}
		text := strings.ReplaceAll(withError(value, err), "−", "-")
		number, rest, _ := strings.Cut(text, "(")
		digits, exponent, _ := strings.Cut(rest, ")")
		scale := 1.0
		if exponent != "" {
			e, fail := strconv.Atoi(strings.TrimPrefix(exponent, "e"))
			if fail != nil {
				t.Fatal(text)
			}
			scale = math.Pow10(e)
		}
		v, fail := strconv.ParseFloat(number, 64)
		if fail != nil {
			t.Fatal(text)
		}
		e, fail := strconv.ParseFloat(digits, 64)
		if fail != nil {
			t.Fatal(text)
		}
		if !strings.Contains(digits, ".") {
			_, decimals, _ := strings.Cut(number, ".")
			e *= math.Pow10(-len(decimals))
		}
		if math.Abs(v*scale-value) > 0.051*err || math.Abs(e*scale-err) > 0.051*err {
			t.Fatalf("%v ± %v is written %s", value, err, text)
		}
	})
}

func TestParseLabel(t *testing.T) {
	for text, want := range map[string]label{
		"ensemble/r0":                           {"ensemble/r0", "ensemble", "", 0},
		"ti/optimizer=sgd,action=innovation/r3": {"ti/optimizer=sgd,action=innovation/r3", "ti", "optimizer=sgd,action=innovation", 3},
		"phase/temperature_g=1e-06":             {"phase/temperature_g=1e-06", "phase", "temperature_g=1e-06", -1},
		"phase":                                 {"phase", "phase", "", -1},
		"ensemble/file=a/r2/b.csv/r11":          {"ensemble/file=a/r2/b.csv/r11", "ensemble", "file=a/r2/b.csv", 11},
		"":                                      {"", "", "", -1},
	} {
		got := parseLabel(text)
		if got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
	if g := parseLabel("ensemble/r0").group(); g != "ensemble" {
		t.Errorf("group %q", g)
	}
	if g := parseLabel("ti/a=1/r0").group(); g != "ti/a=1" {
		t.Errorf("group %q", g)
	}
}

// Values name a point; keys only where the value is a number or needs it.
func TestTitle(t *testing.T) {
	r := &run{swept: []string{"trainer.generator.optimizer", "noise.temperature_g", "run.estimators", "a.batch", "b.batch", "path.tilt"}}
	for i, v := range [][]string{{"sgd", "1e-3", `["ti"]`, "1", "8", "2"}, {"adam", "1e-2", `["o10"]`, "2", "9", "2"}} {
		values := map[string]string{}
		for k, key := range r.swept {
			values[key] = v[k]
		}
		r.tasks = append(r.tasks, task{label: parseLabel("ti/p" + strconv.Itoa(i) + "/r0"), values: values})
	}
	if got := r.title("p1"); got != "adam, temperature_g = 1e-2, a.batch = 2, b.batch = 9" {
		t.Error(got)
	}
	if got := r.title("p1", "a.batch", "b.batch"); got != "adam, temperature_g = 1e-2" {
		t.Error(got)
	}
	if got := r.title("x=1,y=2"); got != "x=1, y=2" {
		t.Error(got)
	}
}
