package pathint

import (
	"errors"
	"math"
)

// Ramp returns the schedule lo = λ_0, …, λ_n = hi in equal stages.
func Ramp(lo, hi float64, n int) []float64 {
	s := make([]float64, n+1)
	for i := range s {
		f := float64(i) / float64(n)
		s[i] = (1-f)*lo + f*hi
	}
	return s
}

// Anneal is one run of annealed importance sampling (Neal 2001): an exact draw at schedule
// [0] = 0, then for each stage the work of moving λ and the given number of sweeps at the
// new one. It returns the log weight; E[w] = Z(λ_n)/Z(0) at any length of schedule, since
// every kernel leaves its law invariant. A draw without weight returns −Inf.
func Anneal(l Ladder, schedule []float64, sweeps int, src Source) (float64, error) {
	if len(schedule) < 2 || schedule[0] != 0 {
		return 0, errors.New("pathint: anneal: a schedule starts at λ = 0, where exact draws exist, and has at least one stage")
	}
	if err := l.Draw(src); errors.Is(err, ErrNoWeight) {
		return math.Inf(-1), nil
	} else if err != nil {
		return 0, err
	}
	logw := 0.0
	last := len(schedule) - 1
	for i, lambda := range schedule[1:] {
		logw -= l.Work(lambda)
		l.SetLambda(lambda)
		if i+1 == last {
			break
		}
		for range sweeps {
			l.Sweep(src)
		}
	}
	return logw, nil
}

// AnnealBack is the time reversal of Anneal from the ladder's current state, which must be
// an equilibrium draw at the schedule's last λ. It returns the log weight of the backward
// run; E[w] = Z(0)/Z(λ_n). The state is left at the schedule's start.
func AnnealBack(l Ladder, schedule []float64, sweeps int, src Source) float64 {
	logw := 0.0
	for i := len(schedule) - 2; i >= 0; i-- {
		logw -= l.Work(schedule[i])
		l.SetLambda(schedule[i])
		if i == 0 {
			break
		}
		for range sweeps {
			l.SweepBack(src)
		}
	}
	return logw
}

// AIS returns log Z(λ_n)/Z(0) from independent annealing runs.
func AIS(l Ladder, schedule []float64, sweeps, runs int, src Source) (Estimate, []float64, error) {
	logw := make([]float64, runs)
	for i := range logw {
		var err error
		if logw[i], err = Anneal(l, schedule, sweeps, src); err != nil {
			return Estimate{}, nil, err
		}
	}
	return Exponential("ais", logw), logw, nil
}

// AISBack returns log weights of annealing backwards from equilibrium draws at the
// schedule's last λ, taken every spacing sweeps of a chain that goes on from the ladder's
// state; the state must be equilibrated there, and spacing at least 2τ, for the runs to be
// independent. With AIS's log weights they go to Bidirectional.
func AISBack(l Ladder, schedule []float64, sweeps, spacing, runs int, src Source) []float64 {
	logw := make([]float64, runs)
	var state []float64
	l.SetLambda(schedule[len(schedule)-1])
	for i := range logw {
		for range spacing {
			l.Sweep(src)
		}
		state = l.Save(state[:0])
		logw[i] = AnnealBack(l, schedule, sweeps, src)
		l.SetLambda(schedule[len(schedule)-1])
		l.Restore(state)
	}
	return logw
}

// ForwardAverage returns log Z(λ)/Z(0) as the log of the mean of e^{−(U_λ−U_0)} over exact
// draws at λ = 0: annealing with one stage.
func ForwardAverage(l Ladder, lambda float64, draws int, src Source) (Estimate, []float64, error) {
	e, logw, err := AIS(l, []float64{0, lambda}, 0, draws, src)
	e.Estimator = "forward"
	return e, logw, err
}
