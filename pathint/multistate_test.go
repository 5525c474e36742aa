package pathint

import (
	"fmt"
	"math"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
)

// gaussianLadder draws X = x²/2 of x ~ N(0, 1/λ) as autoregressive series: Z(λ) = λ^{−1/2}.
func gaussianLadder(lambda []float64, series, draws int, a float64, src Source) []LevelSample {
	levels := make([]LevelSample, len(lambda))
	for l, v := range lambda {
		levels[l].Lambda = v
		for range series {
			x, out := src.Normal(), make([]float64, draws)
			for i := range out {
				x = a*x + math.Sqrt(1-a*a)*src.Normal()
				out[i] = x * x / 2 / v
			}
			levels[l].Series = append(levels[l].Series, out)
		}
	}
	return levels
}

// Error bars of every estimator on a solvable ladder: pulls of 200 repeats have a standard
// deviation in [0.85, 1.15] and no bias.
func TestMultistateCalibration(t *testing.T) {
	t.Parallel()
	lambda := Ramp(1, 2, 4)
	want := -0.5 * math.Log(2)
	src := rng.New(41, 0, "ladder", "")
	pulls := map[string]*analysis.Moments{}
	for range 200 {
		e := Multistate(gaussianLadder(lambda, 2, 250, 0.5, src))
		for _, p := range e.estimates() {
			if p.Err != nil {
				continue // refused by chance: R̂ or drift
			}
			if pulls[p.Estimator] == nil {
				pulls[p.Estimator] = &analysis.Moments{}
			}
			bias := 0.0
			if p.Estimator == "ti-trapezoid" { // the rule's error on ½λ⁻¹ is known here
				for l := range lambda[1:] {
					h := lambda[l+1] - lambda[l]
					bias -= h * (0.5/lambda[l] + 0.5/lambda[l+1]) / 2
				}
				bias -= want
			}
			pulls[p.Estimator].Add((p.LogZ - want - bias) / p.StatErr)
		}
	}
	for _, name := range []string{"ti-trapezoid", "stepping-stone", "bar", "mbar"} {
		m := pulls[name]
		if m == nil || m.N() < 150 {
			t.Fatalf("%s gave too few estimates", name)
		}
		if s := m.Std(); s < 0.85 || s > 1.15 {
			t.Errorf("%s: pulls have standard deviation %.3f", name, s)
		}
		if z := m.Mean() / m.StdErr(); math.Abs(z) > 4 {
			t.Errorf("%s: pulls have mean %.3f, z = %.1f", name, m.Mean(), z)
		}
	}
}

// Levels that do not overlap are refused, as are ladders too short for an error.
func TestMultistateRefuses(t *testing.T) {
	src := rng.New(42, 0, "ladder", "")
	far := Multistate(gaussianLadder([]float64{1, 1e5, 1e10}, 2, 400, 0, src))
	for _, p := range []Estimate{far.BAR, far.MBAR, far.SteppingStone} {
		if p.Err == nil {
			t.Errorf("%s of levels without overlap: %v", p.Estimator, p)
		}
	}
	short := Multistate(gaussianLadder([]float64{1, 1.2, 1.4}, 2, 45, 0, src))
	if r, ok := analysis.Refused(short.MBAR.Err); !ok || r.Reason != analysis.TooShort {
		t.Errorf("a short ladder: %v", short.MBAR.Err)
	}
}

// Replica exchange leaves every level's law alone: with a local move that hardly moves, the
// levels of a Gaussian path have their exact ⟨O⟩, and log Z its exact value.
func TestReplicaExchange(t *testing.T) {
	t.Parallel()
	const K, s2 = 6, 0.36
	sys := linear(0.8, 0, math.Sqrt(s2))
	lambda := Ramp(0, 0.8, 4)
	var ladders []*Replicas
	var srcs [][]Source
	for i := range 2 {
		var chains []*Chain
		var src []Source
		for l := range lambda {
			c := mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd([]float64{1}), Steps: K, Observer: sys,
				Tilt: Tilt{Observable: "x2"}, Moves: []Move{Staging{Length: 6, Step: 0.5}}})
			s := rng.New(43, i, fmt.Sprint("chain ", l), "")
			if err := c.StartForward([]float64{0, 2}[i], s); err != nil {
				t.Fatal(err)
			}
			chains, src = append(chains, c), append(src, s)
		}
		r, err := NewReplicas(RungTilt, lambda, chains)
		if err != nil {
			t.Fatal(err)
		}
		ladders, srcs = append(ladders, r), append(srcs, src)
	}
	levels := make([]LevelSample, len(lambda))
	for l := range levels {
		levels[l] = LevelSample{lambda[l], make([][]float64, 2)}
	}
	for i, r := range ladders {
		swap := rng.New(43, i, "exchange", "")
		for k := range 4200 {
			for c, chain := range r.chains {
				chain.Sweep(srcs[i][c])
			}
			r.Exchange(swap)
			if k < 200 {
				continue
			}
			for l := range levels {
				levels[l].Series[i] = append(levels[l].Series[i], r.Conjugate(l))
			}
		}
		if r.Trips() < 20 || r.Acceptance(1) < 0.2 || r.Acceptance(1) > 0.99 {
			t.Errorf("%d round trips, acceptance %.2f", r.Trips(), r.Acceptance(1))
		}
	}
	e := Multistate(levels)
	want := quadraticTilt(K, 0.8, math.Sqrt(s2), lambda[4], 1)
	for _, p := range e.estimates()[1:] {
		if p.Err != nil {
			t.Fatal(p.Err)
		}
		within(t, p.Estimator, p.LogZ, p.StatErr, want, 0.05)
	}
	if z := math.Abs(e.Trapezoid.LogZ-want) / e.Trapezoid.StdErr(); e.Trapezoid.Err != nil || z > 4 {
		t.Errorf("trapezoid: %+v, want %g", e.Trapezoid, want)
	}
	// ⟨O⟩_s = −d log Z/ds.
	for l, p := range e.Levels {
		const h = 1e-4
		o := -(quadraticTilt(K, 0.8, math.Sqrt(s2), lambda[l]+h, 1) - quadraticTilt(K, 0.8, math.Sqrt(s2), lambda[l]-h, 1)) / (2 * h)
		within(t, fmt.Sprintf("⟨O⟩ at level %d", l), p.Mean, p.StdErr, o, 0.3)
	}
}

// Step sizes belong to levels: after many exchanges each level has the ones that it was given.
func TestStepSizesStayAtTheirLevel(t *testing.T) {
	sys := linear(0.8, 0, 0.6)
	var chains []*Chain
	for l := range 3 {
		b := []float64{1, 0.5, 0.25}[l]
		c := mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd([]float64{1}), Steps: 5, Observer: sys, Tilt: Tilt{Observable: "x2"},
			Moves: []Move{Staging{Length: 3, Step: b}, Staging{Length: 2, Step: b / 2}}})
		if err := c.StartForward(1, rng.New(45, l, "start", "")); err != nil {
			t.Fatal(err)
		}
		chains = append(chains, c)
	}
	r, err := NewReplicas(RungTilt, []float64{0, 0.1, 0.2}, chains)
	if err != nil {
		t.Fatal(err)
	}
	src, moved := rng.New(45, 0, "exchange", ""), false
	for range 50 {
		for _, c := range chains {
			c.Sweep(src)
		}
		r.Exchange(src)
		for l, b := range []float64{1, 0.5, 0.25} {
			moved = moved || r.At(l) != l
			for i, want := range []float64{b, b / 2} {
				if got := r.Chain(l).Stats(i).Step; got != want {
					t.Fatalf("move %d at level %d has step %g, want %g", i, l, got, want)
				}
			}
		}
	}
	if !moved {
		t.Error("no exchange was accepted")
	}
}

// quadraticTilt is log⟨e^{−sΣx²}⟩ of x' = ax + σξ from x₀ over K steps, by completing squares from
// the last slice backwards: the weight of slice k is exp(−c_k x_k² + d_k).
func quadraticTilt(K int, a, sigma, s, x0 float64) float64 {
	c, d := 0.0, 0.0
	for range K {
		c += s
		w := 1 + 2*c*sigma*sigma // ∫N(x'; ax, σ²)e^{−cx'²} = w^{−½} exp(−c a²x²/w)
		d -= 0.5 * math.Log(w)
		c *= a * a / w
	}
	return d - c*x0*x0
}

// A restored ladder goes on bit for bit, and one of another size is refused.
func TestReplicasRestart(t *testing.T) {
	sys := linear(0.8, 0.3, 0.6)
	lambda := []float64{1, 0.7, 0.5}
	make := func() (*Replicas, []Source, *rng.Stream) {
		var chains []*Chain
		var srcs []Source
		for l := range lambda {
			c := mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd([]float64{1}), Steps: 5, Moves: []Move{Staging{Length: 3, Step: 1}}})
			s := rng.New(44, l, "chain", "")
			if err := c.StartForward(1, s); err != nil {
				t.Fatal(err)
			}
			chains, srcs = append(chains, c), append(srcs, s)
		}
		r, err := NewReplicas(RungKappa, lambda, chains)
		if err != nil {
			t.Fatal(err)
		}
		return r, srcs, rng.New(44, 0, "exchange", "")
	}
	sweep := func(r *Replicas, srcs []Source, src Source, n int) {
		for range n {
			for c, chain := range r.chains {
				chain.Sweep(srcs[c])
			}
			r.Exchange(src)
		}
	}
	r, srcs, src := make()
	sweep(r, srcs, src, 30)
	twin, tsrcs, tsrc := make()
	for c := range srcs {
		b, _ := r.chains[c].MarshalBinary()
		if err := twin.chains[c].UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		stream, _ := srcs[c].(*rng.Stream).MarshalBinary()
		if err := tsrcs[c].(*rng.Stream).UnmarshalBinary(stream); err != nil {
			t.Fatal(err)
		}
	}
	saved, _ := r.MarshalBinary()
	if err := twin.UnmarshalBinary(saved); err != nil {
		t.Fatal(err)
	}
	stream, _ := src.MarshalBinary()
	if err := tsrc.UnmarshalBinary(stream); err != nil {
		t.Fatal(err)
	}
	sweep(r, srcs, src, 30)
	sweep(twin, tsrcs, tsrc, 30)
	for l := range lambda {
		if r.At(l) != twin.At(l) || r.Conjugate(l) != twin.Conjugate(l) {
			t.Errorf("level %d went another way", l)
		}
	}
	if twin.UnmarshalBinary(saved[1:]) == nil {
		t.Error("a truncated ladder was accepted")
	}
	if _, err := NewReplicas(RungKappa, []float64{1, 1, 2}, r.chains); err == nil {
		t.Error("equal levels were accepted")
	}
}
