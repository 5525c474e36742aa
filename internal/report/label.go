package report

import (
	"maps"
	"math"
	"regexp"
	"strconv"
	"strings"
)

var nan = math.NaN()

// label is the first column of every table: estimator/point/rN, the point empty without a
// sweep; rows that pool the replicas of a point have no /rN.
type label struct {
	text      string
	estimator string
	point     string
	replica   int // −1 where replicas are pooled
}

var labelParts = regexp.MustCompile(`^([^/]*)(?:/(.+?))??(?:/r([0-9]+))?$`)

func parseLabel(text string) label {
	l := label{text: text, replica: -1}
	if m := labelParts.FindStringSubmatch(text); m != nil {
		l.estimator, l.point = m[1], m[2]
		if m[3] != "" {
			l.replica, _ = strconv.Atoi(m[3])
		}
	}
	return l
}

// group is what the replicas of a task have in common.
func (l label) group() string { return strings.TrimSuffix(l.estimator+"/"+l.point, "/") }

// varying lists the swept keys that take more than one value; which estimators run is not
// one of them.
func (r *run) varying() []string {
	var keys []string
	for _, key := range r.swept {
		seen := map[string]bool{}
		for _, t := range r.tasks {
			seen[t.values[key]] = true
		}
		if len(seen) > 1 && key != "run.estimators" {
			keys = append(keys, key)
		}
	}
	return keys
}

// value of a swept key at a point, as in the config; empty if the point is not a task's, or pools
// tasks that differ in it.
func (r *run) value(point, key string) string { return r.valuesAt(point)[key] }

// valuesAt are the swept values of a point; of one that pools a key, such as different starts, and
// so has a label without it, all others. nil where no task is of that point.
func (r *run) valuesAt(point string) map[string]string {
	for _, t := range r.tasks {
		if t.point == point {
			return t.values
		}
	}
	if r.pooled == nil {
		r.pooled = map[string]map[string]string{}
		for _, t := range r.tasks {
			for key := range t.values {
				if rest := strings.Trim(strings.Replace(","+t.point+",", ","+r.short(key)+"="+t.values[key]+",", ",", 1), ","); rest != "" && rest != t.point {
					values := maps.Clone(t.values)
					delete(values, key)
					r.pooled[rest] = values
				}
			}
		}
	}
	return r.pooled[point]
}

// number is value as a number, NaN if it is none.
func (r *run) number(point, key string) float64 {
	v, err := strconv.ParseFloat(strings.ReplaceAll(r.value(point, key), "_", ""), 64)
	if err != nil || !finite(v) {
		return nan
	}
	return v
}

// title names a point by the values that vary, without the keys where the values speak for
// themselves: "natural-momentum, temperature_g = 0.001". Keys in without are left out, and
// those at the centre of a star.
func (r *run) title(point string, without ...string) string {
	var parts []string
	known, centre := false, r.centre()
keys:
	for _, key := range r.varying() {
		for _, w := range without {
			if key == w {
				continue keys
			}
		}
		v := r.value(point, key)
		if v == "" {
			continue
		}
		known = true
		if v == centre[key] {
			continue
		}
		switch list, ok := plainList(v); {
		case ok && list == "":
			v = "no " + r.short(key)
		case ok:
			v = list
		case finite(r.number(point, key)) || v == "true" || v == "false" || strings.HasPrefix(v, "["):
			v = r.short(key) + " = " + v
		}
		parts = append(parts, v)
	}
	if !known && len(without) == 0 {
		return r.seriesTitle(point)
	}
	return strings.Join(parts, ", ")
}

// seriesTitle names a series by its keys, which are some of those swept, without what is at the centre of a star.
func (r *run) seriesTitle(series string) string {
	for key, value := range r.centre() {
		series = strings.ReplaceAll(","+series+",", ","+r.short(key)+"="+value+",", ",")
		series = strings.Trim(series, ",")
	}
	return strings.ReplaceAll(series, ",", ", ")
}

// centre is what swept keys are in most points of a sweep that varies one or two keys at a
// time: a star. A key without such a value, and every key of a full grid, has none.
func (r *run) centre() map[string]string {
	points := map[string]map[string]string{}
	for _, t := range r.tasks {
		points[t.point] = t.values
	}
	keys, grid := r.varying(), 1
	count := map[string]map[string]int{}
	for _, key := range keys {
		count[key] = map[string]int{}
		for _, values := range points {
			count[key][values[key]]++
		}
		grid *= len(count[key])
	}
	centre := map[string]string{}
	if len(keys) < 3 || len(points) >= grid {
		return centre
	}
	for _, key := range keys {
		for value, n := range count[key] {
			if 2*n > len(points) {
				centre[key] = value
			}
		}
	}
	return centre
}

// centreText names the centre of a star; empty where there is none.
func (r *run) centreText() string {
	var parts []string
	centre := r.centre()
	for _, key := range r.varying() {
		if v, ok := centre[key]; ok {
			parts = append(parts, r.short(key)+" = "+v)
		}
	}
	return strings.Join(parts, ", ")
}

// plainList writes a list of strings as words: ["r1", "r2"] as "r1 + r2".
func plainList(value string) (words string, ok bool) {
	body, open := strings.CutPrefix(value, "[")
	body, closed := strings.CutSuffix(body, "]")
	if !open || !closed {
		return "", false
	}
	var list []string
	for _, part := range strings.Split(body, ",") {
		part = strings.TrimSpace(part)
		word, err := strconv.Unquote(part)
		if err != nil && part != "" {
			return "", false // numbers speak for themselves as they are
		}
		if part != "" {
			list = append(list, word)
		}
	}
	return strings.Join(list, " + "), true
}

// short is the last part of a swept key, where that is enough to tell the keys apart.
func (r *run) short(key string) string {
	last := key[strings.LastIndex(key, ".")+1:]
	for _, other := range r.swept {
		if other != key && other[strings.LastIndex(other, ".")+1:] == last {
			return key
		}
	}
	return last
}

// names are what observables are called on an axis; others go by their column.
var names = map[string]string{
	"loss_g":       "generator loss",
	"loss_d":       "discriminator loss",
	"gen_mean":     "mean of generated samples",
	"gen_std":      "std of generated samples",
	"rho":          "ρ = std(q)/std(p)",
	"w2":           "Wasserstein-2 distance",
	"d_logit_real": "mean logit of the data",
	"d_logit_fake": "mean logit of generated samples",
	"norm_theta":   "norm of θ",
	"norm_psi":     "norm of ψ",
	"penalty":      "penalty of the discriminator",
}

func nameOf(observable string) string {
	if n, ok := names[observable]; ok {
		return n
	}
	return observable
}

// ordered gives each text its index in order of first appearance.
type ordered struct {
	list  []string
	index map[string]int
}

func (o *ordered) add(s string) int {
	if i, ok := o.index[s]; ok {
		return i
	}
	if o.index == nil {
		o.index = map[string]int{}
	}
	o.index[s] = len(o.list)
	o.list = append(o.list, s)
	return len(o.list) - 1
}

// spreadOut picks at most n of m indices, evenly.
func spreadOut(m, n int) []int {
	var out []int
	for i := range min(m, n) {
		if m <= n {
			out = append(out, i)
		} else {
			out = append(out, i*(m-1)/(n-1))
		}
	}
	return out
}

// headings names the groups of a figure: by point, and by estimator where a point has two.
func (r *run) headings(groups []string) []string {
	estimators := map[string]bool{}
	for _, g := range groups {
		estimators[parseLabel(g).estimator] = true
	}
	var out []string
	for _, g := range groups {
		l := parseLabel(g)
		h := r.title(l.point)
		switch {
		case len(estimators) > 1 && h != "":
			h += " (" + l.estimator + ")"
		case h == "" && r.centreText() != "":
			h = "the centre"
		case h == "":
			h = l.estimator
		}
		out = append(out, h)
	}
	return out
}
