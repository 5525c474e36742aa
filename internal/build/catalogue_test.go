package build

import (
	"strings"
	"testing"

	"machlup/internal/spec"
)

// Every plug-in has a line of documentation, and so has each of its keys, with the values
// that are allowed.
func TestCatalogueIsDocumented(t *testing.T) {
	for _, kind := range Kinds() {
		entries := List(kind)
		if len(entries) == 0 {
			t.Errorf("%s: nothing is listed", kind)
		}
		seen := map[string]bool{}
		for _, e := range entries {
			if e.Name == "" || strings.TrimSpace(e.Doc) == "" || strings.Contains(e.Doc, "\n") {
				t.Errorf("%s %q: documented as %q", kind, e.Name, e.Doc)
			}
			if seen[e.Name+e.Doc] {
				t.Errorf("%s: %s twice", kind, e.Name)
			}
			seen[e.Name+e.Doc] = true
			for _, f := range e.Fields {
				if f.Key == "" || f.Doc == "" || f.Type == "" || f.Allowed == "" {
					t.Errorf("%s %s: %+v", kind, e.Name, f)
				}
			}
		}
	}
	if List("nothing") != nil {
		t.Error("an unknown kind lists something")
	}
}

// The defaults that are listed are accepted when they are written into a file.
func TestListedDefaultsDecode(t *testing.T) {
	table := func(e Entry) string {
		var b strings.Builder
		for _, f := range e.Fields {
			if f.Default != "" {
				b.WriteString(f.Key + " = " + f.Default + "\n")
			}
		}
		return b.String()
	}
	base := strings.NewReplacer("[move.staging]\n", "", "[move.pcn]\n", "", "[estimator.ensemble]\n", "", "[estimator.paths]\n", "")
	toy, gan := base.Replace(toyText), base.Replace(ganText)
	moves := "[move.staging]\n[move.pcn]\n"
	accept := func(what, text string) {
		t.Helper()
		exp, err := parse(text)
		if err != nil {
			t.Errorf("%s: %v\n%s", what, err, text)
			return
		}
		if strings.Contains(exp.Tasks[0].Config, what+".") {
			t.Errorf("%s: defaults count as changes:\n%s", what, exp.Tasks[0].Config)
		}
	}
	for _, e := range List("estimators") {
		if imaginaryTime(e.Name) {
			accept("estimator."+e.Name, imaginaryText(t)+"[estimator."+e.Name+"]\n"+table(e))
			continue
		}
		if betweenSets(e.Name) {
			accept("estimator."+e.Name, rareText(t, e.Name)+"[estimator."+e.Name+"]\n"+table(e))
			continue
		}
		switch e.Name {
		case "free-energy", "stationary", "tempering", "discretisation":
			accept("estimator."+e.Name, toy+moves+"[estimator."+e.Name+"]\n"+table(e))
		case "sgd-inference": // needs a data set
			accept("estimator."+e.Name, "name = \"t\"\n[system]\nkind = \"regression\"\n[estimator."+e.Name+"]\n"+table(e))
		case "scgf": // needs a stationary law
			accept("estimator."+e.Name, strings.Replace(gan, "[trainer]\n", "[trainer]\nregularisers = [\"weight-decay\"]\n", 1)+moves+"[estimator."+e.Name+"]\n"+table(e))
		case "collapse": // needs modes to count
			accept("estimator."+e.Name, onModes(gan)+moves+"[estimator."+e.Name+"]\n"+table(e))
		default:
			accept("estimator."+e.Name, gan+moves+"[estimator."+e.Name+"]\n"+table(e))
		}
	}
	for _, e := range List("moves") {
		if goesBack(e.Name) {
			accept("move."+e.Name, strings.Replace(toy, "steps = 3\n", "steps = 3\nstart = \"boltzmann\"\n", 1)+"[estimator.paths]\n[move."+e.Name+"]\n"+table(e))
			continue
		}
		toy := toy
		if e.Name == "normal-mode" || e.Name == "centre-of-mass" {
			toy = strings.Replace(toy, "steps = 3\n", "steps = 3\naction = \"euclidean\"\nend = \"periodic\"\neuclidean.dt = 0.5\n", 1)
		}
		accept("move."+e.Name, toy+moves[:0]+other(e.Name)+"[estimator.paths]\n[move."+e.Name+"]\n"+table(e))
	}
	for _, e := range List("schemes") {
		accept("trainer."+e.Name, "name = \"t\"\n[system]\nkind = \"ou\"\n[estimator.ensemble]\n[trainer]\nscheme = \""+e.Name+"\"\n[trainer."+e.Name+"]\n"+table(e))
	}
	for _, e := range List("optimizers") {
		accept("trainer.generator."+e.Name, gan+"[estimator.ensemble]\n[trainer.generator]\noptimizer = \""+e.Name+"\"\n[trainer.generator."+e.Name+"]\n"+table(e))
	}
	for _, e := range List("losses") {
		accept("trainer."+e.Name, strings.Replace(gan, "[trainer]\n", "[trainer]\nloss = \""+e.Name+"\"\n", 1)+"[estimator.ensemble]\n[trainer."+e.Name+"]\n"+table(e))
	}
	for _, e := range List("schedules") {
		for _, of := range []string{"trainer.generator", "trainer.discriminator", "noise"} {
			if e.Name == "cyclical-noise" && of != "noise" {
				continue // refused: a learning rate of 0
			}
			text := gan + "[estimator.ensemble]\n"
			if !strings.Contains(text, "["+of+"]\n") {
				text += "[" + of + "]\n"
			}
			text = strings.Replace(text, "["+of+"]\n", "["+of+"]\nschedule = \""+e.Name+"\"\n", 1)
			accept(of+"."+e.Name, text+"["+of+"."+e.Name+"]\n"+table(e))
		}
	}
	for _, e := range List("regularisers") {
		accept("trainer."+e.Name, strings.Replace(gan, "[trainer]\n", "[trainer]\nregularisers = [\""+e.Name+"\"]\n", 1)+"[estimator.ensemble]\n[trainer."+e.Name+"]\n"+table(e))
	}
	for _, e := range List("dynamics") {
		accept("trainer."+e.Name, strings.Replace(gan, "[trainer]\n", "[trainer]\ndynamics = \""+e.Name+"\"\n", 1)+"[estimator.ensemble]\n[trainer."+e.Name+"]\n"+table(e))
	}
	for _, e := range List("targets") {
		if e.Name != "samples" { // needs a file
			accept("system.mlp."+e.Name, "name = \"t\"\n[system]\nkind = \"mlp\"\n[observables]\nbatch = 16\n[estimator.ensemble]\n[system.mlp]\ntarget = \""+e.Name+"\"\n[system.mlp."+e.Name+"]\n"+table(e))
		}
	}
	for _, e := range List("systems") {
		text := "name = \"t\"\n[observables]\nbatch = 16\n[system]\nkind = \"" + e.Name + "\"\n[estimator.ensemble]\n"
		if _, err := parse(text, settings(e)...); err != nil {
			t.Errorf("system %s: %v", e.Name, err)
		}
	}
}

// other is a move so that there is always one that works on positions.
func other(name string) string {
	if name == "staging" {
		return ""
	}
	return "[move.staging]\n"
}

// settings writes the fields of a system as --set does: their keys are dotted.
func settings(e Entry) []string {
	var out []string
	for _, f := range e.Fields {
		if f.Default != "" {
			out = append(out, f.Key+"="+f.Default)
		}
	}
	return out
}

// A choice that is not there is refused with the nearest one that is.
func TestUnknownChoices(t *testing.T) {
	for set, want := range map[string]string{
		"system.kind=harmonc":                                   `did you mean "harmonic"?`,
		"trainer.scheme=heavy-bal":                              `did you mean "heavy-ball"?`,
		"trainer.scheme=simulated-annealing-x":                  "allowed euler-maruyama",
		`trainer.regularisers=["weight-deca"]`:                  `did you mean "weight-decay"?`,
		`trainer.regularisers=["weight-decay", "weight-decay"]`: `twice`,
	} {
		text := toyText
		if strings.HasPrefix(set, "trainer.regularisers") {
			text = ganText
		}
		_, err := parse(text, set)
		if e, ok := err.(*spec.Error); !ok || !strings.Contains(err.Error(), want) || !strings.HasPrefix(e.File, "--set") {
			t.Errorf("--set %s: %v, want %s", set, err, want)
		}
	}
}
