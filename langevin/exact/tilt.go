package exact

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// A QuadraticTilt is the weight exp(−Σ_{k=1..K} o(x_k)), o(x) = ½xᵀQx + c·x + d, on the
// paths of x' = Mx + noise of covariance N from a fixed start (O7). A recurrence with
// momentum is linear in the state (x, x⁻): one form serves block-tridiagonal and
// pentadiagonal precisions.
type QuadraticTilt struct {
	Dim    int
	M, N   []float64 // Dim × Dim
	Q      []float64 // Dim × Dim, symmetric
	Linear []float64 // c, of length Dim; nil for 0
	Const  float64   // d
}

// LogMean is log⟨exp(−Σ o)⟩ over the free paths of the given number of steps from start:
// log Z(tilt)/Z(0), by the backward (Riccati) recursion for
// V_k(x) = −log⟨exp(−Σ_{j>k} o(x_j))| x_k = x⟩, a quadratic function of x. ok is false
// where the mean is infinite.
func (t QuadraticTilt) LogMean(start []float64, steps int) (value float64, ok bool) {
	n := t.Dim
	p, b, c := mat.NewDense(n, n, nil), mat.NewVecDense(n, nil), 0.0
	for range steps {
		p.Add(p, dense(t.Q, n))
		if t.Linear != nil {
			b.AddVec(b, mat.NewVecDense(n, t.Linear))
		}
		c += t.Const
		if p, b, c, ok = t.expect(p, b, c); !ok {
			return 0, false
		}
	}
	x := mat.NewVecDense(n, start)
	var px mat.VecDense
	px.MulVec(p, x)
	return -(mat.Dot(x, &px)/2 + mat.Dot(b, x) + c), true
}

// expect returns −log E exp(−½yᵀPy − b·y − c), y = Mx + noise of covariance N, as a
// quadratic function of x. With N = RRᵀ and W = (I + RᵀPR)⁻¹ it is that of
// P' = P − PRWRᵀP, b' = b − PRWRᵀb, c' = c + ½ log det(I + RᵀPR) − ½bᵀRWRᵀb, at Mx.
func (t QuadraticTilt) expect(p *mat.Dense, b *mat.VecDense, c float64) (*mat.Dense, *mat.VecDense, float64, bool) {
	n := t.Dim
	r := root(t.N, n)
	var rp, a mat.Dense
	rp.Mul(r.T(), p)
	a.Mul(&rp, r)
	sym := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i + 1 {
			sym.SetSym(i, j, (a.At(i, j)+a.At(j, i))/2)
		}
		sym.SetSym(i, i, sym.At(i, i)+1)
	}
	var chol mat.Cholesky
	if !chol.Factorize(sym) {
		return nil, nil, 0, false
	}
	var wrp, drop mat.Dense
	var rb, wrb, dropb mat.VecDense
	if chol.SolveTo(&wrp, &rp) != nil {
		return nil, nil, 0, false
	}
	drop.Mul(rp.T(), &wrp)
	rb.MulVec(r.T(), b)
	if chol.SolveVecTo(&wrb, &rb) != nil {
		return nil, nil, 0, false
	}
	dropb.MulVec(rp.T(), &wrb)
	c += chol.LogDet()/2 - mat.Dot(&rb, &wrb)/2

	var p1, p2 mat.Dense
	var b1, b2 mat.VecDense
	p1.Sub(p, &drop)
	b1.SubVec(b, &dropb)
	m := dense(t.M, n)
	p2.Mul(m.T(), &p1)
	p1.Mul(&p2, m)
	b2.MulVec(m.T(), &b1)
	return &p1, &b2, c, true
}

// root is a matrix R with RRᵀ = N, N positive semidefinite.
func root(cov []float64, n int) *mat.Dense {
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(n, append([]float64(nil), cov...)), true) {
		panic("exact: the noise covariance has no eigenvalues")
	}
	var r mat.Dense
	e.VectorsTo(&r)
	for j, v := range e.Values(nil) {
		for i := range n {
			r.Set(i, j, r.At(i, j)*math.Sqrt(max(0, v)))
		}
	}
	return &r
}
