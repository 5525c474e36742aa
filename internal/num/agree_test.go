package num

import (
	"testing"

	"pgregory.net/rapid"
)

// An operation draws the inputs of a kernel and returns them with a function that runs the
// kernel on copies of them; every input counts as output too, as it must come back alike.
type operation struct {
	name string
	draw func(s source) (in [][]float64, run func(in [][]float64))
}

// All kernel sets return the reference's bits, at any alignment.
func TestSetsAgree(t *testing.T) {
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				s := newSource(rt)
				in, run := op.draw(s)
				use(t, generic)
				want := copies(in, func() int { return 0 })
				run(want)
				for k := generic; k <= available(); k++ {
					kernels = k
					got := copies(in, func() int { return s.size("offset", 7) })
					run(got)
					for i := range want {
						for j := range want[i] {
							if !same(got[i][j], want[i][j]) {
								s.Fatalf("%s: array %d[%d] = %v, want %v of the reference", setNames[k], i, j, got[i][j], want[i][j])
							}
						}
					}
				}
			})
		})
	}
}

// copies returns copies of the inputs at given offsets from a cache line.
func copies(in [][]float64, offset func() int) [][]float64 {
	out := make([][]float64, len(in))
	for i, x := range in {
		b := newBuffer(len(x), offset())
		copy(b.v, x)
		out[i] = b.v
	}
	return out
}

// normals returns n normals.
func (s source) normals(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = s.rng.NormFloat64()
	}
	return x
}

// extent draws a matrix dimension: mostly small, at times beyond a block.
func (s source) extent(name string) int {
	switch rapid.SampledFrom([]int{0, 1, 2, 3, 4, 5, 6, 7}).Draw(s.T, name+" kind") {
	case 6:
		return 1
	case 7:
		return rapid.SampledFrom([]int{97, 127, 128, 129, 191, 193, 255, 256, 257, 300, 479, 481, 513}).Draw(s.T, name+" at an edge")
	}
	return s.size(name, 50)
}

var operations = []operation{
	{"Gemm", func(s source) ([][]float64, func([][]float64)) {
		m, n, k := s.extent("m"), s.extent("n"), s.extent("k")
		transA, transB, alpha, beta := s.flag("transA"), s.flag("transB"), s.factor("alpha"), s.factor("beta")
		lda, ldb, ldc := k, n, n+s.size("gap", 3)
		if transA {
			lda = m
		}
		if transB {
			ldb = k
		}
		return [][]float64{s.normals(m * k), s.normals(k * n), s.normals(m * ldc)}, func(in [][]float64) {
			Gemm(transA, transB, m, n, k, alpha, in[0], lda, in[1], ldb, beta, in[2], ldc)
		}
	}},
	{"Linear", func(s source) ([][]float64, func([][]float64)) {
		batch, out, in := s.extent("batch"), s.extent("out"), s.extent("in")
		slope := s.slope()
		return [][]float64{s.normals(batch * in), s.normals(out * in), s.normals(out), s.normals(batch * out), s.normals(batch * out), s.normals(batch * in), s.normals(batch * in), s.normals(out * in), s.normals(out)},
			func(a [][]float64) {
				Linear(a[3], a[0], a[1], a[2], batch, out, in)
				LinearLeakyReLU(a[4], a[0], a[1], a[2], batch, out, in, slope)
				LinearGradInput(a[5], a[4], a[1], batch, out, in)
				LinearGradInputLeakyReLU(a[6], a[4], a[1], a[0], batch, out, in, slope)
				LinearGradWeights(a[7], a[8], a[4], a[0], batch, out, in, 1)
			}
	}},
	{"Syrk", func(s source) ([][]float64, func([][]float64)) {
		n, k, alpha, beta := s.extent("n"), s.extent("k"), s.factor("alpha"), s.factor("beta")
		return [][]float64{s.normals(n * n), s.normals(n * k)}, func(in [][]float64) {
			Syrk(in[0], n, in[1], k, n, k, alpha, beta)
		}
	}},
	{"Gram", func(s source) ([][]float64, func([][]float64)) {
		n, hk, dk := s.extent("n"), s.extent("hk"), s.extent("dk")
		alpha, beta := s.factor("alpha"), s.factor("beta")
		return [][]float64{s.normals(n * n), s.normals(n * hk), s.normals(n * dk)}, func(in [][]float64) {
			Gram(in[0], n, in[1], hk, 1, in[2], dk, alpha, beta)
		}
	}},
	{"Cholesky", func(s source) ([][]float64, func([][]float64)) {
		n := s.extent("n")
		x, a := s.normals(n*(n+3)), make([]float64, n*n)
		kernels = generic
		Syrk(a, n, x, n+3, n, n+3, 1, 0)
		return [][]float64{a, s.normals(n), s.normals(n), s.normals(1)}, func(in [][]float64) {
			if Cholesky(in[0], n) {
				CholSolve(in[0], n, in[1])
				CholSolveLT(in[0], n, in[2])
				in[3][0] = CholLogDet(in[0], n)
			} else {
				clear(in[0])
			}
		}
	}},
	{"Vectors", func(s source) ([][]float64, func([][]float64)) {
		n, m, beta := s.extent("n"), s.extent("m"), s.factor("beta")
		return [][]float64{s.normals(n), s.normals(n), s.normals(3), s.normals(m * n), s.normals(n)}, func(in [][]float64) {
			in[2][0], in[2][1] = Dot(in[0], in[1]), Norm2(in[0])
			Axpy(in[2][2], in[0], in[1])
			ColSum(in[4], in[3], m, n, beta)
		}
	}},
	{"AdamStep", func(s source) ([][]float64, func([][]float64)) {
		n, b1 := s.extent("n"), rapid.SampledFrom([]float64{0, 0.3, 0.5, 0.9}).Draw(s.T, "b1")
		v := s.normals(n)
		for i := range v {
			v[i] *= v[i]
		}
		return [][]float64{s.normals(n), s.normals(n), s.normals(n), v}, func(in [][]float64) {
			AdamStep(in[0], in[1], in[2], in[3], 1e-3, b1, 0.999, 1e-8, 1-b1*b1, 1-0.999*0.999)
		}
	}},
	elementwise("Exp", Exp), elementwise("Log", Log), elementwise("Sigmoid", Sigmoid), elementwise("Softplus", Softplus),
	elementwise("Tanh", Tanh), elementwise("ReLU", ReLU),
	elementwise("LeakyReLU", func(dst, x []float64) { LeakyReLU(dst, x, 0.2) }),
	elementwise("ReLUGrad", func(dst, x []float64) { ReLUGrad(dst, dst, x) }),
	elementwise("LeakyReLUGrad", func(dst, x []float64) { LeakyReLUGrad(dst, dst, x, 0.2) }),
	elementwise("TanhGrad", func(dst, x []float64) { TanhGrad(dst, dst, x) }),
	elementwise("SigmoidGrad", func(dst, x []float64) { SigmoidGrad(dst, dst, x) }),
	elementwise("SoftplusGrad", func(dst, x []float64) { SoftplusGrad(dst, dst, x) }),
}

func (s source) slope() float64 {
	return rapid.SampledFrom([]float64{0, 0.2, 1}).Draw(s.T, "slope")
}

// elementwise runs a function on arguments of every kind: normals, all exponents, specials.
func elementwise(name string, f func(dst, x []float64)) operation {
	return operation{name, func(s source) ([][]float64, func([][]float64)) {
		n := s.extent("n")
		return [][]float64{s.normals(n), s.values("x", n).v, s.bits(n)}, func(in [][]float64) {
			f(in[0], in[1])
			f(in[2], in[2])
		}
	}}
}

// bits returns n numbers of uniformly random bits.
func (s source) bits(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = randomBits(s.rng)
	}
	return x
}
