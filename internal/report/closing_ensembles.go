package report

import (
	"fmt"
	"math"
	"strings"
)

// fluctuation is the row of an observable in fluctuations.csv.
type fluctuation struct {
	task, observable            string
	step, std, err, theory, ksp float64
}

// lastFluctuations are those at the last recorded step, by task and observable.
func (r *run) lastFluctuations() []fluctuation {
	var keys ordered
	var entries []fluctuation
	r.each("fluctuations", func(w row) {
		e := fluctuation{w.text("task"), w.text("observable"), w.float("step"), w.float("std"), w.float("std_stderr"), w.float("predicted_std"), w.float("ks_p")}
		k := keys.add(e.task + "\x00" + e.observable)
		switch {
		case k == len(entries):
			entries = append(entries, e)
		case e.step >= entries[k].step:
			entries[k] = e
		}
	})
	return entries
}

// fluctuationsSection compares the measured standard deviation with linear-noise theory at
// the last recorded step.
func fluctuationsSection(r *run) *section {
	entries := r.lastFluctuations()
	if len(entries) == 0 {
		return nil
	}
	s := &section{header: []string{"Fluctuations", "observable", "step", "std measured", "predicted", "ratio", "KS p", ""}, left: 2}
	last := ""
	for _, e := range entries {
		name := r.taskName(parseLabel(e.task))
		if name == last {
			name = ""
		} else {
			last = name
		}
		row := []string{name, e.observable, number("%.0f", e.step), withError(e.std, e.err), withError(e.theory, nan), "–", number("%.2g", e.ksp), ""}
		if e.theory > 0 {
			row[5] = withError(e.std/e.theory, e.err/e.theory)
		}
		s.rows = append(s.rows, row)
	}
	return s.keep(8, "observables", "fluctuations")
}

// taskName is the sweep point and, beyond the first, the replica; or the estimator.
func (r *run) taskName(l label) string {
	name := r.title(l.point)
	if name == "" {
		name = l.estimator
	}
	if l.replica > 0 {
		name += fmt.Sprintf(", r%d", l.replica)
	}
	return name
}

// finalSection lists the generated distribution at the end: mean and range over seeds.
func finalSection(r *run) *section {
	quantities := []string{"final_mean", "final_std", "final_w2", "final_loss"}
	type spread struct{ values, errs []float64 }
	var groups ordered
	var cells []map[string]*spread
	units := map[string]string{}
	r.each("summary", func(w row) {
		q := w.text("quantity")
		if !contains(quantities, q) {
			return
		}
		g := groups.add(parseLabel(w.text("task")).group())
		if g == len(cells) {
			cells = append(cells, map[string]*spread{})
		}
		if cells[g][q] == nil {
			cells[g][q] = &spread{}
		}
		if v := w.float("value"); finite(v) {
			cells[g][q].values, cells[g][q].errs = append(cells[g][q].values, v), append(cells[g][q].errs, w.float("stderr"))
		}
		units[q] = w.text("unit")
	})
	if len(cells) == 0 {
		return nil
	}
	s := &section{header: []string{"Generated at the end", "seeds"}, left: 1}
	for _, q := range quantities {
		s.header = append(s.header, strings.TrimPrefix(q, "final_")+bracket(units[q], 0))
	}
	s.header = append(s.header, "")
	headings := r.headings(groups.list)
	for g := range groups.list {
		row, seeds := []string{headings[g], ""}, 0
		for _, q := range quantities {
			cell := "–"
			if c := cells[g][q]; c != nil && len(c.values) > 0 {
				cell, seeds = overSeeds(c.values, c.errs), max(seeds, len(c.values))
			}
			row = append(row, cell)
		}
		row[1] = fmt.Sprint(seeds)
		s.rows = append(s.rows, append(row, ""))
	}
	return s.keep(10, "sweep points", "summary")
}

// overSeeds is one value with its error, or mean and range of several.
func overSeeds(values, errs []float64) string {
	if len(values) == 1 {
		return withError(values[0], errs[0])
	}
	lo, hi, sum := math.Inf(1), math.Inf(-1), 0.0
	for _, v := range values {
		lo, hi, sum = math.Min(lo, v), math.Max(hi, v), sum+v
	}
	decimals := 2
	if hi-lo > 0 {
		decimals = min(8, max(0, 1-int(math.Floor(math.Log10(hi-lo)))))
	}
	f := func(v float64) string { return minus(fmt.Sprintf("%.*f", decimals, v)) }
	return fmt.Sprintf("%s [%s, %s]", f(sum/float64(len(values))), f(lo), f(hi))
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
