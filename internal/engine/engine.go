// Package engine runs estimators on models.
//
// A task is one (sweep point, replica, estimator). It is computed in parts, the unit of
// parallel work and of resuming; the parts' raw data are combined by Finish into the
// rows of the result tables, and an estimator that compares tasks (over replicas, over
// sweep points) adds rows in Pool. Everything a part draws comes from streams derived
// from (seed, replica, purpose, coupling), so a result depends on the resolved config
// and the seed alone: not on workers, order, shards or interruptions.
//
//	Model   what is simulated: a langevin.Map with what else it can do
//	Runner  a configured estimator: Parts, Run, Finish (and Pool)
//	Output  the tables a task writes
package engine

import (
	"context"
	"fmt"
	"strconv"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
)

// A Model is a built system with its trainer or scheme and noise. It keeps scratch
// space: one per part.
type Model struct {
	Kind  string
	Shape string       // architecture, in words: what final states must agree in
	Map   langevin.Map // nil for a purely configurational potential
	// Recurrence gives paths a density in positions; nil with the reason in NoRecurrence.
	Recurrence   langevin.Recurrence
	NoRecurrence error
	// Linear is the tangent map; nil with the reason in NoLinear.
	// The Linearizer is also a Map: the same one.
	Linear   langevin.Linearizer
	NoLinear error
	// BatchLinear is the tangent map on given minibatches; nil with the reason in NoBatchLinear.
	BatchLinear   langevin.BatchLinearizer
	NoBatchLinear error
	// MeanMap is the map whose mean is the classical trajectory, where it is not Map.
	MeanMap langevin.Map
	// Gradients takes gradients row by row; nil for systems without minibatches.
	Gradients *GradientModel
	// Observer computes the observables selected in the config, in that order.
	Observer langevin.Observer
	// Potential is set for systems whose stationary law is a Boltzmann law; where it could be
	// expected and is not, NoPotential has the reason.
	Potential   langevin.Potential
	Temperature float64 // of that law
	NoPotential error
	// OtherLaw is why the chain of Map has not the law of Potential even as its step goes to 0, nil where it has.
	OtherLaw error
	// InverseTemperature is β where the stationary law is e^{−βE} of the observable energy,
	// exactly; 0 where there is no such law, or a Potential tells it.
	InverseTemperature float64
	// NoStationary is the reason why there is no stationary law, nil where there may be one.
	NoStationary error
	// Unconfined is the reason why trajectories are not known to settle into a law, though averages
	// over them may be asked for; nil where they are, or that is left to see.
	Unconfined error
	// Reference is the normalised law that log Z is quoted relative to; nil without.
	Reference *Reference
	// Draw writes an exact draw of e^{−U/T}; nil where none is known.
	Draw  func(x []float64, src langevin.Source)
	Start []float64 // configuration q_0
	Size  int       // size of the system for phase.csv: generator parameters, or components
	Eta   float64   // time of one step in units of the flow
	// Quenched tells that ξ = 0 is the classical trajectory (injected noise); otherwise
	// it is the averaged map E_ξΦ.
	Quenched bool
	// Drawn tells that potential and observables are of batches from the task's streams: tasks of other
	// random numbers are other systems.
	Drawn bool
	// NoAverage is the reason why states cannot be averaged into E_ξΦ, nil where they can.
	NoAverage error
	// Regression is the data set that SGD runs on; nil elsewhere.
	Regression *langevin.Regression
	// Generator draws samples of the generated distribution; nil for toy systems.
	Generator Generator
}

// A Reference is a normalised law of the configuration: a named prior.
type Reference struct {
	Measure   string             // what it is, for reference_measure
	Potential langevin.Potential // −log density
	Draw      func(x []float64, src langevin.Source)
}

// Advance moves the model's start by some steps of its map, memory dropped.
func Advance(m *Model, steps int, src langevin.Source) error {
	state, next := make([]float64, m.Map.Dim()), make([]float64, m.Map.Dim())
	xi := make([]float64, m.Map.Inputs())
	m.Map.Init(state, m.Start)
	for k := range steps {
		src.Normals(xi)
		m.Map.Step(next, state, xi)
		if !finite(next) {
			return &Divergence{What: "the training before the start; lower the learning rate", Step: k + 1}
		}
		state, next = next, state
	}
	copy(m.Start, state)
	return nil
}

// A Generator produces samples of the distribution that a configuration encodes.
type Generator interface {
	DataDim() int
	// Generate fills dst with len(dst)/DataDim() samples drawn with the source's normals.
	Generate(dst, q []float64, src langevin.Source)
	// TargetSamples fills dst with samples of the data distribution.
	TargetSamples(dst []float64, src langevin.Source)
	// Quantile is the quantile function of 1-D data, ok = false where unknown.
	Quantile(u float64) (x float64, ok bool)
	// Loss writes the generator's loss of each of the samples against q's discriminator.
	Loss(dst, q, samples []float64)
	// TargetDensity is the density of the data at x (len DataDim()), ok = false where unknown.
	TargetDensity(x []float64) (density float64, ok bool)
}

// Env is what a task knows of itself: where its random numbers come from and how to
// build its model.
type Env struct {
	Seed     uint64
	Replica  int
	Coupling string
	Alias    string // name of the estimator's table where it is not the estimator's own
	NewModel func() (*Model, error)
	// NewModelAt is NewModel with another value of a number in the config, given by its dotted
	// key; it refuses keys that the system does not have.
	NewModelAt func(key string, value float64) (*Model, error)
}

// Stream derives the stream of one purpose. Purposes are unique within a task.
func (e Env) Stream(purpose string) *rng.Stream {
	return rng.New(e.Seed, e.Replica, purpose, e.Coupling)
}

// Own derives a stream of one estimator: two tables of one kind draw independently of
// each other, on the same model.
func (e Env) Own(purpose string) *rng.Stream {
	if e.Alias != "" {
		purpose = e.Alias + ": " + purpose
	}
	return e.Stream(purpose)
}

// Part names the stream of part i of an estimator.
func (e Env) Part(estimator string, i int) *rng.Stream {
	return e.Own(estimator + "/part " + strconv.Itoa(i))
}

// A Runner is an estimator bound to a task.
type Runner interface {
	// Parts is the number of independent pieces of the task, ≥ 1.
	Parts() int
	// Work is the cost of a part in gradient evaluations (one D and one G gradient).
	Work(part int) float64
	// Run computes a part. It returns ctx.Err() soon after ctx ends. The result must be
	// encodable by encoding/gob with exported fields; it is what Finish receives.
	Run(ctx context.Context, part int, progress func(work float64)) (any, error)
	// NewResult returns a pointer to a zero result, for decoding.
	NewResult() any
	// Finish turns the parts, in order, into rows.
	Finish(parts []any, out *Output) (Outcome, error)
}

// A Sizer is a Runner that can tell about how many bytes its parts and tables will take.
type Sizer interface {
	Bytes() float64
}

// Bytes that a number takes in a part's file and in a table, a row's other cells included.
const (
	partBytes = 9
	cellBytes = 20
)

// BytesOf estimates what a task takes on the disk: parts, tables, and the tables once more,
// merged. Where the Runner does not say, it is as much as small tasks take.
func BytesOf(r Runner) float64 {
	const files = 16 << 10 // manifests, and the last block of each file
	if s, ok := r.(Sizer); ok {
		return files + s.Bytes()
	}
	return files + float64(r.Parts())*(8<<10)
}

// A Pooler is a Runner that adds rows which need several tasks of the experiment, the
// replicas of one sweep point or all points.
type Pooler interface {
	// PoolKey names what is pooled together; tasks of different estimators may share it.
	PoolKey() string
	// Pool receives the finished tasks of one key in task order; it is called on the
	// Runner of the first.
	Pool(tasks []Finished, out *Output) error
}

// A SweepReader is a Pooler that reads the values of swept keys: by the key of its own table,
// the dotted key that must be swept.
type SweepReader interface {
	SweptKeys() map[string]string
}

// A Condenser is a Pooler that needs less of a task than its parts: Condense keeps what Pool
// needs, so that the tasks of a large experiment fit in memory together.
type Condenser interface {
	Condense(parts []any) []any
}

// Condense is what is kept of a task for Pool.
func Condense(r Runner, parts []any) []any {
	switch r := r.(type) {
	case Condenser:
		return r.Condense(parts)
	case estimated:
		var out []any
		for _, e := range estimatesOf(r, parts) {
			out = append(out, e)
		}
		return out
	}
	return parts
}

// A Finished task, as Pool sees it.
type Finished struct {
	Label   string // task label
	Group   string // estimator and sweep point: equal for its replicas
	Point   string // label of the sweep point
	Replica int
	Swept   map[string]string // value of each swept key, as in tasks.csv
	Runner  Runner
	Parts   []any // or what Condense made of them
	Outcome Outcome
}

// Status of a finished task.
type Status string

// The statuses of tasks.csv. A diverged run is a result, not a failure.
const (
	OK         Status = "ok"
	NoEstimate Status = "no-estimate"
	Diverged   Status = "diverged"
	Failed     Status = "failed"
)

// An Outcome says how a task ended.
type Outcome struct {
	Status       Status
	DivergedStep int    // first non-finite step, −1 if none
	Note         string // why there is no estimate, for the summary on screen

	LogZ *analysis.Estimate // a log Z that the task estimated, for the progress line; may be nil
}

// Done is the outcome of a task that gave all its estimates.
func Done() Outcome { return Outcome{Status: OK, DivergedStep: -1} }

// None is the outcome of a task that must not give an estimate, with the reason.
func None(format string, args ...any) Outcome {
	return Outcome{Status: NoEstimate, DivergedStep: -1, Note: fmt.Sprintf(format, args...)}
}
