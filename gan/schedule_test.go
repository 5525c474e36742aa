package gan

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// fixtureSchedules have the settings of make_rules.py.
var fixtureSchedules = map[string]Schedule{
	"step":         StepSchedule{Every: 7, Factor: 0.5},
	"exponential":  ExponentialSchedule{Factor: 0.95},
	"cosine":       CosineSchedule{Steps: 45, Final: 0.1},
	"linear":       LinearSchedule{Initial: 0.25, Final: 0.75, Steps: 40},
	"inverse-time": InverseTimeSchedule{Offset: 10, Power: 0.6},
}

// TestPyTorchSchedules follows PyTorch's optimizers under its schedulers step by step.
func TestPyTorchSchedules(t *testing.T) {
	f := readRules(t)
	const besides = 3 // constant, and the two cyclical ones, which PyTorch does not have
	if len(f.Schedules) != len(fixtureSchedules) || len(f.Schedules) != len(Schedules())-besides {
		t.Fatalf("the fixture has %d schedules, the catalogue %d besides those of its own", len(f.Schedules), len(Schedules())-besides)
	}
	for name, paths := range f.Schedules {
		if len(paths) != 4 {
			t.Fatalf("%s: %d rules", name, len(paths))
		}
		for rule, want := range paths {
			got := fixturePath(Scheduled(fixtureRules[rule], fixtureSchedules[name], nil), len(want)/4)
			within(t, rule+" under "+name, got, want, 1e-12)
			if e := relative(f.Rules[rule], want, 1); e < 1e-3 {
				t.Errorf("the fixture does not tell %s under %s from %s: %v", rule, name, rule, e)
			}
		}
	}
}

// TestScheduleValues: the factors at a few steps by hand, and beyond the end of a ramp.
func TestScheduleValues(t *testing.T) {
	for _, c := range []struct {
		s    Schedule
		k, f float64
	}{
		{ConstantSchedule{}, 99, 1},
		{StepSchedule{Every: 10, Factor: 0.5}, 9, 1}, {StepSchedule{Every: 10, Factor: 0.5}, 10, 0.5}, {StepSchedule{Every: 10, Factor: 0.5}, 29, 0.25},
		{ExponentialSchedule{Factor: 0.5}, 3, 0.125},
		{CosineSchedule{Steps: 8, Final: 0.2}, 0, 1}, {CosineSchedule{Steps: 8, Final: 0.2}, 4, 0.6}, {CosineSchedule{Steps: 8, Final: 0.2}, 8, 0.2}, {CosineSchedule{Steps: 8, Final: 0.2}, 16, 0.2},
		{LinearSchedule{Initial: 3, Final: 1, Steps: 4}, 1, 2.5}, {LinearSchedule{Initial: 3, Final: 1, Steps: 4}, 9, 1},
		{InverseTimeSchedule{Offset: 4, Power: 0.5}, 12, 0.5},
	} {
		near(t, fmt.Sprintf("%s at %v", c.s.Name(), c.k), c.s.At(c.k), c.f, 1e-15)
	}
	for part, c := range map[string]ScheduleConfig{
		"every 0":    StepSchedule{0, 0.5},
		"(0, 1]":     StepSchedule{1, 1.5},
		"factor":     ExponentialSchedule{0},
		"0 steps":    CosineSchedule{0, 0},
		"from 1 to":  CosineSchedule{1, -1},
		"from -1 to": LinearSchedule{-1, 1, 1},
		"offset":     InverseTimeSchedule{0, 1},
		"power":      InverseTimeSchedule{1, 0},
	} {
		if _, err := c.Schedule(); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v does not mention %q", err, part)
		}
	}
	for _, e := range Schedules() {
		if s, err := e.New().Schedule(); err != nil || s.Name() != e.Name || s.At(0) != 1 && e.Name != "cyclical-noise" {
			t.Errorf("%s: %v, %v at step 0", e.Name, err, s.At(0))
		}
	}
}

// TestScheduledDescent: gradient descent in a parabola is x₀ Π_k (1 − ηf_k h).
func TestScheduledDescent(t *testing.T) {
	const eta, h = 0.3, 0.8
	for name, s := range fixtureSchedules {
		f, want := follow(Scheduled(sgdRule{eta}, s, nil), []float64{2}), 2.0
		for k := range 60 {
			f.step([]float64{h * f.p[0]}, 0, nil)
			want *= 1 - eta*s.At(float64(k))*h
		}
		near(t, name, f.p[0], want, 1e-11)
	}
}

// level is a constant factor that is not recognised as one.
type level float64

func (level) Name() string         { return "level" }
func (l level) At(float64) float64 { return float64(l) }

// scaledRules are pairs of a rule and the same with η times 0.3.
func scaledRules() map[string][2]Rule {
	const f, eta = 0.3, 0.02
	return map[string][2]Rule{
		"sgd":        {sgdRule{eta}, sgdRule{f * eta}},
		"momentum":   {momentumRule{eta, 0.8}, momentumRule{f * eta, 0.8}},
		"nesterov":   {nesterovRule{eta, 0.8}, nesterovRule{f * eta, 0.8}},
		"rmsprop":    {rmspropRule{eta, 0.9, 1e-3}, rmspropRule{f * eta, 0.9, 1e-3}},
		"adam":       {adamRule{eta, 0.5, 0.9, 1e-3}, adamRule{f * eta, 0.5, 0.9, 1e-3}},
		"amsgrad":    {amsgradRule{eta, 0.5, 0.9, 1e-3}, amsgradRule{f * eta, 0.5, 0.9, 1e-3}},
		"optimistic": {optimisticRule{eta}, optimisticRule{f * eta}},
	}
}

// TestScheduleIsScaling: at constant factors f and τ the scheduled rule with its noise is the
// rule with learning rate ηf at temperature Tτ, noise and momentum included. It kills √f for
// f, τ for √τ, and noise that is not scaled with the step.
func TestScheduleIsScaling(t *testing.T) {
	const T, tau = 0.7, 2.5
	for name, r := range scaledRules() {
		src := stream(t, name)
		p := normals(src, 5)
		a, b := follow(Scheduled(r[0], level(0.3), level(tau)), p), follow(r[1], p)
		sa, sb := math.Sqrt(r[0].NoiseVariance(T)), math.Sqrt(r[1].NoiseVariance(tau*T))
		for k := range 25 {
			g, w := normals(src, 5), normals(src, 5)
			a.step(g, sa, w)
			b.step(g, sb, w)
			within(t, fmt.Sprintf("%s, step %d", name, k), a.p, b.p, 1e-13)
		}
	}
}

// TestScheduledNoise: without drift and from rest the step at k has variance f_k·τ_k·s² (times
// (1+β)² for nesterov, whose kick enters twice); a rate of 0 stands still.
func TestScheduledNoise(t *testing.T) {
	rate, temperature := CosineSchedule{Steps: 50, Final: 0}, InverseTimeSchedule{Offset: 7, Power: 1}
	for name, r := range scaledRules() {
		rule := Scheduled(r[0], rate, temperature)
		for _, k := range []float64{0, 1, 13, 49, 50, 80} {
			memory := make([]float64, rule.Memory(1))
			rule.Init(memory)
			memory[len(memory)-1] = k
			next, nextMemory := make([]float64, 1), make([]float64, len(memory))
			rule.Step(next, nextMemory, []float64{0}, memory, []float64{0}, 0.3, []float64{1.7})
			want := rate.At(k) * temperature.At(k) * 0.3 * 0.3 * 1.7 * 1.7
			if name == "nesterov" {
				want *= 1.8 * 1.8
			}
			if math.Abs(next[0]*next[0]-want) > 1e-14*want || nextMemory[len(memory)-1] != k+1 {
				t.Errorf("%s at %v: squared step %v, want %v; counter %v", name, k, next[0]*next[0], want, nextMemory[len(memory)-1])
			}
			for _, x := range nextMemory {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					t.Errorf("%s at %v: memory %v", name, k, nextMemory)
				}
			}
		}
	}
}

// TestScheduledTrainer: a constant schedule is no wrapper; the trainer with scheduled players
// passes the suite of every map (restart included), and is refused in positions.
func TestScheduledTrainer(t *testing.T) {
	if r := Scheduled(sgdRule{1}, nil, ConstantSchedule{}); r != (sgdRule{1}) {
		t.Errorf("a constant schedule wraps: %+v", r)
	}
	cosine, decay := CosineSchedule{Steps: 5}, InverseTimeSchedule{Offset: 2, Power: 0.55}
	for _, d := range []string{"sgd", "momentum", "natural", "adam", "optimistic"} {
		for _, noise := range []Noise{{Kind: "minibatch"}, {Kind: "injected", TD: 1e-3, TG: 2e-3, Quenched: 6}, {Kind: "injected", TD: 1e-3, TG: 2e-3, MetricG: true, Quenched: 6}} {
			s := game{latent: 2, hidden: []int{3}, batch: 5, noise: noise, d: optimizer(t, d), g: optimizer(t, "natural-momentum")}
			s.d.Rule, s.g.Rule = Scheduled(s.d.Rule, cosine, nil), Scheduled(s.g.Rule, decay, cosine)
			t.Run(d+"/"+noise.Kind, func(t *testing.T) { conform(t, s) })
			if noise.Kind == "injected" {
				_, err := s.trainer(t).Recurrence()
				refused(t, d, err, []string{"discriminator", "learning rate", "cosine", "step number", "innovation", "constant"})
			}
		}
	}
}
