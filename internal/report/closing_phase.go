package report

// collapseSection lists the order parameter over the replicas of each sweep point.
func collapseSection(r *run) *section {
	type values map[string][2]float64
	var points, observables ordered
	var cells []values
	replicas := map[string]float64{}
	set := func(group, quantity string, value, err float64) {
		k := points.add(group)
		if k == len(cells) {
			cells = append(cells, values{})
		}
		cells[k][quantity] = [2]float64{value, err}
	}
	shown, _ := r.modeTable() // has a section of its own
	r.each("phase", func(w row) {
		l := parseLabel(w.text("task"))
		if _, elsewhere := shown.index[l.group()]; elsewhere || l.replica >= 0 {
			return
		}
		o := w.text("observable")
		if observables.add(o) == 0 {
			replicas[l.group()] = w.float("ess")
		}
		set(l.group(), o, w.float("mean"), w.float("stderr"))
	})
	if len(cells) == 0 {
		return nil
	}
	r.each("summary", func(w row) {
		if w.text("quantity") == "escape_rate" {
			set(parseLabel(w.text("task")).group(), "escape_rate", w.float("value"), w.float("stderr"))
		}
	})
	names := map[string]string{"chi": "χ", "binder": "U₄", "collapsed_fraction": "collapsed", "escaped_fraction": "escaped", "escape_rate": "escapes [1/step]"}
	s := &section{header: []string{"Collapse", "replicas"}, left: 1}
	columns := observables.list
	for _, c := range cells {
		if v, ok := c["escape_rate"]; ok && finite(v[0]) {
			columns = append(append([]string(nil), columns...), "escape_rate")
			break
		}
	}
	for _, o := range columns {
		name, ok := names[o]
		if !ok {
			name = "⟨" + o + "⟩"
		}
		s.header = append(s.header, name)
	}
	s.header = append(s.header, "")
	headings := r.headings(points.list)
	for k, group := range points.list {
		row := []string{headings[k], withError(replicas[group], nan)}
		for _, o := range columns {
			cell := "–"
			if v, ok := cells[k][o]; ok {
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
