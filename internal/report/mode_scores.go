package report

import "math"

// modeScores are the rows of modes.csv of one task.
type modeScores struct {
	label
	step   []float64 // of the generator's records
	values map[string][]score
	fixed  map[string]map[string]score // sampler, metric: perfect and uniform
}

// score is one number of modes.csv.
type score struct {
	value, err, reference float64
}

// best is the exact value where there is one, else the measured.
func (s score) best() (value, err float64) {
	if finite(s.reference) {
		return s.reference, nan
	}
	return s.value, s.err
}

// last is the generator's score at the last record; NaN where there is none.
func (m *modeScores) last(metric string) score {
	if v := m.values[metric]; len(v) > 0 {
		return v[len(v)-1]
	}
	return score{nan, nan, nan}
}

// modeTable reads modes.csv, the tasks in groups of replicas.
func (r *run) modeTable() (groups ordered, members [][]*modeScores) {
	byTask := map[string]*modeScores{}
	r.each("modes", func(w row) {
		name := w.text("task")
		m := byTask[name]
		if m == nil {
			m = &modeScores{label: parseLabel(name), values: map[string][]score{}, fixed: map[string]map[string]score{}}
			byTask[name] = m
			g := groups.add(m.group())
			if g == len(members) {
				members = append(members, nil)
			}
			members[g] = append(members[g], m)
		}
		s, metric, sampler := score{w.float("value"), w.float("stderr"), w.float("reference")}, w.text("metric"), w.text("sampler")
		if sampler != "generator" {
			if m.fixed[sampler] == nil {
				m.fixed[sampler] = map[string]score{}
			}
			m.fixed[sampler][metric] = s
			return
		}
		step := w.float("step")
		if n := len(m.step); finite(step) && (n == 0 || step > m.step[n-1]) {
			m.step = append(m.step, step)
		}
		for len(m.values[metric]) < len(m.step)-1 { // a record without this metric
			m.values[metric] = append(m.values[metric], score{nan, nan, nan})
		}
		if len(m.values[metric]) < len(m.step) {
			m.values[metric] = append(m.values[metric], s)
		}
	})
	return groups, members
}

// along is the step, value and error of a metric along training.
func (m *modeScores) along(metric string) (step, value, err []float64) {
	for i, s := range m.values[metric] {
		step, value, err = append(step, m.step[i]), append(value, s.value), append(err, s.err)
	}
	return step, value, err
}

// w2Metric is the metric of W₂ that a task has.
func (m *modeScores) w2Metric() string {
	if _, ok := m.values["w2"]; ok {
		return "w2"
	}
	return "sliced_w2"
}

// occupied is a mode of the target in occupancy.csv.
type occupied struct {
	x, y, std, covered float64
}

// occupancy reads the modes of each task as the generator covered them at its last record.
func (r *run) occupancy() map[string][]occupied {
	out, at := map[string][]occupied{}, map[string]float64{}
	r.each("occupancy", func(w row) {
		step, name := w.float("step"), w.text("task")
		if w.text("sampler") != "generator" || !finite(step) {
			return
		}
		if last, ok := at[name]; !ok || step > last {
			out[name], at[name] = nil, step
		} else if step < last {
			return
		}
		o := occupied{w.float("mean"), w.float("mean_1"), w.float("std"), w.float("covered")}
		if finite(o.x) && finite(o.y) {
			out[name] = append(out[name], o)
		}
	})
	return out
}

// bounds widen to hold values that are numbers.
type bounds struct{ lo, hi float64 }

func noBounds() bounds { return bounds{math.Inf(1), math.Inf(-1)} }

func (b *bounds) hold(x float64) {
	if finite(x) {
		b.lo, b.hi = math.Min(b.lo, x), math.Max(b.hi, x)
	}
}
