package report

// phaseTable is what phase.csv says of sweep points whose replicas or chains are pooled, except of
// those that have modes.
type phaseTable struct {
	points, observables ordered
	cells               []map[string][2]float64 // by point: value and error by observable
	draws               map[string]float64      // by point: replicas, or the effective draws of chains
}

func (t *phaseTable) set(group, observable string, value, err float64) {
	k := t.points.add(group)
	if k == len(t.cells) {
		t.cells = append(t.cells, map[string][2]float64{})
	}
	t.cells[k][observable] = [2]float64{value, err}
}

// phaseTable reads phase.csv, the rows with a τ_int (of chains) or those without (of replicas), and
// from summary.csv the rates of escape, "escape_rate".
func (r *run) phaseTable(chains bool) *phaseTable {
	t := &phaseTable{draws: map[string]float64{}}
	modes, _ := r.modeTable() // has a section of its own
	r.each("phase", func(w row) {
		l := parseLabel(w.text("task"))
		if _, elsewhere := modes.index[l.group()]; elsewhere || l.replica >= 0 || finite(w.float("tau_int")) != chains {
			return
		}
		o := w.text("observable")
		if t.observables.add(o) == 0 {
			t.draws[l.group()] = w.float("ess")
		}
		t.set(l.group(), o, w.float("mean"), w.float("stderr"))
	})
	r.each("summary", func(w row) {
		group := parseLabel(w.text("task")).group()
		if _, known := t.points.index[group]; known && w.text("quantity") == "escape_rate" {
			t.set(group, "escape_rate", w.float("value"), w.float("stderr"))
		}
	})
	return t
}

// statisticNames are the columns of statistics that are no mean of an observable, or have a symbol.
var statisticNames = map[string]string{"chi": "χ", "binder": "U₄", "collapsed_fraction": "collapsed", "escaped_fraction": "escaped", "escape_rate": "escapes [1/step]",
	"abs_m": "⟨|m|⟩", "m2": "⟨m²⟩", "m4": "⟨m⁴⟩", "energy": "⟨E⟩", "heat_capacity": "C/size"}

// collapseSection lists the order parameter over the replicas of each sweep point.
func collapseSection(r *run) *section {
	return r.phaseSection(r.phaseTable(false), "Collapse", "replicas")
}

// orderSection lists the order parameter along the chains of each sweep point.
func orderSection(r *run) *section {
	return r.phaseSection(r.phaseTable(true), "Order parameter", "effective draws")
}

func (r *run) phaseSection(t *phaseTable, title, draws string) *section {
	if len(t.cells) == 0 {
		return nil
	}
	s := &section{header: []string{title, draws}, left: 1}
	columns := t.observables.list
	_, listed := t.observables.index["escape_rate"]
	for _, c := range t.cells {
		if v, ok := c["escape_rate"]; ok && !listed && finite(v[0]) {
			columns = append(append([]string(nil), columns...), "escape_rate")
			break
		}
	}
	for _, o := range columns {
		name, ok := statisticNames[o]
		if !ok {
			name = "⟨" + o + "⟩"
		}
		s.header = append(s.header, name)
	}
	s.header = append(s.header, "")
	headings := r.headings(t.points.list)
	for k, group := range t.points.list {
		row := []string{headings[k], number("%.0f", t.draws[group])}
		for _, o := range columns {
			cell := "–"
			if v, ok := t.cells[k][o]; ok {
				cell = withError(v[0], v[1])
			}
			row = append(row, cell)
		}
		s.rows = append(s.rows, append(row, ""))
	}
	return s.keep(10, "sweep points", "phase")
}

// stationarySection lists time averages along chains.
func stationarySection(r *run) *section {
	s := &section{header: []string{"Stationary averages", "observable", "mean", "τ_int [draw]", "ESS", "R̂", ""}, left: 2}
	last := ""
	r.each("phase", func(w row) {
		l := parseLabel(w.text("task"))
		if l.replica < 0 {
			return
		}
		name := r.taskName(l)
		if name == last {
			name = ""
		} else {
			last = name
		}
		s.rows = append(s.rows, []string{name, w.text("observable"), withError(w.float("mean"), w.float("stderr")),
			number("%.3g", w.float("tau_int")), number("%.0f", w.float("ess")), number("%.3f", w.float("rhat")), ""})
	})
	if len(s.rows) == 0 {
		return nil
	}
	return s.keep(8, "averages", "phase")
}
