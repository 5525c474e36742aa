package engine

import (
	"fmt"
	"math"

	"machlup/analysis"
)

// quality is the place of the quality among the metrics.
const quality = 1

// estimate is a metric over the draws of a record.
type estimate struct {
	value, stderr, spread, used float64
	status                      string
}

// estimates of the metrics at a record. Draws are independent, so the error of a mean is
// their standard error; the quality of all samples is a binomial fraction.
func (c *collapse) estimates(r CollapseRecord) []estimate {
	var out []estimate
	for i := range metrics(c.modes.Dim()) {
		var m analysis.Moments
		infinite := 0
		for _, s := range r.Scores {
			if math.IsInf(s[i], 1) {
				infinite++
			}
			m.Add(s[i])
		}
		e := estimate{value: m.Mean(), stderr: m.StdErr(), spread: m.Std(), used: float64(m.N()), status: "ok"}
		switch {
		case infinite > 0:
			e = estimate{math.NaN(), math.NaN(), math.NaN(), e.used, fmt.Sprintf("infinite in %d of %d draws: a mode has no sample", infinite, len(r.Scores))}
		case m.N() == 0:
			e = estimate{math.NaN(), math.NaN(), math.NaN(), 0, "no high-quality sample"}
		case i == quality:
			n := c.cfg.Samples * len(r.Scores)
			e.stderr = wilsonHalf(int(math.Round(e.value*float64(n))), n)
		case m.N() < 2 || m.Std() == 0:
			e.stderr, e.status = math.NaN(), fmt.Sprintf("ok; all %d draws agree, so there is no error bar", m.N())
		}
		if missing := len(r.Scores) - m.N(); infinite == 0 && m.N() > 0 && missing > 0 {
			e.status = fmt.Sprintf("ok; %d of %d draws left out: no high-quality sample", missing, len(r.Scores))
		}
		out = append(out, e)
	}
	return out
}

// exact are the exact expectations of a fixed sampler's metrics and its probability of each
// mode; NaN and nil where they are not known.
func (c *collapse) exact(sampler string) (expected, cell []float64) {
	for range metrics(c.modes.Dim()) {
		expected = append(expected, math.NaN())
	}
	var err error
	if sampler == "perfect" {
		cell, err = c.modes.Cells(c.cfg.Radius)
	} else {
		cell, err = c.modes.BoxCells(c.lo, c.hi, c.cfg.Radius)
	}
	if err != nil {
		return expected, nil
	}
	copy(expected, modeValues(c.modes.ExpectedScores(cell, c.cfg.Samples, c.cfg.MinCount)))
	return expected, cell
}

// Finish writes modes, occupancy, samples, density, trace and summary.
func (c *collapse) Finish(parts []any, out *Output) (Outcome, error) {
	m, err := c.env.NewModel()
	if err != nil {
		return Outcome{}, err
	}
	trained := parts[0].(*CollapsePart)
	c.writeTrace(m, trained, out)
	perfect := c.estimates(parts[1].(*CollapsePart).Records[0])
	target, _ := c.exact("perfect")
	for i := range target { // of the generator: the exact score of a perfect sampler, or its measured one
		if !finite(target[i : i+1]) {
			target[i] = perfect[i].value
		} else {
			perfect[i].stderr = 0
		}
	}
	for _, r := range trained.Records {
		values := c.estimates(r)
		c.writeScores(out, samplers[0], r.Step, values, target, perfect)
		c.writeOccupancy(out, samplers[0], r.Step, r, nil)
	}
	for i, name := range samplers[1:] {
		r := parts[i+1].(*CollapsePart).Records[0]
		expected, cell := c.exact(name)
		c.writeScores(out, name, nil, c.estimates(r), expected, nil)
		c.writeOccupancy(out, name, nil, r, cell)
	}
	if trained.DivergedStep >= 0 {
		return Outcome{Status: Diverged, DivergedStep: trained.DivergedStep, Note: "the trajectory diverged"}, nil
	}
	last := trained.Records[len(trained.Records)-1]
	c.writeSummary(out, c.estimates(last), target, perfect)
	d := c.modes.Dim()
	for i := 0; i < min(c.cfg.KeepSamples, c.cfg.Samples); i++ {
		out.Table(Samples(d)).AddFloats([]int{last.Step}, trained.Samples[i*d:(i+1)*d])
	}
	if d == 1 {
		writeDensity(m, c.env, last.Step, trained.Samples, 60, out)
	}
	return Done(), nil
}

func (c *collapse) writeTrace(m *Model, part *CollapsePart, out *Output) {
	values := make([]float64, 1+len(c.cols))
	for i, step := range part.TraceStep {
		values[0] = float64(step) * m.Eta
		copy(values[1:], part.Trace[i])
		out.Table(Trace(c.cols)).AddFloats([]int{0, i, step}, values)
	}
}

// zScore counts the reference's own error in where it has one.
func zScore(e estimate, reference float64, of []estimate, i int) float64 {
	stderr := e.stderr
	if of != nil {
		stderr = math.Hypot(stderr, of[i].stderr)
	}
	return (e.value - reference) / stderr
}

func (c *collapse) writeScores(out *Output, sampler string, step any, values []estimate, reference []float64, of []estimate) {
	for i, q := range metrics(c.modes.Dim()) {
		e := values[i]
		out.Table(ModeTable).Add(sampler, step, q.name, e.value, e.stderr, e.spread, reference[i], zScore(e, reference[i], of, i), e.used, q.unit, e.status)
	}
}

func (c *collapse) writeSummary(out *Output, values []estimate, reference []float64, of []estimate) {
	for i, q := range metrics(c.modes.Dim()) {
		e := values[i]
		out.Table(Summary).Add(q.name, e.value, e.stderr, reference[i], zScore(e, reference[i], of, i), q.unit, e.status)
	}
}

// writeOccupancy writes a row per mode; the counts of all draws together are binomial.
func (c *collapse) writeOccupancy(out *Output, sampler string, step any, r CollapseRecord, cell []float64) {
	n := c.cfg.Samples * len(r.Count)
	for k := range c.modes.Len() {
		total, covered := 0, 0
		for _, count := range r.Count {
			total += count[k]
			if count[k] >= c.cfg.MinCount {
				covered++
			}
		}
		fraction, stderr, exact := float64(total)/float64(n), wilsonHalf(total, n), math.NaN()
		if cell != nil {
			exact = cell[k]
			stderr = math.Sqrt(exact * (1 - exact) / float64(n)) // known, so not to be estimated
		}
		row := []any{sampler, step, k, c.modes.Weight(k), c.modes.Std(k), fraction, stderr, exact, (fraction - exact) / stderr, float64(n),
			float64(covered) / float64(len(r.Count))}
		for _, x := range c.modes.Mean(k) {
			row = append(row, x)
		}
		out.Table(Occupancy(c.modes.Dim())).Add(row...)
	}
}

// Condense keeps the metrics at the last record; none of a trajectory without one.
func (c *collapse) Condense(parts []any) []any {
	if _, done := parts[0].([]float64); done {
		return parts
	}
	var last []float64
	if records := parts[0].(*CollapsePart).Records; len(records) > 0 {
		for _, e := range c.estimates(records[len(records)-1]) {
			last = append(last, e.value)
		}
	}
	return []any{last}
}

// Pool writes, for each sweep point, the mean of each metric over the replicas at the last
// step, with their standard error.
func (c *collapse) Pool(tasks []Finished, out *Output) error {
	var order []string
	groups := map[string][]Finished{}
	for _, t := range tasks {
		if groups[t.Group] == nil {
			order = append(order, t.Group)
		}
		groups[t.Group] = append(groups[t.Group], t)
	}
	for _, g := range order {
		runner := groups[g][0].Runner.(*collapse)
		over := make([]analysis.Moments, len(metrics(runner.modes.Dim())))
		for _, t := range groups[g] {
			if t.Outcome.Status != OK {
				continue
			}
			for i, v := range runner.Condense(t.Parts)[0].([]float64) {
				over[i].Add(v)
			}
		}
		for i, q := range metrics(runner.modes.Dim()) {
			if m := over[i]; m.N() > 0 && m.Rejected() > 0 {
				out.Table(Summary).AddAs(g, q.name, nil, nil, nil, nil, q.unit, fmt.Sprintf("no mean: %d of %d replicas have no value, and those that have are not like them", m.Rejected(), m.N()+m.Rejected()))
			} else if m.N() >= 3 { // the error of fewer has no error of its own
				stderr := m.StdErr()
				if stderr == 0 {
					stderr = math.NaN()
				}
				out.Table(Phase).AddAs(g, runner.size, q.name, m.Mean(), stderr, nil, float64(m.N()), nil)
			}
		}
	}
	return nil
}
