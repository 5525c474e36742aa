package gan

import (
	"math"
	"testing"
)

// TestPreconditionedNoise: the noise of a step is √G of the new mean square, in the step and in
// its derivative; the drift is that of RMSprop.
func TestPreconditionedNoise(t *testing.T) {
	c := DefaultRMSprop()
	c.Eta, c.Alpha, c.Eps = 0.02, 0.9, 1e-2
	plain, err := c.Optimizer()
	if err != nil {
		t.Fatal(err)
	}
	c.Noise = "preconditioned"
	o, err := c.Optimizer()
	if err != nil {
		t.Fatal(err)
	}
	const n, s = 3, 0.3
	src := stream(t, "step")
	p, m, g, w := normals(src, n), []float64{0.1, 2, 0}, normals(src, n), normals(src, n)
	a, am, b, bm := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	plain.Rule.Step(a, am, p, m, g, 0, nil)
	o.Rule.Step(b, bm, p, m, g, s, w)
	within(t, "memory", bm, am, 0)
	smooth, err := asSmooth(o.Rule)
	if err != nil {
		t.Fatal(err)
	}
	d := newRuleDerivative(smooth, n)
	smooth.partials(d, m, g)
	for i := range n {
		root := 1 / math.Sqrt(math.Sqrt(am[i])+c.Eps)
		near(t, "noise", b[i]-a[i], s*w[i]*root, 1e-12)
		near(t, "its derivative", d.at(ofStep, byNoise)[i], root, 1e-14)
	}
	c.Eps = 0
	_, err = c.Optimizer()
	refused(t, "eps = 0", err, []string{"infinite"})
	c.Noise = "natural"
	_, err = c.Optimizer()
	refused(t, "another noise", err, []string{"isotropic, preconditioned"})
}

// TestNoiseEstimate: what is injected is 2(1−β)ηT − η²V̂, and where that makes no sense the reason
// is given.
func TestNoiseEstimate(t *testing.T) {
	const eta, beta, estimate = 0.1, 0.4, 2.0
	c := MomentumConfig{Eta: eta, Beta: beta, FrictionConfig: DefaultFriction(), Estimate: estimate}
	o, err := c.Optimizer()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "s²", o.Rule.NoiseVariance(0.5), 2*(1-beta)*eta*0.5-eta*eta*estimate, 1e-14)
	near(t, "s² at T = 0", o.Rule.NoiseVariance(0), 0, 0)
	both := Noise{Kind: "minibatch+injected"}
	refused(t, "fresh batches", both.Estimable(o, 0.5), nil)
	refused(t, "too much", both.Estimable(o, 0.1), []string{"at most 2(1−β)T/η = 1.2"})
	refused(t, "cold", both.Estimable(o, 0), []string{"temperature 0"})
	refused(t, "a quenched batch", Noise{Kind: "injected"}.Estimable(o, 1), []string{"minibatch+injected"})
	refused(t, "no injected noise", Noise{Kind: "minibatch"}.Estimable(o, 1), []string{"minibatch+injected"})
	o.Rule = Scheduled(o.Rule, factor(0.5), nil)
	refused(t, "a schedule", both.Estimable(o, 0.5), []string{"schedule"})
	c.Estimate = -1
	_, err = c.Optimizer()
	refused(t, "negative", err, []string{"≥ 0"})
}
