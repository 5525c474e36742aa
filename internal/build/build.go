// Package build turns a config into an experiment: tasks with their runners. It holds
// the catalogue, one file per family of plug-ins; a plug-in's config struct lives with
// the plug-in and is decoded here.
//
// One rule for all choices: a key names the plug-in (optimizer = "natural") and the
// table of that name beside it configures it ([trainer.generator.natural]). Tables of
// plug-ins that are not chosen are checked all the same, so that a sweep over the choice
// can configure each.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"machlup/internal/engine"
	"machlup/internal/record"
	"machlup/internal/spec"
)

// Version of the program, and of the data of tasks: SchemaVersion is raised when the
// same config gives other data, so that finished tasks of an older version are not mixed in.
const (
	Version       = "0.1.0"
	SchemaVersion = 1
)

// An Experiment is a config expanded into tasks.
type Experiment struct {
	Name     string
	Seed     uint64
	Resolved string  // config.toml: every default written out
	Swept    []Swept // in file order
	Tasks    []Task

	CheckpointEvery time.Duration
	Output          OutputConfig
	Inputs          []Input // files that the config names, each once
}

// A Swept key is a column of tasks.csv.
type Swept struct {
	Key  string // dotted
	Unit string
	Type record.Type // of all its values
}

// A Task is one (sweep point, replica, estimator).
type Task struct {
	Label     string // readable, unique: estimator/point/replica
	Group     string // label without the replica
	Point     string // label of the sweep point
	Hash      string // of what determines its data
	Config    string // what the hash covers, to replay the task
	Replica   int
	Estimator string
	Swept     map[string]string
	Runner    engine.Runner
	Shape     string // of the system, for its final states

	Observables []string
	// Prepare trains the [start] steps, which can be stopped and saved; nil without. Parts do
	// so themselves, without being stopped, if it has not been called.
	Prepare func(ctx context.Context) error
	env     engine.Env
	point   spec.Point
}

// Head is the top level of a config.
type Head struct {
	Name string `toml:"name" required:"true" doc:"name of the experiment; the default output directory is runs/NAME"`
	Seed int64  `toml:"seed" range:"[0,inf)" doc:"seed of all random streams, 0 … 2⁶³−1"`
}

// RunConfig is the table [run].
type RunConfig struct {
	Replicas            int      `toml:"replicas" range:"[1,1000000]" unit:"1" doc:"independent replicas of every sweep point: own initial parameters, quenched batch and noise"`
	Estimators          []string `toml:"estimators" doc:"which [estimator.NAME] tables to run; empty: all"`
	CommonRandomNumbers bool     `toml:"common_random_numbers" doc:"give all sweep points the same random streams"`

	CheckpointEvery time.Duration `toml:"checkpoint_every" range:"[1ms,inf)" doc:"time between checkpoints of a part that is being computed, such as \"60s\"; changes no result"`
}

func defaultRun() RunConfig { return RunConfig{Replicas: 1, CheckpointEvery: time.Minute} }

// StartConfig is the table [start].
type StartConfig struct {
	From  string  `toml:"from" doc:"RUN/TASK: the final parameters of that task of another run, or of this one's directory, instead of the trainer's own start; relative to this file; empty: the trainer's start"`
	Chain int     `toml:"chain" range:"[0,inf)" unit:"1" doc:"which chain of that task"`
	Steps int     `toml:"steps" range:"[0,100000000]" unit:"step" doc:"training steps with the trainer's own noise before step 0 of everything that is measured"`
	Noise float64 `toml:"noise" range:"[0,inf)" unit:"1" doc:"the noise of these steps is multiplied by this; 0: without noise into the nearest basin, the same at every temperature; other than 1 for laws with additive noise only"`
}

func defaultStart() StartConfig { return StartConfig{Noise: 1} }

// Load expands a document. Errors cite file and line; nothing is written.
func Load(doc *spec.Doc) (*Experiment, error) {
	head := Head{Seed: 1}
	if err := doc.Table("").Decode(&head); err != nil {
		return nil, err
	}
	if head.Name == "" || head.Name != safeName(head.Name) {
		return nil, doc.Table("").Errorf("name", "found %q, allowed letters, digits, '.', '_' and '-' (it names a directory)", head.Name)
	}
	points, err := doc.Points()
	if err != nil {
		return nil, err
	}
	for _, s := range points[0] {
		if s.Key == "name" || s.Key == "run.checkpoint_every" || strings.HasPrefix(s.Key, "output.") {
			return nil, doc.Table("sweep").Errorf("", "found a sweep of %s, allowed keys that change what is computed", s.Key)
		}
	}
	exp := &Experiment{Name: head.Name, Seed: uint64(head.Seed)}
	hashes, units := map[string]string{}, map[string]string{}
	for _, p := range points {
		pd, err := doc.With(p)
		if err != nil {
			return nil, err
		}
		if err := pd.Table("").Decode(&Head{Seed: 1}); err != nil {
			return nil, err
		}
		output := defaultOutput()
		if err := pd.Table("output").Decode(&output); err != nil {
			return nil, err
		}
		tasks, inputs, err := expand(pd, p, exp.Seed)
		if err != nil {
			return nil, err
		}
		for _, in := range inputs {
			if !slices.ContainsFunc(exp.Inputs, func(o Input) bool { return o.Name == in.Name }) {
				exp.Inputs = append(exp.Inputs, in)
			}
		}
		doc.Fold(pd)
		for _, s := range p {
			if u := pd.Unit(s.Key); u != "" {
				units[s.Key] = u
			}
		}
		for _, t := range tasks {
			if other, ok := hashes[t.Hash]; ok {
				return nil, doc.Table("sweep").Errorf("", "tasks %s and %s are the same: the swept keys do not change what they compute; sweep keys that do, or use run.replicas", other, t.Label)
			}
			hashes[t.Hash] = t.Label
			exp.Tasks = append(exp.Tasks, t)
		}
	}
	if err := doc.Unknown(); err != nil {
		return nil, err
	}
	run := defaultRun()
	if err := doc.Table("run").Decode(&run); err != nil {
		return nil, err
	}
	exp.CheckpointEvery = run.CheckpointEvery
	if exp.Output, err = decodeOutput(doc, exp.Tasks); err != nil {
		return nil, err
	}
	for i, s := range points[0] {
		exp.Swept = append(exp.Swept, Swept{s.Key, units[s.Key], typeOf(points, i)})
	}
	exp.Resolved = doc.Resolved()
	return exp, nil
}

func safeName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return -1
	}, strings.TrimLeft(s, "."))
}

// expand makes the tasks of one sweep point.
func expand(doc *spec.Doc, p spec.Point, seed uint64) ([]Task, []Input, error) {
	run := defaultRun()
	if err := doc.Table("run").Decode(&run); err != nil {
		return nil, nil, err
	}
	sys, err := decodeSystem(doc)
	if err != nil {
		return nil, nil, err
	}
	ests, err := decodeEstimators(doc, run.Estimators)
	if err != nil {
		return nil, nil, err
	}
	if top := doc.Table(""); top.Has("path") || top.Has("move") { // checked even if no estimator of this run needs them
		if _, _, err := decodePath(doc); err != nil {
			return nil, nil, err
		}
	}
	label, coupling := pointLabel(p), p.Label()
	if run.CommonRandomNumbers {
		coupling = ""
	}
	var tasks []Task
	for replica := range run.Replicas {
		env := engine.Env{Seed: seed, Replica: replica, Coupling: coupling}
		begin, own := new(start), env
		env.NewModel = func() (*engine.Model, error) { return begin.train(context.Background(), sys, own) }
		env.NewModelAt = func(key string, value float64) (*engine.Model, error) { return modelAt(doc, own, key, value) }
		prepare := func(ctx context.Context) error {
			_, err := begin.train(ctx, sys, own)
			return err
		}
		if sys.start.Steps == 0 {
			prepare = nil
		}
		for _, e := range ests {
			t := Task{Point: label, Prepare: prepare, Observables: sys.observed, Replica: replica, Estimator: e.name, Shape: sys.shape, Swept: map[string]string{}, env: env, point: p}
			t.Group = strings.Trim(e.name+"/"+label, "/")
			t.Label = t.Group + "/r" + strconv.Itoa(replica)
			for _, s := range p {
				t.Swept[s.Key] = bare(s.Value)
			}
			if t.Runner, err = e.bind(doc, sys, env); err != nil {
				return nil, nil, err
			}
			if err := checkSwept(doc, e, t); err != nil {
				return nil, nil, err
			}
			t.Config = taskConfig(doc, sys, e, seed, replica, coupling)
			sum := sha256.Sum256([]byte(t.Config))
			t.Hash = hex.EncodeToString(sum[:8])
			tasks = append(tasks, t)
		}
	}
	return tasks, sys.inputs, nil
}

// taskConfig is the text a task's hash covers: the values that differ from their
// defaults, so that a new key with a default leaves old hashes alone.
func taskConfig(doc *spec.Doc, sys *system, e estimator, seed uint64, replica int, coupling string) string {
	return fmt.Sprintf("# schema %d, seed %d, replica %d, coupling %q, estimator %s\n%s%s",
		SchemaVersion, seed, replica, coupling, e.name, strings.Join(sys.files, ""), doc.NonDefault(append(sys.tables(), e.tables()...)...))
}

// pointLabel shortens the swept keys to their last parts where that stays unique.
func pointLabel(p spec.Point) string {
	short := map[string]int{}
	for _, s := range p {
		short[lastPart(s.Key)]++
	}
	var parts []string
	for _, s := range p {
		if s.Key == "run.estimators" {
			continue
		}
		key := lastPart(s.Key)
		if short[key] > 1 {
			key = s.Key
		}
		parts = append(parts, key+"="+bare(s.Value))
	}
	return strings.Join(parts, ",")
}

func lastPart(key string) string { return key[strings.LastIndex(key, ".")+1:] }

// bare strips the quotes of a TOML string.
func bare(value string) string {
	if s, err := strconv.Unquote(value); err == nil {
		return s
	}
	return value
}

// SecondsPerEvaluation times a few steps of the task's model.
func (t Task) SecondsPerEvaluation() (float64, error) {
	m, err := t.env.NewModel()
	if err != nil || m.Map == nil {
		return 0, err
	}
	state, next := make([]float64, m.Map.Dim()), make([]float64, m.Map.Dim())
	xi := make([]float64, m.Map.Inputs())
	src := t.env.Stream("calibration")
	m.Map.Init(state, m.Start)
	best := math.Inf(1)
	for range 5 {
		start, n := time.Now(), 0
		for ; n < 8 || time.Since(start) < 4*time.Millisecond; n++ {
			src.Normals(xi)
			m.Map.Step(next, state, xi)
		}
		best = math.Min(best, time.Since(start).Seconds()/float64(n))
	}
	return best, nil
}
