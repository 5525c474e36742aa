package gan

import (
	"fmt"
	"math"
	"testing"

	"machlup/langevin"
	"machlup/langevin/langevintest"
)

// affine tells whether both rules are, so that differences of any size are derivatives.
func (t *Trainer) affine() bool {
	for _, pl := range []*player{t.dis, t.gen} {
		if r, err := asSmooth(pl.opt.Rule); err != nil || !r.affine() {
			return false
		}
	}
	return true
}

// TestRuleDerivatives: the partial derivatives of every rule are differences of its step, at
// the start of the memory and later, where v̂ leads v and where it does not, with a schedule.
// The noise acts as differences of s·w do, and adjoint is the transpose of tangent.
func TestRuleDerivatives(t *testing.T) {
	cosine := CosineSchedule{Steps: 9}
	for _, e := range Optimizers() {
		o := optimizer(t, e.Name)
		rules := []Rule{o.Rule, Scheduled(o.Rule, cosine, InverseTimeSchedule{Offset: 2, Power: 0.55})}
		for i, rule := range rules {
			t.Run(fmt.Sprintf("%s/%d", e.Name, i), func(t *testing.T) {
				const n = 6
				r, err := asSmooth(rule)
				if err != nil {
					t.Fatal(err)
				}
				src := langevintest.NewSource(31, i)
				memory, next, p, g := make([]float64, rule.Memory(n)), make([]float64, rule.Memory(n)), make([]float64, n), make([]float64, n)
				rule.Init(memory)
				for k := range 4 {
					src.Normals(g)
					if k == 2 { // the largest second moment is behind
						scaled(g, 1e-3, g)
					}
					checkRule(t, r, k, p, memory, g)
					rule.Step(p, next, clone(p), memory, g, 0, nil)
					memory, next = next, memory
				}
			})
		}
	}
}

func clone(x []float64) []float64 { return append([]float64(nil), x...) }

func checkRule(t *testing.T, r smoothRule, k int, p, memory, g []float64) {
	t.Helper()
	n := len(p)
	d := newRuleDerivative(r, n)
	r.partials(d, memory, g)
	slots := d.slots
	src := langevintest.NewSource(32, k)
	draw := func(n int) []float64 { v := make([]float64, n); src.Normals(v); return v }
	vp, vm, vg, vw := draw(n), draw(slots*n), draw(n), draw(n)
	for i := range vm { // relative, and inward where a moment is 0
		vm[i] *= math.Abs(memory[i])
	}
	for i := range vg {
		vg[i] *= math.Abs(g[i])
	}
	rp, rm := make([]float64, n), make([]float64, len(memory))
	d.tangent(rp, rm, vp, vm, vg, vw)
	step := func(h float64) (x, m []float64) {
		x, m = make([]float64, n), make([]float64, len(memory))
		at := func(a, v []float64) []float64 {
			out := clone(a)
			for i := range v {
				out[i] += h * v[i]
			}
			return out
		}
		r.Step(x, m, at(p, vp), at(memory, vm), at(g, vg), h, vw)
		return x, m
	}
	const h = 1e-5
	up, upM := step(h)
	down, downM := step(-h)
	scale := 0.0
	for i := range rp {
		scale = math.Max(scale, math.Abs(rp[i]))
	}
	for i := range rp {
		if want := (up[i] - down[i]) / (2 * h); !(math.Abs(rp[i]-want) < 1e-8*scale+1e-9*math.Abs(want)) {
			t.Errorf("step %d: derivative of parameter %d is %v, by differences %v", k, i, rp[i], want)
		}
	}
	for i := range slots * n {
		if want := (upM[i] - downM[i]) / (2 * h); !(math.Abs(rm[i]-want) < 1e-8*(math.Abs(want)+1e-3)) {
			t.Errorf("step %d: derivative of memory %d is %v, by differences %v", k, i, rm[i], want)
		}
	}
	wp, wm := draw(n), draw(len(memory))
	wg, ww, wmem := make([]float64, n), make([]float64, n), make([]float64, len(memory))
	d.adjoint(wg, ww, wmem, wp, wm)
	dot := func(a, b []float64) (s float64) {
		for i := range b {
			s += a[i] * b[i]
		}
		return s
	}
	left := dot(rp, wp) + dot(wm, rm[:slots*n])
	right := dot(wp, vp) + dot(wg, vg) + dot(ww, vw) + dot(wmem, vm)
	if !(math.Abs(left-right) < 1e-11*(1+math.Abs(left))) {
		t.Errorf("step %d: adjoint is not the transpose of tangent: %v and %v", k, left, right)
	}
}

// TestAdaptiveLinearizer: the derivative of a whole step with moments in the optimizers'
// memory, on a quenched batch and on a minibatch, is that of differences of Step in
// directions that keep second moments positive; the derivative by the noise likewise, and
// products with the transpose agree.
func TestAdaptiveLinearizer(t *testing.T) {
	for _, o := range [][2]string{{"adam", "adam"}, {"rmsprop", "natural-momentum"}, {"optimistic", "amsgrad"}, {"natural", "adam"}, {"sgd", "natural-momentum"}, {"natural-momentum", "nesterov"}} {
		for _, noise := range []Noise{{Kind: "injected", TD: 1e-3, TG: 2e-3, Quenched: 6}, {Kind: "minibatch-gaussian+injected", TD: 1e-3, TG: 2e-3, Quenched: 9}, {Kind: "minibatch"}} {
			t.Run(fmt.Sprint(o, noise.Kind), func(t *testing.T) {
				s := game{latent: 2, hidden: []int{3}, batch: 5, noise: noise, d: optimizer(t, o[0]), g: optimizer(t, o[1])}
				if o[0] == "sgd" { // the fast pass of a network ℝ → ℝ
					s.act = "relu"
				}
				tr := s.trainer(t)
				var lin langevin.Linearizer
				var err error
				if noise.Fresh() {
					lin, err = tr.BatchLinearizer()
				} else {
					lin, err = tr.Linearizer()
				}
				if err != nil {
					t.Fatal(err)
				}
				state, next, xi := make([]float64, tr.Dim()), make([]float64, tr.Dim()), make([]float64, tr.Inputs())
				tr.Init(state, start(t, tr)[:tr.Config()])
				src := langevintest.NewSource(33, 0)
				for range 4 {
					src.Normals(xi)
					tr.Step(next, state, xi)
					state, next = next, state
				}
				checkAdaptive(t, tr, lin, state, noise.Fresh())
			})
		}
	}
}

func checkAdaptive(t *testing.T, tr *Trainer, lin langevin.Linearizer, state []float64, fresh bool) {
	t.Helper()
	src := langevintest.NewSource(34, 0)
	draw := func(n int) []float64 { v := make([]float64, n); src.Normals(v); return v }
	at, v, w := make([]float64, tr.Inputs()), draw(tr.Dim()), draw(tr.Dim())
	for _, pl := range []*player{tr.dis, tr.gen} {
		r, _ := asSmooth(pl.opt.Rule)
		n := pl.hi - pl.lo
		for i := range state[pl.mem:pl.end] {
			v[pl.mem+i] *= math.Abs(state[pl.mem+i])
			if i >= r.slots()*n {
				v[pl.mem+i], w[pl.mem+i] = 0, 0 // a counter
			}
		}
		for i := pl.lo; i < pl.hi; i++ {
			v[i] *= 1e-3 // the gradient must not change sign
		}
	}
	if fresh {
		at = draw(tr.Inputs())
		lin.(langevin.BatchLinearizer).OnBatch(at)
	}
	difference := func(x, xi, dx, dxi []float64) []float64 {
		const h = 1e-5
		out := [2][]float64{make([]float64, tr.Dim()), make([]float64, tr.Dim())}
		for i, h := range []float64{h, -h} {
			x, xi := clone(x), clone(xi)
			for j := range dx {
				x[j] += h * dx[j]
			}
			for j := range dxi {
				xi[j] += h * dxi[j]
			}
			tr.Step(out[i], x, xi)
		}
		for j := range out[0] {
			out[0][j] = (out[0][j] - out[1][j]) / (2 * h)
		}
		return out[0]
	}
	compare := func(what string, got, want []float64) {
		t.Helper()
		var diff, norm float64
		for i := range got {
			diff += (got[i] - want[i]) * (got[i] - want[i])
			norm += want[i] * want[i]
		}
		if !(diff < 1e-13*norm) {
			t.Errorf("%s differs from differences of Step by %.2g, relative", what, math.Sqrt(diff/norm))
		}
	}
	mv, mw := make([]float64, tr.Dim()), make([]float64, tr.Dim())
	lin.JVP(mv, state, v)
	compare("JVP", mv, difference(state, at, v, nil))
	lin.VJP(mw, state, w)
	var left, right float64
	for i := range w {
		left += w[i] * mv[i]
		right += mw[i] * v[i]
	}
	if !(math.Abs(left-right) < 1e-10*(math.Abs(left)+1)) {
		t.Errorf("VJP is not the transpose of JVP: %v and %v", left, right)
	}
	if fresh {
		return
	}
	u, lw, lu := draw(tr.Inputs()), make([]float64, tr.Inputs()), make([]float64, tr.Dim())
	lin.(langevin.NoiseLinearizer).NoiseJVP(lu, state, u)
	compare("NoiseJVP", lu, difference(state, at, nil, u))
	lin.NoiseVJP(lw, state, w)
	left, right = 0, 0
	for i := range w {
		left += w[i] * lu[i]
	}
	for i := range u {
		right += lw[i] * u[i]
	}
	if !(math.Abs(left-right) < 1e-10*(math.Abs(left)+1e-6)) {
		t.Errorf("NoiseVJP is not the transpose of NoiseJVP: %v and %v", left, right)
	}
}
