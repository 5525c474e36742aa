package report

import (
	"fmt"
	"strings"

	"machlup/analysis"
)

// instantonFindings quotes the least action of a path out of a state, the barrier of the
// potential under it, and rates measured beside it.
func instantonFindings(r *run) []string {
	var text []string
	var first, last map[string]float64
	var seen ordered
	ends := map[string][2]map[string]float64{}
	r.each("minimum_path", func(w row) {
		task := w.text("task")
		values := map[string]float64{}
		for i, h := range w.header {
			if h != "task" && w.cells[i] != "" {
				values[h] = w.float(h)
			}
		}
		if seen.add(task); ends[task][0] == nil {
			first = values
			ends[task] = [2]map[string]float64{first, values}
		}
		last = values
		ends[task] = [2]map[string]float64{ends[task][0], last}
	})
	r.each("summary", func(w row) {
		l := parseLabel(w.text("task"))
		if l.estimator != "minimum-action" || w.text("quantity") != "S_min" && w.text("quantity") != "S_min·T" {
			return
		}
		heading := r.title(l.point)
		if w.text("quantity") == "S_min" && !finite(w.float("value")) {
			text = append(text, at(heading, "no path of least action: "+wholeReason(w.text("status"))+"."))
			return
		}
		if w.text("quantity") != "S_min·T" || !finite(w.float("value")) {
			return
		}
		s := fmt.Sprintf("the path of least action out of collapse costs S_min·T = %s", number("%.4g", w.float("value")))
		if b := w.float("reference"); finite(b) && b > 0 {
			s += fmt.Sprintf("; the barrier of the potential along it is %s, so the finite time of the path costs %s %% more", number("%.4g", b), number("%.2g", 100*(w.float("value")/b-1)))
		}
		if e, ok := ends[w.text("task")]; ok {
			var moves []string
			for _, o := range r.observablesOf("minimum_path") {
				a, known := e[0][o]
				b, also := e[1][o]
				if known && also {
					moves = append(moves, fmt.Sprintf("%s from %s to %s", o, number("%.3g", a), number("%.3g", b)))
				}
			}
			if len(moves) > 0 {
				s += fmt.Sprintf(" (%s, in time %s)", strings.Join(moves, ", "), number("%.4g", e[1]["time"]))
			}
		}
		text = append(text, at(heading, s+"."))
	})
	return append(some(text, "summary"), r.barrierAgainstRates()...)
}

// observablesOf are the columns of minimum_path.csv that the experiment chose.
func (r *run) observablesOf(table string) []string {
	var out []string
	r.each(table, func(w row) {
		if out == nil {
			out = []string{}
			for _, h := range w.header {
				if h != "task" && h != "step" && h != "time" && h != "action" {
					out = append(out, h)
				}
			}
		}
	})
	return out
}

// barrierAgainstRates sets the slope of the measured rate of first passages, ln(1/⟨t⟩) against
// 1/T, beside the least action and the barrier.
func (r *run) barrierAgainstRates() []string {
	key := r.temperatureKey()
	if key == "" {
		return nil
	}
	var temperatures []float64
	var rates []analysis.Estimate
	var parts []string
	r.each("escape", func(w row) {
		if w.text("quantity") != "first_passage" {
			return
		}
		l := parseLabel(w.text("task"))
		t, v, e := r.number(l.point, key), w.float("value"), w.float("stderr")
		if !finite(v) || !(e > 0) || !finite(t) {
			parts = append(parts, fmt.Sprintf("none at T = %s (%s)", r.value(l.point, key), wholeReason(w.text("status"))))
			return
		}
		temperatures, rates = append(temperatures, t), append(rates, analysis.Estimate{Value: 1 / v, StdErr: e / (v * v)})
		parts = append(parts, fmt.Sprintf("%s at T = %s", withError(v, e), r.value(l.point, key)))
	})
	if len(parts) == 0 {
		return nil
	}
	text := []string{"Mean times of first passage out of collapse, measured: " + strings.Join(parts, ", ") + "."}
	if len(rates) < 3 {
		return append(text, fmt.Sprintf("%d temperatures have one: three are needed to set their slope beside the action.", len(rates)))
	}
	line, err := analysis.Arrhenius(temperatures, rates)
	if err != nil {
		return append(text, "Their slope in 1/T is not known: "+err.Error()+".")
	}
	s := fmt.Sprintf("d ln⟨t⟩/d(1/T) = %s", withError(-line.Slope.Value, line.Slope.StdErr))
	var inverse, action, barrier, same []float64
	r.each("summary", func(w row) {
		l := parseLabel(w.text("task"))
		if t := r.number(l.point, key); w.text("quantity") == "S_min·T" && l.estimator == "minimum-action" && t > 0 && finite(w.float("value")) && finite(w.float("reference")) {
			inverse, action, barrier, same = append(inverse, 1/t), append(action, w.float("value")/t), append(barrier, w.float("reference")/t), append(same, 1)
		}
	})
	if len(inverse) > 1 { // exact numbers: equal weights
		b, err := analysis.FitLine(inverse, barrier, same)
		a, errA := analysis.FitLine(inverse, action, same)
		if err == nil && errA == nil {
			s += fmt.Sprintf(", beside slopes in 1/T of %s of the barrier over T and of %s of S_min (a potential that depends on T itself, as a prior's does, has another slope than its barrier)", number("%.3g", b.Slope.Value), number("%.3g", a.Slope.Value))
		}
	}
	if line.P < 1e-3 {
		s += fmt.Sprintf("; ln⟨t⟩ is not a line in 1/T (p = %s), so the prefactor changes too", number("%.1g", line.P))
	}
	return append(text, s+". They agree as T → 0 only.")
}
