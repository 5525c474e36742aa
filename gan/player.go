package gan

import (
	"math"

	"machlup/internal/num"
)

// A player is one side of the game: where its parameters, memory and inputs lie, how it
// turns cotangents into directions, and the noise injected into it.
type player struct {
	name      string
	net       Network
	opt       Optimizer
	lo, hi    int     // parameters within state and configuration
	mem, end  int     // memory within the state
	xi, xiEnd int     // injected noise within the inputs; empty without
	s         float64 // standard deviation of the injected noise

	p      stages
	rows   int    // of the batch that direction is of
	metric metric // nil for a plain direction
	ownF   bool   // the noise has covariance s²F⁻¹
	dir    []float64
	extra  []float64 // gradient of the regularisations; nil without
	noise  []float64 // F^{-1/2}-coloured normals, when ownF
}

func newPlayer(name string, net Network, opt Optimizer, rows, forwardRows int) (*player, error) {
	pl := &player{name: name, net: net, opt: opt, p: net.newStages(forwardRows), rows: rows, dir: make([]float64, net.Params())}
	if !opt.Direction.Natural {
		return pl, nil
	}
	var err error
	pl.metric, err = newMetric(pl, rows)
	return pl, err
}

// regularised makes room for what regularisations add to the gradient.
func (pl *player) regularised() {
	pl.extra = make([]float64, pl.net.Params())
	if pl.metric != nil {
		pl.p.enableTangents()
	}
}

// inject switches noise of temperature T on; it returns the normals that takes a step.
func (pl *player) inject(T float64, metricNoise bool) int {
	pl.s = math.Sqrt(pl.opt.Rule.NoiseVariance(T))
	if pl.s == 0 {
		return 0
	}
	if pl.ownF = metricNoise; !metricNoise {
		return pl.net.Params()
	}
	pl.p.enableTangents()
	pl.noise = make([]float64, pl.net.Params())
	return pl.metric.normals()
}

// outputs runs the forward pass that direction needs.
func (pl *player) outputs(out, params, in []float64, rows int) {
	if pl.metric != nil {
		pl.p.forward(out, params, in, rows)
	} else {
		pl.p.evaluate(out, params, in, rows)
	}
}

// direction writes into dir what the optimizer's rule follows, for the cotangents c[rows×out]
// of the forward pass just done and, with regularisations, the gradient in extra.
func (pl *player) direction(params, c []float64) {
	if pl.metric == nil {
		pl.p.backward(pl.dir, params, c)
		if pl.extra != nil {
			num.Axpy(1, pl.extra, pl.dir)
		}
		return
	}
	pl.metric.factor(params)
	pl.metric.direction(pl.dir, params, c)
	if pl.extra != nil && num.Norm2(pl.extra) != 0 {
		pl.metric.solve(pl.extra, params, pl.extra)
		num.Axpy(1, pl.extra, pl.dir)
	}
}

// step moves the player's part of the state along pl.dir with the noise of the inputs xi.
// params are those of the forward pass.
func (pl *player) step(next, state, xi []float64) {
	var w []float64
	params := state[pl.lo:pl.hi]
	if pl.s > 0 {
		w = xi[pl.xi:pl.xiEnd]
		if pl.ownF {
			pl.metric.sample(pl.noise, params, w)
			w = pl.noise
		}
	}
	pl.opt.Rule.Step(next[pl.lo:pl.hi], next[pl.mem:pl.end], params, state[pl.mem:pl.end], pl.dir, pl.s, w)
}
