package pathint

import "fmt"

// A Move is one way of proposing paths: an immutable setting. Bind fits it to a path,
// with scratch of its own, or says why it does not apply.
type Move interface {
	Name() string
	// Tuning returns the initial step size in (0,1] and the acceptance that warm-up aims
	// at; target 0 leaves the step alone.
	Tuning() (step, target float64)
	Bind(p *Path) (Kernel, error)
}

// A Kernel proposes changes of the path it was bound to.
type Kernel interface {
	// Begin starts a sweep and returns how many proposals make it. What it draws may not
	// depend on the path.
	Begin(p *Path, src Source) int
	// Propose makes proposal i of a sweep: it calls p.Touch once, writes the new values
	// and returns the log proposal ratio log T(new→old)/T(old→new). A move that is
	// reversible with respect to the reference action returns p.Reference(). A move that
	// decides in stages draws for the early ones from src and returns −Inf once one of them
	// has rejected, before the path's weight is paid for.
	Propose(p *Path, i int, step float64, src Source) float64
}

// Metropolis decides a proposal of logRatio = log weight ratio + log proposal ratio: accept
// with probability min(1, e^logRatio), by one comparison with an exponential variate of
// mean 1. NaN is a rejection.
func Metropolis(logRatio, exponential float64) bool { return logRatio > -exponential }

// exponentials fills e with exponential variates of mean 1; pairs is scratch, twice as long.
func exponentials(e []float64, src Source, pairs []float64) {
	if s, ok := src.(interface{ Exponentials(dst []float64) }); ok {
		s.Exponentials(e)
		return
	}
	src.Normals(pairs)
	for i := range e {
		e[i] = exponentialOf(pairs[2*i], pairs[2*i+1])
	}
}

// exponential makes one of two normals, which sources draw fastest one by one; pair is
// scratch of length 2.
func exponential(src Source, pair []float64) float64 {
	src.Normals(pair)
	return exponentialOf(pair[0], pair[1])
}

func exponentialOf(x, y float64) float64 { return 0.5 * (x*x + y*y) }

// Stats is the record of one move since the last reset.
type Stats struct {
	Move      string
	Step      float64 // current step size
	Proposed  int64
	Accepted  int64
	Diverged  int64   // proposals whose weight was not finite
	Gradients float64 // gradient evaluations: block drifts / blocks + map steps, cheap ones at their price
	Cheap     float64 // evaluations of the cheaper action of delayed acceptance
	Metrics   int64   // metric norms evaluated besides
}

// Acceptance returns Accepted/Proposed, 0 before the first proposal.
func (s Stats) Acceptance() float64 {
	if s.Proposed == 0 {
		return 0
	}
	return float64(s.Accepted) / float64(s.Proposed)
}

// checkTuning validates the common settings of a move.
func checkTuning(m Move) error {
	step, target := m.Tuning()
	if !(step > 0 && step <= 1) {
		return fmt.Errorf("pathint: move %s: step %g; want 0 < step ≤ 1", m.Name(), step)
	}
	if !(target >= 0 && target < 1) {
		return fmt.Errorf("pathint: move %s: target acceptance %g; want 0 (no adaptation) ≤ target < 1", m.Name(), target)
	}
	return nil
}

// needs returns the reason why a move does not apply to a path's coordinates.
func needs(p *Path, move string, c Coordinates) error {
	if got := p.action.Coordinates(); got != c {
		return fmt.Errorf("pathint: move %s works on %s, the %s action has %s", move, c, p.action.Name(), got)
	}
	return nil
}
