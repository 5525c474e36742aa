package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"machlup/internal/rng"
	"machlup/pathint"
)

// O10Config configures the certificate O10: the forward ensemble, the Metropolis chain in
// positions (where the law has a density) and the chain of innovations give every
// observable at every slice the same law. Unlike O1 it sees the drift.
type O10Config struct {
	Runs   int `toml:"runs" range:"[50,10000000]" unit:"1" doc:"independent forward trajectories"`
	Chains int `toml:"chains" range:"[2,1000]" unit:"1" doc:"chains of each action"`
	Warm   int `toml:"warm" range:"[0,inf)" unit:"sweep" doc:"sweeps in which step sizes adapt"`
	Burn   int `toml:"burn" range:"[0,inf)" unit:"sweep" doc:"sweeps dropped after that"`
	Draws  int `toml:"draws" range:"[50,inf)" unit:"1" doc:"draws kept of each chain"`
	Thin   int `toml:"thin" range:"[1,inf)" unit:"sweep" doc:"sweeps between draws"`
}

// DefaultO10 is the configuration with no key set.
func DefaultO10() O10Config {
	return O10Config{Runs: 1000, Chains: 2, Warm: 100, Burn: 100, Draws: 500, Thin: 2}
}

// o10 is the Runner: part 0 the forward ensemble, then the chains of each action.
type o10 struct {
	cfg     O10Config
	env     Env
	setup   PathSetup
	actions []string
	moves   map[string][]pathint.Move
	forth   string // the action whose process is run forward
}

// NewO10 checks the configuration against the model and binds it to a task. The setup's
// moves are those of all coordinates.
func NewO10(cfg O10Config, setup PathSetup, all []pathint.Move, env Env, m *Model) (Runner, error) {
	o := &o10{cfg: cfg, env: env, setup: setup, moves: map[string][]pathint.Move{}}
	if setup.Config.End != "free" {
		return nil, &KeyError{"path.end", fmt.Sprintf("%q", setup.Config.End), `"free": the forward ensemble has no other end`}
	}
	if err := setup.Config.Sets.refuse("the forward ensemble has a free end"); err != nil {
		return nil, err
	}
	if setup.Config.quantum() {
		return nil, &KeyError{"path.action", fmt.Sprintf("%q", setup.Config.Action), `"onsager-machlup" or "innovation": O10 compares the laws of a process that can be run forward`}
	}
	actions := []string{"onsager-machlup", "innovation"}
	o.forth = "innovation"
	if a := setup.Config.Action; a == "onsager-machlup-midpoint" { // another law than the map's
		actions, o.forth = []string{a}, a
	}
	for _, action := range actions {
		if action == "onsager-machlup" && m.NoRecurrence != nil {
			continue
		}
		act, err := setup.Config.action(m, action)
		if err != nil {
			return nil, err
		}
		o.moves[action] = Applicable(all, act.Coordinates())
		if len(o.moves[action]) == 0 {
			return nil, &KeyError{"move", "no move of " + act.Coordinates().String(), "at least one, for the " + action + " chain of O10"}
		}
		if _, err := setup.chain(m, 0, action, o.moves[action]); err != nil {
			return nil, err
		}
		if err := setup.startMoves(o.moves[action]); err != nil {
			return nil, err
		}
		o.actions = append(o.actions, action)
	}
	return o, setup.drawable(m)
}

// Applicable keeps the moves of one kind of coordinates.
func Applicable(all []pathint.Move, c pathint.Coordinates) []pathint.Move {
	var out []pathint.Move
	for _, m := range all {
		if MoveCoordinates(m) == c {
			out = append(out, m)
		}
	}
	return out
}

// MoveCoordinates says what a move of the catalogue, or one that wraps it, works on.
func MoveCoordinates(m pathint.Move) pathint.Coordinates {
	for w, ok := m.(interface{ Unwrap() pathint.Move }); ok; w, ok = m.(interface{ Unwrap() pathint.Move }) {
		m = w.Unwrap()
	}
	for _, e := range pathint.Moves() {
		if fmt.Sprintf("%T", e.New()) == fmt.Sprintf("%T", m) {
			return e.Coordinates
		}
	}
	panic("engine: a move that is not in the catalogue")
}

func (o *o10) Parts() int     { return 1 + len(o.actions)*o.cfg.Chains }
func (o *o10) NewResult() any { return new(pathint.Law) }

func (o *o10) Work(part int) float64 {
	if part == 0 {
		return float64(o.cfg.Runs * o.setup.Config.Steps)
	}
	action := o.actions[(part-1)/o.cfg.Chains]
	return float64(o.sweeps() * o.setup.Config.Steps * len(o.moves[action]))
}

func (o *o10) sweeps() int { return o.cfg.Warm + o.cfg.Burn + o.cfg.Draws*o.cfg.Thin }

func (o *o10) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	m, err := o.env.NewModel()
	if err != nil {
		return nil, err
	}
	if part == 0 {
		return o.forward(ctx, m, progress)
	}
	action := o.actions[(part-1)/o.cfg.Chains]
	c := (part - 1) % o.cfg.Chains
	src := o.env.Part("o10/"+action, c)
	chain, err := o.setup.chain(m, 0, action, o.moves[action])
	if err != nil {
		return nil, err
	}
	saved, from := o10State{}, 0
	if SessionOf(ctx).Restore(&saved) {
		*src, from, err = *saved.Source, saved.Sweeps, unmarshal(chain, saved.Chain)
	} else {
		err = o.setup.start(chain, c, src)
	}
	if err != nil {
		return nil, err
	}
	law := saved.Law
	if law == nil {
		if law, err = pathint.NewLaw(action, chain); err != nil {
			return nil, err
		}
	}
	perSweep := o.Work(part) / float64(o.sweeps())
	err = sweepsFrom(ctx, from, o.sweeps(), func(i int) {
		if i < o.cfg.Warm {
			chain.Warm(1, src)
			return
		}
		chain.Sweep(src)
		if n := i + 1 - o.cfg.Warm - o.cfg.Burn; n > 0 && n%o.cfg.Thin == 0 {
			law.Add(chain)
		}
	}, func(done int) any { return o10State{done, src, marshal(chain), law} }, func(i int) {
		SessionOf(ctx).accept(chain)
		progress(float64(i) * perSweep)
	})
	return law, err
}

// o10State is a part on its way; the forward ensemble has no chain.
type o10State struct {
	Sweeps int
	Source *rng.Stream
	Chain  []byte
	Law    *pathint.Law
}

func (o *o10) forward(ctx context.Context, m *Model, progress func(float64)) (any, error) {
	src := o.env.Part("o10/forward", 0)
	chain, err := o.setup.chain(m, 0, o.forth, o.moves[o.forth])
	if err != nil {
		return nil, err
	}
	law, err := pathint.NewLaw("forward", chain)
	if err != nil {
		return nil, err
	}
	saved := o10State{}
	if SessionOf(ctx).Restore(&saved) {
		*src, law = *saved.Source, saved.Law
	}
	var bad error
	err = sweepsFrom(ctx, saved.Sweeps, o.cfg.Runs, func(int) {
		if bad == nil {
			if bad = chain.StartForward(1/math.Sqrt(chain.Path().Kappa()), src); bad != nil {
				bad = startDiverged(chain, bad)
				return
			}
			law.Add(chain)
		}
	}, func(done int) any { return o10State{Sweeps: done, Source: src, Law: law} }, func(i int) { progress(float64(i * o.setup.Config.Steps)) })
	return law, cmp.Or(bad, err)
}

// laws joins the chains of each sampler.
func (o *o10) laws(parts []any) []*pathint.Law {
	laws := []*pathint.Law{parts[0].(*pathint.Law)}
	for a := range o.actions {
		group := parts[1+a*o.cfg.Chains : 1+(a+1)*o.cfg.Chains]
		law := group[0].(*pathint.Law)
		for _, p := range group[1:] {
			law.Merge(p.(*pathint.Law))
		}
		laws = append(laws, law)
	}
	return laws
}

// Finish writes the certificate: its number is the worst |z| of all comparisons of means
// and variances, judged by the chance of one as large among as many.
func (o *o10) Finish(parts []any, out *Output) (Outcome, error) {
	laws := o.laws(parts)
	r, err := pathint.O10(laws...)
	if err != nil {
		return None("O10: %v", err), nil
	}
	status := "ok"
	switch {
	case r.Passed():
	case r.P > 1e-3:
		status = fmt.Sprintf("too short to tell: smallest effective sample %.0f", r.MinESS)
	default:
		status = "the samplers disagree"
	}
	sampler := "forward"
	for _, l := range laws[1:] {
		sampler += " vs " + l.Label
	}
	out.Table(Partition).Add("O10", sampler, "worst |z| ("+r.Where+")", 0.0, "forward ensemble", r.WorstZ, nil, nil, nil, nil, r.WorstZ, float64(r.Comparisons), nil,
		fmt.Sprintf("%s: %d comparisons, chance of a worst |z| as large <= %.2g, mean z² = %.2f", status, r.Comparisons, r.P, r.Chi2PerZ))
	out.Table(Partition).Add("O10", sampler, "chance of a worst |z| as large (Bonferroni)", 0.0, "forward ensemble", r.P, nil, nil, nil, nil, nil, r.MinESS, nil, status)
	if r.Passed() {
		return Done(), nil
	}
	return None("O10: %s", r), nil
}
