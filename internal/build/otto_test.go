package build

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"machlup/gan/otto"
	"machlup/internal/engine"
)

// The systems on the Wasserstein space are what their tables say, and refuse what has no law.
func TestWassersteinSystems(t *testing.T) {
	const text = "name = \"t\"\n[system]\nkind = \"quantile\"\n[system.quantile]\nparticles = 9\nflow = \"kl\"\nmeans = [-2.0, 2.0]\nstds = [1.0]\n[estimator.stationary]\n"
	exp, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	m, err := exp.Tasks[0].env.NewModel()
	if err != nil {
		t.Fatal(err)
	}
	q, ok := m.Potential.(*otto.Quantile)
	if !ok || q.Dim() != 9 || q.Flow() != otto.KL || m.NoLinear != nil || m.NoRecurrence != nil {
		t.Fatalf("built %T: %v, %v", m.Potential, m.NoLinear, m.NoRecurrence)
	}
	for set, want := range map[string]string{
		"system.quantile.flow=js":          "saturating",
		"system.quantile.particles=1":      "[2",
		"system.quantile.origin=zeros":     "data",
		"system.quantile.stds=[1.0, 2, 3]": "3 values for 2 modes",
		"system.kind=quantil":              `did you mean "quantile"?`,
	} {
		if _, err := parse(text, set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--set %s: %v, want %s", set, err, want)
		}
	}
	// The origin says what coordinate 0 is: the quantiles of a normal, or of the data.
	text2 := strings.Replace(text, "flow =", "origin = \"normal\"\norigin_mean = 1.0\norigin_std = 2.0\nflow =", 1)
	if exp, err = parse(text2); err != nil {
		t.Fatal(err)
	}
	if m, err = exp.Tasks[0].env.NewModel(); err != nil {
		t.Fatal(err)
	}
	at := make([]float64, 9)
	m.Potential.(*otto.Quantile).Positions(at, m.Start)
	for i, want := range otto.Quantiles(otto.Normal(1, 2), 9) {
		if at[i] != want {
			t.Errorf("particle %d starts at %v, want %v", i, at[i], want)
		}
	}
	free := strings.Replace(text, "estimator.stationary", "estimator.free-energy", 1)
	if _, err := parse(free); err != nil {
		t.Errorf("free energy under kl: %v", err)
	}
	if _, err := parse(free, "system.quantile.flow=saturating"); err == nil || !strings.Contains(err.Error(), "not normalisable") {
		t.Errorf("free energy under C: %v", err)
	}
	hermite := strings.Replace(strings.Split(text, "[system.quantile]")[0], "quantile", "hermite-galerkin", 1) + "[system.hermite-galerkin]\nmodes = 5\n[estimator.stationary]\n"
	if exp, err = parse(hermite); err != nil {
		t.Fatal(err)
	}
	if m, err = exp.Tasks[0].env.NewModel(); err != nil || m.Potential.Dim() != 5 {
		t.Fatalf("%v, %v", m, err)
	}
	if _, err := parse(hermite, "system.hermite-galerkin.nodes=9"); err == nil || !strings.Contains(err.Error(), "12 are needed") {
		t.Errorf("9 nodes for 5 modes: %v", err)
	}
}

// flowText is an experiment on total collapse: the data have two modes, q starts in one.
const flowText = `name = "t"
[system]
kind = "quantile"
[system.quantile]
means = [-2.0, 2.0]
stds = [1.0]
[estimator.w2-flow]
start = "mode"
cells = 120
step = 0.5
steps = 900
every = 30
`

// The flows run from TOML: the mass returns to the lost mode, JSD starts at ¾ log(4/3), and
// late rates are ½, ¼, ½ and 1 times the gap.
func TestW2Flow(t *testing.T) {
	rows := runTables(t, flowText)
	first := find(t, rows["flow"], "flow", "saturating", "step", "0")
	if jsd := number(t, first["jsd"]); math.Abs(jsd-0.75*math.Log(4.0/3)) > 1e-6 || first["residual"] != "" {
		t.Errorf("total collapse: %v", first)
	}
	gap := find(t, rows["summary"], "quantity", "spectral gap of the data on the grid")
	if math.Abs(number(t, gap["reference"])-0.11906464) > 1e-5 {
		t.Errorf("gap %v", gap)
	}
	for flow, weight := range map[string]float64{"saturating": 0.5, "literal-jprime": 0.25, "non-saturating": 0.5, "kl": 1} {
		rate := find(t, rows["summary"], "quantity", "late rate of mode 1, "+flow)
		if got, want := number(t, rate["value"]), weight*number(t, gap["value"]); math.Abs(got/want-1) > 1e-4 {
			t.Errorf("%s: late rate %v, want %v", flow, got, want)
		}
		if point := find(t, rows["phase"], "observable", "late_rate_1_"+flow); point["mean"] != rate["value"] || point["stderr"] != "" {
			t.Errorf("%s: phase.csv has %v", flow, point)
		}
		lost := find(t, rows["flow_modes"], "flow", flow, "step", "900", "mode", "1")
		if math.Abs(number(t, lost["mass"])-0.5) > 1e-4 {
			t.Errorf("%s: %v", flow, lost)
		}
	}
	explicit := runTables(t, flowText, "estimator.w2-flow.solver=explicit", "estimator.w2-flow.cells=40", "estimator.w2-flow.step=0.04",
		"estimator.w2-flow.steps=8000", "estimator.w2-flow.every=4000", "estimator.w2-flow.flows=[\"saturating\"]")
	gap = find(t, explicit["summary"], "quantity", "spectral gap of the data on the grid")
	rate := find(t, explicit["summary"], "quantity", "late rate of mode 1, saturating")
	if got, want := number(t, rate["value"]), number(t, gap["value"])/2; math.Abs(got/want-1) > 1e-4 {
		t.Errorf("explicit: late rate %v, want %v", got, want)
	}
	early := runTables(t, flowText, "estimator.w2-flow.steps=6", "estimator.w2-flow.every=3", "estimator.w2-flow.flows=[\"saturating\"]")
	if rate := find(t, early["summary"], "quantity", "late rate of mode 1, saturating"); rate["value"] != "" || !strings.Contains(rate["status"], "not yet exponential") {
		t.Errorf("a rate after three time units: %v", rate)
	}
}

// The trainer's own Gaussian data serve as well; what cannot be followed is refused.
func TestW2FlowRefuses(t *testing.T) {
	mlp := "name = \"t\"\n[system]\nkind = \"mlp\"\n[observables]\nbatch = 16\n[estimator.w2-flow]\ncells = 60\nsteps = 3\n"
	rows := runTables(t, mlp)
	if w2 := number(t, find(t, rows["flow"], "flow", "kl", "step", "0")["w2"]); math.Abs(w2-math.Hypot(8, 0.25)) > 1e-2 {
		t.Errorf("W₂ at the start is %v", w2)
	}
	mixture := runTables(t, mlp, "system.mlp.target=mixture", "estimator.w2-flow.start=mode", "estimator.w2-flow.flows=[\"kl\"]")
	if jsd := number(t, find(t, mixture["flow"], "step", "0")["jsd"]); math.Abs(jsd-0.75*math.Log(4.0/3)) > 1e-6 {
		t.Errorf("total collapse of the trainer's mixture: JSD %v", jsd)
	}
	for _, c := range []struct{ text, set, want string }{
		{mlp, "system.mlp.target=ring", "on the line"},
		{flowText, "system.kind=harmonic", "no data density"},
		{flowText, "estimator.w2-flow.mode=2", "0 to 1"},
		{flowText, "estimator.w2-flow.flows=[]", "one or more"},
		{flowText, "estimator.w2-flow.flows=[\"kl\", \"kl\"]", "each flow once"},
		{flowText, "estimator.w2-flow.solver=explicit", "at most"},
		{flowText, "estimator.w2-flow.start=modes", "gaussian"},
	} {
		if _, err := parse(c.text, c.set); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("--set %s: %v, want %s", c.set, err, c.want)
		}
	}
}

// A statement of the paper is decided by a number; an unknown one is refused with the list.
func TestPaper(t *testing.T) {
	const text = "name = \"t\"\n[system]\nkind = \"quantile\"\n[estimator.paper]\nstatement = \"eq-2\"\n"
	row := runTables(t, text)["summary"][0]
	if math.Abs(number(t, row["value"])+2*math.Ln2) > 1e-9 || !strings.HasPrefix(row["status"], "wrong: C(G)") || !strings.Contains(row["status"], "implies 0") {
		t.Errorf("%v", row)
	}
	if _, err := parse(text, "estimator.paper.statement=eq-3"); err == nil || !strings.Contains(err.Error(), "prop-5.4") {
		t.Errorf("eq-3: %v", err)
	}
}

// runTables runs the parts of an experiment's first task and reads its tables.
func runTables(t *testing.T, text string, sets ...string) map[string][]map[string]string {
	t.Helper()
	exp, err := parse(text, sets...)
	if err != nil {
		t.Fatal(err)
	}
	r := exp.Tasks[0].Runner
	var parts []any
	for i := range r.Parts() {
		part, err := r.Run(context.Background(), i, func(float64) {})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	dir := t.TempDir()
	out := engine.NewOutput(dir, exp.Tasks[0].Label)
	if _, err := r.Finish(parts, out); err != nil {
		t.Fatal(err)
	}
	if err := out.Commit(); err != nil {
		t.Fatal(err)
	}
	return tablesIn(t, dir)
}

// pooledTables runs all tasks and gives what is made of them together.
func pooledTables(t *testing.T, text string) map[string][]map[string]string {
	t.Helper()
	exp, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var tasks []engine.Finished
	for _, task := range exp.Tasks {
		f := engine.Finished{Label: task.Label, Group: task.Group, Point: task.Point, Replica: task.Replica, Swept: task.Swept, Runner: task.Runner, Outcome: engine.Done()}
		for i := range task.Runner.Parts() {
			part, err := task.Runner.Run(context.Background(), i, func(float64) {})
			if err != nil {
				t.Fatal(err)
			}
			f.Parts = append(f.Parts, part)
		}
		tasks = append(tasks, f)
	}
	dir := t.TempDir()
	out := engine.NewOutput(dir, "pool")
	if err := tasks[0].Runner.(engine.Pooler).Pool(tasks, out); err != nil {
		t.Fatal(err)
	}
	if err := out.Commit(); err != nil {
		t.Fatal(err)
	}
	return tablesIn(t, dir)
}

// tablesIn reads the rows of all tables of a directory.
func tablesIn(t *testing.T, dir string) map[string][]map[string]string {
	t.Helper()
	rows := map[string][]map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(f).ReadAll()
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".csv")
		for _, rec := range records[1:] {
			row := map[string]string{}
			for i, column := range records[0] {
				row[column] = rec[i]
			}
			rows[name] = append(rows[name], row)
		}
	}
	return rows
}

func find(t *testing.T, rows []map[string]string, want ...string) map[string]string {
	t.Helper()
	for _, row := range rows {
		ok := true
		for i := 0; i < len(want); i += 2 {
			ok = ok && row[want[i]] == want[i+1]
		}
		if ok {
			return row
		}
	}
	t.Fatalf("no row %q", want)
	return nil
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatalf("%q is no number", s)
	}
	return v
}

// JKO steps of KL to N(0, 1) shrink the mean by 1 + τ a step, and stay near the flow to first
// order in τ.
func TestW2FlowJKO(t *testing.T) {
	const text = `name = "t"
[system]
kind = "quantile"
[system.quantile]
means = [0.0]
stds = [1.0]
[estimator.w2-flow]
flows = ["kl"]
start_mean = 2.0
cells = 200
step = 0.02
steps = 100
every = 10
rates = 0
jko_particles = 200
jko_tau = [0.2, 0.1, 0.05]
`
	rows := runTables(t, text)
	var last [3]float64
	for i, tau := range []string{"0.2", "0.1", "0.05"} {
		r := find(t, rows["flow_jko"], "tau", tau, "time", "2")
		step, _ := strconv.ParseFloat(tau, 64)
		if got, want := number(t, r["mean"]), 2*math.Pow(1+step, -2/step); math.Abs(got/want-1) > 0.01 {
			t.Errorf("τ = %s: mean %v at time 2, want %v", tau, got, want)
		}
		last[i] = number(t, find(t, rows["summary"], "quantity", "largest W2 of JKO at tau = "+tau+" to the flow, kl")["value"])
	}
	if r := find(t, rows["summary"], "quantity", "W2 of one JKO particle carried across the data"); math.Abs(number(t, r["value"])/(2/math.Sqrt(200))-1) > 1e-3 {
		t.Errorf("one of 200 particles carried across N(0, 1) makes %s, want 2/√200", r["value"])
	}
	for i := range 2 { // the least τ is near the error of 200 particles
		if ratio := last[i] / last[i+1]; !(ratio > 1.6 && ratio < 2.2) {
			t.Errorf("distances %v: want about half at half of τ", last)
		}
	}
	for set, want := range map[string]string{
		"estimator.w2-flow.jko_tau=[0.3]":     "a divisor of every·step = 0.2",
		"estimator.w2-flow.jko_tau=[]":        "one or more lengths",
		"estimator.w2-flow.jko_particles=1":   "two or more",
		"estimator.w2-flow.jko_tau=[0.2, -1]": "(0, inf)",
	} {
		if _, err := parse(text, set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--set %s: %v, want %s", set, err, want)
		}
	}
	mlp := "name = \"t\"\n[system]\nkind = \"mlp\"\n[estimator.w2-flow]\njko_particles = 10\njko_tau = [0.2]\n"
	if _, err := parse(mlp); err == nil || !strings.Contains(err.Error(), `system.kind = "quantile"`) {
		t.Errorf("JKO on a GAN's data: %v", err)
	}
}
