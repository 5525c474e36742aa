package build

import (
	"strings"
	"testing"
)

// Every end and start of the config runs, or is refused at its key with the reason.
func TestEnds(t *testing.T) {
	const positions, innovations = "path.action=onsager-machlup", "path.action=innovation"
	text := strings.Replace(toyText, "[estimator.ensemble]\n[estimator.paths]\n", "[move.pcn-langevin]\n[estimator.paths]\nwarm = 5\nburn = 5\ndraws = 50\n", 1)
	potentials := `system.kind=harmonic`
	for _, c := range []struct {
		sets    []string
		refusal string
	}{
		{[]string{"path.end=pinned-pair", "path.end_at=[0.2]", "path.end_before=[0.1]", "path.steps=6"}, ""},
		{[]string{"path.end=pinned-pair", "path.end_at=[0.2]"}, "path.end_before: found 0 values"},
		{[]string{"path.end=pinned", "path.end_at=[0.2]", "path.end_before=[0.2]"}, "path.end_before: found [0.2]"},
		{[]string{"path.end_at=[0.2]"}, "path.end_at: found [0.2], allowed nothing unless"},
		{[]string{positions, "path.start=gaussian", "path.start_std=0.5"}, ""},
		{[]string{innovations, "path.start=gaussian"}, ""},
		{[]string{positions, "path.start=boltzmann", potentials}, ""},
		{[]string{innovations, "path.start=boltzmann", potentials}, ""},
		{[]string{positions, "path.start=boltzmann", "system.kind=double-well", "path.start_temperature=0.3"}, ""},
		{[]string{positions, "path.start=boltzmann", "system.kind=linear-game"}, "system linear-game has no potential"},
		{[]string{innovations, "path.start=boltzmann", "system.kind=double-well"}, "gives no draws"},
		{[]string{positions, "path.end=periodic"}, "periodic"},
		{[]string{"path.action=euclidean", "path.end=periodic", "path.euclidean.time=2.0", "path.steps=8"}, ""},
		{[]string{"path.action=euclidean", "path.end=periodic", "path.euclidean.dt=0.2", "system.kind=free"}, "zero mode"},
		{[]string{"path.action=euclidean", "path.end=periodic", "path.euclidean.dt=0.2", "path.steps=8", "system.kind=free", "path.euclidean.wall=2.0"}, ""},
		{[]string{"path.action=euclidean", "path.end=periodic", "path.euclidean.dt=0.2", "path.steps=8", "system.kind=hermite-galerkin"}, "wall"},
		{[]string{"path.action=euclidean", "path.euclidean.dt=0.2", "path.euclidean.time=2.0"}, "path.euclidean.time"},
		{[]string{"path.action=euclidean"}, "path.euclidean.dt: found 0"},
		{[]string{"path.action=euclidean", "path.euclidean.dt=0.2", "system.kind=linear-game"}, "needs a potential"},
		{[]string{"path.action=lagrangian", "path.lagrangian.dt=0.1", "path.steps=8"}, ""},
		{[]string{"path.action=lagrangian", "path.lagrangian.dt=0.2", "path.steps=8"}, "finite only up to a horizon"},
		{[]string{"path.action=lagrangian", "path.lagrangian.dt=0.2", "path.steps=8", "path.end=periodic"}, "constant path"},
		{[]string{"path.action=lagrangian", "path.lagrangian.dt=0.2", "path.steps=8", "system.kind=hermite-galerkin"}, ""},
		{[]string{"path.action=lagrangian", "path.lagrangian.dt=0.2", "path.steps=8", "system.kind=double-well"}, "faster than q²"},
		{[]string{innovations, "path.start=gaussian", `path.moves=["pcn-langevin"]`}, "[move.shooting]"},
	} {
		exp, err := parse(text, c.sets...)
		switch {
		case c.refusal == "" && err == nil:
			runTask(t, exp.Tasks[0], strings.Join(c.sets, " "))
		case c.refusal == "" || err == nil || !strings.Contains(err.Error(), c.refusal):
			t.Errorf("%v: error %v, want one with %q", c.sets, err, c.refusal)
		}
	}
}
