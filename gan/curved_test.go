package gan

import (
	"math"
	"testing"

	"machlup/langevin"
	"machlup/langevin/exact"
	"machlup/langevin/langevintest"
)

const (
	curvedT, curvedEta, curvedDamping, curvedDecay, curvedPsi = 0.8, 0.1, 0.3, 1.0, 0.7
)

// frozen is the curved game with noise in the generator's metric and a critic that stays at ψ.
func frozen(t testing.TB, correction string) *Trainer {
	t.Helper()
	c := DefaultCurved()
	c.Psi = curvedPsi
	small, err := c.Game(nil)
	if err != nil {
		t.Fatal(err)
	}
	still, err := SGDConfig{Eta: 1e-300}.Optimizer()
	if err != nil {
		t.Fatal(err)
	}
	natural, err := NaturalConfig{Eta: curvedEta, Damping: curvedDamping}.Optimizer()
	if err != nil {
		t.Fatal(err)
	}
	decay, err := WeightDecayConfig{Generator: curvedDecay}.Regulariser()
	if err != nil {
		t.Fatal(err)
	}
	return game{small: &small, loss: "wasserstein", d: still, g: natural, regs: []Regulariser{decay}, batch: 1,
		noise: Noise{Kind: "injected", TG: curvedT, MetricG: true, Quenched: 1, Correction: correction}}.trainer(t)
}

// curvedLaw is the stationary law of the discrete kernel, written out from its definition.
func curvedLaw(correction string, eta float64) exact.Law {
	c := DefaultCurved()
	slope := func(x float64) float64 { return 1 + c.Amplitude*math.Cos(c.Wave*x) }
	g := func(x float64) float64 { return 1 / (slope(x)*slope(x) + curvedDamping) }
	gamma := func(x float64) float64 {
		return 2 * g(x) * g(x) * slope(x) * c.Amplitude * c.Wave * math.Sin(c.Wave*x)
	}
	drift := func(x float64) float64 { return -eta * g(x) * (curvedDecay*x - curvedPsi*slope(x)) }
	s := math.Sqrt(2 * eta * curvedT)
	if correction == Kinetic {
		return exact.NewMapKernel(func(x, xi float64) float64 {
			end := x + s*math.Sqrt(g(x))*xi
			return x + drift(x) + s/2*(g(x)+g(end))*xi/math.Sqrt(g(x))
		}, -6, 7, 261).Stationary()
	}
	multiple := map[string]float64{"none": 0, "half": 0.5, "full": 1}[correction]
	return exact.NewGaussianKernel(func(x float64) float64 {
		return x + drift(x) + eta*curvedT*multiple*gamma(x)
	}, func(x float64) float64 { return s * math.Sqrt(g(x)) }, -6, 7, 261).Stationary()
}

// TestCurvedLaw: with each correction ⟨θ⟩ and ⟨θ²⟩ of the trainer are those of the exact law of its
// discrete kernel, |z| < 4 from 40 blocks and standard errors below 0.025; the laws are so far
// apart that each run refutes the others'.
func TestCurvedLaw(t *testing.T) {
	const blocks, block = 40, 3000
	moments := func(x float64) [2]float64 { return [2]float64{x, x * x} }
	names := []string{"none", "half", "full", Kinetic}
	laws := map[string][2]float64{}
	for _, name := range names {
		law := curvedLaw(name, curvedEta)
		laws[name] = [2]float64{law.Mean(func(x float64) float64 { return x }), law.Mean(func(x float64) float64 { return x * x })}
	}
	for _, name := range names {
		tr := frozen(t, name)
		src := stream(t, name)
		state, next, xi := start(t, tr), make([]float64, tr.Dim()), make([]float64, tr.Inputs())
		var sum, square [2]float64
		for b := -1; b < blocks; b++ {
			var in [2]float64
			for range block {
				src.Normals(xi)
				tr.Step(next, state, xi)
				state, next = next, state
				for k, v := range moments(tr.Theta(state)[0]) {
					in[k] += v / block
				}
			}
			for k, v := range in {
				if b >= 0 {
					sum[k], square[k] = sum[k]+v/blocks, square[k]+v*v/blocks
				}
			}
		}
		if psi := tr.Psi(state)[0]; psi != curvedPsi {
			t.Errorf("ψ moved to %v", psi)
		}
		z := func(law [2]float64) (worst float64) {
			for k := range sum {
				stderr := math.Sqrt((square[k] - sum[k]*sum[k]) / (blocks - 1))
				if stderr > 0.025 {
					t.Errorf("%s: moment %d has a standard error of %.3g", name, k, stderr)
				}
				worst = math.Max(worst, math.Abs(sum[k]-law[k])/stderr)
			}
			return worst
		}
		for _, other := range names {
			same := name == other || (name == "full" || name == Kinetic) && (other == "full" || other == Kinetic)
			if d := z(laws[other]); name == other && d > 4 || !same && d < 8 {
				t.Errorf("%s against the law of %s: |z| = %.1f (%.4f, want %.4f)", name, other, d, sum, laws[other])
			}
		}
	}
}

// TestCurvedTargets: as η → 0 the law of each kernel is the density that the correction names, to
// 1 % in ⟨θ²⟩ extrapolated from three steps. The laws differ by 30 %.
func TestCurvedTargets(t *testing.T) {
	c := DefaultCurved()
	slope := func(x float64) float64 { return 1 + c.Amplitude*math.Cos(c.Wave*x) }
	u := func(x float64) float64 {
		return curvedDecay*x*x/2 - curvedPsi*(x+c.Amplitude/c.Wave*math.Sin(c.Wave*x))
	}
	g := func(x float64) float64 { return 1 / (slope(x)*slope(x) + curvedDamping) }
	square := func(x float64) float64 { return x * x }
	for name, multiple := range map[string]float64{"none": 0, "half": 0.5, "full": 1, Kinetic: 1} {
		want := exact.MetricTarget(u, g, curvedT, multiple, -6, 7, 261).Mean(square)
		var v [3]float64
		for i, eta := range []float64{0.1, 0.05, 0.025} {
			v[i] = curvedLaw(name, eta).Mean(square)
		}
		near(t, name, v[0]/3-2*v[1]+8*v[2]/3, want, 0.01) // without terms in η and η²
	}
}

// TestCurvedConformance holds the curved game to what every map, observer and recurrence keeps.
func TestCurvedConformance(t *testing.T) {
	for _, correction := range []string{"none", "full"} {
		tr := frozen(t, correction)
		langevintest.CheckMap(t, func() langevin.Map { return tr.Fork() }, start(t, tr)[:tr.Config()])
	}
	c := DefaultCurved()
	small, err := c.Game(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, q := small.Generator.newStages(1), []float64{0.4}
	out, up, down, rout := make([]float64, 1), make([]float64, 1), make([]float64, 1), make([]float64, 1)
	p.forward(up, []float64{0.4 + 1e-4}, nil, 1)
	p.forward(down, []float64{0.4 - 1e-4}, nil, 1)
	p.forward(out, q, nil, 1)
	p.tangent(rout, q, []float64{1}, nil)
	closeTo(t, "x′", rout, []float64{(up[0] - down[0]) / 2e-4}, 1e-8)
	p.(secondStages).mixedTangent(rout, q, []float64{1}, nil, []float64{1})
	closeTo(t, "x″", rout, []float64{(up[0] - 2*out[0] + down[0]) / 1e-8}, 1e-6)
}
