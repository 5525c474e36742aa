package report

import (
	"fmt"
	"math"
	"strings"
)

// frequencies is what correlator.csv and summary.csv say of the spectrum of one task.
type frequencies struct {
	heading          string
	times, ys, errs  [][]float64 // effective ω of each component
	fitted, expected []float64   // NaN where unknown
	end              float64     // last time shown
}

// spectra reads a spectrum per sweep point and replica.
func (r *run) spectra() []*frequencies {
	var tasks ordered
	var out []*frequencies
	at := func(task string) *frequencies {
		i := tasks.add(task)
		if i == len(out) {
			l := parseLabel(task)
			f := &frequencies{heading: r.title(l.point)}
			if l.replica > 0 {
				f.heading = strings.TrimPrefix(fmt.Sprintf("%s, replica %d", f.heading, l.replica), ", ")
			}
			out = append(out, f)
		}
		return out[i]
	}
	r.each("correlator", func(w row) {
		f, i := at(w.text("task")), int(w.float("component"))-1
		for len(f.times) <= i {
			f.times, f.ys, f.errs = append(f.times, nil), append(f.ys, nil), append(f.errs, nil)
			f.fitted, f.expected = append(f.fitted, math.NaN()), append(f.expected, math.NaN())
		}
		omega, err, t := w.float("omega"), w.float("omega_stderr"), w.float("time")
		if omega > 0 && err < omega/4 { // later ones only say that the correlation is lost
			f.times[i], f.ys[i], f.errs[i] = append(f.times[i], t), append(f.ys[i], omega), append(f.errs[i], err)
			f.end = math.Max(f.end, t)
		}
	})
	r.each("summary", func(w row) {
		var i int
		if n, err := fmt.Sscanf(w.text("quantity"), "omega_%d", &i); n != 1 || err != nil {
			return
		}
		for k, task := range tasks.list {
			if task == w.text("task") && i >= 1 && i <= len(out[k].fitted) {
				out[k].fitted[i-1], out[k].expected[i-1] = w.float("value"), w.float("reference")
			}
		}
	})
	return out
}

// correlatorFigure shows the effective frequencies of imaginary-time correlators against
// imaginary time, with the fitted and the exact ones as lines.
func correlatorFigure(r *run) *page {
	all := r.spectra()
	if len(all) == 0 {
		return nil
	}
	var panels []*panel
	most := 0
	shown := spreadOut(len(all), maxPanels)
	for _, k := range shown {
		f := all[k]
		p := newPanel(f.heading, scale{label: "imaginary time nΔt", unit: "1"}, scale{label: "frequency ω", unit: "1"})
		for i := range f.times {
			ends := []float64{0, f.end}
			p.curve(exactFrequency, ends, []float64{f.expected[i], f.expected[i]})
			p.curve(look{color: cycle[i%len(cycle)], width: 1}, ends, []float64{f.fitted[i], f.fitted[i]})
			p.dots(phaseLook(i), f.times[i], f.ys[i], f.errs[i])
		}
		most = max(most, len(f.times))
		panels = append(panels, p)
	}
	page := tile(panels)
	page.outerLabels()
	for i := range most {
		page.legend = append(page.legend, entry{fmt.Sprintf("mode %d, ± 1 standard error", i+1), phaseLook(i)})
	}
	page.legend = append(page.legend, entry{"exact", exactFrequency})
	page.note = "Points: (2/Δt) sinh(α/2) with cosh α = [C(n−1) + C(n+1)]/2C(n), while their error is below a quarter. Coloured lines: fits of the whole correlator."
	page.selection(len(shown), len(all), "tasks")
	return page
}

var exactFrequency = look{color: black, width: 1, dashes: dashed}
