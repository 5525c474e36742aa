package pathint

import (
	"errors"
	"fmt"
	"math"

	"machlup/analysis"
	"machlup/langevin"
)

// An SMC is a sequential Monte Carlo sampler of a ladder: particles drawn exactly at λ = 0 are
// reweighted from stage to stage of a schedule, resampled (systematically) when their
// effective number falls below Threshold of them, and moved by sweeps that leave the law of
// the stage invariant. The product of mean weights is unbiased for Z(λ_n)/Z(0) at any number
// of particles, stages and sweeps, as long as the schedule is fixed beforehand (Del Moral,
// Doucet and Jasra, J. R. Stat. Soc. B 68 (2006) 411).
type SMC struct {
	Schedule  []float64 // from 0
	Particles int
	Sweeps    int     // at each stage between the first and the last
	Threshold float64 // of the effective number over Particles; 0 never resamples, 1 always does
}

func (s SMC) check() error {
	if len(s.Schedule) < 2 || s.Schedule[0] != 0 || s.Particles < 2 || !(s.Threshold >= 0 && s.Threshold <= 1) {
		return fmt.Errorf("pathint: smc: %d stages from λ = 0, %d particles, threshold %g; want a schedule that starts at 0, where exact draws exist, at least 2 particles and a threshold in [0, 1]", len(s.Schedule)-1, s.Particles, s.Threshold)
	}
	return nil
}

// Run is one pass. It returns the log of an unbiased estimate of Z(λ_n)/Z(0), −Inf if no
// particle survives, and how often it resampled.
func (s SMC) Run(l Ladder, src Source) (logZ float64, resampled int, err error) {
	if err := s.check(); err != nil {
		return 0, 0, err
	}
	cloud := newCloud(s.Particles)
	for i := range cloud.logw {
		if err := cloud.draw(l, i, src); err != nil {
			return 0, 0, err
		}
		cloud.work(l, i, s.Schedule[1])
	}
	for j := 1; j < len(s.Schedule)-1; j++ {
		if cloud.effective() < s.Threshold {
			logZ += cloud.resample(src)
			resampled++
		}
		l.SetLambda(s.Schedule[j])
		for i := range cloud.logw {
			cloud.move(l, i, s.Sweeps, src)
			cloud.work(l, i, s.Schedule[j+1])
		}
	}
	v, _ := analysis.LogMeanExp(cloud.logw)
	return logZ + v, resampled, nil
}

// AdaptSchedule finds a schedule from 0 to λ with a pilot cloud: every stage reweights to a
// conditional effective number of the given fraction of the particles. The family must be
// linear in λ. A schedule is not to be used for the cloud that found it: that Z is biased.
func AdaptSchedule(l Ladder, to float64, particles, sweeps int, fraction float64, src Source) ([]float64, error) {
	cloud := newCloud(particles)
	for i := range cloud.logw {
		if err := cloud.draw(l, i, src); err != nil {
			return nil, err
		}
	}
	schedule, x := []float64{0}, make([]float64, particles)
	for lambda := 0.0; lambda != to; {
		for i := range x {
			x[i] = 0
			if cloud.alive(i) {
				cloud.restore(l, i)
				x[i] = l.Slope()
			}
		}
		next := cloud.reach(x, lambda, to, fraction)
		if len(schedule) > 10000 || next == lambda {
			return nil, fmt.Errorf("pathint: smc: no schedule from 0 to %g: stuck at λ = %g after %d stages; the laws hardly overlap, use more particles or sweeps", to, lambda, len(schedule)-1)
		}
		for i := range x {
			cloud.logw[i] -= (next - lambda) * x[i]
		}
		cloud.resample(src)
		l.SetLambda(next)
		for i := range cloud.logw {
			cloud.move(l, i, sweeps, src)
		}
		lambda = next
		schedule = append(schedule, lambda)
	}
	return schedule, nil
}

// reach is the λ' at which the weights e^{−(λ'−λ)x} have the wanted effective fraction.
func (c *cloud) reach(x []float64, lambda, to, fraction float64) float64 {
	w := make([]float64, len(x))
	good := func(f float64) bool {
		for i := range w {
			w[i] = c.logw[i] - f*(to-lambda)*x[i]
		}
		return analysis.ESSWeights(w) >= fraction*float64(len(w))
	}
	if good(1) {
		return to
	}
	lo, hi := 0.0, 1.0
	for range 40 {
		if f := (lo + hi) / 2; good(f) {
			lo = f
		} else {
			hi = f
		}
	}
	return lambda + lo*(to-lambda)
}

// A cloud is weighted particles of a ladder.
type cloud struct {
	state   [][]float64
	logw    []float64
	parents []int
	spare   [][]float64
}

func newCloud(n int) *cloud {
	return &cloud{state: make([][]float64, n), logw: make([]float64, n), parents: make([]int, n), spare: make([][]float64, n)}
}

func (c *cloud) alive(i int) bool { return !math.IsInf(c.logw[i], -1) }

func (c *cloud) draw(l Ladder, i int, src Source) error {
	switch err := l.Draw(src); {
	case errors.Is(err, ErrNoWeight):
		c.logw[i] = math.Inf(-1)
	case err != nil:
		return err
	}
	c.state[i] = l.Save(c.state[i][:0])
	return nil
}

func (c *cloud) restore(l Ladder, i int) { l.Restore(c.state[i]) }

// work weights particle i, whose state the ladder holds, for another λ.
func (c *cloud) work(l Ladder, i int, to float64) {
	if c.alive(i) {
		c.logw[i] -= l.Work(to)
	}
}

// move sweeps particle i at the ladder's λ and leaves its state there.
func (c *cloud) move(l Ladder, i, sweeps int, src Source) {
	if !c.alive(i) {
		return
	}
	c.restore(l, i)
	for range sweeps {
		l.Sweep(src)
	}
	c.state[i] = l.Save(c.state[i][:0])
}

// effective is Kish's number over that of the particles; 1 where none is alive, as then there
// is nothing to resample.
func (c *cloud) effective() float64 {
	if e := analysis.ESSWeights(c.logw); e > 0 {
		return e / float64(len(c.logw))
	}
	return 1
}

// resample replaces the particles by a systematic sample of equal weights and returns the log
// of the mean weight, which the caller keeps. Without survivors all stay dead.
func (c *cloud) resample(src Source) float64 {
	mean := systematic(c.parents, c.logw, src)
	if math.IsInf(mean, -1) {
		return mean
	}
	for i, p := range c.parents {
		c.spare[i] = append(c.spare[i][:0], c.state[p]...)
		c.logw[i] = 0
	}
	c.state, c.spare = c.spare, c.state
	return mean
}

// systematic fills parents with indices, each expected as often as its share of the weights
// says (one uniform for all: Kitagawa, J. Comput. Graph. Stat. 5 (1996) 1), and returns the log
// of the mean weight.
func systematic(parents []int, logw []float64, src Source) float64 {
	total := analysis.LogSumExp(logw)
	if math.IsInf(total, -1) {
		return total
	}
	n := float64(len(logw))
	u, sum, last := src.Uniform(), 0.0, 0
	at := 0
	for i, w := range logw {
		share := math.Exp(w - total)
		if share > 0 {
			last = i
		}
		sum += share * n
		for at < len(parents) && float64(at)+u < sum {
			parents[at] = i
			at++
		}
	}
	for ; at < len(parents); at++ { // rounding of the sum
		parents[at] = last
	}
	return total - math.Log(n)
}

// A ParticleFilter is SMC over the time of a path: trajectories of a map, simulated forward,
// are weighted by e^{−s o(q_k)} after every step and resampled when their effective number
// falls below Threshold of them (splitting, or cloning, in path time). It needs forward steps
// only: any map with random inputs, true minibatches included. Z_k(s)/Z_k(0) is unbiased at
// every k.
//
// Sources: P. Del Moral, Feynman–Kac Formulae (2004); C. Giardinà, J. Kurchan and L. Peliti,
// Phys. Rev. Lett. 96 (2006) 120603.
type ParticleFilter struct {
	Map       langevin.Map
	Start     []float64 // q_0, or what Density mixes its draws with
	Density   Drawable  // of q_0; nil for a fixed start
	Observer  langevin.Observer
	Tilt      Tilt
	Hbar      float64 // ħ: inputs are multiplied by √ħ; 0 means 1
	Particles int
	Threshold float64
	At        []int // steps k, ascending, at which the estimates are returned
}

// A FilterPoint is what one pass of a filter says at step k.
type FilterPoint struct {
	LogZ float64 // log of an unbiased estimate of Z_k(s)/Z_k(0); −Inf without survivors
	Mean float64 // mean of O = Σ_{j≤k} o(q_j) of the tilted paths, along the survivors' lines
}

// Run is one pass; it returns a point for each step of At.
func (f ParticleFilter) Run(src Source) ([]FilterPoint, error) {
	tilt, err := findTilt(Spec{Tilt: f.Tilt, Observer: f.Observer})
	if err != nil {
		return nil, err
	}
	if tilt < 0 || f.Particles < 2 || len(f.At) == 0 || !(f.Threshold >= 0 && f.Threshold <= 1) || f.Map.Inputs() < 1 {
		return nil, fmt.Errorf("pathint: particle filter: tilt %q, %d particles, threshold %g, %d inputs; want a tilting observable, at least 2 particles, a threshold in [0, 1] and random inputs", f.Tilt.Observable, f.Particles, f.Threshold, f.Map.Inputs())
	}
	n, dim := f.Particles, f.Map.Dim()
	state, next := newRows(n, dim), newRows(n, dim)
	start := append([]float64(nil), f.Start...)
	for _, x := range state {
		if f.Density != nil {
			f.Density.Draw(start, f.Start, 1, src)
		}
		f.Map.Init(x, start)
	}
	total, spare := make([]float64, n), make([]float64, n)
	logw, parents := make([]float64, n), make([]int, n)
	xi, o := make([]float64, f.Map.Inputs()), make([]float64, len(f.Observer.Observables()))
	scale := math.Sqrt(orOne(f.Hbar))
	logZ := 0.0
	var points []FilterPoint
	for k, at := 1, 0; at < len(f.At); k++ {
		for i := range state {
			if math.IsInf(logw[i], -1) {
				continue
			}
			src.Normals(xi)
			for j := range xi {
				xi[j] *= scale
			}
			f.Map.Step(next[i], state[i], xi)
			state[i], next[i] = next[i], state[i]
			f.Observer.Observe(o, state[i][:f.Map.Config()])
			total[i] += o[tilt]
			if logw[i] -= f.Tilt.S * o[tilt]; math.IsNaN(logw[i]) || !finite(state[i]) {
				logw[i] = math.Inf(-1) // a trajectory that diverged has no weight
			}
		}
		for at < len(f.At) && f.At[at] == k {
			points = append(points, filterPoint(logZ, logw, total))
			at++
		}
		if at < len(f.At) && f.At[at] < k {
			return nil, errors.New("pathint: particle filter: steps must ascend from 1")
		}
		if ess := analysis.ESSWeights(logw); ess > 0 && ess < f.Threshold*float64(n) {
			logZ += systematic(parents, logw, src)
			for i, p := range parents {
				copy(next[i], state[p])
				spare[i], logw[i] = total[p], 0
			}
			state, next, total, spare = next, state, spare, total
		}
	}
	return points, nil
}

func filterPoint(logZ float64, logw, total []float64) FilterPoint {
	v, _ := analysis.LogMeanExp(logw)
	p := FilterPoint{LogZ: logZ + v}
	sum := analysis.LogSumExp(logw)
	for i, w := range logw {
		if !math.IsInf(w, -1) {
			p.Mean += math.Exp(w-sum) * total[i]
		}
	}
	return p
}

// FilterEstimate combines independent passes at one k: log Z_k(s)/Z_k(0) with its error, and
// the mean of O over the tilted paths, each pass with the weight of its Z.
func FilterEstimate(points []FilterPoint) (z Estimate, mean analysis.Estimate) {
	logZ := make([]float64, len(points))
	for i, p := range points {
		logZ[i] = p.LogZ
	}
	z = Exponential("particle-filter", logZ)
	c, m := meanInfluence(points)
	v, n := 0.0, float64(len(c))
	for _, x := range c {
		v += x * x
	}
	return z, analysis.Estimate{Value: m, StdErr: math.Sqrt(v * n / (n - 1))}
}

// FilterGrowth is log Z_l(s) − log Z_k(s) (both over their values at s = 0) from the same
// passes at two lengths k < l, with the error of the difference.
func FilterGrowth(k, l []FilterPoint) analysis.Estimate {
	n := float64(len(k))
	zk, zl := make([]float64, len(k)), make([]float64, len(l))
	for i := range k {
		zk[i], zl[i] = k[i].LogZ, l[i].LogZ
	}
	sk, sl := analysis.LogSumExp(zk), analysis.LogSumExp(zl)
	v := 0.0
	for i := range zk {
		v += math.Pow(share(zl[i], sl)-share(zk[i], sk), 2)
	}
	return analysis.Estimate{Value: sl - sk, StdErr: math.Sqrt(v * n / (n - 1))}
}

func share(logw, total float64) float64 {
	if math.IsInf(logw, -1) {
		return 0
	}
	return math.Exp(logw - total)
}

// FilterSlope is the derivative of FilterGrowth with respect to s, −(⟨O⟩_l − ⟨O⟩_k) of the
// tilted paths of either length, with the error of the difference.
func FilterSlope(k, l []FilterPoint) analysis.Estimate {
	ck, mk := meanInfluence(k)
	cl, ml := meanInfluence(l)
	v, n := 0.0, float64(len(k))
	for i := range ck {
		v += math.Pow(cl[i]-ck[i], 2)
	}
	return analysis.Estimate{Value: mk - ml, StdErr: math.Sqrt(v * n / (n - 1))}
}

// meanInfluence is what each pass contributes to the error of the mean of O, and that mean.
func meanInfluence(points []FilterPoint) (c []float64, mean float64) {
	logZ := make([]float64, len(points))
	for i, p := range points {
		logZ[i] = p.LogZ
	}
	sum := analysis.LogSumExp(logZ)
	for i, p := range points {
		mean += share(logZ[i], sum) * p.Mean
	}
	for i, p := range points {
		c = append(c, share(logZ[i], sum)*(p.Mean-mean))
	}
	return c, mean
}
