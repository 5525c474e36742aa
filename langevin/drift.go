package langevin

// A Drift is a velocity field ẋ = f(x); it need not be a gradient.
type Drift interface {
	Dim() int
	Drift(dst, x []float64) // writes f(x); dst and x do not overlap
}

// A DriftDerivative is a Drift with the products of its Jacobian Df(x) that linear-noise
// theory needs. dst overlaps neither x nor the vector.
type DriftDerivative interface {
	Drift
	DriftJVP(dst, x, v []float64) // Df(x)·v
	DriftVJP(dst, x, w []float64) // Df(x)ᵀ·w
}

// A RowDrift is a Drift that evaluates many configurations at once, with the same bits as
// Drift one by one: x and dst hold them row after row, Dim() numbers each.
type RowDrift interface {
	Drift
	DriftRows(dst, x []float64)
}

// A scaledRowDrift scales the rows as it makes them.
type scaledRowDrift interface {
	driftRowsTimes(dst, x []float64, c float64)
}

// A RowGradient is a Potential that evaluates the gradients of many configurations at once:
// x and dst hold them row after row, Dim() numbers each.
type RowGradient interface {
	Potential
	GradientRows(dst, x []float64)
}

// A HessianVector is a Potential with Hessian-vector products.
type HessianVector interface {
	Potential
	HessVec(dst, x, v []float64) // ∇²U(x)·v; dst overlaps neither x nor v
}

// A StochasticDrift is a Drift that can also be sampled: SampleDrift is unbiased, or
// documented otherwise, and driven by Inputs() standard normals. Mini-batches are of
// this kind.
type StochasticDrift interface {
	Drift
	Inputs() int
	SampleDrift(dst, x, xi []float64)
}

// Descent returns the drift −∇U. It has derivatives if U has Hessian-vector products.
func Descent(u Potential) Drift {
	if h, ok := u.(HessianVector); ok {
		return smoothDescent{descent{u}, h}
	}
	return descent{u}
}

type descent struct{ u Potential }

func (f descent) Dim() int { return f.u.Dim() }

func (f descent) Drift(dst, x []float64) {
	f.u.Gradient(dst, x)
	negate(dst)
}

// DriftRows writes −∇U of each row.
func (f descent) DriftRows(dst, x []float64) { f.driftRowsTimes(dst, x, 1) }

// driftRowsTimes writes −c∇U of each row.
func (f descent) driftRowsTimes(dst, x []float64, c float64) {
	if u, ok := f.u.(RowGradient); ok {
		u.GradientRows(dst, x)
	} else {
		n := f.u.Dim()
		for i := 0; i+n <= len(x); i += n {
			f.u.Gradient(dst[i:i+n:i+n], x[i:i+n:i+n])
		}
	}
	scaleRows(dst[:len(x)], -c)
}

func scaleRows(dst []float64, c float64) {
	for i := range dst {
		dst[i] *= c
	}
}

type smoothDescent struct {
	descent
	h HessianVector
}

func (f smoothDescent) DriftJVP(dst, x, v []float64) {
	f.h.HessVec(dst, x, v)
	negate(dst)
}

// DriftVJP equals DriftJVP: a Hessian is symmetric.
func (f smoothDescent) DriftVJP(dst, x, w []float64) { f.DriftJVP(dst, x, w) }

func negate(x []float64) {
	for i := range x {
		x[i] = -x[i]
	}
}
