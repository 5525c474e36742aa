package num

import (
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// A layer is a linear layer with its inputs and the cotangent of its outputs.
type layer struct {
	batch, out, in     int
	x, w, bias, dy     buffer
	slope              float64
	dx, masked, dw, db buffer
}

func (s source) layer() layer {
	l := layer{batch: s.size("batch", 37), out: s.size("out", 37), in: s.size("in", 37), slope: s.slope()}
	l.x, l.w, l.bias, l.dy = s.vector("x", l.batch*l.in), s.vector("w", l.out*l.in), s.vector("bias", l.out), s.vector("dy", l.batch*l.out)
	l.dx, l.masked = s.vector("dx", l.batch*l.in), s.vector("masked", l.batch*l.in)
	l.dw, l.db = s.vector("dw", l.out*l.in), s.vector("db", l.out)
	return l
}

// The gradients of Σ dy·y for y = x·wᵀ + bias, with respect to x (through an activation
// whose output x is), w and bias.
func TestLinearGradients(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			l := s.layer()
			beta := s.factor("beta")
			oldW, oldB := l.dw.clone(), l.db.clone()
			LinearGradInput(l.dx.v, l.dy.v, l.w.v, l.batch, l.out, l.in)
			LinearGradInputLeakyReLU(l.masked.v, l.dy.v, l.w.v, l.x.v, l.batch, l.out, l.in, l.slope)
			LinearGradWeights(l.dw.v, l.db.v, l.dy.v, l.x.v, l.batch, l.out, l.in, beta)
			for _, b := range []buffer{l.x, l.w, l.bias, l.dy, l.dx, l.masked, l.dw, l.db} {
				b.check(s, "layer")
			}
			l.checkInput(s)
			l.checkWeights(s, oldW.v, oldB.v, beta)
		})
	})
}

func (l *layer) checkInput(s source) {
	for i := range l.batch {
		for p := range l.in {
			var sum sum2
			for o := range l.out {
				sum.add(l.dy.v[i*l.out+o], l.w.v[o*l.in+p])
			}
			got := l.dx.v[i*l.in+p]
			near(s, "dx", got, sum.value(), sum.size, l.out+2)
			if !(l.x.v[i*l.in+p] > 0) {
				got *= l.slope
			}
			if l.masked.v[i*l.in+p] != got {
				s.Fatalf("masked dx[%d,%d] = %v, want %v", i, p, l.masked.v[i*l.in+p], got)
			}
		}
	}
}

func (l *layer) checkWeights(s source, oldW, oldB []float64, beta float64) {
	for o := range l.out {
		var bias sum2
		bias.add(beta, oldB[o])
		for i := range l.batch {
			bias.add(1, l.dy.v[i*l.out+o])
		}
		near(s, "db", l.db.v[o], bias.value(), bias.size, l.batch+4)
		for p := range l.in {
			var sum sum2
			sum.add(beta, oldW[o*l.in+p])
			for i := range l.batch {
				sum.add(l.dy.v[i*l.out+o], l.x.v[i*l.in+p])
			}
			near(s, fmt.Sprintf("dw[%d,%d]", o, p), l.dw.v[o*l.in+p], sum.value(), sum.size, l.batch+4)
		}
	}
}

// Kernels borrow working memory from a pool: concurrent calls must not share it.
func TestConcurrentCalls(t *testing.T) {
	const n, k = 130, 70
	a, b := random(n*k), random(n*k)
	want := make([]float64, n*n)
	Gemm(false, true, n, n, k, 1, a, k, b, k, 0, want, n)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			c := make([]float64, n*n)
			for range 50 {
				Gemm(false, true, n, n, k, 1, a, k, b, k, 0, c, n)
				for i := range c {
					if c[i] != want[i] {
						t.Errorf("element %d is %v, want %v", i, c[i], want[i])
						return
					}
				}
			}
		})
	}
	group.Wait()
}

// In steady state no kernel allocates.
func TestNoAllocations(t *testing.T) {
	const n = 70
	a, b, c, v, w := random(n*n), random(n*n), make([]float64, n*n), random(n), random(n)
	spd := make([]float64, n*n)
	Syrk(spd, n, a, n, n, n, 1, 0)
	for i := range n {
		spd[i*n+i] += 1
	}
	eachSet(t, func(t *testing.T) {
		for name, f := range map[string]func(){
			"Gemm":           func() { Gemm(true, true, n, n, n, 1, a, n, b, n, 0, c, n) },
			"Gemm strided":   func() { Gemm(false, false, n, 1, n, 2, a, n, b, n, 1, c, n) },
			"Linear":         func() { LinearLeakyReLU(c, a, b, v, n, n, n, 0.2) },
			"gradients":      func() { LinearGradInputLeakyReLU(c, a, b, a, n, n, n, 0); LinearGradWeights(c, w, a, b, n, n, n, 0) },
			"Syrk":           func() { Syrk(c, n, a, n, n, n, 1, 0) },
			"GramAccumulate": func() { GramAccumulate(c, n, a, n, 1, b, n) },
			"Cholesky":       func() { copy(c, spd); Cholesky(c, n); CholSolve(c, n, w); CholLogDet(c, n) },
			"vectors":        func() { Axpy(Dot(v, w)*1e-9, v, w); Norm2(v) },
			"elementwise": func() {
				Exp(c, a)
				Log(c, a)
				Sigmoid(c, a)
				Softplus(c, a)
				Tanh(c, a)
				ReLU(c, a)
			},
			"elementwise gradients": func() {
				TanhGrad(c, a, b)
				SigmoidGrad(c, a, b)
				SoftplusGrad(c, a, b)
				LeakyReLUGrad(c, a, b, 0.2)
			},
			"AdamStep": func() { AdamStep(v, w, c[:n], c[n:2*n], 0, 0.5, 0.999, 1e-8, 1, 1) },
		} {
			if allocs := testing.AllocsPerRun(20, f); allocs > 0 && !poolForgets {
				t.Errorf("%s: %v allocations a call", name, allocs)
			}
		}
	})
}
