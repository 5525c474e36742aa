package report

import (
	"fmt"
	"math"
	"strings"

	"machlup/analysis"
)

// transitionFindings says whether different starts agree, where χ and U₄ put a transition, what
// ramps leave behind, and what the sweep looks like.
func transitionFindings(r *run) []string {
	if r.count("verdict") == 0 && r.count("hysteresis_area") == 0 {
		return nil
	}
	var series ordered
	r.each("verdict", func(w row) { series.add(w.text("task")) })
	controls := map[string]map[float64]bool{}
	r.each("transition", func(w row) {
		if controls[w.text("series")] == nil {
			controls[w.text("series")] = map[float64]bool{}
		}
		controls[w.text("series")][w.float("control")] = true
	})
	var verdicts, text []string
	for _, name := range series.list {
		if len(controls[name]) == 1 && len(series.list) > 1 {
			continue // a ray of a star along another key: one value of the control parameter
		}
		heading := ""
		if len(series.list) > 1 {
			heading = r.title(parseLabel(name).point)
		}
		if s := r.verdictOf(name); s != "" {
			verdicts = append(verdicts, at(heading, s))
		}
		for _, say := range []func(string) string{r.startsAgree, r.ordering, r.maxima, r.crossingsFound, r.collapsesFound, r.slowingFound} {
			if s := say(name); s != "" {
				text = append(text, at(heading, s))
			}
		}
	}
	if verdicts = some(verdicts, "verdict"); len(verdicts) > 0 {
		verdicts = append(verdicts, "A system of fixed size has no singularity: a verdict is about the sizes and values swept.")
	}
	return append(append(verdicts, some(text, "transition")...), r.rampsLeave()...)
}

// count of rows of a table.
func (r *run) count(table string) (n int) {
	r.each(table, func(row) { n++ })
	return n
}

// startsAgree quotes the worst R̂ over the points of a series.
func (r *run) startsAgree(series string) string {
	worst, where, points, refused, why := 0.0, nan, 0, 0, ""
	size := nan
	r.each("transition", func(w row) {
		if w.text("series") != series || w.text("quantity") != "abs_m" {
			return
		}
		points++
		if h := w.float("rhat"); h > worst {
			worst, where, size = h, w.float("control"), w.float("size")
		}
		if !finite(w.float("value")) {
			refused++
			why = w.text("status")
		}
	})
	if worst == 0 {
		return "" // draws of replicas have no R̂
	}
	s := fmt.Sprintf("chains from different starts agree: the worst R̂ of %s is %s (size %s, control %s)", counted(points, "point"), number("%.4g", worst), number("%.4g", size), number("%.3g", where))
	if worst > analysis.MaxRHat {
		s = fmt.Sprintf("chains from different starts do not agree everywhere: the worst R̂ of %s is %s (size %s, control %s)", counted(points, "point"), number("%.4g", worst), number("%.4g", size), number("%.3g", where))
	}
	if refused > 0 {
		s += fmt.Sprintf("; %s without numbers, such as: %s", counted(refused, "point"), withoutPackages(why))
	}
	return s + "."
}

// ordering quotes ⟨|m|⟩ and U₄ at both ends of the sweep, for each size.
func (r *run) ordering(series string) string {
	type end struct{ control, m, mErr, u, uErr float64 }
	var sizes ordered
	var ends [][2]end
	r.each("transition", func(w row) {
		q, c, v, e := w.text("quantity"), w.float("control"), w.float("value"), w.float("stderr")
		if w.text("series") != series || q != "abs_m" && q != "binder" || !finite(v) || !finite(c) {
			return
		}
		k := sizes.add(number("%.4g", w.float("size")))
		if k == len(ends) {
			ends = append(ends, [2]end{{control: math.Inf(1)}, {control: math.Inf(-1)}})
		}
		for i := range ends[k] {
			p := &ends[k][i]
			if i == 0 && c < p.control || i == 1 && c > p.control {
				*p = end{control: c, m: nan, u: nan}
			}
			if c == p.control && q == "abs_m" {
				p.m, p.mErr = v, e
			} else if c == p.control {
				p.u, p.uErr = v, e
			}
		}
	})
	var parts []string
	for k, size := range sizes.list {
		a, b := ends[k][0], ends[k][1]
		s := fmt.Sprintf("size %s: ⟨|m|⟩ %s and U₄ %s at %s", size, withError(a.m, a.mErr), withError(a.u, a.uErr), number("%.3g", a.control))
		if b.control > a.control {
			s += fmt.Sprintf(", %s and %s at %s", withError(b.m, b.mErr), withError(b.u, b.uErr), number("%.3g", b.control))
		}
		parts = append(parts, s)
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "; ") + ". U₄ is 0 for a normal law about 0, ⅔ for two sharp states."
}

// maxima quotes the largest χ of each size.
func (r *run) maxima(series string) string {
	var parts []string
	r.each("summary", func(w row) {
		size, ok := strings.CutPrefix(w.text("quantity"), "chi_max, size ")
		if !ok || w.text("task") != series {
			return
		}
		if v := w.float("value"); finite(v) {
			parts = append(parts, fmt.Sprintf("size %s: %s (%s)", size, withError(v, w.float("stderr")), strings.TrimPrefix(w.text("status"), "ok; ")))
		} else {
			parts = append(parts, fmt.Sprintf("size %s: %s", size, w.text("status")))
		}
	})
	if len(parts) == 0 {
		return ""
	}
	return "largest χ, " + strings.Join(parts, "; ") + "."
}

// crossingsFound quotes where the U₄ of neighbouring sizes cross, or why they do not.
func (r *run) crossingsFound(series string) string {
	var parts []string
	r.each("crossings", func(w row) {
		if w.text("task") != series {
			return
		}
		pair := fmt.Sprintf("sizes %s and %s", number("%.4g", w.float("size_a")), number("%.4g", w.float("size_b")))
		if !finite(w.float("size_b")) {
			pair = "size " + number("%.4g", w.float("size_a"))
		}
		if v := w.float("control"); finite(v) {
			parts = append(parts, fmt.Sprintf("%s at %s, where U₄ = %s", pair, withError(v, w.float("control_stderr")), withError(w.float("binder"), w.float("binder_stderr"))))
		} else {
			parts = append(parts, fmt.Sprintf("%s: none (%s)", pair, withoutPackages(w.text("status"))))
		}
	})
	if len(parts) == 0 {
		return ""
	}
	return "crossings of U₄: " + strings.Join(parts, "; ") + "."
}

// collapsesFound quotes exponents and quality of the data collapses that hold, and says why others do not.
func (r *run) collapsesFound(series string) string {
	type collapse struct {
		values map[string]string
		given  bool // a number of it is in the table
		status string
	}
	var quantities ordered
	var of []*collapse
	r.each("scaling", func(w row) {
		if w.text("task") != series {
			return
		}
		k := quantities.add(w.text("quantity"))
		if k == len(of) {
			of = append(of, &collapse{values: map[string]string{}, status: w.text("status")})
		}
		v, p := w.float("value"), w.text("parameter")
		if w.text("status") == "fixed" || !finite(v) {
			return
		}
		of[k].given = true
		if of[k].values[p] = withError(v, w.float("stderr")); p == "quality" {
			of[k].values[p] = number("%.2g", v)
		}
	})
	var parts []string
	end := "."
	for k, q := range quantities.list {
		c, name := of[k], q
		if symbol, ok := statisticNames[q]; ok {
			name = symbol
		}
		if !c.given || !strings.HasPrefix(c.status, "ok") {
			parts = append(parts, fmt.Sprintf("none of %s (%s)", name, wholeReason(c.status)))
			continue
		}
		s := name + " collapses with"
		end = ". S is about 1 for a good one."
		for _, p := range [][2]string{{"critical", " critical value "}, {"a", ", a = "}, {"b", ", b = "}, {"quality", ", S = "}} {
			if v, ok := c.values[p[0]]; ok {
				s += p[1] + v
			}
		}
		parts = append(parts, s)
	}
	if len(parts) == 0 {
		return ""
	}
	return "data collapse y·size^b = g((control − critical)·size^a): " + strings.Join(parts, "; ") + end
}

// slowingFound quotes how the longest autocorrelation time grows with the size.
func (r *run) slowingFound(series string) string {
	s := ""
	r.each("summary", func(w row) {
		if w.text("task") != series || w.text("quantity") != "slowing exponent" {
			return
		}
		if s = "slowing down: no exponent (" + wholeReason(w.text("status")) + ")."; finite(w.float("value")) {
			s = fmt.Sprintf("slowing down: exponent x = %s (%s).", withError(w.float("value"), w.float("stderr")), strings.TrimPrefix(w.text("status"), "ok; "))
		}
	})
	return s
}

// clueNames are what the numbers of verdict.csv are.
var clueNames = map[string]string{
	"sizes":          "number of sizes",
	"chi-exponent":   "exponent of χ",
	"barrier":        "exponent of the barrier of −log P(m)",
	"binder-minimum": "minimum of U₄",
	"crossings":      "crossing of U₄",
	"hysteresis":     "hysteresis",
}

// verdictOf quotes the conclusion with its evidence: each clue, its number, and what it speaks for.
func (r *run) verdictOf(series string) string {
	verdict := ""
	var clues []string
	r.each("verdict", func(w row) {
		if w.text("task") != series {
			return
		}
		text := strings.TrimSuffix(withoutPackages(w.text("text")), "; a system of fixed size has no singularity") // said once, at the end
		name, ok := clueNames[w.text("clue")]
		switch {
		case w.text("clue") == "verdict":
			verdict = fmt.Sprintf("verdict: %s (%s).", w.text("supports"), text)
			return
		case !ok:
			clues = append(clues, w.text("clue")+": "+text)
			return
		}
		if v := w.float("value"); finite(v) {
			name += " " + withError(v, w.float("stderr"))
		}
		s := fmt.Sprintf("%s (%s)", name, text)
		if v := w.text("supports"); v != "" {
			s += ", for " + v
		}
		if v := w.text("against"); v != "" {
			s += ", against " + v
		}
		clues = append(clues, s)
	})
	if verdict == "" || len(clues) == 0 {
		return verdict
	}
	return verdict + " The evidence: " + strings.Join(clues, "; ") + "."
}

// rampsLeave says what was ramped, quotes the area of the loops at all rates, and says whether
// they close as the ramp slows.
func (r *run) rampsLeave() []string {
	type area struct {
		rate, value, err float64
		status           string
	}
	var tasks ordered
	var of [][]area
	var what []string
	r.each("hysteresis_area", func(w row) {
		k := tasks.add(w.text("task"))
		if k == len(of) {
			of = append(of, nil)
			s := "areas of hysteresis loops at rates of the ramp per step"
			if key := w.text("key"); key != "" {
				s = fmt.Sprintf("%s as %s is ramped from %s to %s and back; area of the loop at rates per step", nameOf(w.text("observable")), key, number("%.4g", w.float("from")), number("%.4g", w.float("to")))
			}
			what = append(what, s)
		}
		of[k] = append(of[k], area{w.float("rate"), w.float("area"), w.float("stderr"), w.text("status")})
	})
	exponent, fit := map[string]analysis.Estimate{}, map[string]string{}
	r.each("summary", func(w row) {
		if w.text("quantity") == "hysteresis exponent" {
			exponent[w.text("task")] = analysis.Estimate{Value: w.float("value"), StdErr: w.float("stderr")}
			fit[w.text("task")] = w.text("status")
		}
	})
	var text []string
	for k, task := range tasks.list {
		var parts []string
		slow := of[k][0]
		for _, a := range of[k] {
			part := fmt.Sprintf("%s at %s", withError(a.value, a.err), number("%.2g", a.rate))
			if !finite(a.err) && a.status != "" {
				part += " (" + wholeReason(a.status) + ")"
			}
			parts = append(parts, part)
			if a.rate < slow.rate {
				slow = a
			}
		}
		s := what[k] + ": " + strings.Join(parts, ", ")
		x, known := exponent[task]
		if known && finite(x.Value) {
			s += fmt.Sprintf("; exponent of the area in the rate %s (%s)", withError(x.Value, x.StdErr), fit[task])
		} else if known {
			s += fmt.Sprintf("; no exponent of the area in the rate (%s)", wholeReason(fit[task]))
		}
		if slow.err > 0 {
			z := slow.value / slow.err
			s += fmt.Sprintf("; at the slowest it is %s standard errors from 0", number("%.1f", z))
			s += loopCloses(z, x, known && strings.HasPrefix(fit[task], "ok"))
		}
		text = append(text, at(r.title(parseLabel(task).point), s+"."))
	}
	return some(text, "hysteresis_area")
}

// loopCloses judges a loop by the limits of the verdict: 3 errors, and a power of 0.2.
func loopCloses(z float64, x analysis.Estimate, fits bool) string {
	switch {
	case !(math.Abs(z) >= 3):
		return ": no loop is left beyond three errors"
	case !fits || !finite(x.Value) || !(x.StdErr > 0):
		return ": a loop is left, and whether slower ramps would close it is not known"
	case x.Value+2*x.StdErr < 0.2:
		return ": a loop that slower ramps hardly close if that power goes on, as of two states between which it does not hop during the ramp"
	case x.Value-2*x.StdErr > 0.2:
		return ": a loop that slower ramps close if that power goes on. The order parameter then lags behind, which is no sign of two states"
	}
	return ": a loop is left, and whether slower ramps would close it is not decided"
}
