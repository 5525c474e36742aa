package pathint

import (
	"errors"
	"math"
)

// Strength is the Ladder of the potential of a euclidean or lagrangian path,
//
//	V_λ = (1−λ)·½Σ m ω_r²(q − c)² + λV,
//
// from a Gaussian law that can be drawn exactly, by its normal modes, to the law of V. On a
// ring it needs ω_r > 0, since the free ring's centre of mass is a zero mode; paths that are
// held start from the free particle, ω_r = 0.
type Strength struct {
	chain  *Chain
	act    *Euclidean
	lambda float64
	draw   *normalMode
	freq   []float64
}

// NewStrength makes a ladder of a chain, at λ = 1.
func NewStrength(c *Chain) (*Strength, error) {
	p := c.path
	act, ok := p.action.(*Euclidean)
	switch {
	case !ok:
		return nil, errors.New("pathint: strength ladder: it leads to the potential of a euclidean or lagrangian action; this is " + p.action.Name())
	case p.ends.ring != (act.spec.Reference > 0):
		return nil, errors.New("pathint: strength ladder: a ring needs a reference frequency > 0 (the free ring's centre of mass is a zero mode, its Z infinite), any other path starts from the free particle, reference frequency 0")
	case p.ends.density != nil:
		return nil, errors.New("pathint: strength ladder: it needs a fixed start or a periodic path")
	}
	t, err := newModes(p, act, act.centre)
	if err != nil {
		return nil, err
	}
	s := &Strength{chain: c, act: act, draw: &normalMode{modes: t, moved: make([]float64, t.n)}, freq: make([]float64, p.n)}
	for i := range s.freq {
		s.freq[i] = act.spec.Reference
	}
	s.SetLambda(1)
	return s, nil
}

// Chain returns the chain underneath.
func (s *Strength) Chain() *Chain { return s.chain }

func (s *Strength) Lambda() float64 { return s.lambda }

func (s *Strength) SetLambda(lambda float64) {
	s.lambda = lambda
	p := s.chain.path
	p.coef[potentialTerm] = lambda * s.act.sign * p.kappa
	p.coef[harmonicTerm] = (1 - lambda) * p.kappa
}

func (s *Strength) Warm(sweeps int, src Source) { s.chain.Warm(sweeps, src) }
func (s *Strength) Sweep(src Source)            { s.chain.Sweep(src) }
func (s *Strength) SweepBack(src Source)        { s.chain.SweepBack(src) }

// Slope is κΣΔt(±V − V_r).
func (s *Strength) Slope() float64 {
	p, d := s.chain.path, 0.0
	for k := range p.steps {
		t := p.Terms(k)
		d += s.act.sign*t[potentialTerm] - t[harmonicTerm]
	}
	return p.kappa * d
}

func (s *Strength) Work(to float64) float64 { return (to - s.lambda) * s.Slope() }

func (s *Strength) Save(buf []float64) []float64 { return append(buf, s.chain.path.slices...) }

func (s *Strength) Restore(state []float64) {
	if copy(s.chain.path.slices, state) != len(s.chain.path.slices) {
		panic("pathint: restoring a state of another length")
	}
	s.chain.path.refresh()
}

// Draw draws the path of the reference by its normal modes.
func (s *Strength) Draw(src Source) error {
	s.SetLambda(0)
	if err := s.chain.StartLine(); err != nil {
		return err
	}
	p := s.chain.path
	s.draw.redraw(p, 0, s.draw.n, s.freq, 0, 1, src)
	p.refresh()
	if !finite([]float64{s.Slope()}) {
		return ErrNoWeight
	}
	return nil
}

// MarshalBinary saves the chain and λ.
func (s *Strength) MarshalBinary() ([]byte, error) {
	b, err := s.chain.MarshalBinary()
	return putFloats(b, s.lambda), err
}

// UnmarshalBinary restores a ladder made from a chain of the same spec.
func (s *Strength) UnmarshalBinary(b []byte) error {
	if len(b) < 8 {
		return errors.New("pathint: unmarshal: a strength ladder is cut short")
	}
	at := len(b) - 8
	if err := s.chain.UnmarshalBinary(b[:at]); err != nil {
		return err
	}
	r := reader{b: b[at:]}
	s.SetLambda(r.float())
	if math.IsNaN(s.lambda) {
		return errors.New("pathint: unmarshal: a strength ladder without a level")
	}
	return nil
}
