package engine

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"machlup/analysis"
	"machlup/internal/record"
)

// ExtrapolationTable is the schema of extrapolation.csv.
var ExtrapolationTable = record.Schema{Name: "extrapolation", Doc: "averages extrapolated to step 0 over the points of an experiment that differ in the step alone",
	Columns: []record.Column{colTask, colObservable, integer("order", "1", "p of the leading error η^p"), integer("points", "1", "steps"),
		float("smallest_step", "kη", "finest of them"),
		float("finest", "observable", "average at that step"), float("finest_stderr", "observable", "its standard error"),
		float("value", "observable", "generalised least squares of a + b η^p + c η^2p (two points: without the last), at η = 0"),
		float("stderr", "observable", "its statistical error; with common random numbers the points' correlation is in it"),
		float("truncation", "observable", "|value − the value of one power less without the coarsest step|: no statistical error"),
		float("chi_squared_p", "1", "probability of a larger χ² of the fit; empty without a degree of freedom"),
		reference("observable"), colZ, float("ess", "1", "smallest effective number of draws of the points"), colStatus}}

// A steppedSeries is a quantity whose draws are known at one step.
type steppedSeries struct {
	Name   string
	Chains [][]float64
}

// extrapolating is a Runner whose averages are pooled over the points of the experiment that
// differ in nothing but the step of time. Any Runner that has series of draws can be one.
type extrapolating struct {
	Runner
	order     int
	eta       float64
	series    func(parts []any) []steppedSeries
	reference func(name string) float64 // NaN where unknown
	common    bool                      // all points share their random numbers
}

// stepBlocks is how many blocks of each chain tell the correlation of points.
const stepBlocks = 20

// stepPoint is what Pool needs of a task.
type stepPoint struct {
	name   string
	tau    analysis.Tau
	err    error     // why the series must not be used
	blocks []float64 // block means, chain after chain
}

// Bytes are those of the Runner.
func (e *extrapolating) Bytes() float64 { return BytesOf(e.Runner) }

func (e *extrapolating) PoolKey() string { return "extrapolation" }

// Condense keeps the average of each quantity and its block means.
func (e *extrapolating) Condense(parts []any) []any {
	var points []stepPoint
	for _, s := range e.series(parts) {
		p := stepPoint{name: s.Name, tau: analysis.AutocorrelationChains(s.Chains), err: analysis.CheckEquilibration(s.Chains)}
		for _, c := range s.Chains {
			if size := len(c) / stepBlocks; size > 0 {
				for _, b := range analysis.BlockMeans([][]float64{c[:size*stepBlocks]}, size) {
					p.blocks = append(p.blocks, b[0])
				}
			}
		}
		points = append(points, p)
	}
	return []any{points}
}

// Pool extrapolates each quantity of the tasks whose labels agree but for the step.
func (e *extrapolating) Pool(tasks []Finished, out *Output) error {
	var order []string
	groups := map[string][]Finished{}
	for _, t := range tasks {
		runner, ok := t.Runner.(*extrapolating)
		if !ok {
			continue
		}
		key := runner.labelWithoutStep(t)
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], t)
	}
	for _, key := range order {
		g := slices.Clone(groups[key])
		slices.SortStableFunc(g, func(a, b Finished) int {
			return cmp.Compare(b.Runner.(*extrapolating).eta, a.Runner.(*extrapolating).eta)
		})
		g[0].Runner.(*extrapolating).pool(key, g, out.Table(ExtrapolationTable))
	}
	return nil
}

// labelWithoutStep is the label of a task without the swept values that are its step. A swept learning rate that is
// another multiple of the step, such as that of the other player, stays as that multiple: points that scale together differ
// in the step alone.
func (e *extrapolating) labelWithoutStep(t Finished) string {
	var kept []string
	for _, part := range strings.Split(t.Label, "/") {
		var words []string
		for _, w := range strings.Split(part, ",") {
			if w = e.withoutStep(w); w != "" {
				words = append(words, w)
			}
		}
		if len(words) > 0 {
			kept = append(kept, strings.Join(words, ","))
		}
	}
	return strings.Join(kept, "/")
}

// withoutStep is a word key=value of a label, empty if it says the step.
func (e *extrapolating) withoutStep(word string) string {
	key, text, _ := strings.Cut(word, "=")
	last := key[strings.LastIndex(key, ".")+1:]
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || last != "eta" && last != "step" {
		return word
	}
	ratio := value / e.eta
	if math.Abs(ratio-1) < 1e-9 {
		return ""
	}
	return key + "=" + strconv.FormatFloat(ratio, 'g', 9, 64) + "η"
}

// pool writes a row for each quantity of tasks in descending order of the step.
func (e *extrapolating) pool(label string, tasks []Finished, table *Rows) {
	var step []float64
	var points [][]stepPoint
	broken := ""
	for _, t := range tasks {
		if t.Outcome.Status != OK && t.Outcome.Status != NoEstimate {
			broken = fmt.Sprintf("no-estimate: %s is %s", t.Label, t.Outcome.Status)
			continue
		}
		step = append(step, t.Runner.(*extrapolating).eta)
		points = append(points, t.Parts[0].([]stepPoint))
	}
	if len(points) == 0 {
		return
	}
	for i, last := range points[len(points)-1] {
		row := extrapolationRow{status: broken, ess: math.Inf(1)}
		for _, p := range points {
			row.add(p[i])
		}
		row.fit(step, e)
		ref, z := math.NaN(), math.NaN()
		if e.reference != nil {
			ref = e.reference(last.name)
			z = (row.fitted.Value.Value - ref) / row.fitted.Value.StdErr
		}
		table.AddAs(label, last.name, e.order, len(step), step[len(step)-1], last.tau.Mean, last.tau.StdErr,
			row.fitted.Value.Value, row.fitted.Value.StdErr, row.fitted.Truncation, row.fitted.P, ref, z, row.ess, row.status)
	}
}

// extrapolationRow gathers one quantity over the steps.
type extrapolationRow struct {
	value, stderr []float64
	blocks        [][]float64
	ess           float64
	status        string
	fitted        analysis.Extrapolation
}

func (r *extrapolationRow) add(p stepPoint) {
	r.value, r.stderr, r.blocks = append(r.value, p.tau.Mean), append(r.stderr, p.tau.StdErr), append(r.blocks, p.blocks)
	r.ess = math.Min(r.ess, p.tau.ESS)
	if p.err != nil && r.status == "" {
		r.status = "no-estimate: " + p.err.Error()
	}
}

// fit leaves NaN where the number must not be used.
func (r *extrapolationRow) fit(step []float64, e *extrapolating) {
	n := len(step)
	nan := math.NaN()
	r.fitted = analysis.Extrapolation{Value: analysis.Estimate{Value: nan, StdErr: nan}, Truncation: nan, P: nan}
	if r.status != "" {
		return
	}
	cov := make([]float64, n*n)
	for i := range n {
		for j := range n {
			rho := 0.0
			if i == j {
				rho = 1
			} else if e.common {
				rho = pairedCorrelation(r.blocks[i], r.blocks[j])
			}
			cov[i*n+j] = rho * r.stderr[i] * r.stderr[j]
		}
	}
	fitted, err := analysis.Extrapolate(step, r.value, cov, e.order, min(2, max(n-1, 1)))
	if err != nil {
		r.status = "no-estimate: " + err.Error()
		return
	}
	r.fitted, r.status = fitted, "ok"
	if fitted.P < 1e-3 {
		r.status = fmt.Sprintf("caution: the powers do not fit, p = %.1g: take smaller steps", fitted.P)
	}
}

// pairedCorrelation is that of paired block means, 0 where they do not pair.
func pairedCorrelation(a, b []float64) float64 {
	if len(a) != len(b) || len(a) < 2 {
		return 0
	}
	var ma, mb analysis.Moments
	for i := range a {
		ma.Add(a[i])
		mb.Add(b[i])
	}
	sum := 0.0
	for i := range a {
		sum += (a[i] - ma.Mean()) * (b[i] - mb.Mean())
	}
	if s := ma.Std() * mb.Std() * float64(len(a)-1); s > 0 {
		return sum / s
	}
	return 0
}

// boltzmannMeans returns the averages of a model's observables under e^{−U/T} in one dimension
// by quadrature, nil where it is not one-dimensional or has no such law.
func boltzmannMeans(m *Model) func(name string) float64 {
	if m.Potential == nil || m.OtherLaw != nil || m.Potential.Dim() != 1 || !(m.Temperature > 0) || m.Map == nil || m.Map.Config() != 1 {
		return nil
	}
	const nodes, reach = 20000, 45.0 // e^{−45} of the largest density is left out
	lo, hi, low := m.Start[0], m.Start[0], m.Potential.Energy(m.Start[:1])
	energy := func(x float64) float64 {
		u := m.Potential.Energy([]float64{x})
		low = math.Min(low, u)
		return u
	}
	for step := 0.1; energy(lo)-low < reach*m.Temperature; step *= 1.1 {
		if lo -= step; step > 1e6 {
			return nil // no walls: no law
		}
	}
	for step := 0.1; energy(hi)-low < reach*m.Temperature; step *= 1.1 {
		if hi += step; step > 1e6 {
			return nil
		}
	}
	names := m.Observer.Observables()
	values, sums, z := make([]float64, len(names)), make([]float64, len(names)), 0.0
	for i := range nodes + 1 {
		x := []float64{lo + (hi-lo)*float64(i)/nodes}
		w := math.Exp((low - m.Potential.Energy(x)) / m.Temperature)
		m.Observer.Observe(values, x)
		z += w
		for o, v := range values {
			sums[o] += w * v
		}
	}
	return func(name string) float64 {
		for o, n := range names {
			if n.Name == name {
				return sums[o] / z
			}
		}
		return math.NaN()
	}
}
