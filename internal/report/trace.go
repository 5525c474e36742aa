package report

import (
	"math"
	"sort"
)

// trajectory is one chain of trace.csv.
type trajectory struct {
	label
	step   []float64
	values map[string][]float64 // by observable
}

// family is the trajectories of one estimator at one sweep point.
type family struct {
	heading string
	members []*trajectory
}

// families reads the observables of trace.csv. Families without a value are left out; of
// more than fit on a page an even selection is kept, out of so many.
func (r *run) families(observables ...string) (shown []family, of int) {
	groups, members := r.traces(observables)
	var all []family
	for i, heading := range r.headings(groups.list) {
		f := family{heading, members[i]}
		for _, o := range observables {
			if f.has(o) {
				all = append(all, f)
				break
			}
		}
	}
	for _, i := range spreadOut(len(all), maxPanels) {
		shown = append(shown, all[i])
	}
	return shown, len(all)
}

func (r *run) traces(observables []string) (groups ordered, members [][]*trajectory) {
	type key struct{ task, chain string }
	open := map[key]*trajectory{}
	r.each("trace", func(w row) {
		k := key{w.text("task"), w.text("chain")}
		t := open[k]
		if t == nil {
			t = &trajectory{label: parseLabel(k.task), values: map[string][]float64{}}
			open[k] = t
			g := groups.add(t.group())
			if g == len(members) {
				members = append(members, nil)
			}
			members[g] = append(members[g], t)
		}
		t.step = append(t.step, w.float("step"))
		for _, o := range observables {
			t.values[o] = append(t.values[o], w.float(o))
		}
	})
	return groups, members
}

// has tells whether there is a value of the observable.
func (f family) has(observable string) bool {
	for _, t := range f.members {
		for i, v := range t.values[observable] {
			if finite(v) && finite(t.step[i]) {
				return true
			}
		}
	}
	return false
}

// overMembers gives, at every step of any trajectory, the median and the 10 % and 90 %
// quantiles over those that reach it.
func (f family) overMembers(observable string) (step, median, low, high []float64) {
	at := map[float64][]float64{}
	for _, t := range f.members {
		for i, s := range t.step {
			if v := t.values[observable][i]; finite(s) && finite(v) {
				at[s] = append(at[s], v)
			}
		}
	}
	for s := range at {
		step = append(step, s)
	}
	sort.Float64s(step)
	for _, s := range step {
		v := at[s]
		sort.Float64s(v)
		median, low, high = append(median, quantile(v, 0.5)), append(low, quantile(v, 0.1)), append(high, quantile(v, 0.9))
	}
	return step, median, low, high
}

// quantile interpolates linearly between the sorted values.
func quantile(sorted []float64, p float64) float64 {
	h := p * float64(len(sorted)-1)
	i := min(int(h), len(sorted)-1)
	if i == len(sorted)-1 {
		return sorted[i]
	}
	return sorted[i] + (h-math.Floor(h))*(sorted[i+1]-sorted[i])
}

// clipRange is a range that holds the bulk of the values: all of them, unless some few lie
// far out, as they do before a divergence.
func clipRange(values []float64) (lo, hi float64) {
	v := append([]float64(nil), values...)
	sort.Float64s(v)
	if len(v) == 0 {
		return 0, 1
	}
	a, b := quantile(v, 0.01), quantile(v, 0.99)
	d := (b - a) / 4
	return math.Max(v[0], a-d), math.Min(v[len(v)-1], b+d)
}
