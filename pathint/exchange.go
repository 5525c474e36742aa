package pathint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// A Rung is the parameter of a family of path laws e^{−λX + …} that replica exchange climbs.
type Rung int

const (
	RungTilt  Rung = iota // λ = s, X = O: the tilting observable
	RungKappa             // λ = κ = β/ħ, X = Q: the quadratic action; ħ, or the temperature of the noise at fixed drift
)

func (r Rung) String() string {
	if r == RungKappa {
		return "kappa"
	}
	return "s"
}

// Replicas are chains of one path law at increasing or decreasing values of one parameter,
// which neighbours exchange (Swendsen and Wang 1986; Geyer 1991). Parameters change places,
// paths stay: chain At(l) is at Lambda[l]. Step sizes of moves stay at the level that they
// were adapted at: what accepts at one end of a ladder is far too bold or timid at the other.
// Every exchange is accepted with probability min(1, e^{(λ_i−λ_j)(X_i−X_j)}), even and odd
// pairs of neighbours in turn.
type Replicas struct {
	rung    Rung
	chains  []*Chain // nil for ladders
	members []member
	lambda  []float64
	at      []int // chain at each level
	round   int64

	proposed, accepted []int64 // of each pair of levels l, l+1
	heading            []int8  // of each chain: +1 since it was last at the bottom, −1 since the top
	trips              int64   // arrivals at the bottom from the top
}

// A member of replica exchange has a law e^{−λX + …}.
type member interface {
	set(lambda float64)
	conjugate() float64
}

type tiltMember struct{ *Chain }

func (m tiltMember) set(lambda float64) { m.SetTilt(lambda) }
func (m tiltMember) conjugate() float64 { return m.Integral() }

type kappaMember struct{ *Chain }

func (m kappaMember) set(lambda float64) { m.path.setKappa(lambda) }
func (m kappaMember) conjugate() float64 { return m.path.Quadratic() }

type ladderMember struct{ Ladder }

func (m ladderMember) set(lambda float64) { m.SetLambda(lambda) }
func (m ladderMember) conjugate() float64 { return m.Slope() }

// NewReplicas puts chain l at lambda[l]; the chains must have been started, and be of the
// same spec.
func NewReplicas(rung Rung, lambda []float64, chains []*Chain) (*Replicas, error) {
	var members []member
	for _, c := range chains {
		if rung == RungTilt && c.path.tilt < 0 {
			return nil, errors.New("pathint: replica exchange over s: the chains have no tilting observable")
		}
		if rung == RungKappa {
			members = append(members, kappaMember{c})
		} else {
			members = append(members, tiltMember{c})
		}
	}
	r, err := newReplicas(lambda, members, rung == RungKappa)
	if err == nil {
		r.rung, r.chains = rung, chains
	}
	return r, err
}

// ExchangeLadders puts ladder l at lambda[l]: replica exchange of any laws e^{−λX + …}, X
// their slope. Step sizes go with the ladder, not with the level; the caller who wants them at
// the level sets them after every exchange.
func ExchangeLadders(lambda []float64, ladders []Ladder) (*Replicas, error) {
	var members []member
	for _, l := range ladders {
		members = append(members, ladderMember{l})
	}
	return newReplicas(lambda, members, false)
}

func newReplicas(lambda []float64, members []member, positive bool) (*Replicas, error) {
	if len(lambda) < 2 || len(members) != len(lambda) {
		return nil, fmt.Errorf("pathint: replica exchange: %d chains at %d levels; want as many, at least 2", len(members), len(lambda))
	}
	up := lambda[1] > lambda[0]
	for l, x := range lambda {
		if !finite(lambda[l:l+1]) || positive && !(x > 0) || l > 0 && (x > lambda[l-1]) != up || l > 0 && x == lambda[l-1] {
			return nil, fmt.Errorf("pathint: replica exchange: levels %v; want finite numbers in ascending or descending order, positive for kappa", lambda)
		}
	}
	n := len(lambda)
	r := &Replicas{members: members, lambda: append([]float64(nil), lambda...), at: make([]int, n),
		proposed: make([]int64, n-1), accepted: make([]int64, n-1), heading: make([]int8, n)}
	for l := range members {
		r.at[l] = l
		r.set(l)
	}
	return r, nil
}

// set gives the chain at level l its parameter.
func (r *Replicas) set(l int) { r.members[r.at[l]].set(r.lambda[l]) }

// Levels returns how many there are.
func (r *Replicas) Levels() int { return len(r.lambda) }

// At returns the index of the chain at level l.
func (r *Replicas) At(l int) int { return r.at[l] }

// Chain returns the chain at level l of NewReplicas.
func (r *Replicas) Chain(l int) *Chain { return r.chains[r.at[l]] }

// Conjugate returns X at level l: ∂(−log weight)/∂λ.
func (r *Replicas) Conjugate(l int) float64 { return r.members[r.at[l]].conjugate() }

// Exchange offers every other pair of neighbours an exchange, those between the next time.
// It needs a source of its own: the chains' streams then do not depend on the exchanges.
func (r *Replicas) Exchange(src Source) {
	first := int(r.round % 2)
	r.round++
	var pair [2]float64
	for l := first; l+1 < len(r.lambda); l += 2 {
		logRatio := (r.lambda[l] - r.lambda[l+1]) * (r.Conjugate(l) - r.Conjugate(l+1))
		e := exponential(src, pair[:])
		r.proposed[l]++
		if Metropolis(logRatio, e) {
			r.accepted[l]++
			r.at[l], r.at[l+1] = r.at[l+1], r.at[l]
			r.set(l)
			r.set(l + 1)
			if r.chains != nil {
				r.Chain(l).swapSteps(r.Chain(l + 1))
			}
		}
	}
	r.track()
}

// track counts round trips.
func (r *Replicas) track() {
	top := len(r.at) - 1
	r.heading[r.at[top]] = -1
	if c := r.at[0]; r.heading[c] != 1 {
		if r.heading[c] == -1 {
			r.trips++
		}
		r.heading[c] = 1
	}
}

// ResetStats forgets acceptances and trips.
func (r *Replicas) ResetStats() {
	clear(r.proposed)
	clear(r.accepted)
	r.trips = 0
}

// Acceptance returns the accepted fraction between levels l and l+1, NaN before the first.
func (r *Replicas) Acceptance(l int) float64 {
	if r.proposed[l] == 0 {
		return math.NaN()
	}
	return float64(r.accepted[l]) / float64(r.proposed[l])
}

// Trips returns how often a chain has come back to the bottom from the top.
func (r *Replicas) Trips() int64 { return r.trips }

// MarshalBinary saves who is where and the counters; the chains save themselves.
func (r *Replicas) MarshalBinary() ([]byte, error) {
	var b []byte
	for _, v := range r.fields() {
		b = binary.LittleEndian.AppendUint64(b, uint64(*v))
	}
	for l, c := range r.at {
		b = append(b, byte(c), byte(c>>8), byte(r.heading[l]))
	}
	return b, nil
}

// UnmarshalBinary restores what MarshalBinary saved, once the chains are restored.
func (r *Replicas) UnmarshalBinary(b []byte) error {
	n := len(r.at)
	if len(b) != 8*len(r.fields())+3*n {
		return fmt.Errorf("pathint: unmarshal: %d bytes for replica exchange of %d levels, want %d", len(b), n, 8*len(r.fields())+3*n)
	}
	at, seen := make([]int, n), make([]bool, n)
	tail := b[8*len(r.fields()):]
	for l := range at {
		at[l] = int(tail[3*l]) | int(tail[3*l+1])<<8
		if at[l] >= n || seen[at[l]] {
			return fmt.Errorf("pathint: unmarshal: level %d holds chain %d; want every chain once", l, at[l])
		}
		seen[at[l]] = true
	}
	for _, v := range r.fields() {
		*v, b = int64(binary.LittleEndian.Uint64(b)), b[8:]
	}
	copy(r.at, at)
	for l := range r.at {
		r.heading[l] = int8(tail[3*l+2])
		r.set(l)
	}
	return nil
}

func (r *Replicas) fields() []*int64 {
	f := []*int64{&r.round, &r.trips}
	for l := range r.proposed {
		f = append(f, &r.proposed[l], &r.accepted[l])
	}
	return f
}
