package report

// noiseSection shows the noise of minibatches at the last measured step: how large, in how many
// directions, at what temperature, and whether it has normal tails.
func noiseSection(r *run) *section {
	var keys ordered
	type entry struct {
		name, player, step string
		cells              map[string]string
	}
	var entries []*entry
	r.each("gradient_noise", func(w row) {
		l := parseLabel(w.text("task"))
		if index := w.text("index"); index != "" && index != "0" {
			return
		}
		k := keys.add(w.text("task") + "\x00" + w.text("player"))
		if k == len(entries) {
			entries = append(entries, &entry{name: r.taskName(l), player: w.text("player"), cells: map[string]string{}})
		}
		e := entries[k]
		e.step = w.text("step")
		if v := w.float("value"); finite(v) {
			e.cells[w.text("quantity")] = withError(v, w.float("stderr"))
		}
	})
	if len(entries) == 0 {
		return nil
	}
	s := &section{header: []string{"Minibatch noise", "player", "step", "Tr C", "directions", "cos(C, H)", "cos(C, F)", "temperature", "α of a batch", ""}, left: 2}
	for _, e := range entries {
		cell := func(names ...string) string {
			for _, n := range names {
				if c := e.cells[n]; c != "" {
					return c
				}
			}
			return "–"
		}
		s.rows = append(s.rows, []string{e.name, e.player, e.step, cell("trace"), cell("participation"), cell("hessian_cosine"), cell("metric_cosine"),
			cell("temperature", "temperature_metric"), cell("stable_index"), ""})
	}
	return s.keep(8, "players", "gradient_noise")
}
