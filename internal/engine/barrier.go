package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"machlup/analysis"
)

// rarePool names the pool in which rates at several temperatures meet the minimum action.
const rarePool = "rare paths"

func (r *rate) PoolKey() string          { return rarePool }
func (a *minimumAction) PoolKey() string { return rarePool }

func (r *rate) Pool(tasks []Finished, out *Output) error          { return poolRare(tasks, out) }
func (a *minimumAction) Pool(tasks []Finished, out *Output) error { return poolRare(tasks, out) }

// poolRare compares, for each replica, minimum actions at several η and rates at several T.
func poolRare(tasks []Finished, out *Output) error {
	var replicas []int
	for _, t := range tasks {
		if !slices.Contains(replicas, t.Replica) {
			replicas = append(replicas, t.Replica)
		}
	}
	for _, replica := range replicas {
		var minima []minimumAt
		var rates []rateAt
		for _, t := range tasks {
			if t.Replica != replica {
				continue
			}
			switch r := t.Runner.(type) {
			case *minimumAction:
				if p := t.Parts[0].(*MinimumActionPart); p.Failed == "" && p.Path.Converged {
					minima = append(minima, minimumAt{r.eta, r.temperature, float64(r.setup.Config.Steps) * r.eta, p.Path.Action * r.temperature, r.barrier(p) * r.temperature})
				}
			case *rate:
				if v, ok := r.best(t.Parts); ok && r.temperature > 0 {
					rates = append(rates, rateAt{r.temperature, v})
				}
			}
		}
		label := fmt.Sprintf("rare/r%d", replica)
		barrier := writeExtrapolated(minima, label, out)
		writeArrhenius(rates, barrier, label, out)
	}
	return nil
}

// minimumAt is S_min·T at one η.
type minimumAt struct{ eta, temperature, duration, st, reference float64 }

// writeExtrapolated carries S_min·T to η → 0 through the polynomial of all step sizes, paths
// of one duration. It returns the best value there is, NaN without.
func writeExtrapolated(minima []minimumAt, label string, out *Output) float64 {
	if len(minima) == 0 {
		return math.NaN()
	}
	slices.SortStableFunc(minima, func(a, b minimumAt) int { return cmp.Compare(a.eta, b.eta) })
	var eta, st []float64
	for _, m := range minima {
		if math.Abs(m.duration/minima[0].duration-1) > 1e-9 {
			return minima[0].st // of different durations: not comparable
		}
		if len(eta) == 0 || m.eta > eta[len(eta)-1]*(1+1e-9) {
			eta, st = append(eta, m.eta), append(st, m.st)
		}
	}
	if len(eta) < 3 {
		return st[0]
	}
	value := atZero(eta, st)
	stderr := math.Abs(value - atZero(eta[:len(eta)-1], st[:len(st)-1]))
	out.Table(Summary).AddAs(label, "S_min·T as eta -> 0", value, stderr, minima[0].reference, nil, "energy",
		fmt.Sprintf("polynomial through %d step sizes at duration %.6g; stderr: without the coarsest; reference: the highest U on the path of the finest less U of its start", len(eta), minima[0].duration))
	return value
}

// atZero is Lagrange's polynomial through (x, y) at 0.
func atZero(x, y []float64) float64 {
	sum := 0.0
	for i := range x {
		w := y[i]
		for j := range x {
			if j != i {
				w *= x[j] / (x[j] - x[i])
			}
		}
		sum += w
	}
	return sum
}

// rateAt is a rate at one temperature.
type rateAt struct {
	temperature float64
	rate        analysis.Estimate
}

// best is the weighted mean of the rates that have a plateau.
func (r *rate) best(parts []any) (analysis.Estimate, bool) {
	sum, weight := 0.0, 0.0
	for _, c := range r.estimates(parts) {
		if value, stderr, err := r.plateau(c); err == nil {
			sum, weight = sum+value/(stderr*stderr), weight+1/(stderr*stderr)
		}
	}
	return analysis.Estimate{Value: sum / weight, StdErr: 1 / math.Sqrt(weight)}, weight > 0
}

// writeArrhenius fits ln k = a − E/T, weighted, and sets E beside S_min·T.
func writeArrhenius(rates []rateAt, barrier float64, label string, out *Output) {
	slices.SortStableFunc(rates, func(a, b rateAt) int { return cmp.Compare(a.temperature, b.temperature) })
	rates = slices.CompactFunc(rates, func(a, b rateAt) bool { return a.temperature == b.temperature })
	if len(rates) < 3 {
		return
	}
	var s, sx, sy, sxx, sxy float64
	for _, r := range rates {
		x, y, w := 1/r.temperature, math.Log(r.rate.Value), math.Pow(r.rate.Value/r.rate.StdErr, 2)
		s, sx, sy, sxx, sxy = s+w, sx+w*x, sy+w*y, sxx+w*x*x, sxy+w*x*y
	}
	det := s*sxx - sx*sx
	slope, at := (s*sxy-sx*sy)/det, (sxx*sy-sx*sxy)/det
	chi2 := 0.0
	for _, r := range rates {
		chi2 += math.Pow((math.Log(r.rate.Value)-at-slope/r.temperature)*r.rate.Value/r.rate.StdErr, 2)
	}
	p := distuv.ChiSquared{K: float64(len(rates) - 2)}.Survival(chi2)
	status := fmt.Sprintf("%d temperatures, χ² = %.2g (p = %.2g)", len(rates), chi2, p)
	if p < 1e-3 {
		status = "not a straight line: " + status
	}
	var reference any
	if !math.IsNaN(barrier) {
		reference, status = barrier, status+"; reference: S_min·T, which the slope tends to as T → 0"
	}
	fewest := math.Inf(1)
	for _, r := range rates {
		fewest = math.Min(fewest, math.Pow(r.rate.Value/r.rate.StdErr, 2))
	}
	out.Table(Summary).AddAs(label, "-d ln k_AB / d(1/T)", -slope, math.Sqrt(s/det), reference, nil, "energy", status)
	out.Table(Partition).AddAs(label, "-d ln k_AB / d(1/T)", "rate", "1/T", nil, rateMeasure, -slope, math.Sqrt(s/det), math.Sqrt(s/det), 0.0, nil, nil, fewest, nil, status)
}
