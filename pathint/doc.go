// Package pathint samples whole trajectories: Metropolis chains on exp(−S) over the
// paths q_0, …, q_K of a random recurrence, and the partition functions log Z of their
// tilts, with errors.
//
// A target is an [Action] with [Ends], a scale and a tilt,
//
//	weight(path) = exp(−κ·Q + rest − s·O),  κ = β/ħ,
//
// where Q is the quadratic part of the action, O = Σ_{k=1..K} o(q_k) a time-integrated
// observable, and what does not scale (−½ log det of a metric) belongs to the measure.
// Two coordinate systems carry it: [Positions] (the slices themselves; action
// [OnsagerMachlup]; any local move) and [Innovations] (the N(0,1) inputs of the map;
// action [Innovation]; any system, trajectories re-simulated from the first change).
//
// A [Path] holds slices, one cached drift per step and the action's terms per step. A
// [Move] changes part of a path and returns its log proposal ratio; [Chain] decides, in
// one place, by [Metropolis]; a rejected proposal restores only what it touched. Nothing
// allocates per move.
//
//	act, err := pathint.NewOnsagerMachlup(system)
//	chain, err := pathint.NewChain(pathint.Spec{
//		Action: act, Ends: pathint.FreeEnd(q0), Steps: 64,
//		Observer: system, Tilt: pathint.Tilt{Observable: "mean", S: 0.5},
//		Moves: []pathint.Move{pathint.Staging{Length: 8, Step: 1, Target: 0.4}},
//	})
//	err = chain.StartForward(3, src) // a deliberately wrong path: noise three times too large
//	chain.Warm(200, src)             // step sizes adapt here and nowhere else
//	chain.Sweep(src)                 // once per draw
//	q := chain.Path().Quadratic()
//
// Estimators work on a [Ladder], a family of laws indexed by λ with ∂U/∂λ: [NewTilted]
// makes one of a chain (λ = s), [NewPotentials] of a pair of potentials. [TI] and [AIS]
// return an [Estimate] whose Err says why there is none; [O1] and [O10] are certificates of
// the sampler against exact laws.
//
// A new action implements [Action], a new move [Move] and [Kernel]; neither needs
// anything unexported. Every path quantity counts cost in gradient evaluations: one unit
// is one drift of every block, or one step of a Map.
package pathint
