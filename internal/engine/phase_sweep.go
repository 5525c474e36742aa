package engine

import (
	"fmt"
	"math"
	"strings"

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

// watched is the time at risk of all of them.
func (e *escapeTimes) watched() (sum float64) {
	for _, t := range e.times {
		sum += t
	}
	return sum
}

// rate is the escape rate at a temperature, and why the fit, which begins at from, leaves it out, or what
// is wrong with it.
func (e *escapeTimes) rate(temperature, from float64) (rate analysis.Estimate, fits bool, status string) {
	if e == nil || e.watched() == 0 {
		return analysis.Estimate{Value: math.NaN(), StdErr: math.NaN()}, false, "no replica collapsed"
	}
	if rate.Value, rate.StdErr = analysis.EscapeRate(e.times, e.escaped); e.count() == 0 {
		rate = analysis.Estimate{Value: math.NaN(), StdErr: math.NaN()}
	}
	switch {
	case !(temperature > 0):
		return rate, false, "not in the fit: a temperature must be positive"
	case temperature < from:
		return rate, false, fmt.Sprintf("not in the fit: below arrhenius_from = %v", from)
	case e.count() == 0:
		return rate, true, "ok; no escape seen: it counts as none"
	}
	return rate, true, "ok; " + strings.TrimPrefix(escapeLaw(e.times, e.escaped), "ok; ")
}

// writeEscapeFit fits ln rate against 1/T for one size, temperatures from a lowest on.
func writeEscapeFit(name string, z *sweepSize, at map[[2]float64]*escapeTimes, from float64, out *Output) {
	var temperatures, escapes, watched []float64
	refuted := 0
	floor, where := analysis.Estimate{}, 0.0 // the rate where the injected noise is not what drives it
	for _, p := range z.points {
		e := at[[2]float64{z.size, p.control}]
		rate, fits, status := e.rate(p.control, from)
		if fits {
			if strings.Contains(status, "not exponential") {
				refuted++
			}
			temperatures, escapes, watched = append(temperatures, p.control), append(escapes, float64(e.count())), append(watched, e.watched())
		} else if rate.Value > 0 {
			floor, where = rate, p.control
		}
	}
	line, err := analysis.Line{}, fmt.Errorf("three temperatures at which replicas collapsed are needed for a barrier and its test: found %d", len(escapes))
	if len(escapes) >= 3 {
		line, err = analysis.ArrheniusCounts(temperatures, escapes, watched)
	}
	for _, p := range z.points {
		rate, fits, status := at[[2]float64{z.size, p.control}].rate(p.control, from)
		fit := analysis.Estimate{Value: math.NaN(), StdErr: math.NaN()}
		if err == nil && fits {
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
	switch lowest := line.At(1 / temperatures[0]); {
	case line.P < 1e-3:
		status = fmt.Sprintf("ln rate is not a line in 1/T (p = %.1g): there is no one barrier", line.P)
	case floor.Value > 0 && math.Log(floor.Value)+2*floor.StdErr/floor.Value > lowest.Value:
		status += fmt.Sprintf("; but at T = %v the rate is %.3g ± %.1g, not below that of the lowest temperature of the fit: other noise drives it there", where, floor.Value, floor.StdErr)
	}
	if refuted > 0 {
		status += fmt.Sprintf("; escape times refute a rate at %d of %d temperatures", refuted, len(escapes))
	}
	sum.AddAs(name, barrier, -line.Slope.Value, line.Slope.StdErr, nil, nil, "control", status)
	sum.AddAs(name, prefactor, line.Intercept.Value, line.Intercept.StdErr, nil, nil, "ln(1/step)", status)
}

// ArrheniusTable is the schema of arrhenius.csv.
var ArrheniusTable = record.Schema{Name: "arrhenius", Doc: "escape rates against the temperature, with the fit ln rate = ln A − ΔU/T",
	Columns: []record.Column{colTask, colSize, colControl, float("inverse_temperature", "1/control", "1/T; empty at T = 0"),
		float("rate", "1/step", "escapes over time at risk, censoring included"), float("rate_stderr", "1/step", "its standard error"),
		float("log_rate", "ln(1/step)", "natural logarithm of rate"), float("log_rate_stderr", "1", "its standard error"),
		float("fit", "ln(1/step)", "the line, by the likelihood of the numbers of escapes; at the temperatures fitted"), float("fit_stderr", "1", "its standard error"), colStatus}}
