package report

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// flowRates are the factors of the gap at which the flows relax late, to linear order about q = p.
var flowRates = map[string]float64{"saturating": 0.5, "literal-jprime": 0.25, "non-saturating": 0.5, "kl": 1}

// flowFindings compares the late rates of the ideal flows with the exact ones, and says how well
// the balance of energy holds and how far JKO steps are from it.
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
	gap, across := nan, nan
	jko := map[string][]jkoDistance{}
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
			t, _ := strconv.ParseFloat(tau, 64)
			jko[flow] = append(jko[flow], jkoDistance{t, v})
		case q == "W2 of one JKO particle carried across the data":
			across = v
		}
	}
	if len(rates) > 0 {
		text = append(text, at(heading, "late rates of relaxation, without a free parameter: "+strings.Join(rates, "; ")+"."))
	}
	if len(balance) > 0 {
		text = append(text, at(heading, "the balance dF/dt = −∫|∇μ|²q holds to a largest relative residual, of first order in the time step, of "+strings.Join(balance, ", ")+"."))
	}
	if len(flows.list) > 0 {
		text = append(text, at(heading, jkoText(flows.list, jko, across)))
	}
	return text
}

// jkoDistance is the largest distance of steps of one length to their flow.
type jkoDistance struct{ tau, w2 float64 }

// jkoText says how far JKO steps are from their flows, how that falls with τ, and whether it is
// less than what one particle in the wrong place makes: N particles resolve no better.
func jkoText(flows []string, jko map[string][]jkoDistance, across float64) string {
	var parts, far, stuck []string
	most := 0.0
	for _, f := range flows {
		d := append([]jkoDistance(nil), jko[f]...)
		sort.SliceStable(d, func(i, j int) bool { return d[i].tau > d[j].tau })
		var at []string
		for _, x := range d {
			at = append(at, fmt.Sprintf("%s (τ = %s)", number("%.2g", x.w2), number("%.3g", x.tau)))
		}
		last := d[len(d)-1]
		s := f + " " + strings.Join(at, ", ")
		if n := len(d); n > 1 {
			order := math.Log(d[n-2].w2/last.w2) / math.Log(d[n-2].tau/last.tau)
			s += fmt.Sprintf(", as τ to the %s between the two shortest", number("%.2f", math.Round(100*order)/100+0)) // + 0: no −0
			if order < 0.25 {
				stuck = append(stuck, f)
			}
		}
		parts = append(parts, s)
		if worth := last.w2 / across * last.w2 / across; worth > 1 {
			far, most = append(far, f), math.Max(most, worth)
		}
	}
	s := "JKO steps of particles beside the flow of their functional, largest W₂ between the two: " + strings.Join(parts, "; ") + "."
	if !finite(across) {
		return s
	}
	s += fmt.Sprintf(" One particle carried across the data, two standard deviations, makes %s:", number("%.2g", across))
	switch {
	case len(far) == 0:
		s += " at the shortest τ all stay nearer to their flow than that."
	case len(far) == len(flows):
		s += fmt.Sprintf(" at the shortest τ none stays nearer to its flow than that, and the worst is as far as %s particles in the wrong place make.", number("%.2g", most))
	default:
		s += fmt.Sprintf(" at the shortest τ not nearer to their flow than that: %s, the worst as far as %s particles in the wrong place make. The others are.", strings.Join(far, ", "), number("%.2g", most))
	}
	if len(stuck) > 0 {
		s += fmt.Sprintf(" Shorter steps do not help %s: what is left is of the number of particles, or of the grid.", strings.Join(stuck, ", "))
	}
	return s
}
