package engine

import (
	"fmt"
	"math"

	"machlup/analysis"
	"machlup/internal/record"
)

// poolPhases compares the sweep points of the tasks whose estimator names a control parameter:
// a draw of m is the mean of a replica over its last window, independent of the others.
func poolPhases(tasks []Finished, out *Output) {
	var order []string
	series, runners := map[string][]sweepTask{}, map[string]*phase{}
	escapes := map[string]map[[2]float64]*escapeTimes{}
	for _, f := range tasks {
		p := f.Runner.(*phase)
		if p.cfg.Control == "" {
			continue
		}
		s := p.cfg.place(f, p.size)
		if series[s.series] == nil {
			order, runners[s.series], escapes[s.series] = append(order, s.series), p, map[[2]float64]*escapeTimes{}
		}
		if f.Outcome.Status == OK {
			fate := p.Condense(f.Parts)[0].(fate)
			s.m = [][]float64{{fate.m - p.cfg.Offset}}
			if fate.collapsed {
				at := [2]float64{s.size, s.control}
				e := escapes[s.series][at]
				if e == nil {
					e = &escapeTimes{}
					escapes[s.series][at] = e
				}
				e.times, e.escaped = append(e.times, fate.wait), append(e.escaped, fate.escaped)
			}
		} else {
			s.diverged = true
		}
		series[s.series] = append(series[s.series], s)
	}
	for _, name := range order {
		p := runners[name]
		sizes := gather(series[name])
		a := sweepAnalysis{cfg: p.cfg.SweepConfig, name: name, observable: p.cols[p.obs], independent: true, conjugate: "none",
			bins: p.cfg.Bins, src: p.env.Own("collapse of " + name), out: out}
		a.run(sizes)
		if p.cfg.Arrhenius {
			for _, z := range sizes {
				writeEscapeFit(name, z, escapes[name], p.cfg.From, out)
			}
		}
	}
}

// escapeTimes are the waits of the replicas that had collapsed.
type escapeTimes struct {
	times   []float64
	escaped []bool
}

// count is the number of escapes.
func (e *escapeTimes) count() (n int) {
	for _, x := range e.escaped {
		if x {
			n++
		}
	}
	return n
}

// rate is the escape rate at a temperature, and why the fit, which begins at from, leaves it out, or what
// is wrong with it.
func (e *escapeTimes) rate(temperature, from float64) (rate analysis.Estimate, fits bool, status string) {
	if e == nil {
		return analysis.Estimate{Value: math.NaN(), StdErr: math.NaN()}, false, "no replica collapsed"
	}
	rate.Value, rate.StdErr = analysis.EscapeRate(e.times, e.escaped)
	switch _, p, err := analysis.ExponentialTest(e.times, e.escaped); {
	case !(temperature > 0):
		return rate, false, "not in the fit: a temperature must be positive"
	case temperature < from:
		return rate, false, fmt.Sprintf("not in the fit: below arrhenius_from = %v", from)
	case e.count() < 2:
		return analysis.Estimate{Value: math.NaN(), StdErr: math.NaN()}, false, fmt.Sprintf("%d escapes: a logarithm with an error needs two", e.count())
	case err == nil && p < 1e-3:
		return rate, true, fmt.Sprintf("ok; escape times are not exponential (p = %.1g): an inverse mean time, not a rate", p)
	}
	return rate, true, "ok"
}

// writeEscapeFit fits ln rate against 1/T for one size.
func writeEscapeFit(name string, z *sweepSize, at map[[2]float64]*escapeTimes, from float64, out *Output) {
	var temperatures []float64
	var rates []analysis.Estimate
	for _, p := range z.points {
		if rate, fits, _ := at[[2]float64{z.size, p.control}].rate(p.control, from); fits {
			temperatures, rates = append(temperatures, p.control), append(rates, rate)
		}
	}
	line, err := analysis.Line{}, fmt.Errorf("%d temperatures have a rate: three are needed for a barrier and its test", len(rates))
	if len(rates) >= 3 {
		line, err = analysis.Arrhenius(temperatures, rates)
	}
	for _, p := range z.points {
		rate, _, status := at[[2]float64{z.size, p.control}].rate(p.control, from)
		fit := analysis.Estimate{Value: math.NaN(), StdErr: math.NaN()}
		if err == nil && p.control > 0 && p.control >= from {
			fit = line.At(1 / p.control)
		}
		out.Table(ArrheniusTable).AddAs(name, z.size, p.control, 1/p.control, rate.Value, rate.StdErr, math.Log(rate.Value), rate.StdErr/rate.Value, fit.Value, fit.StdErr, status)
	}
	sum, barrier, prefactor := out.Table(Summary), fmt.Sprintf("arrhenius barrier, size %v", z.size), fmt.Sprintf("arrhenius ln A, size %v", z.size)
	if err != nil {
		sum.AddAs(name, barrier, nil, nil, nil, nil, "control", err.Error())
		return
	}
	status := "ok; rate = A·e^{−ΔU/T}"
	if line.P < 1e-3 {
		status = fmt.Sprintf("ln rate is not a line in 1/T (p = %.1g): there is no one barrier", line.P)
	}
	sum.AddAs(name, barrier, -line.Slope.Value, line.Slope.StdErr, nil, nil, "control", status)
	sum.AddAs(name, prefactor, line.Intercept.Value, line.Intercept.StdErr, nil, nil, "ln(1/step)", status)
}

// ArrheniusTable is the schema of arrhenius.csv.
var ArrheniusTable = record.Schema{Name: "arrhenius", Doc: "escape rates against the temperature, with the fit ln rate = ln A − ΔU/T",
	Columns: []record.Column{colTask, colSize, colControl, float("inverse_temperature", "1/control", "1/T; empty at T = 0"),
		float("rate", "1/step", "escapes over time at risk, censoring included"), float("rate_stderr", "1/step", "its standard error"),
		float("log_rate", "ln(1/step)", "natural logarithm of rate"), float("log_rate_stderr", "1", "its standard error"),
		float("fit", "ln(1/step)", "the line"), float("fit_stderr", "1", "its standard error"), colStatus}}
