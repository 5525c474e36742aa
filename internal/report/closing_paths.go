package report

import (
	"fmt"
	"math"
	"strings"
)

// certificatesSection lists what is known exactly. Of many rows those that failed, the
// comparisons of samplers, and the chains of all moves together come first.
func certificatesSection(r *run) *section {
	all := r.certificates()
	if len(all) == 0 {
		return nil
	}
	const most = 9
	chosen := map[int]bool{}
	for _, wanted := range []func(certificate) bool{
		func(c certificate) bool { return !c.ok() },
		certificate.worst,
		func(c certificate) bool { return strings.HasSuffix(c.estimator, "/all") && finite(c.z) },
		func(c certificate) bool { return finite(c.z) },
	} {
		for i, c := range all {
			if wanted(c) && len(chosen) < most {
				chosen[i] = true
			}
		}
	}
	s := &section{header: []string{"Certificates", "exact", "estimate", "z", ""}, left: 1}
	left, far := 0, 0.0
	for i, c := range all {
		if chosen[i] {
			s.rows = append(s.rows, r.certificateRow(c))
			continue
		}
		left++
		if finite(c.z) {
			far = max(far, math.Abs(c.z))
		}
	}
	if left > 0 {
		s.more = fmt.Sprintf("… %d more passed, largest |z| = %.2f: csv/partition.csv", left, far)
		if failed := countFailed(all, chosen); failed > 0 {
			s.more = fmt.Sprintf("… %d more, %d of them failed: csv/partition.csv", left, failed)
		}
	}
	return s
}

func countFailed(all []certificate, chosen map[int]bool) int {
	n := 0
	for i, c := range all {
		if !chosen[i] && !c.ok() {
			n++
		}
	}
	return n
}

func (r *run) certificateRow(c certificate) []string {
	if c.worst() {
		return []string{r.certificateName(c), "same law", number("%.0f", c.ess) + " compared", "max " + number("%.2f", math.Abs(c.z)), reason(c.status)}
	}
	note := ""
	if !c.ok() {
		note = reason(c.status)
	}
	exact := "–"
	if finite(c.reference) {
		exact = withError(c.reference, nan)
	}
	return []string{r.certificateName(c), exact, withError(c.estimate, c.err), number("%.2f", c.z), note}
}

// logZSection lists log Z(s)/Z(0) by each estimator, and whether they agree.
func logZSection(r *run) *section {
	agreement := map[string][]string{} // by point and replica
	r.each("summary", func(w row) {
		if l := parseLabel(w.text("task")); l.estimator == "log_z" {
			agreement[fmt.Sprint(l.point, l.replica)] = []string{withError(w.float("value"), w.float("stderr")), w.text("status")}
		}
	})
	s := &section{header: []string{"log Z(s)/Z(0)", "estimator", "s", "value", ""}, left: 2}
	last, lastKey := "", ""
	closeGroup := func() {
		if a := agreement[lastKey]; a != nil {
			s.rows = append(s.rows, []string{"", "together", "", a[0], reason(a[1])})
		}
	}
	r.each("partition", func(w row) {
		if w.text("quantity") != "log_z_ratio" {
			return
		}
		l := parseLabel(w.text("task"))
		key := fmt.Sprint(l.point, l.replica)
		if key != lastKey && lastKey != "" {
			closeGroup()
		}
		heading := r.title(l.point, tiltKey)
		if l.replica > 0 {
			heading = strings.TrimPrefix(fmt.Sprintf("%s, r%d", heading, l.replica), ", ")
		}
		shown := heading
		if heading == last {
			shown = ""
		}
		last, lastKey = heading, key
		note := ""
		if w.text("status") != "ok" {
			note = reason(w.text("status"))
		}
		s.rows = append(s.rows, []string{shown, w.text("estimator"), withError(w.float("value"), nan), withError(w.float("log_z"), w.float("stderr")), note})
	})
	if len(s.rows) == 0 {
		return nil
	}
	closeGroup()
	return s.keep(9, "estimates", "partition")
}
