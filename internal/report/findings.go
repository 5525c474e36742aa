package report

import (
	"fmt"
	"math"
	"strings"

	"machlup/analysis"
)

// A finding says in words what the tables hold: a title and its paragraphs, each made from
// numbers of this run and naming their errors.
type finding struct {
	Title string
	Text  []string
}

// findings lists what can be said, most important first: a function for each kind, which
// returns no text where the run has no data for it.
var findings = []struct {
	title string
	say   func(*run) []string
}{
	{"Collapse", collapseFindings},
	{"Escape from collapse", escapeFindings},
	{"Modes", modeFindings},
	{"Modes against the swept keys", modeSweepFindings},
	{"Transition", transitionFindings},
	{"Ideal flows", flowFindings},
	{"Path of least action", instantonFindings},
	{"Transition of trajectories", trajectoryFindings},
	{"Partition functions", logZFindings},
	{"Fluctuations", fluctuationFindings},
	{"Certificates", certificateFindings},
	{"What is missing", missingFindings},
}

func (r *run) findings() []finding {
	var out []finding
	for _, f := range findings {
		if text := f.say(r); len(text) > 0 {
			out = append(out, finding{f.title, text})
		}
	}
	return out
}

// said is how many sentences of one kind a report holds before it refers to the tables.
const said = 8

// some keeps the first sentences and counts the rest.
func some(text []string, table string) []string {
	if n := len(text) - said; n > 0 {
		return append(text[:said:said], fmt.Sprintf("%d more of these are in csv/%s.csv.", n, table))
	}
	return text
}

// at introduces a sentence by its sweep point.
func at(heading, sentence string) string {
	if heading == "" {
		return sentence
	}
	return "At " + heading + ": " + sentence
}

// collapseFindings says how many replicas collapse and how many of them escape, and at what
// rate.
func collapseFindings(r *run) []string {
	list, observable := r.escapePoints()
	var text []string
	for _, e := range list {
		if e.replicas == 0 {
			continue
		}
		s := fmt.Sprintf("%d of %s collapse", e.collapsed, counted(e.replicas, "replica"))
		if e.collapsed > 0 {
			s += fmt.Sprintf(", %d of these escape within the run", e.escaped)
			if finite(e.rate) {
				s += fmt.Sprintf(", %s per step at risk", withError(e.rate, e.rateErr))
			}
		}
		s += fmt.Sprintf(". At the end ⟨%s⟩ = %s", observable, withError(e.mean, e.meanErr))
		text = append(text, at(r.title(e.point), s+"."))
	}
	return some(text, "phase")
}

// modeFindings compares the generator at the end with a perfect sampler of the same size.
func modeFindings(r *run) []string {
	groups, members := r.modeTable()
	headings := r.headings(groups.list)
	var text []string
	for g, tasks := range members {
		mean := func(metric string) (value, err float64, n int) {
			var m analysis.Moments
			single := nan
			for _, t := range tasks {
				if s := t.last(metric); finite(s.value) {
					m.Add(s.value)
					single = s.err
				}
			}
			if m.N() < 2 {
				return m.Mean(), single, m.N()
			}
			return m.Mean(), m.StdErr(), m.N()
		}
		modes, modesErr, n := mean("modes_covered")
		if n == 0 {
			continue
		}
		perfect, _ := tasks[0].fixed["perfect"]["modes_covered"].best()
		s := fmt.Sprintf("%s of %s modes covered", withError(modes, modesErr), number("%.3g", perfect))
		if q, err, ok := mean("quality"); ok > 0 {
			good, _ := tasks[0].fixed["perfect"]["quality"].best()
			s += fmt.Sprintf(", %s %% of the samples within 3σ of a mode (a perfect sampler has %s %%)", withError(100*q, 100*err), number("%.3g", 100*good))
		}
		switch kl, err, ok := mean("reverse_kl"); {
		case ok == n:
			s += fmt.Sprintf(", reverse KL %s nat", withError(kl, err))
		case ok > 0:
			s += fmt.Sprintf(", no reverse KL: %d of %d seeds, the most collapsed, have no sample near a mode", n-ok, n)
		}
		text = append(text, at(headings[g], fmt.Sprintf("%s; %d seeds.", s, n)))
	}
	return some(text, "modes")
}

// logZFindings says whether the estimators agree, and on what.
func logZFindings(r *run) []string {
	var text []string
	r.each("summary", func(w row) {
		l := parseLabel(w.text("task"))
		if l.estimator != "log_z" {
			return
		}
		heading := r.title(l.point)
		if l.replica > 0 {
			heading = strings.TrimPrefix(fmt.Sprintf("%s, replica %d", heading, l.replica), ", ")
		}
		status := strings.TrimPrefix(w.text("status"), "converged: ")
		s := fmt.Sprintf("%s is not converged: %s", w.text("quantity"), wholeReason(strings.TrimPrefix(status, "not converged: ")))
		if v := w.float("value"); finite(v) {
			s = fmt.Sprintf("%s = %s; %s", w.text("quantity"), withError(v, w.float("stderr")), status)
		}
		text = append(text, at(heading, s+"."))
	})
	return some(text, "summary")
}

// fluctuationFindings says where linear-noise theory holds and where it fails most.
func fluctuationFindings(r *run) []string {
	agree, n, refuted, worst, where := 0, 0, 0, 0.0, ""
	for _, e := range r.lastFluctuations() {
		if !(e.theory > 0) || !(e.err > 0) {
			continue
		}
		n++
		z := (e.std - e.theory) / e.err
		if math.Abs(z) < 3 {
			agree++
		}
		if e.ksp < 1e-3 {
			refuted++
		}
		if math.Abs(z) > math.Abs(worst) {
			worst = z
			where = fmt.Sprintf("%s (%s, step %.0f), where the measured standard deviation is %s times the predicted one, %.1f standard errors away",
				e.observable, r.taskName(parseLabel(e.task)), e.step, withError(e.std/e.theory, e.err/e.theory), math.Abs(z))
		}
	}
	if n == 0 {
		return nil
	}
	text := []string{fmt.Sprintf("At the last recorded step linear-noise theory, which has no free parameter, gives the standard deviation within 3 standard errors for %d of %d observables.", agree, n)}
	if where != "" {
		text = append(text, "It is furthest off for "+where+".")
	}
	if refuted > 0 {
		text = append(text, fmt.Sprintf("The whole predicted law, mean and shape too, is refuted (p < 0.001) for %d of %d; a shift of the mean, which linear theory leaves out, is enough for that.", refuted, n))
	}
	return text
}

// certificateFindings says whether the exact results are reproduced.
func certificateFindings(r *run) []string {
	all := r.certificates()
	failed, far := []string{}, 0.0
	for _, c := range all {
		if !c.ok() {
			failed = append(failed, r.certificateName(c)+": "+wholeReason(c.status))
		}
		if finite(c.z) && !c.worst() {
			far = max(far, math.Abs(c.z))
		}
	}
	switch {
	case len(all) == 0:
		return nil
	case len(failed) == 0:
		return []string{fmt.Sprintf("All %d certificates hold; the largest |z| of a single number is %.2f.", len(all), far)}
	}
	text := []string{fmt.Sprintf("%d of %d certificates fail. What the same sampler gives elsewhere in this run is not to be quoted before the reason is known.", len(failed), len(all))}
	return append(text, some(failed, "partition")...)
}

// missingFindings names the tasks that gave no number.
func missingFindings(r *run) []string {
	s := r.unfinished(wholeReason)
	if s == nil {
		return nil
	}
	var text []string
	for _, row := range s.rows {
		text = append(text, strings.TrimSuffix(row[0], ".")+".")
	}
	return some(text, "tasks")
}
