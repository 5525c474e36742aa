package gan

import (
	"fmt"
	"math"

	"machlup/internal/num"
)

// SGAConfig is symplectic gradient adjustment (Balduzzi et al., arXiv:1802.05642): the players
// follow
//
//	g + λAᵀg,  A = ½(H − Hᵀ),  H = ∂g/∂q,  Aᵀg = ½(Hᵀg − Hg),
//
// with exact Hessian-vector products, both at the same q. With align, λ takes the sign of
// ⟨g,Hᵀg⟩⟨Aᵀg,Hᵀg⟩/n + ε, n the number of parameters: towards stable fixed points and away from
// unstable ones (their Algorithm 1).
type SGAConfig struct {
	Lambda float64 `toml:"lambda" range:"[0,inf)" unit:"1" doc:"weight λ of the adjustment"`
	Align  bool    `toml:"align" doc:"let λ take the sign that attracts to stable and repels from unstable fixed points"`
	Eps    float64 `toml:"eps" range:"[0,inf)" unit:"1" doc:"ε of the sign: favours attraction where the criterion is weak"`
}

// DefaultSGA has λ = 1 with alignment and ε = 0.1, as the paper.
func DefaultSGA() SGAConfig { return SGAConfig{Lambda: 1, Align: true, Eps: 0.1} }

// Dynamics returns symplectic gradient adjustment.
func (c SGAConfig) Dynamics() (Dynamics, error) {
	for _, x := range []struct {
		name  string
		value float64
	}{{"lambda", c.Lambda}, {"eps", c.Eps}} {
		if !(x.value >= 0) || math.IsInf(x.value, 0) {
			return nil, fmt.Errorf("gan: %s of sga is %v, allowed are finite numbers ≥ 0", x.name, x.value)
		}
	}
	return sga{SGAConfig: c}, nil
}

type sga struct {
	SGAConfig
	*field
}

func (sga) Name() string { return "sga" }

func (s sga) bind(t *Trainer) (play, error) {
	if err := t.plainOnly("the antisymmetric part of H is taken in the Euclidean inner product"); err != nil {
		return nil, err
	}
	f, err := newField(t)
	return &sga{s.SGAConfig, f}, err
}

func (s *sga) step(next, state, xi []float64) { s.follow(s, next, state, xi) }

func (s *sga) directions(q []float64) {
	s.gradient(q)
	s.transposed(q)
	s.times(q)
	a := s.direct // Aᵀg, in place of Hg
	for i, hg := range s.hg {
		a[i] = (hg - a[i]) / 2
	}
	lambda := s.Lambda
	if s.Align && num.Dot(s.g, s.hg)*num.Dot(a, s.hg)/float64(len(a))+s.Eps < 0 {
		lambda = -lambda
	}
	s.adjust(lambda, a)
}
