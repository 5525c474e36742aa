package pathint_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"machlup/gan"
	"machlup/internal/rng"
	"machlup/pathint"
)

// O1 and O10 of every optimizer of the catalogue under every move of the catalogue, in both
// coordinates, on a GAN of 32 parameters; what does not apply is refused with its reason.
func TestOptimizersTimesMoves(t *testing.T) {
	t.Parallel()
	certified, refused := 0, 0
	for _, o := range gan.Optimizers() {
		t.Run(o.Name, func(t *testing.T) {
			s := newStudy(t, o.Name)
			for _, e := range pathint.Moves() {
				for _, c := range []pathint.Coordinates{pathint.Positions, pathint.Innovations} {
					if e.Coordinates != pathint.Either && e.Coordinates != c {
						continue
					}
					m := e.New()
					switch m := m.(type) { // two leapfrog steps of a radian: three are half a turn, which only reflects
					case *pathint.Delayed:
						if c == pathint.Innovations {
							m.Move = "pcn"
						}
					case *pathint.HMC:
						m.Leapfrog = 2
					case *pathint.InnovationHMC:
						m.Leapfrog = 2
					}
					if s.certify(t, fmt.Sprintf("%s in %s", e.Name, c), m, c, whyNot(o.Name, e.Name, c)) {
						certified++
					} else {
						refused++
					}
				}
			}
			part := pathint.Delayed{Move: "staging", Cheap: "subsample", Rows: 4}
			if s.certify(t, "delayed by half the batch", part, pathint.Positions, whyNot(o.Name, "staging", pathint.Positions)) {
				certified++
			}
		})
	}
	if certified < 58 || refused < 45 {
		t.Errorf("%d combinations certified, %d refused", certified, refused)
	}
}

// whyNot is a part of the reason why a move does not apply to an optimizer, empty if it does.
func whyNot(optimizer, move string, c pathint.Coordinates) string {
	first := map[string]string{"adam": "adam", "amsgrad": "amsgrad", "rmsprop": "rmsprop", "nesterov": "nesterov", "optimistic": "optimistic"}
	gradient := move == "innovation-hmc" || move == "pcn-langevin" || move == "delayed"
	if c == pathint.Innovations && !gradient {
		return ""
	}
	if why := first[optimizer]; why != "" {
		return why
	}
	if move == "two-way-shooting" || move == "shifting" {
		return "2 blocks are updated in turn"
	}
	if move == "normal-mode" {
		return "euclidean and lagrangian actions"
	}
	if move == "centre-of-mass" {
		return "a start with a density"
	}
	return ""
}

// A study is a GAN with the optimizer for both players.
type study struct {
	trainer *gan.Trainer
	start   []float64
	forward *pathint.Law
	name    string
}

const studySteps = 3

func newStudy(t *testing.T, optimizer string) *study {
	t.Helper()
	s := &study{trainer: tinyOf(t, 5, optimizer, optimizer, gan.Noise{Kind: "injected", TD: 0.3, TG: 0.3, Quenched: 8}), name: optimizer}
	s.start = make([]float64, s.trainer.Config())
	if len(s.start) != 32 {
		t.Fatalf("%d parameters", len(s.start))
	}
	s.trainer.InitConfig(s.start, rng.New(81, 0, "start", ""))
	c, err := s.chain(pathint.Innovations, pathint.PCN{Step: 1})
	if err != nil {
		t.Fatal(err)
	}
	if s.forward, err = pathint.ForwardLaw(c, 2000, rng.New(81, 0, "forward", optimizer)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *study) chain(c pathint.Coordinates, m pathint.Move) (*pathint.Chain, error) {
	var act pathint.Action
	var err error
	if c == pathint.Innovations {
		act, err = pathint.NewInnovation(s.trainer)
	} else {
		act, err = pathint.NewOnsagerMachlup(s.trainer)
	}
	if err != nil {
		return nil, err
	}
	return pathint.NewChain(pathint.Spec{Action: act, Ends: pathint.FreeEnd(s.start), Steps: studySteps, Observer: s.trainer, Moves: []pathint.Move{m}})
}

// certify runs a move by itself from a path of three times the noise and from one without, and
// asks for O1 with a capped error and for O10 against forward runs; or for the reason why not.
func (s *study) certify(t *testing.T, what string, m pathint.Move, c pathint.Coordinates, want string) bool {
	t.Helper()
	var chains []*pathint.Chain
	var srcs []pathint.Source
	for i, scale := range []float64{3, 0} {
		chain, err := s.chain(c, m)
		if want != "" {
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), want) {
				t.Errorf("%s: %v, want a refusal for %q", what, err, want)
			}
			return false
		}
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return false
		}
		src := rng.New(82, i, what, s.name)
		if err := chain.StartForward(scale, src); err != nil {
			t.Fatal(err)
		}
		chains, srcs = append(chains, chain), append(srcs, src)
	}
	thin := 2
	if strings.Contains(s.name, "momentum") && m.Name() == "single-slice" {
		thin = 16 // one slice at a time crawls where velocity persists
	}
	law, quad, uniforms := s.sample(t, what, chains, srcs, thin)
	half := float64(studySteps*len(s.start)) / 2
	o1 := pathint.CertifyO1(int(2*half), quad, uniforms)
	if !o1.Passed() || o1.Mean.StdErr > 0.15*math.Sqrt(half) {
		t.Errorf("%s: O1: %+v", what, o1)
	}
	o10, err := pathint.O10(s.forward, law)
	if err != nil || !o10.Passed() {
		t.Errorf("%s: O10: %v, %v", what, o10, err)
	}
	t.Logf("%s: acceptance %.2f, τ %.1f, z %.1f and %.1f; O10 %v", what, chains[0].Stats(0).Acceptance(), o1.Mean.Tau, o1.Mean.Z, o1.Variance.Z, o10)
	return true
}

// sample warms up, burns in and draws: the law of the observables, and of O1 the action and the
// whitened residuals of the last paths.
func (s *study) sample(t *testing.T, what string, chains []*pathint.Chain, srcs []pathint.Source, thin int) (law *pathint.Law, quad [][]float64, uniforms []float64) {
	t.Helper()
	for i, c := range chains {
		l, err := pathint.NewLaw(what, c)
		if err != nil {
			t.Fatal(err)
		}
		c.Warm(150, srcs[i])
		for range 100 * thin {
			c.Sweep(srcs[i])
		}
		quad = append(quad, nil)
		for range 1000 {
			for range thin {
				c.Sweep(srcs[i])
			}
			quad[i] = append(quad[i], c.Path().Quadratic())
			l.Add(c)
		}
		uniforms = c.Path().Action().(pathint.Normalised).Uniforms(uniforms, c.Path(), 1)
		if law == nil {
			law = l
		} else {
			law.Merge(l)
		}
	}
	return law, quad, uniforms
}
