package gan

// A Network is a generator or a discriminator: the shape of a map of inputs and parameters,
// without parameters of its own. NewMLP makes a perceptron, the games of Games() their own.
type Network interface {
	In() int     // dimension of an input row
	Out() int    // dimension of an output row
	Params() int // parameters, flat
	// Init draws initial parameters.
	Init(params []float64, src Source)
	// newStages allocates the working storage for batches of up to rows rows.
	newStages(rows int) stages
}

// stages is the working storage of one network for a batch: a forward pass, the backward
// pass that follows it, and (after enableTangents) the R-operator of both (Pearlmutter,
// Neural Computation 6, 147, 1994). They are separate so that a caller pays only for what it
// uses; each reads what the previous ones left. Slices that go into a stage must stay
// unchanged until those that follow are done. R{·} is the derivative along v (parameters)
// and rin (inputs); nil is zero for either.
type stages interface {
	// forward writes the outputs [rows×out] of in[rows×in].
	forward(out, params, in []float64, rows int)
	// evaluate is forward when only backward or backwardInput will follow.
	evaluate(out, params, in []float64, rows int)
	// use restricts what follows to the rows lo ≤ row < hi of the last forward.
	use(lo, hi int)
	// outputs returns what the last forward or evaluate wrote, of the rows in use.
	outputs() []float64
	// inputs returns the rows in use of what the last forward read.
	inputs() []float64
	// runs counts forward passes: it tells whether what one left is still there.
	runs() uint64

	// backward writes Jᵀ·dOut for dOut[rows×out]; it may leave no cotangents.
	backward(grad, params, dOut []float64)
	// backwardInput writes the cotangents of the inputs in use, [rows×in]; likewise.
	backwardInput(dst, params, dOut []float64)
	// cotangents backpropagates dOut[rows×out]; gradient and inputCotangent read it off.
	cotangents(params, dOut []float64)
	gradient(grad []float64)
	// inputCotangent writes those of input rows lo ≤ row < hi, of those in use.
	inputCotangent(dst, params []float64, lo, hi int)

	// enableTangents allocates what the stages below need.
	enableTangents()
	// tangent writes R out[rows×out]; it follows forward.
	tangent(rout, params, v, rin []float64)
	// tangentCotangents computes R of the cotangents for R dOut; it follows tangent (same v)
	// and cotangents. tangentGradient and tangentInputCotangent read R of gradient and
	// inputCotangent off it.
	tangentCotangents(params, v, rdOut []float64)
	tangentGradient(rgrad, v []float64)
	tangentInputCotangent(dst, params, v []float64, lo, hi int)
}

// secondStages are stages with second tangents, which derivatives of J take.
type secondStages interface {
	stages
	// enableSeconds allocates what mixedTangent needs.
	enableSeconds()
	// mixedTangent writes the second derivative of the outputs [rows×out] along (v1, rin1) and
	// along v2, which moves parameters only; v1 and rin1 may be nil for zero. It follows forward
	// and leaves the tangents of the first direction.
	mixedTangent(out, params, v1, rin1, v2 []float64)
}
