package report

import (
	"fmt"
	"sort"
	"strings"
)

// modeSweepFindings says how modes covered and mode entropy change with each swept number by
// itself, all other keys as in most points.
func modeSweepFindings(r *run) []string {
	observables, points, rows := r.phaseRows()
	at := map[string]map[string]string{}
	for o, name := range observables.list {
		for _, v := range rows[o] {
			if at[v.point] == nil {
				at[v.point] = map[string]string{}
			}
			at[v.point][name] = withError(v.mean, v.err)
		}
	}
	if _, ok := observables.index["modes_covered"]; !ok || len(points.list) < 3 {
		return nil
	}
	centre := r.centre()
	var text []string
	for _, key := range r.varying() {
		var ray []string
		for _, p := range points.list {
			on := finite(r.number(p, key))
			for _, other := range r.varying() {
				v, known := centre[other]
				on = on && (other == key || known && r.value(p, other) == v || !known && len(r.varying()) == 1)
			}
			if on {
				ray = append(ray, p)
			}
		}
		if len(ray) < 2 {
			continue
		}
		sort.SliceStable(ray, func(i, j int) bool { return r.number(ray[i], key) < r.number(ray[j], key) })
		var parts []string
		for _, p := range ray {
			s := fmt.Sprintf("%s: %s modes", r.value(p, key), at[p]["modes_covered"])
			for _, more := range []struct{ name, text string }{{"mode_entropy", "entropy %s nat"}, {"quality", "share of good samples %s"}} {
				_, known := observables.index[more.name]
				if v, ok := at[p][more.name]; ok {
					s += ", " + fmt.Sprintf(more.text, v)
				} else if known {
					s += ", no " + strings.ReplaceAll(more.name, "_", " ") + " (not all seeds have one)"
				}
			}
			parts = append(parts, s)
		}
		text = append(text, fmt.Sprintf("Against %s: %s.", r.short(key), strings.Join(parts, "; ")))
	}
	if c := r.centreText(); c != "" && len(text) > 0 {
		text = append([]string{"One key at a time, the others at " + c + "."}, text...)
	}
	return text
}
