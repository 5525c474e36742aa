package report

import (
	"fmt"
	"strings"
)

// flowRates are the factors of the gap at which the flows relax late, to linear order about q = p.
var flowRates = map[string]float64{"saturating": 0.5, "literal-jprime": 0.25, "non-saturating": 0.5, "kl": 1}

// flowFindings compares the late rates of the ideal flows with the exact ones, and says how well
// the balance of energy holds and how near JKO steps stay.
func flowFindings(r *run) []string {
	var text []string
	var points ordered
	of := map[string][]row{}
	r.each("summary", func(w row) {
		l := parseLabel(w.text("task"))
		if l.estimator != "w2-flow" {
			return
		}
		points.add(l.point)
		w.cells = append([]string(nil), w.cells...)
		of[l.point] = append(of[l.point], w)
	})
	for _, point := range points.list {
		text = append(text, flowsAt(r.title(point), of[point])...)
	}
	return text
}

func flowsAt(heading string, rows []row) []string {
	var text, rates, balance []string
	gap := nan
	jko := map[string][]string{}
	var flows ordered
	for _, w := range rows {
		q, v, ref := w.text("quantity"), w.float("value"), w.float("reference")
		what, flow, _ := strings.Cut(q, ", ")
		switch {
		case strings.HasPrefix(q, "spectral gap"):
			gap = v
			text = append(text, at(heading, fmt.Sprintf("the spectral gap of the data is %.6g on this grid (%.6g in the limit of fine grids).", v, ref)))
		case strings.HasPrefix(what, "late rate of mode 1") && finite(v):
			factor := ""
			if f, ok := flowRates[flow]; ok {
				factor = fmt.Sprintf(" (%.4g expected)", f)
			}
			rates = append(rates, fmt.Sprintf("%s %.6g = %.6f·gap%s, measured/exact − 1 = %s", flow, v, v/gap, factor, number("%.1e", v/ref-1)))
		case strings.HasPrefix(what, "late rate of mode 1"):
			rates = append(rates, fmt.Sprintf("%s: %s", flow, w.text("status")))
		case strings.HasPrefix(what, "largest residual"):
			balance = append(balance, fmt.Sprintf("%s %s %%", flow, number("%.2g", 100*v)))
		case strings.HasPrefix(what, "largest W2 of JKO at tau"):
			flows.add(flow)
			tau := strings.TrimSuffix(strings.TrimPrefix(what, "largest W2 of JKO at tau = "), " to the flow")
			jko[flow] = append(jko[flow], fmt.Sprintf("%s (τ = %s)", number("%.2g", v), tau))
		}
	}
	if len(rates) > 0 {
		text = append(text, at(heading, "late rates of relaxation, without a free parameter: "+strings.Join(rates, "; ")+"."))
	}
	if len(balance) > 0 {
		text = append(text, at(heading, "the balance dF/dt = −∫|∇μ|²q holds to a largest relative residual, of first order in the time step, of "+strings.Join(balance, ", ")+"."))
	}
	if len(flows.list) > 0 {
		var parts []string
		for _, f := range flows.list {
			parts = append(parts, f+" "+strings.Join(jko[f], ", "))
		}
		text = append(text, at(heading, "JKO steps of each functional stay near its flow; largest W₂ between the two: "+strings.Join(parts, "; ")+"."))
	}
	return text
}
