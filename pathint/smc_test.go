package pathint

import (
	"fmt"
	"math"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
)

// The mean weight of SMC over the tilt is exact however few particles, stages and sweeps it
// has, with resampling at every stage, by need or never.
func TestSMCIsUnbiased(t *testing.T) {
	t.Parallel()
	const tilt, steps = 0.8, 3
	sys := linear(0.8, 0.3, 0.6)
	exact := linearPath(steps, 0.8, 0.3, 0.6, 1, tilt, 1).logZ - linearPath(steps, 0.8, 0.3, 0.6, 1, 0, 1).logZ
	for _, threshold := range []float64{0, 0.7, 1} {
		ls, srcs := tilted(t, sys, steps, 1, false, SingleSlice{Step: 1})
		s := SMC{Schedule: Ramp(0, tilt, 3), Particles: 4, Sweeps: 1, Threshold: threshold}
		logZ, resampled := make([]float64, 3000), 0
		for i := range logZ {
			v, r, err := s.Run(ls[0], srcs[0])
			if err != nil {
				t.Fatal(err)
			}
			logZ[i], resampled = v, resampled+r
		}
		v, stderr := analysis.LogMeanExp(logZ)
		within(t, fmt.Sprintf("threshold %g", threshold), v, stderr, exact, 0.015)
		if never, always := resampled == 0, resampled == 2*len(logZ); never != (threshold == 0) || always != (threshold == 1) {
			t.Errorf("threshold %g resampled %d times in %d passes", threshold, resampled, len(logZ))
		}
	}
}

// filterOf is a filter on a linear recurrence with momentum.
func filterOf(steps []int, particles int, tilt, threshold float64) ParticleFilter {
	sys := linear(0.8, 0.3, 0.6)
	return ParticleFilter{Map: sys, Start: []float64{1}, Observer: sys, Tilt: Tilt{"x2", tilt}, Particles: particles, Threshold: threshold, At: steps}
}

// The particle filter is unbiased at every length, at ħ ≠ 1 too; its mean of O is
// −∂ log Z/∂s.
func TestParticleFilterIsUnbiased(t *testing.T) {
	t.Parallel()
	const tilt = 0.5
	for _, threshold := range []float64{0, 0.6} {
		for _, hbar := range []float64{1, 2} {
			f := filterOf([]int{2, 6}, 5, tilt, threshold)
			f.Hbar = hbar
			src := rng.New(61, int(hbar), "filter", fmt.Sprint(threshold))
			points := make([][]FilterPoint, 2)
			for range 2000 {
				p, err := f.Run(src)
				if err != nil {
					t.Fatal(err)
				}
				points[0], points[1] = append(points[0], p[0]), append(points[1], p[1])
			}
			logZ := func(k int, s float64) float64 {
				return linearPath(k, 0.8, 0.3, 0.6, 1/hbar, s, 1).logZ - linearPath(k, 0.8, 0.3, 0.6, 1/hbar, 0, 1).logZ
			}
			for i, k := range f.At {
				name := fmt.Sprintf("threshold %g, ħ = %g, %d steps", threshold, hbar, k)
				z, mean := FilterEstimate(points[i])
				within(t, name, z.LogZ, z.StatErr, logZ(k, tilt), 0.03)
				const h = 1e-4
				within(t, name+", ⟨O⟩", mean.Value, mean.StdErr, -(logZ(k, tilt+h)-logZ(k, tilt-h))/(2*h), 0.05)
			}
			g := FilterGrowth(points[0], points[1])
			within(t, "growth", g.Value, g.StdErr, logZ(6, tilt)-logZ(2, tilt), 0.03)
		}
	}
}

// Error bars of both kinds of SMC: pulls of 200 repeats of 50 passes.
func TestSMCErrorBars(t *testing.T) {
	t.Parallel()
	const tilt, steps = 0.5, 3
	sys := linear(0.8, 0.3, 0.6)
	logZ := func(s float64) float64 {
		return linearPath(steps, 0.8, 0.3, 0.6, 1, s, 1).logZ - linearPath(steps, 0.8, 0.3, 0.6, 1, 0, 1).logZ
	}
	exact := logZ(tilt)
	slope := -(logZ(tilt+1e-4) - logZ(tilt-1e-4)) / 2e-4
	ls, srcs := tilted(t, sys, steps, 1, false, SingleSlice{Step: 1})
	s := SMC{Schedule: Ramp(0, tilt, 3), Particles: 12, Sweeps: 1, Threshold: 0.9}
	f := filterOf([]int{1, steps}, 12, tilt, 0.7)
	src := rng.New(62, 0, "filter", "")
	var tiltPulls, timePulls, meanPulls, growthPulls analysis.Moments
	one := linearPath(1, 0.8, 0.3, 0.6, 1, tilt, 1).logZ - linearPath(1, 0.8, 0.3, 0.6, 1, 0, 1).logZ
	for range 200 {
		over := make([]float64, 50)
		var points [2][]FilterPoint
		for i := range over {
			over[i], _, _ = s.Run(ls[0], srcs[0])
			p, err := f.Run(src)
			if err != nil {
				t.Fatal(err)
			}
			points[0], points[1] = append(points[0], p[0]), append(points[1], p[1])
		}
		e := Exponential("smc", over)
		tiltPulls.Add((e.LogZ - exact) / e.StatErr)
		z, mean := FilterEstimate(points[1])
		timePulls.Add((z.LogZ - exact) / z.StatErr)
		meanPulls.Add((mean.Value - slope) / mean.StdErr)
		g := FilterGrowth(points[0], points[1])
		growthPulls.Add((g.Value - exact + one) / g.StdErr)
	}
	calibrated(t, "smc over the tilt", &tiltPulls)
	calibrated(t, "smc over time", &timePulls)
	calibrated(t, "mean of the tilted observable", &meanPulls)
	calibrated(t, "growth of log Z", &growthPulls)
}

// A pilot's schedule ends at the tilt, has stages of about equal overlap, and makes a pass.
func TestAdaptSchedule(t *testing.T) {
	ls, srcs := tilted(t, linear(0.9, 0, 0.6), 12, 1, false, Staging{Length: 6, Step: 0.8})
	schedule, err := AdaptSchedule(ls[0], 3, 100, 2, 0.7, srcs[0])
	if err != nil || len(schedule) < 4 || schedule[0] != 0 || schedule[len(schedule)-1] != 3 {
		t.Fatal(err, schedule)
	}
	if first, last := schedule[1], 3-schedule[len(schedule)-2]; !(first < 0.5) || !(last > 2*first) {
		t.Errorf("stages %v; the first should be short", schedule)
	}
	if _, _, err := (SMC{Schedule: schedule, Particles: 10, Sweeps: 1, Threshold: 0.5}).Run(ls[0], srcs[0]); err != nil {
		t.Error(err)
	}
}

// Systematic resampling copies each particle the expected number of times, rounded up or
// down, and keeps expectations.
func TestSystematicResampling(t *testing.T) {
	src := rng.New(63, 0, "systematic", "")
	logw := []float64{math.Log(0.1), math.Inf(-1), math.Log(0.55), math.Log(0.35)}
	parents, counts := make([]int, 4), make([]float64, 4)
	const n = 20000
	for range n {
		if mean := systematic(parents, logw, src); math.Abs(mean-math.Log(0.25)) > 1e-12 {
			t.Fatal(mean)
		}
		for _, p := range parents {
			counts[p]++
		}
	}
	for i, w := range []float64{0.4, 0, 2.2, 1.4} {
		if got := counts[i] / n; math.Abs(got-w) > 0.02 {
			t.Errorf("particle %d copied %g times, want %g", i, got, w)
		}
	}
}

// Trajectories that diverge have no weight, a filter that loses all says −Inf, and misuse is
// refused.
func TestSMCRefuses(t *testing.T) {
	blow := newToy(1, []langevin.Block{{Name: "x", Hi: 1, Noise: 1}}, func(dst []float64, _ int, q []float64) { dst[0] = math.Exp(40 * q[0] * q[0]) })
	f := ParticleFilter{Map: blow, Start: []float64{3}, Observer: blow, Tilt: Tilt{"x2", 1}, Particles: 4, Threshold: 0.5, At: []int{6}}
	p, err := f.Run(rng.New(64, 0, "filter", ""))
	if err != nil || !math.IsInf(p[0].LogZ, -1) {
		t.Error(err, p)
	}
	f.Tilt.Observable = ""
	if _, err := f.Run(rng.New(64, 0, "filter", "")); err == nil {
		t.Error("a filter without a tilt ran")
	}
	if _, _, err := (SMC{Schedule: []float64{0.1, 1}, Particles: 4}).Run(nil, nil); err == nil {
		t.Error("a schedule that does not start at 0 was accepted")
	}
}

// Annealing both ways from correlated draws: pulls of Bennett's ratio, and of the runs back
// alone, over 200 repeats; the bounds hold in the mean.
func TestReversedErrorBars(t *testing.T) {
	t.Parallel()
	const tilt, steps = 0.12, 3
	sys := linear(0.8, 0, 0.6)
	exact := linearPath(steps, 0.8, 0, 0.6, 1, tilt, 1).logZ - linearPath(steps, 0.8, 0, 0.6, 1, 0, 1).logZ
	ls, srcs := tilted(t, sys, steps, 1, false, Staging{Length: 3, Step: 0.9}, SingleSlice{Step: 1})
	for c := range 2 {
		ls[c].SetLambda(tilt)
		ls[c].Warm(200, srcs[c])
	}
	schedule := Ramp(0, tilt, 3)
	var ratio, back, lower, upper analysis.Moments
	for range 200 {
		logF := make([]float64, 200)
		for i := range logF {
			logF[i], _ = Anneal(ls[2], schedule, 1, srcs[2])
		}
		logR, slopes := make([][]float64, 2), make([][]float64, 2)
		for c := range 2 { // the same chains go on: they are in equilibrium
			ls[c].SetLambda(tilt)
			var state []float64
			for range 200 {
				for range 2 {
					ls[c].Sweep(srcs[c])
				}
				slopes[c] = append(slopes[c], ls[c].Slope())
				state = ls[c].Save(state[:0])
				logR[c] = append(logR[c], AnnealBack(ls[c], schedule, 1, srcs[c]))
				ls[c].SetLambda(tilt)
				ls[c].Restore(state)
			}
		}
		reverse, bar, bounds := Reversed(logF, logR, slopes)
		ratio.Add((bar.LogZ - exact) / bar.StatErr)
		back.Add((reverse.LogZ - exact) / reverse.StatErr)
		lower.Add(bounds.Lower)
		upper.Add(bounds.Upper)
	}
	calibrated(t, "Bennett's ratio of annealing both ways", &ratio)
	calibrated(t, "annealing back alone", &back)
	if !(lower.Mean() < exact && exact < upper.Mean()) {
		t.Errorf("bounds [%g, %g] do not hold %g", lower.Mean(), upper.Mean(), exact)
	}
}
