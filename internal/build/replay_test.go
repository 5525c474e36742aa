package build

import (
	"fmt"
	"strings"
	"testing"

	"machlup/internal/spec"
)

// The replay of a task is an experiment in which the shard that its first lines name has that
// task alone: the same hash, so the same streams.
func TestReplayIsTheSameTask(t *testing.T) {
	exps := []*Experiment{loadFile(t, "toy.toml"), loadFile(t, "gan.toml"), loadText(t, `
name = "swept"
[system]
kind = "ou"
[estimator.ensemble]
[estimator.stationary]
[run]
replicas = 2
[sweep.grid]
"trainer.euler-maruyama.eta" = {logspace = [1e-3, 1e-1, 3]}
"run.estimators" = [["ensemble"], ["stationary"]]
[sweep.zip]
"system.ou.mean" = [0.5, 1]
"trainer.start" = [[0.5], [1]]
`)}
	for _, exp := range exps {
		for i, task := range exp.Tasks {
			if i%5 != 0 && i < len(exp.Tasks)-1 {
				continue
			}
			text, err := exp.Replay(task)
			if err != nil {
				t.Fatal(err)
			}
			again := loadText(t, text)
			var mine []Task
			for k, r := range again.Tasks {
				if k%(task.Replica+1) == task.Replica {
					mine = append(mine, r)
				}
			}
			if len(mine) != 1 || mine[0].Hash != task.Hash || mine[0].Label != task.Label {
				t.Errorf("%s: replay has %d tasks of the shard, want its hash %s:\n%s", task.Label, len(mine), task.Hash, text)
			}
			if shard := fmt.Sprintf("--shard %d/%d", task.Replica, task.Replica+1); task.Replica > 0 && !strings.Contains(text, shard) {
				t.Errorf("%s: the replay does not say %q", task.Label, shard)
			}
		}
	}
}

func loadText(t *testing.T, text string) *Experiment {
	t.Helper()
	doc, err := spec.Parse("exp.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	exp, err := Load(doc)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return exp
}
