package gan

import (
	"fmt"
	"strings"
	"testing"

	"machlup/langevin"
	"machlup/langevin/langevintest"
)

// TestConformance runs the suite every langevin.Map must pass on every pair of optimizers
// and every noise model, in one and two dimensions: purity, restart, allocations, the
// recurrence in positions against Step, metric noise against s²F⁻¹, derivatives.
func TestConformance(t *testing.T) {
	noises := []Noise{
		{Kind: "minibatch"},
		{Kind: "none", Quenched: 6},
		{Kind: "injected", TD: 1e-3, TG: 2e-3, Quenched: 6},
		{Kind: "injected", TG: 2e-3, Quenched: 40}, // more rows than parameters
		{Kind: "injected", TD: 1e-3, TG: 2e-3, MetricG: true, Quenched: 6},
		{Kind: "injected", TD: 1e-3, TG: 2e-3, MetricD: true, MetricG: true, Quenched: 40},
		{Kind: "minibatch+injected", TD: 1e-3, TG: 2e-3},
		{Kind: "minibatch+injected", TG: 2e-3, MetricG: true},
		{Kind: "minibatch-gaussian", Quenched: 6},
		{Kind: "minibatch-gaussian+injected", TG: 2e-3, MetricG: true, Quenched: 40},
	}
	for _, d := range Optimizers() {
		for _, g := range Optimizers() {
			for i, noise := range noises {
				dim := 1 + (i+len(d.Name)+len(g.Name))%2
				s := game{latent: 2, hidden: []int{3}, batch: 5, noise: noise, d: optimizer(t, d.Name), g: optimizer(t, g.Name)}
				s.d.Direction.Damping, s.g.Direction.Damping = 0.1, 0.05 // F·cov − I is accurate to ε·|F|·|F⁻¹|
				if dim == 2 {
					s.target = planar(t)
				}
				if noise.validate(s.d, s.g) != nil {
					continue
				}
				t.Run(fmt.Sprintf("%s,%s/%s-%d/d=%d", d.Name, g.Name, noise.Kind, i, dim), func(t *testing.T) { conform(t, s) })
			}
		}
	}
}

// conform checks the trainer and whatever it can be turned into.
func conform(t *testing.T, s game) {
	s.target = s.config(t).Target
	for _, o := range s.config(t).AllObservables() {
		if o.Name != "w2" { // its gradient jumps where samples change order; TestObservers steps more finely
			s.observe = append(s.observe, o.Name)
		}
	}
	tr := s.trainer(t)
	q := start(t, tr)[:tr.Config()]
	langevintest.Check(t, func() langevin.Map { return s.trainer(t) }, tr, q)
	langevintest.CheckMap(t, func() langevin.Map { return tr.Fork() }, q)
	if r, err := tr.Recurrence(); err == nil {
		langevintest.CheckRecurrence(t, r.(langevin.Map), q)
	}
	if l, err := tr.Linearizer(); err == nil && tr.affine() && !s.noise.gaussian() { // else see TestAdaptiveLinearizer

		langevintest.CheckLinearizer(t, l.(langevin.Map), q)
	}
}

// TestRefusals: what has no law in positions, or no derivative, is refused with the reason
// and the way out.
func TestRefusals(t *testing.T) {
	adam := optimizer(t, "adam")
	fisher := optimizer(t, "natural")
	fisher.Direction.Metric = "fisher"
	hot := Noise{Kind: "injected", TD: 1, TG: 1, Quenched: 4}
	for _, c := range []struct {
		name       string
		game       game
		recurrence []string // parts of the message; nil if it must succeed
		linearizer []string
	}{
		{"minibatch", game{}, []string{"minibatch", "innovation"}, []string{"minibatch", "injected"}},
		{"both", game{noise: Noise{Kind: "minibatch+injected", TD: 1, TG: 1}}, []string{"minibatch+injected", "innovation"}, []string{"minibatch"}},
		{"cold D", game{noise: Noise{Kind: "injected", TG: 1, Quenched: 4}}, []string{"discriminator", "temperature 0"}, nil},
		{"none", game{noise: Noise{Kind: "none", Quenched: 4}}, []string{"none"}, nil},
		{"adam D", game{noise: hot, d: adam}, []string{"discriminator", "whole past", "innovation", "sgd"}, nil},
		{"adam G", game{noise: hot, g: adam}, []string{"generator", "whole past"}, nil},
		{"nesterov", game{noise: hot, d: optimizer(t, "nesterov")}, []string{"discriminator", "two slices", "g(θ₋)", "innovation", "momentum"}, nil},
		{"rmsprop", game{noise: hot, g: optimizer(t, "rmsprop")}, []string{"generator", "rmsprop", "whole past", "innovation"}, nil},
		{"amsgrad", game{noise: hot, g: optimizer(t, "amsgrad")}, []string{"generator", "amsgrad", "whole past", "innovation"}, nil},
		{"optimistic", game{noise: hot, d: optimizer(t, "optimistic")}, []string{"discriminator", "two slices", "innovation", "sgd"}, nil},
		{"gaussian", game{noise: Noise{Kind: "minibatch-gaussian", Quenched: 4}}, []string{"rank", "6 for the discriminator and 3", "innovation"}, nil},
		{"natural", game{noise: hot, g: optimizer(t, "natural-momentum")}, nil, nil},
		{"fisher", game{noise: hot, g: fisher}, nil, []string{"fisher", "generator", "l2"}},
		{"sgd", game{noise: hot, d: optimizer(t, "momentum")}, nil, nil},
	} {
		tr := c.game.trainer(t)
		_, err := tr.Recurrence()
		refused(t, c.name+": Recurrence", err, c.recurrence)
		_, err = tr.Linearizer()
		refused(t, c.name+": Linearizer", err, c.linearizer)
	}
}

func refused(t *testing.T, what string, err error, parts []string) {
	t.Helper()
	if (err != nil) != (parts != nil) {
		t.Errorf("%s: error %v", what, err)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("%s: %q does not mention %q", what, err, p)
		}
	}
}
