package build

import (
	"fmt"
	"strconv"
	"strings"

	"machlup/internal/spec"
)

// Replay returns an experiment of one task of this one: the same random numbers, so the same
// trajectory up to the place where it diverged or failed. The sweeps keep the task's values
// only, since streams carry their names; earlier replicas are passed over by --shard.
func (e *Experiment) Replay(t Task) (string, error) {
	doc, err := spec.Parse("config.toml", []byte(e.Resolved))
	if err != nil {
		return "", err
	}
	if err := doc.Narrow(t.point); err != nil {
		return "", err
	}
	set := func(key, value string) {
		if err == nil && !swept(t.point, key) {
			err = doc.Set(key, value)
		}
	}
	set("name", strconv.Quote(e.Name+"-replay"))
	set("run.replicas", strconv.Itoa(t.Replica+1))
	set("run.estimators", "["+strconv.Quote(t.Estimator)+"]")
	if err != nil {
		return "", err
	}
	command := "machlup run replay.toml"
	if t.Replica > 0 {
		command += fmt.Sprintf(" --shard %d/%d --out DIR; machlup merge DIR", t.Replica, t.Replica+1)
	}
	return fmt.Sprintf("# Task %s alone, with its random numbers:\n#   %s\n%s", t.Label, command, strings.TrimLeft(doc.Resolved(), "\n")), nil
}

func swept(p spec.Point, key string) bool {
	for _, s := range p {
		if s.Key == key {
			return true
		}
	}
	return false
}
