package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"machlup/analysis"
)

// rarePool names the pool in which rates at several temperatures meet the minimum action.
const rarePool = "rare paths"

func (r *rate) PoolKey() string          { return rarePool }
func (a *minimumAction) PoolKey() string { return rarePool }

func (r *rate) Pool(tasks []Finished, out *Output) error          { return poolRare(tasks, out) }
func (a *minimumAction) Pool(tasks []Finished, out *Output) error { return poolRare(tasks, out) }

// poolRare compares, for each replica of each system, minimum actions at several η and
// durations and rates at several T.
func poolRare(tasks []Finished, out *Output) error {
	var order []string
	minima, rates, marks := map[string][]minimumAt{}, map[string][]rateAt{}, map[string]systemMarks{}
	for _, t := range tasks {
		label := rareLabel(t)
		if !slices.Contains(order, label) {
			order = append(order, label)
		}
		switch r := t.Runner.(type) {
		case *minimumAction:
			p := t.Parts[0].(*MinimumActionPart)
			marks[label] = marks[label].add(p.Mark, r.env)
			if p.Failed == "" && p.Path.Converged {
				minima[label] = append(minima[label], minimumAt{r.eta, float64(r.setup.Config.Steps) * r.eta, p.Path.Action * r.temperature, r.barrier(p) * r.temperature})
			}
		case *rate:
			marks[label] = marks[label].add(t.Parts[0].(*RatePart).Mark, r.env)
			if v, ok := r.best(t.Parts); ok && r.temperature > 0 {
				rates[label] = append(rates[label], rateAt{r.temperature, r.eta, v})
			}
		}
	}
	for _, label := range order {
		if why := marks[label].differ(); why != "" {
			out.Table(Summary).AddAs(label, "-d ln k_AB / d(1/T)", nil, nil, nil, nil, "energy", "no-estimate: "+why)
			continue
		}
		writeArrhenius(rates[label], writeLeast(minima[label], label, out), label, out)
	}
	return nil
}

// A systemMark tells systems apart: a number made of their drift at one configuration, and η.
type systemMark struct{ Drift, Eta float64 }

// markOf is the mark of a model, 0 where its drift is not finite there.
func markOf(m *Model) systemMark {
	t := newTrajectory(m, nil)
	q := make([]float64, m.Map.Config())
	for i := range q {
		q[i] = 0.3 * math.Cos(float64(i))
	}
	m.Map.Init(t.state, q)
	m.Map.Step(t.next, t.state, t.xi)
	sum := 0.0
	for i, x := range q {
		sum += math.Cos(1.7*float64(i)) * (t.next[i] - x) / m.Eta
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return systemMark{}
	}
	return systemMark{sum, m.Eta}
}

// systemMarks are those of tasks, with what their random streams depend on.
type systemMarks []struct {
	systemMark
	coupling string
}

func (s systemMarks) add(mark systemMark, env Env) systemMarks {
	return append(s, struct {
		systemMark
		coupling string
	}{mark, env.Coupling})
}

// differ says why tasks of equal η are not of one system; one without a mark is not looked at.
// Equal streams make equal systems, whose drift may still change with T: a prior's part does.
func (s systemMarks) differ() string {
	for i, a := range s {
		for _, b := range s[:i] {
			if a.coupling != b.coupling && a.Drift != 0 && b.Drift != 0 && a.Eta == b.Eta && math.Abs(a.Drift-b.Drift) > 1e-9*math.Abs(a.Drift) {
				return "the tasks simulate different systems, each with its own initial parameters and fixed batch: set run.common_random_numbers = true"
			}
		}
	}
	return ""
}

// rareLabel names the replica and the system: swept keys other than temperatures, step sizes
// and what only says how paths are sampled make systems of their own.
func rareLabel(t Finished) string {
	var parts []string
	for key, value := range t.Swept {
		last := key[strings.LastIndex(key, ".")+1:]
		method := strings.HasPrefix(key, "path.") && !strings.HasPrefix(key, "path.sets") ||
			strings.HasPrefix(key, "estimator.") || strings.HasPrefix(key, "move.") || strings.HasPrefix(key, "run.")
		if !method && last != "eta" && !strings.HasPrefix(last, "temperature") {
			parts = append(parts, shortKey(t.Swept, key)+"="+value)
		}
	}
	slices.Sort(parts)
	return strings.Join(append([]string{"rare"}, append(parts, fmt.Sprintf("r%d", t.Replica))...), "/")
}

// minimumAt is S_min·T at one η and duration, and the highest U on the path less that of its start.
type minimumAt struct{ eta, duration, st, reference float64 }

// writeLeast compares minimum actions of one system: of paths of several durations it takes the
// longest, whose action is least; of one duration it carries S_min·T to η → 0 through the
// polynomial of all step sizes. It returns the best there is, NaN without any.
func writeLeast(minima []minimumAt, label string, out *Output) minimumAt {
	if len(minima) == 0 {
		return minimumAt{st: math.NaN(), reference: math.NaN()}
	}
	slices.SortStableFunc(minima, func(a, b minimumAt) int {
		return cmp.Or(cmp.Compare(a.eta, b.eta), cmp.Compare(b.duration, a.duration))
	})
	finest := minima[0]
	var eta, st []float64
	var longer []string
	for _, m := range minima {
		if m.eta > finest.eta || m.duration == finest.duration {
			continue
		}
		longer = append(longer, fmt.Sprintf("%.4g at %.6g", m.st, m.duration))
	}
	longer = slices.Compact(longer)
	if len(longer) > 0 {
		out.Table(Summary).AddAs(label, "S_min·T, longest path", finest.st, nil, finest.reference, nil, "energy",
			fmt.Sprintf("an upper bound of what escape costs: duration %.6g at eta = %.4g; shorter ones: %s; reference: the highest U on the path less U of its start, another upper bound", finest.duration, finest.eta, strings.Join(longer, ", ")))
		return finest
	}
	for _, m := range minima {
		if math.Abs(m.duration/finest.duration-1) > 1e-9 {
			return finest // each η has a duration of its own: not comparable
		}
		if len(eta) == 0 || m.eta > eta[len(eta)-1]*(1+1e-9) {
			eta, st = append(eta, m.eta), append(st, m.st)
		}
	}
	if len(eta) < 3 {
		return finest
	}
	value := atZero(eta, st)
	stderr := math.Abs(value - atZero(eta[:len(eta)-1], st[:len(st)-1]))
	out.Table(Summary).AddAs(label, "S_min·T as eta -> 0", value, stderr, finest.reference, nil, "energy",
		fmt.Sprintf("polynomial through %d step sizes at duration %.6g; stderr: without the coarsest; reference: the highest U on the path of the finest less U of its start", len(eta), finest.duration))
	finest.st = value
	return finest
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
	temperature, eta float64
	rate             analysis.Estimate
}

// best is the weighted mean of the rates that have a plateau; there is none where they disagree.
func (r *rate) best(parts []any) (analysis.Estimate, bool) {
	var found []analysis.Estimate
	sum, weight := 0.0, 0.0
	for _, c := range r.estimates(parts) {
		value, stderr, err := r.plateau(c)
		if err != nil {
			continue
		}
		if found = append(found, analysis.Estimate{Value: value, StdErr: stderr}); analysis.CheckAgreement("k_AB", found[0], found[len(found)-1]) != nil {
			return analysis.Estimate{}, false
		}
		sum, weight = sum+value/(stderr*stderr), weight+1/(stderr*stderr)
	}
	return analysis.Estimate{Value: sum / weight, StdErr: 1 / math.Sqrt(weight)}, weight > 0
}

// writeArrhenius fits ln k = a − E/T, weighted, of the finest step size at each temperature, and
// sets E beside S_min·T.
func writeArrhenius(rates []rateAt, least minimumAt, label string, out *Output) {
	slices.SortStableFunc(rates, func(a, b rateAt) int {
		return cmp.Or(cmp.Compare(a.temperature, b.temperature), cmp.Compare(a.eta, b.eta))
	})
	rates = slices.CompactFunc(rates, func(a, b rateAt) bool { return a.temperature == b.temperature })
	if len(rates) < 3 {
		return
	}
	var temperature []float64
	var k []analysis.Estimate
	fewest := math.Inf(1)
	for _, r := range rates {
		temperature, k = append(temperature, r.temperature), append(k, r.rate)
		fewest = math.Min(fewest, math.Pow(r.rate.Value/r.rate.StdErr, 2))
	}
	line, err := analysis.Arrhenius(temperature, k)
	if err != nil {
		out.Table(Summary).AddAs(label, "-d ln k_AB / d(1/T)", nil, nil, nil, nil, "energy", "no-estimate: "+err.Error())
		return
	}
	slope, stderr := -line.Slope.Value, line.Slope.StdErr
	status := fmt.Sprintf("%d temperatures, χ² = %.2g (p = %.2g)", len(rates), line.ChiSq, line.P)
	if line.P < 1e-3 {
		status = "not a straight line: " + status
	}
	var reference any
	if !math.IsNaN(least.st) {
		reference, status = least.st, status+"; reference: S_min·T, an upper bound of what the slope tends to as T → 0"
		if !math.IsNaN(least.reference) {
			status += fmt.Sprintf("; the highest U on its path less U of the start, another: %.4g", least.reference)
		}
	}
	out.Table(Summary).AddAs(label, "-d ln k_AB / d(1/T)", slope, stderr, reference, nil, "energy", status)
	out.Table(Partition).AddAs(label, "-d ln k_AB / d(1/T)", "rate", "1/T", nil, rateMeasure, slope, stderr, stderr, 0.0, nil, nil, fewest, nil, status)
}
