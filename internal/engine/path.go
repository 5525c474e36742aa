package engine

import (
	"context"
	"fmt"
	"strings"

	"machlup/langevin"
	"machlup/pathint"
)

// PathConfig is the table [path]: which trajectories are sampled.
type PathConfig struct {
	Steps      int       `toml:"steps" range:"[1,1000000]" unit:"step" doc:"K, steps of a trajectory (K+1 slices)"`
	Action     string    `toml:"action" enum:"onsager-machlup|onsager-machlup-midpoint|innovation|euclidean|lagrangian" doc:"onsager-machlup: positions; onsager-machlup-midpoint: positions of the implicit midpoint, Stratonovich; innovation: the inputs of the map; euclidean: imaginary time in the system's potential; lagrangian: its literal version with −V"`
	Moves      []string  `toml:"moves" doc:"[move.NAME] tables that chains use together, one after the other in a sweep; empty: all"`
	Observable string    `toml:"observable" doc:"o of the tilt exp(−s Σ_{k=1..K} o(q_k)), one of the selected observables; empty: no tilt"`
	Tilt       float64   `toml:"tilt" range:"(-inf,inf)" unit:"1/observable" doc:"s of the sampled law; estimators of log Z go from 0 to s"`
	Hbar       float64   `toml:"hbar" range:"(0,inf)" unit:"1" doc:"ħ of exp(−S/ħ); the metric's determinant belongs to the measure and does not scale"`
	End        string    `toml:"end" enum:"free|pinned|pinned-pair|periodic" doc:"free end; q_K fixed at end_at; q_{K−1} and q_K fixed at end_before and end_at, position and velocity of a law with momentum; or a ring, q_K = q_0 and no start of its own"`
	EndAt      []float64 `toml:"end_at" unit:"1" doc:"the pinned end: one value for all components, or one each"`
	Sets       PathSets  `toml:"sets"`
	EndBefore  []float64 `toml:"end_before" unit:"1" doc:"q_{K−1} of a pinned pair, likewise"`
	Start      string    `toml:"start" enum:"fixed|gaussian|boltzmann" doc:"law of q_0: fixed at the system's start; N(start, start_std²) in each component; e^{−U/start_temperature} of the system's potential"`
	StartStd   float64   `toml:"start_std" range:"(0,inf)" unit:"1" doc:"standard deviation of a gaussian start"`
	StartTemp  float64   `toml:"start_temperature" range:"[0,inf)" unit:"energy" doc:"temperature of a boltzmann start; 0: that of the system"`
	Euclidean  Imaginary `toml:"euclidean"`
	Lagrangian Imaginary `toml:"lagrangian"`
	Wrong      float64   `toml:"wrong_start" range:"[0,1000]" unit:"1" doc:"chains start from a trajectory simulated with its noise multiplied by this: deliberately wrong unless 1"`
}

// DefaultPath is the configuration with no key set.
func DefaultPath() PathConfig {
	return PathConfig{Steps: 16, Action: "onsager-machlup", Hbar: 1, End: "free", Start: "fixed", StartStd: 1, Wrong: 3, Sets: DefaultPathSets(), Euclidean: DefaultImaginary(), Lagrangian: DefaultImaginary()}
}

// A PathSetup makes chains of paths of a task's model.
type PathSetup struct {
	Config PathConfig
	Moves  []pathint.Move // those used together that work on the action's coordinates
	Names  []string       // their tables
	Each   []NamedMove    // all that work on them, by the names of their tables
}

// A NamedMove is a [move.NAME] of the config.
type NamedMove struct {
	Name string
	Move pathint.Move
}

// Chain returns a chain of the model's paths with tilt s.
func (p PathSetup) Chain(m *Model, s float64) (*pathint.Chain, error) {
	return p.chain(m, s, p.Config.Action, p.Moves)
}

func (p PathSetup) chain(m *Model, s float64, action string, moves []pathint.Move) (*pathint.Chain, error) {
	spec, err := p.spec(m, s, action, moves)
	if err != nil {
		return nil, err
	}
	return pathint.NewChain(spec)
}

func (p PathSetup) spec(m *Model, s float64, action string, moves []pathint.Move) (spec pathint.Spec, err error) {
	act, err := p.Config.action(m, action)
	if err != nil {
		return spec, err
	}
	ends, err := p.ends(m)
	if err != nil {
		return spec, err
	}
	spec = pathint.Spec{Action: act, Ends: ends, Steps: p.Config.Steps, Observer: m.Observer, Hbar: p.Config.Hbar, Moves: moves}
	if p.Config.Observable != "" {
		spec.Tilt = pathint.Tilt{Observable: p.Config.Observable, S: s}
	}
	spec.Sets, err = p.Config.Sets.bind(m)
	return spec, err
}

// action returns the named action of a model, or the reason why it has none.
func (c PathConfig) action(m *Model, name string) (pathint.Action, error) {
	switch name {
	case "innovation":
		return pathint.NewInnovation(m.Map)
	case "euclidean", "lagrangian":
		return c.imaginary(m, name)
	}
	if m.NoRecurrence != nil {
		return nil, &KeyError{"path.action", fmt.Sprintf("%q", name), `"innovation": ` + m.NoRecurrence.Error()}
	}
	if name == "onsager-machlup-midpoint" {
		act, err := pathint.NewMidpoint(m.Recurrence)
		if err != nil {
			return nil, &KeyError{"path.action", fmt.Sprintf("%q", name), `"onsager-machlup" or "innovation": ` + err.Error()}
		}
		return act, nil
	}
	return pathint.NewOnsagerMachlup(m.Recurrence)
}

// check builds everything once, so that what is refused is refused before a run.
func (p PathSetup) check(m *Model) error {
	if o := p.Config.Observable; o != "" {
		var names []string
		found := false
		for _, v := range m.Observer.Observables() {
			names = append(names, v.Name)
			found = found || v.Name == o
		}
		if !found {
			return &KeyError{"path.observable", fmt.Sprintf("%q", o), "one of the selected observables: " + strings.Join(names, ", ")}
		}
	} else if p.Config.Tilt != 0 {
		return &KeyError{"path.tilt", fmt.Sprint(p.Config.Tilt), "0 without path.observable"}
	}
	if err := p.checkEnds(); err != nil {
		return err
	}
	_, err := p.Chain(m, p.Config.Tilt)
	return err
}

// needTilt refuses an estimator of log Z(s)/Z(0) without a tilt.
func (p PathSetup) needTilt() error {
	if p.Config.Observable == "" || p.Config.Tilt == 0 {
		return &KeyError{"path.tilt", fmt.Sprint(p.Config.Tilt), "a number other than 0, with path.observable: log Z(s)/Z(0) needs a tilt"}
	}
	return p.Config.Sets.refuse("log Z(s)/Z(0) is relative to paths with a free end")
}

// measure names what Z(s) is relative to.
func (p PathSetup) measure() string {
	m := "Z(0): the law of the trainer's paths, "
	if p.Config.quantum() {
		m = "Z(0): the untilted action, "
	}
	return m + p.Config.Action + p.Config.endsMeasure()
}

// start puts chain number i on a deliberately wrong path: even ones on a trajectory with
// too much noise, odd ones on the noise-free one, so that R̂ sees a start not forgotten.
func (p PathSetup) start(c *pathint.Chain, i int, src pathint.Source) error {
	scale := p.Config.Wrong
	if i%2 == 1 {
		scale = 0
	}
	if err := c.StartForward(scale, src); err != nil {
		return startDiverged(c, err)
	}
	if p.Config.Sets.given() {
		return c.Reach(p.Config.Sets.Reach, src)
	}
	return nil
}

// sweepsFrom runs sweeps from … n−1; between slices of them it offers the state, looks at ctx
// and reports.
func sweepsFrom(ctx context.Context, from, n int, do func(i int), state func(done int) any, progress func(done int)) error {
	session := SessionOf(ctx)
	for i := from; i < n; i++ {
		if i%8 == 0 || i == from {
			if err := session.Offer(ctx, func() any { return state(i) }); err != nil {
				return err
			}
			progress(i)
		}
		do(i)
	}
	return nil
}

// accept tells the session what the chain's moves have accepted of late.
func (s *Session) accept(c *pathint.Chain) {
	if s == nil {
		return
	}
	var proposed, accepted int64
	for i := range c.Moves() {
		st := c.Stats(i)
		proposed, accepted = proposed+st.Proposed, accepted+st.Accepted
	}
	if proposed > 0 {
		s.Accept(float64(accepted) / float64(proposed))
	}
}

// marshal is the state of a chain that has a path.
func marshal(c interface{ MarshalBinary() ([]byte, error) }) []byte {
	b, err := c.MarshalBinary()
	if err != nil {
		panic("engine: a chain that cannot be saved: " + err.Error())
	}
	return b
}

// unmarshal restores what marshal saved; its error sets the checkpoint aside.
func unmarshal(c interface{ UnmarshalBinary([]byte) error }, b []byte) error {
	if err := c.UnmarshalBinary(b); err != nil {
		return &StaleError{err}
	}
	return nil
}

var _ langevin.Source = pathint.Source(nil)
