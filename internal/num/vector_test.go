package num

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func TestDotAndNorm2(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			n := s.size("n", 200)
			x, y := s.vector("x", n), s.vector("y", n)
			var xy, xx sum2
			for i := range n {
				xy.add(x.v[i], y.v[i])
				xx.add(x.v[i], x.v[i])
			}
			near(s, "dot", Dot(x.v, y.v), xy.value(), xy.size, n+2)
			near(s, "norm", Norm2(x.v), xx.value(), xx.size, n+2)
		})
	})
}

func TestAxpy(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			n, alpha := s.size("n", 200), s.factor("alpha")
			x, y := s.vector("x", n), s.vector("y", n)
			old := y.clone()
			Axpy(alpha, x.v, y.v)
			x.check(s, "x")
			y.check(s, "y")
			for i := range n {
				var sum sum2
				sum.add(1, old.v[i])
				sum.add(alpha, x.v[i])
				near(s, "axpy", y.v[i], sum.value(), sum.size, 2)
			}
		})
	})
}

// Dimension mistakes are programming errors and panic before anything is written.
func TestPanics(t *testing.T) {
	x3, x4 := make([]float64, 3), make([]float64, 4)
	for name, f := range map[string]func(){
		"Dot":           func() { Dot(x3, x4) },
		"Axpy":          func() { Axpy(1, x3, x4) },
		"ReLU":          func() { ReLU(x3, x4) },
		"Exp":           func() { Exp(x4, x3) },
		"TanhGrad":      func() { TanhGrad(x3, x3, x4) },
		"Gemm short":    func() { Gemm(false, false, 2, 2, 2, 1, x4, 2, x3, 2, 0, x4, 2) },
		"Gemm ld":       func() { Gemm(false, false, 2, 2, 2, 1, x4, 1, x4, 2, 0, x4, 2) },
		"Gemm trans":    func() { Gemm(true, false, 1, 1, 4, 1, x3, 1, x4, 1, 0, x4, 1) },
		"Gemm negative": func() { Gemm(false, false, -1, 2, 2, 1, x4, 2, x4, 2, 0, x4, 2) },
		"Linear":        func() { Linear(x4, x4, x4, x3[:1], 2, 2, 2) },
		"ColSum":        func() { ColSum(x3, x4, 1, 4, 0) },
		"Syrk":          func() { Syrk(x3, 2, x4, 2, 2, 2, 1, 0) },
		"Gram":          func() { GramAccumulate(x4, 2, x3, 2, 1, x4, 2) },
		"Cholesky":      func() { Cholesky(x3, 2) },
		"CholSolve":     func() { CholSolve(x4, 2, x3[:1]) },
		"AdamStep":      func() { AdamStep(x4, x4, x4, x3, 1, 0, 0, 0, 1, 1) },
	} {
		func() {
			defer func() {
				if s, ok := recover().(string); !ok || len(s) < 5 || s[:5] != "num: " {
					t.Errorf("%s: recovered %v, want a panic with the package's prefix", name, s)
				}
			}()
			f()
		}()
	}
}

func TestKernelChoice(t *testing.T) {
	for _, c := range []struct {
		name       string
		best, want kernelSet
	}{
		{"", avx512, avx512}, {"generic", avx512, generic}, {"avx2", avx512, avx2},
		{"avx512", avx2, avx2}, {"AVX2", avx512, avx512}, {"sse9", generic, generic},
	} {
		if got := chosen(c.name, c.best); got != c.want {
			t.Errorf("chosen(%q, %v) = %v, want %v", c.name, c.best, got, c.want)
		}
	}
}

// The variable is read once, at start: ask this test binary in a process of its own.
func TestKernelVariable(t *testing.T) {
	if os.Getenv("NUM_PRINT_KERNELS") != "" {
		println("kernels:", Kernels())
		return
	}
	for k := generic; k <= available(); k++ {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKernelVariable$")
		cmd.Env = append(os.Environ(), "NUM_PRINT_KERNELS=1", KernelsVariable+"="+setNames[k])
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "kernels: "+setNames[k]+"\n") {
			t.Errorf("%s=%s: %v, %s", KernelsVariable, setNames[k], err, out)
		}
	}
}

// The offsets that the assembly of asm/strip.go and asm/adam.go uses.
func TestAssemblyLayout(t *testing.T) {
	var s strip
	want := []uintptr{
		unsafe.Offsetof(s.a), unsafe.Offsetof(s.rowA), unsafe.Offsetof(s.colA), unsafe.Offsetof(s.blockA), unsafe.Offsetof(s.k),
		unsafe.Offsetof(s.b), unsafe.Offsetof(s.rowB), unsafe.Offsetof(s.c), unsafe.Offsetof(s.rowC), unsafe.Offsetof(s.m),
		unsafe.Offsetof(s.mode), unsafe.Offsetof(s.alpha), unsafe.Offsetof(s.beta), unsafe.Offsetof(s.bias), unsafe.Offsetof(s.x),
		unsafe.Offsetof(s.rowX), unsafe.Offsetof(s.last), unsafe.Offsetof(s.slope),
	}
	for i, offset := range want {
		if offset != uintptr(8*i) {
			t.Errorf("field %d of strip is at %d, not %d", i, offset, 8*i)
		}
	}
	if unsafe.Offsetof(s.keep) != unsafe.Offsetof(s.slope)+32 {
		t.Error("strip.keep does not follow slope")
	}
	var r adamRates
	for i, offset := range []uintptr{unsafe.Offsetof(r.w), unsafe.Offsetof(r.b1), unsafe.Offsetof(r.b2), unsafe.Offsetof(r.w2),
		unsafe.Offsetof(r.step), unsafe.Offsetof(r.root2), unsafe.Offsetof(r.eps)} {
		if offset != uintptr(8*i) {
			t.Errorf("field %d of adamRates is at %d", i, offset)
		}
	}
}
