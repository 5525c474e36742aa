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
	xi, xiEnd int     // injected noise of all moves within the inputs; empty without
	s         float64 // standard deviation of the injected noise

	p      stages
	rows   int    // of the batch that direction is of
	metric metric // nil for a plain direction
	ownF   bool   // the noise has covariance s²F⁻¹
	dir    []float64
	extra  []float64 // gradient of the regularisations; nil without
	noise  []float64 // F^{-1/2}-coloured normals, when ownF
	w      []float64 // noise of the next move; nil without
	moves  int       // in a step, each with noise of its own

	correction correction        // of metric noise; nil without
	gamma      *metricDivergence // if the correction is a multiple of TΓ
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

// inject switches noise of temperature T on; it returns the normals that takes a step of so
// many moves. Beside a batch that varies they are drawn at T = 0 too: else its batches would not be
// those of T > 0, common random numbers or not.
func (pl *player) inject(noise Noise, T float64, metricNoise bool, moves int) int {
	pl.moves = moves
	pl.s = math.Sqrt(pl.opt.Rule.NoiseVariance(T))
	normals := pl.net.Params()
	if metricNoise {
		normals = pl.metric.normals()
	}
	if pl.s == 0 {
		if noise.base() == noise.Kind {
			return 0
		}
		return moves * normals
	}
	if pl.ownF = metricNoise; !metricNoise {
		return moves * normals
	}
	pl.p.enableTangents()
	pl.noise = make([]float64, pl.net.Params())
	return moves * normals
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
// of the forward pass just done and, with regularisations, the gradient in extra. The metric is
// that of the loss with cotangents c; the gradient takes them weighted.
func (pl *player) direction(params, c, weighted []float64) {
	if pl.metric == nil {
		pl.p.backward(pl.dir, params, weighted)
		if pl.extra != nil {
			num.Axpy(1, pl.extra, pl.dir)
		}
		return
	}
	pl.metric.factor(params, c)
	if ofLoss(pl.metric) && &weighted[0] != &c[0] { // its direction is of the c it was given
		pl.p.backward(pl.dir, params, weighted)
		pl.metric.solve(pl.dir, params, pl.dir)
	} else {
		pl.metric.direction(pl.dir, params, weighted)
	}
	if pl.extra != nil && num.Norm2(pl.extra) != 0 {
		pl.metric.solve(pl.extra, params, pl.extra)
		num.Axpy(1, pl.extra, pl.dir)
	}
}

// draw takes the noise of the player's j-th move of a step from its inputs, coloured by the
// metric at the state's parameters, where direction was just computed.
func (pl *player) draw(state, xi []float64, j int) {
	if pl.s == 0 {
		return
	}
	n := (pl.xiEnd - pl.xi) / pl.moves
	pl.w = xi[pl.xi+j*n : pl.xi+(j+1)*n]
	if pl.ownF {
		pl.colour(state[pl.lo:pl.hi], state)
	}
}

// colour turns the normals in w into metric noise at params, with what corrects it for a
// metric that depends on them.
func (pl *player) colour(params, state []float64) {
	pl.metric.sample(pl.noise, params, pl.w)
	if pl.correction != nil {
		pl.correction.apply(pl.noise, params, pl.scale(state))
	}
	pl.w = pl.noise
}

// move moves the player's part of the state along dir with the noise drawn.
func (pl *player) move(next, state []float64) {
	pl.opt.Rule.Step(next[pl.lo:pl.hi], next[pl.mem:pl.end], state[pl.lo:pl.hi], state[pl.mem:pl.end], pl.dir, pl.s, pl.w)
}

// rate is the learning rate at a state: a schedule counts steps in the memory.
func (pl *player) rate(state []float64) float64 {
	if r, ok := pl.opt.Rule.(scheduledRule); ok {
		return r.Rate() * r.rate.At(state[pl.end-1])
	}
	return pl.opt.Rule.Rate()
}
