package examples_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"machlup/langevin"
	"machlup/pathint"
)

// pendulum is a potential of one's own, U = 1 − cos x. It is a langevin.Potential; HessVec
// makes it a langevin.HessianVector too, which linear-noise theory needs.
type pendulum struct{}

func (pendulum) Dim() int                    { return 1 }
func (pendulum) Energy(x []float64) float64  { return 1 - math.Cos(x[0]) }
func (pendulum) HessVec(dst, x, v []float64) { dst[0] = math.Cos(x[0]) * v[0] }
func (u pendulum) Gradient(dst, x []float64) float64 {
	dst[0] = math.Sin(x[0])
	return u.Energy(x)
}

// height observes 1 − cos x. It is a langevin.Observer.
type height struct{}

func (height) Observables() []langevin.Observable {
	return []langevin.Observable{{Name: "height", Unit: "1", Doc: "height of the pendulum, 0 at rest and 2 at the top"}}
}
func (height) Observe(dst, q []float64) { dst[0] = 1 - math.Cos(q[0]) }

// swing is a move of one's own: it shifts all slices from a random one to the free end by
// the same normal amount. It is a pathint.Move and, needing no scratch, its own Kernel.
type swing struct{ width float64 }

func (swing) Name() string                                  { return "swing" }
func (swing) Tuning() (step, target float64)                { return 1, 0 } // width × 1, not adapted
func (m swing) Bind(*pathint.Path) (pathint.Kernel, error)  { return m, nil }
func (swing) Begin(p *pathint.Path, src pathint.Source) int { return p.Steps() } // proposals in a sweep
func (m swing) Propose(p *pathint.Path, _ int, step float64, src pathint.Source) float64 {
	lo, hi := p.Movable()
	k, by := lo+src.Intn(hi-lo), m.width*step*src.Normal()
	p.Touch(pathint.Change{Lo: k, Hi: hi, B0: 0, B1: 1}) // before any slice is written
	for i := k; i < hi; i++ {
		p.Slice(i)[0] += by
	}
	return 0 // log T(new→old)/T(old→new): the proposal is symmetric
}

// source is a pathint.Source from the standard library.
type source struct{ *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 1))} }
func (s source) Normal() float64   { return s.NormFloat64() }
func (s source) Intn(n int) int    { return s.IntN(n) }
func (s source) Normals(dst []float64) {
	for i := range dst {
		dst[i] = s.NormFloat64()
	}
}

// Uniform is on the open interval (0,1).
func (s source) Uniform() float64 {
	for {
		if u := s.Float64(); u > 0 {
			return u
		}
	}
}

// newChain samples paths of 16 steps from x = 0 under exp(−S − s Σ height).
func newChain() (*pathint.Chain, error) {
	m, err := langevin.EulerMaruyamaConfig{Eta: 0.1, Temperature: 0.5}.New(langevin.Descent(pendulum{}))
	if err != nil {
		return nil, err
	}
	action, err := pathint.NewOnsagerMachlup(m)
	if err != nil {
		return nil, err
	}
	return pathint.NewChain(pathint.Spec{
		Action: action, Ends: pathint.FreeEnd([]float64{0}), Steps: 16,
		Observer: height{}, Tilt: pathint.Tilt{Observable: "height"},
		Moves: []pathint.Move{swing{width: 0.6}, pathint.Staging{Length: 4, Step: 1}},
	})
}

// A potential, an observable and a move of one's own: the certificate O1 of the sampler, and
// log Z(s)/Z(0) by two estimators.
func Example_pendulum() {
	if err := pendulums(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// O1 from wrong paths, exact mean 8: passed true
	// log Z(0.5)/Z(0) is about -1: two estimators agree true
}

func pendulums() error {
	chains, srcs := make([]*pathint.Chain, 2), make([]pathint.Source, 2)
	for i := range chains {
		c, err := newChain()
		if err != nil {
			return err
		}
		chains[i], srcs[i] = c, newSource(uint64(i))
		if err := c.StartForward(3, srcs[i]); err != nil { // noise three times too large
			return err
		}
	}
	o1, err := pathint.O1(chains, srcs, pathint.Sampling{Burn: 500, Draws: 10000})
	if err != nil {
		return err
	}
	fmt.Printf("O1 from wrong paths, exact mean %g: passed %t\n", o1.Mean.Exact, o1.Passed())

	ladder, err := pathint.NewTilted(chains[0])
	if err != nil {
		return err
	}
	forward, _, err := pathint.ForwardAverage(ladder, 0.5, 4000, srcs[0])
	if err != nil {
		return err
	}
	annealed, _, err := pathint.AIS(ladder, pathint.Ramp(0, 0.5, 4), 2, 1000, srcs[1])
	if err != nil {
		return err
	}
	_, err = pathint.CheckAgreement("log Z(0.5)/Z(0)", forward, annealed)
	fmt.Printf("log Z(0.5)/Z(0) is about %.0f: two estimators agree %t\n", annealed.LogZ, err == nil)
	return nil
}
