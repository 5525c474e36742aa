package report

import (
	"fmt"
	"strings"
)

// closingMetrics are the columns of the closing table of modes.
var closingMetrics = []struct {
	metric, heading string
	times           float64
}{
	{"modes_covered", "modes", 1}, {"quality", "quality [%]", 100}, {"reverse_kl", "reverse KL [nat]", 1}, {"mode_jsd", "JSD [nat]", 1}, {"", "W₂ [data]", 1},
}

// modesSection lists the generator at the last record, and below it a perfect sampler and a
// uniform box: once if they are the same for all points, else after each.
func modesSection(r *run) *section {
	groups, members := r.modeTable()
	if len(members) == 0 {
		return nil
	}
	s := &section{header: []string{"Modes covered", "seeds"}, left: 1}
	for _, m := range closingMetrics {
		heading := m.heading
		if m.metric == "" {
			m.metric = members[0][0].w2Metric()
			if m.metric == "sliced_w2" {
				heading = "sliced " + heading
			}
		}
		s.header = append(s.header, heading)
	}
	s.header = append(s.header, "")
	same := true
	for _, g := range members {
		same = same && levels(g[0]) == levels(members[0][0])
	}
	headings := r.headings(groups.list)
	for g, tasks := range members {
		s.rows = append(s.rows, trainedRow(headings[g], tasks))
		if !same {
			s.rows = append(s.rows, fixedRows("  ", tasks[0])...)
		}
	}
	s.keep(10, "sweep points", "modes")
	if same {
		s.foot = fixedRows("", members[0][0])
	}
	return s
}

// levels are what tells fixed samplers of different targets or sizes apart.
func levels(m *modeScores) string {
	var out []string
	for _, sampler := range []string{"perfect", "uniform"} {
		for _, c := range closingMetrics[:4] {
			out = append(out, fmt.Sprintf("%.6g", m.fixed[sampler][c.metric].reference))
		}
	}
	return strings.Join(out, " ")
}

func trainedRow(heading string, tasks []*modeScores) []string {
	row, seeds := []string{heading, ""}, 0
	for _, c := range closingMetrics {
		metric := c.metric
		if metric == "" {
			metric = tasks[0].w2Metric()
		}
		var values, errs []float64
		for _, m := range tasks {
			if s := m.last(metric); finite(s.value) {
				values, errs = append(values, c.times*s.value), append(errs, c.times*s.err)
			}
		}
		cell := "–"
		if len(values) > 0 {
			cell, seeds = overSeeds(values, errs), max(seeds, len(values))
		}
		row = append(row, cell)
	}
	row[1] = fmt.Sprint(seeds)
	return append(row, "")
}

// fixedRows are exact where the expectation is known, else measured.
func fixedRows(indent string, m *modeScores) (rows [][]string) {
	for _, sampler := range []struct{ name, text string }{{"perfect", "perfect sampler"}, {"uniform", "uniform box"}} {
		row := []string{indent + sampler.text, ""}
		for _, c := range closingMetrics {
			metric := c.metric
			if metric == "" {
				metric = m.w2Metric()
			}
			cell := "–"
			if s, ok := m.fixed[sampler.name][metric]; ok {
				value, err := s.best()
				cell = withError(c.times*value, c.times*err)
			}
			row = append(row, cell)
		}
		rows = append(rows, append(row, ""))
	}
	return rows
}
