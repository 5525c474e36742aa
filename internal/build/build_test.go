package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"machlup/internal/engine"
	"machlup/internal/record"
	"machlup/internal/spec"
)

func load(t *testing.T, text string, sets ...string) *Experiment {
	t.Helper()
	exp, err := parse(text, sets...)
	if err != nil {
		t.Fatal(err)
	}
	return exp
}

func parse(text string, sets ...string) (*Experiment, error) {
	doc, err := spec.Parse("test.toml", []byte(text))
	if err != nil {
		return nil, err
	}
	for _, s := range sets {
		key, value, _ := strings.Cut(s, "=")
		if err := doc.Set(key, value); err != nil {
			return nil, err
		}
	}
	return Load(doc)
}

const toyText = `name = "toy"
seed = 5
[system]
kind = "ou"
[path]
steps = 3
observable = "x0"
tilt = 0.5
[move.staging]
[move.pcn]
[estimator.ensemble]
[estimator.paths]
`

const ganText = `name = "gan"
seed = 5
[system]
kind = "mlp"
[system.mlp.generator]
latent = 1
hidden = [3]
[system.mlp.discriminator]
hidden = [3]
[trainer]
batch = 4
[noise]
kind = "injected"
temperature_g = 1e-3
temperature_d = 1e-3
quenched_batch = 4
[observables]
batch = 16
[path]
steps = 3
observable = "gen_mean"
tilt = 0.5
[move.staging]
[move.pcn]
[estimator.ensemble]
[estimator.paths]
`

// onModes gives the GAN a target with modes to count.
func onModes(text string) string {
	return strings.Replace(text, "[system.mlp.generator]\n", "[system.mlp]\ntarget = \"mixture\"\n[system.mlp.generator]\n", 1)
}

// hashes of the first replica's tasks, by estimator.
func hashes(exp *Experiment) map[string]string {
	out := map[string]string{}
	for _, t := range exp.Tasks {
		if t.Replica == 0 {
			out[t.Estimator] = t.Hash
		}
	}
	return out
}

// A task's hash covers what changes its data and nothing else, so that an upgrade that
// adds an option, and an edit of something else, keep what is finished.
func TestHashCoversWhatChangesTheData(t *testing.T) {
	for _, c := range []struct {
		text, set       string
		ensemble, paths bool // whose hash changes
	}{
		// defaults written out
		{toyText, "estimator.ensemble.chains=64", false, false},
		{toyText, "trainer.scheme=euler-maruyama", false, false},
		{toyText, "trainer.euler-maruyama.eta=0.01", false, false},
		{toyText, "trainer.start=[0.0]", false, false},
		{toyText, "move.staging.length=8", false, false},
		{toyText, "path.hbar=1", false, false},
		{toyText, "run.replicas=1", false, false},
		{toyText, "start.steps=0", false, false},
		{ganText, "trainer.generator.optimizer=sgd", false, false},
		{ganText, "trainer.loss=non-saturating", false, false},
		{ganText, "system.mlp.target=gaussian", false, false},
		{ganText, "noise.metric_g=isotropic", false, false},
		{ganText, "noise.schedule=constant", false, false},
		{ganText, "noise.cosine.steps=7", false, false}, // not chosen
		{ganText, "trainer.generator.step.every=7", false, false},
		{ganText, "trainer.generator.schedule=constant", false, false},
		{ganText, "trainer.fgan-kl.generator=non-saturating", false, false},
		// of another table
		{toyText, "name=other", false, false},
		{toyText, "trainer.heavy-ball.eta=0.5", false, false},
		{ganText, "trainer.generator.adam.eta=0.5", false, false},
		{ganText, "system.mlp.ring.modes=5", false, false},
		{toyText, "run.replicas=3", false, false},
		{toyText, "run.estimators=[\"ensemble\", \"paths\"]", false, false},
		{toyText, "estimator.forward.runs=77", false, false},
		// of one estimator
		{toyText, "estimator.ensemble.chains=65", true, false},
		{toyText, "estimator.paths.draws=100", false, true},
		{toyText, "path.tilt=0.6", false, true},
		{toyText, "path.action=innovation", false, true},
		{toyText, "move.staging.step=0.5", false, true},
		{toyText, "move.staging.length=9", false, true},
		{toyText, "move.single-slice.step=1.0", false, true}, // one move more
		// of both
		{toyText, "seed=6", true, true},
		{toyText, "system.ou.mean=0.1", true, true},
		{toyText, "system.kind=harmonic", true, true},
		{toyText, "trainer.euler-maruyama.eta=0.02", true, true},
		{toyText, "trainer.scheme=heavy-ball", true, true},
		{toyText, "trainer.start=[1.0]", true, true},
		{toyText, "start.steps=1", true, true},
		{toyText, "observables.names=[\"x0\", \"energy\"]", true, true},
		{ganText, "trainer.generator.optimizer=natural", true, true},
		{ganText, "trainer.generator.sgd.eta=0.5", true, true},
		{ganText, "trainer.discriminator.sgd.eta=0.5", true, true},
		{ganText, "trainer.batch=5", true, true},
		{ganText, "trainer.loss=saturating", true, true},
		{ganText, "trainer.packing=2", true, true},
		{ganText, "trainer.dynamics=simultaneous", true, true},
		{ganText, "trainer.dynamics=alternating", false, false},
		{ganText, "trainer.sga.lambda=0.5", false, false}, // not named
		{ganText, `trainer.regularisers=["weight-decay"]`, true, true},
		{ganText, "trainer.weight-decay.generator=0.5", false, false}, // not named
		{ganText, "noise.temperature_g=2e-3", true, true},
		{ganText, "system.mlp.generator.latent=2", true, true},
		{ganText, "noise.quenched_batch=5", true, true},
		{ganText, "system.mlp.gaussian.mean=1.5", true, true},
		{ganText, "system.mlp.target=ring", true, true},
		{ganText, "system.mlp.generator.hidden=[4]", true, true},
		{ganText, "system.mlp.discriminator.activation=tanh", true, true},
		{ganText, "observables.batch=17", true, true},
	} {
		sets := []string{c.set}
		if strings.HasSuffix(c.set, "target=ring") {
			sets = append(sets, "path.observable=rho")
		}
		before, after := hashes(load(t, c.text, sets[1:]...)), hashes(load(t, c.text, sets...))
		if got := before["ensemble"] != after["ensemble"]; got != c.ensemble {
			t.Errorf("--set %s: the ensemble's hash changed: %v, want %v", c.set, got, c.ensemble)
		}
		if got := before["paths"] != after["paths"]; got != c.paths && !strings.HasSuffix(c.set, "target=ring") {
			t.Errorf("--set %s: the hash of paths changed: %v, want %v", c.set, got, c.paths)
		}
	}
}

// The hash of a task is part of the layout of a run's directory: after an upgrade finished
// tasks are found under it. If this fails, either undo what changed it or raise
// SchemaVersion, since the data have changed.
func TestHashesAreFrozen(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"toy": {toyText, "e5f23c7f4fb64f4d"},
		"gan": {ganText, "2f7a6cb39f9b2e18"},
	} {
		if got := load(t, c.text).Tasks[0]; got.Hash != c.want {
			t.Errorf("%s: hash %s, was %s; it covers\n%s", name, got.Hash, c.want, got.Config)
		}
	}
}

// The user's data are part of a task: other contents, other hash.
func TestHashCoversTheSamples(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data.csv")
	hash := func(data string) string {
		if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
		return load(t, ganText, "system.mlp.target=samples", fmt.Sprintf("system.mlp.samples.file=%q", file)).Tasks[0].Hash
	}
	first, second := hash("1\n2\n3\n"), hash("1\n2\n4\n")
	if first == second {
		t.Error("other samples, same hash")
	}
	if again := hash("1\n2\n3\n"); again != first {
		t.Error("same samples, other hash")
	}
}

func TestReplicasAndPointsAreTasks(t *testing.T) {
	exp := load(t, toyText+"[run]\nreplicas = 2\n[sweep.grid]\n\"system.ou.mean\" = [0.0, 1.0]\n\"trainer.scheme\" = [\"euler-maruyama\", \"heavy-ball\"]\n")
	var labels []string
	seen := map[string]bool{}
	for _, task := range exp.Tasks {
		labels = append(labels, task.Label)
		if seen[task.Hash] {
			t.Errorf("hash %s twice", task.Hash)
		}
		seen[task.Hash] = true
	}
	want := []string{"ensemble/mean=0.0,scheme=euler-maruyama/r0", "paths/mean=0.0,scheme=euler-maruyama/r0", "ensemble/mean=0.0,scheme=euler-maruyama/r1"}
	if len(labels) != 16 || !slices.Equal(labels[:3], want) {
		t.Errorf("%d tasks: %v", len(labels), labels)
	}
	if !slices.Equal(exp.Swept, []Swept{{"system.ou.mean", "1", record.Float}, {"trainer.scheme", "", record.String}}) {
		t.Errorf("swept keys %v", exp.Swept)
	}
	last := exp.Tasks[15]
	if last.Swept["system.ou.mean"] != "1.0" || last.Swept["trainer.scheme"] != "heavy-ball" || last.Replica != 1 || last.Point != "mean=1.0,scheme=heavy-ball" {
		t.Errorf("the last task: %+v", last)
	}
}

// The resolved config resolves to itself and to the same tasks.
func TestResolvedConfigIsAFixedPoint(t *testing.T) {
	files, err := filepath.Glob("../../cmd/machlup/experiments/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d built-in experiments, %v", len(files), err)
	}
	texts := map[string]string{"toy": toyText, "gan": ganText, "swept": toyText + "[sweep.zip]\n\"system.ou.mean\" = [0.0, 1.0]\n\"path.action\" = [\"innovation\", \"onsager-machlup\"]\n"}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(f)] = string(data)
	}
	for name, text := range texts {
		first := load(t, text)
		second := load(t, first.Resolved)
		if first.Resolved != second.Resolved {
			t.Errorf("%s resolves to\n%s\nand that to\n%s", name, first.Resolved, second.Resolved)
		}
		same := slices.EqualFunc(first.Tasks, second.Tasks, func(a, b Task) bool { return a.Hash == b.Hash && a.Label == b.Label })
		if !same {
			t.Errorf("%s: the resolved config has other tasks", name)
		}
	}
}

// small makes each estimator quick.
var small = map[string][]string{
	"ensemble":    {"chains=4", "steps=4"},
	"stationary":  {"chains=2", "warmup=5", "steps=100"},
	"escape":      {"chains=20", "warmup=5", "steps=40", "every=2", "lags=[4, 8]"},
	"transition":  {"chains=2", "warmup=5", "steps=100"},
	"hysteresis":  {"chains=2", "warmup=5", "points=4", "dwells=[2, 3]", "to=0.2"},
	"phase":       {"steps=20", "every=5", "window=10"},
	"paths":       {"warm=5", "burn=5", "draws=50", "slices=true"},
	"ti":          {"points=3", "warm=5", "burn=5", "draws=50"},
	"ais":         {"runs=50", "stages=3"},
	"forward":     {"runs=50"},
	"free-energy": {"points=3", "warm=5", "draws=50"},
	"derivatives": {"steps=1"},
	"stability":   {"steps=1"},
	"collapse":    {"steps=6", "samples=40", "draws=2", "subsample=10"},
	"o10":         {"runs=50", "warm=5", "burn=5", "draws=50"},
	"w2-flow":     {"cells=40", "steps=5"},
	"paper":       {`statement="eq-2"`},
	"spectrum":    {"warm=50", "burn=50", "draws=2000"},
	"log-z":       {"points=3", "warm=5", "burn=5", "draws=50"},
	"rate":        {"runs=0"}, "transition-paths": {"draws=50"}, "minimum-action": {"snapshots=0"},
	"non-equilibrium": {"chains=1", "warmup=0", "windows=20", "window=1", "runs=50"}, "sgd-inference": {"chains=1"},
	"temperatures": {"chains=1", "warmup=0", "draws=100", "every=1", "kicks=20", "lags=[1]"},
	"laplace":      {"draws=50"}, "scgf": {"runs=50", "particles=2", "lengths=[1, 2, 3]"},
	"smc":       {"runs=50", "particles=2", "stages=2"},
	"tempering": {"levels=3", "warm=5", "burn=5", "draws=50"}, "discretisation": {"points=3", "burn=5", "draws=50", "step=0.01"},
	"exchange":       {"levels=3", "warm=5", "burn=5", "draws=50"},
	"gradient-noise": {"rows=64", "batches=0", "at=[0, 2]"},
}

// gameText is ganText on a small game.
func gameText(kind, observable string) string {
	head, _, _ := strings.Cut(ganText, "[system.mlp.generator]")
	_, tail, _ := strings.Cut(ganText, "[trainer]")
	return strings.NewReplacer(`kind = "mlp"`, `kind = "`+kind+`"`, `"gen_mean"`, `"`+observable+`"`).Replace(head + "[trainer]" + tail)
}

// Every estimator runs on both actions of a toy and of a GAN, to rows, or is refused with
// a reason, now and not in the middle of a run.
func TestEveryEstimatorRunsOnBothActions(t *testing.T) {
	if len(small) != len(estimators) {
		t.Fatalf("%d estimators are run, the catalogue has %d", len(small), len(estimators))
	}
	for system, text := range map[string]string{"ou": toyText, "mlp": ganText, "dirac": gameText("dirac", "theta_0"), "bilinear": gameText("bilinear", "psi_0"), "lq": gameText("lq", "gen_mean")} {
		text = strings.Replace(text, "[estimator.ensemble]\n[estimator.paths]\n", "[move.single-slice]\n[move.shooting]\n", 1)
		for _, k := range estimators {
			for _, action := range []string{"onsager-machlup", "innovation"} {
				table := "[estimator." + k.name + "]\n" + strings.Join(small[k.name], "\n") + "\n"
				if k.name == "hysteresis" && system == "ou" {
					table += "key=\"trainer.euler-maruyama.temperature\"\n"
				}
				if k.name == "phase" || k.name == "transition" || k.name == "hysteresis" {
					table += "observable = " + map[string]string{"ou": `"x0"`, "mlp": `"rho"`, "dirac": `"theta_0"`, "bilinear": `"gen_mean"`, "lq": `"rho"`}[system] + "\n"
				}
				text := text
				if k.name == "collapse" {
					text = onModes(text)
				}
				exp, err := parse(text+table, "path.action="+action)
				if k.name == "minimum-action" && action == "innovation" {
					continue // the error is about the key that is set
				}
				refused := map[string]bool{
					"collapse": system != "mlp", "w2-flow": system != "mlp" && system != "lq", // what has data, and modes
					"free-energy": system != "ou", "tempering": system != "ou", "discretisation": system != "ou",
					"sgd-inference":  true,            // needs a data set
					"scgf":           system == "mlp", // whose parameters nothing confines
					"gradient-noise": system == "ou",  // which has no minibatches
				}[k.name] || betweenSets(k.name) || imaginaryTime(k.name)
				if refused {
					if err == nil || !strings.Contains(err.Error(), "test.toml:") && !strings.Contains(err.Error(), "--set path.action") {
						t.Errorf("%s on %s: %v", k.name, system, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s on %s, %s: %v", k.name, system, action, err)
					continue
				}
				runTask(t, exp.Tasks[0], k.name+" on "+system+", "+action)
			}
		}
	}
}

func runTask(t *testing.T, task Task, what string) {
	t.Helper()
	var parts []any
	for p := range task.Runner.Parts() {
		done := 0.0
		part, err := task.Runner.Run(context.Background(), p, func(work float64) {
			if work < done || work > task.Runner.Work(p) {
				t.Errorf("%s: part %d: progress %v after %v, of %v", what, p, work, done, task.Runner.Work(p))
			}
			done = work
		})
		if err != nil {
			t.Fatalf("%s: part %d: %v", what, p, err)
		}
		// What is stored and read again is what was computed.
		path := filepath.Join(t.TempDir(), "part")
		if err := engine.WritePart(path, part); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		read := task.Runner.NewResult()
		if err := engine.ReadPart(path, read); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		parts = append(parts, read)
	}
	dir := t.TempDir()
	out := engine.NewOutput(dir, task.Label)
	outcome, err := task.Runner.Finish(parts, out)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := out.Commit(); err != nil {
		t.Fatal(err)
	}
	if outcome.Status != engine.OK && outcome.Status != engine.NoEstimate || outcome.Status == engine.NoEstimate && outcome.Note == "" {
		t.Errorf("%s: outcome %+v", what, outcome)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
	if len(files) == 0 {
		t.Errorf("%s: no rows", what)
	}
}

// A stopped part returns soon, with the reason, whatever the estimator.
func TestEveryEstimatorStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, k := range estimators {
		text := ganText
		switch k.name {
		case "free-energy", "stationary", "tempering", "discretisation", "scgf":
			text = toyText
		case "hysteresis":
			text = strings.Replace(text, "\"gen_mean\"", "\"rho\"", 1)
		case "collapse":
			text = onModes(text)
		case "sgd-inference":
			text = "name = \"t\"\n[system]\nkind = \"regression\"\n[estimator.paths]\n"
		case "derivatives":
			continue // shorter than a stop
		}
		if betweenSets(k.name) {
			text = rareText(t, k.name) + "[estimator.paths]\n"
		}
		if imaginaryTime(k.name) {
			text = imaginaryText(t) + "[estimator.paths]\n"
		}
		exp := load(t, strings.Replace(strings.Replace(text, "[estimator.ensemble]\n", "", 1), "[estimator.paths]\n", "[estimator."+k.name+"]\n", 1))
		runner := exp.Tasks[0].Runner
		if _, err := runner.Run(ctx, runner.Parts()-1, func(float64) {}); err != context.Canceled {
			t.Errorf("%s: a stopped part returns %v", k.name, err)
		}
	}
}

// Two tables of one kind draw independent numbers on the same model.
func TestTwoTablesOfOneKind(t *testing.T) {
	exp := load(t, strings.Replace(ganText, "[estimator.ensemble]\n[estimator.paths]\n", "[estimator.forward]\nruns = 50\n[estimator.more]\nkind = \"forward\"\nruns = 50\n", 1))
	var draws [][]float64
	for _, task := range exp.Tasks {
		part, err := task.Runner.Run(context.Background(), 0, func(float64) {})
		if err != nil {
			t.Fatal(err)
		}
		draws = append(draws, part.(*engine.AISPart).LogW)
	}
	if len(draws) != 2 || draws[0][0] == draws[1][0] || draws[0][1] == draws[1][1] {
		t.Errorf("the first draws of two tables: %v", draws)
	}
}

// Two tables of one move are two moves, told apart by name, with numbers of their own.
func TestTwoTablesOfOneMove(t *testing.T) {
	text := strings.Replace(toyText, "[move.staging]\n", "[move.short]\nkind = \"staging\"\nlength = 2\n[move.long]\nkind = \"staging\"\nlength = 3\n", 1)
	text = strings.Replace(text, "[estimator.ensemble]\n[estimator.paths]\n", "[estimator.paths]\nwarm = 5\nburn = 5\ndraws = 50\n", 1)
	exp := load(t, text)
	runner := exp.Tasks[0].Runner
	moves, actions := map[string]bool{}, map[float64]bool{}
	for p := range runner.Parts() {
		part, err := runner.Run(context.Background(), p, func(float64) {})
		if err != nil {
			t.Fatal(err)
		}
		actions[part.(*engine.PathsPart).Action[0]] = true
		for _, s := range part.(*engine.PathsPart).Stats {
			moves[s.Move] = true
		}
	}
	if !moves["short"] || !moves["long"] || len(moves) != 2 || runner.Parts() != 6 || len(actions) != 6 {
		t.Errorf("%d parts with moves %v, %d different first draws", runner.Parts(), moves, len(actions))
	}
	if one := load(t, text, "path.moves=[\"short\"]").Tasks[0].Runner; one.Parts() != 6 {
		t.Errorf("path.moves = [short]: %d parts", one.Parts())
	}
}
