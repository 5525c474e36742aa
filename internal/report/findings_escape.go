package report

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"machlup/analysis"
)

// escapePoint is what became of the replicas of a sweep point.
type escapePoint struct {
	point                        string
	replicas, collapsed, escaped int
	fate                         map[int]string    // by replica: escaped, collapsed, or never below low
	final                        map[int]float64   // by replica: order parameter at the end
	along                        map[int][]float64 // by replica: order parameter along the trajectory
	watched                      float64           // steps from collapse to escape or to the end, summed
	rate, rateErr                float64
	law                          string // of the escape times
	mean, meanErr                float64
}

// left is how many are still collapsed at their end.
func (e *escapePoint) left() int { return e.collapsed - e.escaped }

// escapePoints reads the replicas' fates from summary.csv, in the order of the sweep.
func (r *run) escapePoints() (list []*escapePoint, observable string) {
	var names ordered
	at := func(point string) *escapePoint {
		k := names.add(point)
		if k == len(list) {
			list = append(list, &escapePoint{point: point, fate: map[int]string{}, final: map[int]float64{}, along: map[int][]float64{}, rate: nan, rateErr: nan, mean: nan, meanErr: nan})
		}
		return list[k]
	}
	r.each("summary", func(w row) {
		l, q, v := parseLabel(w.text("task")), w.text("quantity"), w.float("value")
		switch {
		case l.replica >= 0 && strings.HasPrefix(q, "final_") && fateOf(w.text("status")) && finite(v):
			e := at(l.point)
			observable = strings.TrimPrefix(q, "final_")
			e.replicas++
			e.fate[l.replica], e.final[l.replica] = w.text("status"), v
			if w.text("status") != "never below low" {
				e.collapsed++
			}
			if w.text("status") == "escaped" {
				e.escaped++
			}
		case l.replica >= 0 && q == "collapse_duration" && finite(v):
			at(l.point).watched += v
		case l.replica < 0 && q == "escape_rate":
			e := at(l.point)
			e.rate, e.rateErr, e.law = v, w.float("stderr"), w.text("status")
		}
	})
	for _, e := range list {
		var m analysis.Moments
		for _, v := range e.sorted() {
			m.Add(v)
		}
		if len(e.final) > 1 {
			e.mean, e.meanErr = m.Mean(), m.StdErr()
		}
	}
	return list, observable
}

func fateOf(status string) bool {
	return status == "escaped" || status == "collapsed" || status == "never below low"
}

// sorted are the final values in the order of the replicas.
func (e *escapePoint) sorted() []float64 {
	var out []float64
	for _, k := range slices.Sorted(maps.Keys(e.final)) {
		out = append(out, e.final[k])
	}
	return out
}

// temperatureKey is the swept key that is a temperature; empty if none or several are.
func (r *run) temperatureKey() string {
	found := ""
	for _, key := range r.varying() {
		if strings.HasPrefix(key[strings.LastIndex(key, ".")+1:], "temperature") {
			if found != "" {
				return ""
			}
			found = key
		}
	}
	return found
}

// escapeFindings says above which temperature no replica is left collapsed, what the law of
// the escape times is, how the other keys act, and where single precision stands among the
// temperatures.
func escapeFindings(r *run) []string {
	list, observable := r.escapePoints()
	if len(list) < 2 {
		return nil
	}
	var text []string
	if low, high := r.thresholds(); finite(low) {
		text = append(text, fmt.Sprintf("A replica has collapsed, or concentrated, once %s < %s, and escaped once it is above %s after that; others are neither.", observable, number("%.3g", low), number("%.3g", high)))
	}
	if c := r.centreText(); c != "" {
		text = append(text, "Where a point does not say otherwise: "+c+".")
	}
	if key := r.temperatureKey(); key != "" {
		for _, ladder := range r.along(list, key) {
			if len(ladder) > 2 {
				text = append(text, at(r.title(ladder[0].point, key), r.boundary(ladder, key)))
			}
		}
	}
	text = append(text, escapeLaws(r, list)...)
	text = append(text, r.barriers()...)
	text = append(text, r.rays(list, observable)...)
	return append(text, r.precision(list, observable)...)
}

// boundary brackets T*, above which no replica is left collapsed, and the temperature above
// which none concentrates.
func (r *run) boundary(ladder []*escapePoint, key string) string {
	one := func(what, verb string, count func(*escapePoint) int) string {
		top := -1 // the highest temperature with one
		for i, e := range ladder {
			if count(e) > 0 {
				top = i
			}
		}
		name := func(e *escapePoint) string { return r.value(e.point, key) }
		switch {
		case top < 0:
			return fmt.Sprintf("%s is not bracketed: none of the replicas %s at any temperature (%d at %s)", what, verb, ladder[0].replicas, name(ladder[0]))
		case top == len(ladder)-1:
			e := ladder[top]
			return fmt.Sprintf("%s is not bracketed: %d of %d replicas %s at the highest temperature %s", what, count(e), e.replicas, verb, name(e))
		}
		below, above := ladder[top], ladder[top+1]
		lo, hi := analysis.Wilson(count(below), below.replicas, 1.96)
		return fmt.Sprintf("%s is between %s, where %d of %d replicas %s (%.0f to %.0f %%), and %s, where none of %d does (below %.0f %%)",
			what, name(below), count(below), below.replicas, verb, 100*lo, 100*hi, name(above), above.replicas, 100*noneBound(above.replicas))
	}
	s := one("T*, from which on no replica is left collapsed,", "stay collapsed", (*escapePoint).left)
	s += ". " + one("The temperature from which on none concentrates at all", "concentrate", func(e *escapePoint) int { return e.collapsed })
	return s + ". Percentages are bounds at 95 %."
}

// noneBound is the one-sided bound at 95 % on a probability of which none of n were seen.
func noneBound(n int) float64 { return 1 - math.Pow(0.05, 1/float64(n)) }

// escapeLaws says whether escape times are exponential.
func escapeLaws(r *run, list []*escapePoint) []string {
	var ok, not []string
	few, scarce := 0, false
	for _, e := range list {
		name := r.title(e.point)
		if name == "" {
			name = "the centre"
		}
		_, p, _ := strings.Cut(strings.TrimSuffix(e.law, ")"), "(")
		switch p, _, _ = strings.Cut(p, ")"); {
		case e.escaped == 0:
		case strings.HasPrefix(e.law, "ok"):
			ok = append(ok, fmt.Sprintf("%s (%s per step, %s, %s)", name, withError(e.rate, e.rateErr), counted(e.escaped, "escape"), p))
			scarce = scarce || e.escaped < 20
		case strings.HasPrefix(e.law, "not exponential"):
			not = append(not, fmt.Sprintf("%s (%s, %s)", name, counted(e.escaped, "escape"), p))
		default:
			few++
		}
	}
	var text []string
	if len(ok) > 0 {
		s := "Waits from the collapse to the escape do not refute one exponential law at " + strings.Join(ok, "; ") + "."
		if scarce {
			s += " With fewer than 20 escapes only gross departures would be seen."
		}
		text = append(text, s)
	}
	if len(not) > 0 {
		text = append(text, "They refute it at "+strings.Join(not, "; ")+": escapes over time at risk are an inverse mean time there, no rate.")
	}
	if few > 0 {
		text = append(text, fmt.Sprintf("At %s with fewer than five escapes the law is not tested.", counted(few, "point")))
	}
	return text
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// thresholds are those of collapse and escape, of the first point.
func (r *run) thresholds() (low, high float64) {
	low, high = nan, nan
	r.each("summary", func(w row) {
		switch w.text("quantity") {
		case "low":
			if !finite(low) {
				low = w.float("value")
			}
		case "high":
			if !finite(high) {
				high = w.float("value")
			}
		}
	})
	return low, high
}

// barriers quotes the fits of ln rate against 1/T, of series with more than one temperature.
func (r *run) barriers() (text []string) {
	tried := map[string]int{}
	r.each("arrhenius", func(w row) { tried[fmt.Sprint(w.text("task"), w.text("size"))]++ })
	r.each("summary", func(w row) {
		size, ok := strings.CutPrefix(w.text("quantity"), "arrhenius barrier, size ")
		if !ok || tried[fmt.Sprint(w.text("task"), size)] < 2 {
			return
		}
		heading := "size " + size
		if title := r.title(parseLabel(w.text("task")).point); title != "" {
			heading = title + ", " + heading
		}
		v, status := w.float("value"), strings.TrimPrefix(w.text("status"), "ok; ")
		if !finite(v) {
			text = append(text, at(heading, "the rate of escape has no barrier: "+status+"."))
			return
		}
		if strings.HasPrefix(status, "ln rate") {
			text = append(text, at(heading, status+"."))
			return
		}
		sentence := fmt.Sprintf("the rate of escape as e^{−ΔU/T} has ΔU = %s (%s)", withError(v, w.float("stderr")), status)
		if math.Abs(v) < 2*w.float("stderr") {
			sentence += ": not told apart from a rate that does not depend on T"
		}
		text = append(text, at(heading, sentence+"."))
	})
	return text
}

// rays says how each key acts by itself, all others at the centre of a star.
func (r *run) rays(list []*escapePoint, observable string) []string {
	centre := r.centre()
	var text []string
	for _, key := range r.varying() {
		if _, known := centre[key]; !known || strings.HasSuffix(key, ".precision") { // compared seed by seed
			continue
		}
		for _, ladder := range r.along(list, key) {
			at := true
			for _, other := range r.varying() {
				if v, known := centre[other]; known && other != key {
					at = at && r.value(ladder[0].point, other) == v
				}
			}
			if !at || len(ladder) < 2 {
				continue
			}
			var parts []string
			for _, e := range ladder {
				parts = append(parts, fmt.Sprintf("%s: %d of %d concentrate, %d of these escape, ⟨%s⟩ at the end %s", r.value(e.point, key), e.collapsed, e.replicas, e.escaped, observable, withError(e.mean, e.meanErr)))
			}
			heading := r.title(ladder[0].point, key)
			if heading != "" {
				heading = ", at " + heading
			}
			text = append(text, fmt.Sprintf("Against %s%s: %s.", r.short(key), heading, strings.Join(parts, "; ")))
		}
	}
	return text
}

// along are the points that differ in one key alone, of any type, in the order of its numbers.
func (r *run) along(list []*escapePoint, key string) [][]*escapePoint {
	var names ordered
	var out [][]*escapePoint
	for _, e := range list {
		rest := ""
		for _, other := range r.varying() {
			if other != key {
				rest += r.value(e.point, other) + "\x00"
			}
		}
		if k := names.add(rest); k == len(out) {
			out = append(out, []*escapePoint{e})
		} else {
			out[k] = append(out[k], e)
		}
	}
	for _, g := range out {
		sort.SliceStable(g, func(i, j int) bool { return r.number(g[i].point, key) < r.number(g[j].point, key) })
	}
	return out
}

// precision compares single with double precision of the same seeds, and places rounding among
// the temperatures.
func (r *run) precision(list []*escapePoint, observable string) []string {
	key := ""
	for _, k := range r.varying() {
		if strings.HasSuffix(k, ".precision") {
			key = k
		}
	}
	if key == "" {
		return nil
	}
	r.follow(list, observable)
	var text []string
	for _, pair := range r.along(list, key) {
		var single, double *escapePoint
		for _, e := range pair {
			switch r.value(e.point, key) {
			case "float32":
				single = e
			case "float64":
				double = e
			}
		}
		if single == nil || double == nil {
			continue
		}
		heading, common := r.title(single.point, key), r.common()
		if common {
			text = append(text, at(heading, paired(single, double, observable)))
		} else {
			text = append(text, at(heading, "float32 and float64 ran with different random numbers, so no seed can be compared with itself; set run.common_random_numbers = true."))
		}
		if t := r.temperatureKey(); t != "" {
			for _, ladder := range r.along(list, t) {
				for _, e := range ladder {
					if e == double {
						text = append(text, at(heading, r.place(single, double, ladder, t)))
						if s := r.displaced(single, double, ladder, t); common && s != "" {
							text = append(text, at(heading, s))
						}
					}
				}
			}
		}
	}
	return text
}

// follow reads the trajectories of the order parameter.
func (r *run) follow(list []*escapePoint, observable string) {
	points := map[string]*escapePoint{}
	for _, e := range list {
		points[e.point] = e
	}
	r.each("trace", func(w row) {
		l := parseLabel(w.text("task"))
		if e := points[l.point]; e != nil && l.replica >= 0 {
			if _, known := e.final[l.replica]; known {
				e.along[l.replica] = append(e.along[l.replica], w.float(observable))
			}
		}
	})
}

// common tells whether sweep points share their random numbers, as the resolved config has it.
func (r *run) common() bool {
	config, err := os.ReadFile(filepath.Join(r.dir, "config.toml"))
	return err != nil || !strings.Contains(string(config), "common_random_numbers = false")
}

// paired is the difference of two points replica by replica.
func paired(single, double *escapePoint, observable string) string {
	n, both, onlySingle, onlyDouble := 0, 0, 0, 0
	var m analysis.Moments
	for k, a := range single.fate {
		b, ok := double.fate[k]
		if !ok {
			continue
		}
		n++
		switch x, y := a == "escaped", b == "escaped"; {
		case x && y:
			both++
		case x:
			onlySingle++
		case y:
			onlyDouble++
		}
	}
	for _, k := range slices.Sorted(maps.Keys(single.final)) { // those of replicas that diverged are missing
		if b, ok := double.final[k]; ok {
			m.Add(single.final[k] - b)
		}
	}
	if n < 2 {
		return "too few seeds ran in both precisions to compare them."
	}
	d := float64(onlySingle - onlyDouble)
	err := math.Sqrt(math.Max(0, float64(onlySingle+onlyDouble)-d*d/float64(n))) / float64(n)
	difference := fmt.Sprintf("the difference of the escaped shares is %s", withError(d/float64(n), err))
	if onlySingle+onlyDouble == 0 {
		difference = fmt.Sprintf("no seed changes its fate (a share below %.0f %% at 95 %%)", 100*noneBound(n))
	} else {
		difference += fmt.Sprintf(" (exact test of pairs: p = %s)", number("%.2g", signTest(onlySingle, onlyDouble)))
	}
	return fmt.Sprintf("of %d seeds run with the same random numbers in float32 and float64, %d escape in both, %d in float32 only, %d in float64 only: %s. ⟨%s⟩ at the end differs by %s.",
		n, both, onlySingle, onlyDouble, difference, observable, withError(m.Mean(), m.StdErr()))
}

// signTest is the two-sided probability of a split of a+b pairs at least as uneven.
func signTest(a, b int) float64 { return binomialTest(a, a+b, 0.5) }

// binomialTest is the two-sided probability, at success probability p, of what is no more
// probable than k of n.
func binomialTest(k, n int, p float64) float64 {
	law := func(i int) float64 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		return math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	sum, seen := 0.0, law(k)
	for i := range n + 1 {
		if v := law(i); v <= seen*(1+1e-9) {
			sum += v
		}
	}
	return math.Min(1, sum)
}

// place brackets the temperature at which replicas in double precision escape as fast as those
// in single precision do without it. Two rates differ if, all escapes given, their split between the two
// is improbable for the steps watched (p < 0.05 for all temperatures together, by Bonferroni).
func (r *run) place(single, double *escapePoint, ladder []*escapePoint, key string) string {
	name := func(e *escapePoint) string { return r.value(e.point, key) }
	if single.watched == 0 {
		return "rounding cannot be placed on the temperature axis: no replica collapses in float32, so it has no rate of escape."
	}
	compare := func(e *escapePoint) int { // sign of the rate at e minus that in single precision; 0: not told apart
		n := single.escaped + e.escaped
		if n == 0 || e.watched == 0 {
			return 0
		}
		if binomialTest(e.escaped, n, e.watched/(e.watched+single.watched))*float64(len(ladder)) >= 0.05 {
			return 0
		}
		if float64(e.escaped)/e.watched > float64(single.escaped)/single.watched {
			return 1
		}
		return -1
	}
	var faster *escapePoint
	for _, e := range ladder {
		if r.number(e.point, key) > r.number(double.point, key) && compare(e) > 0 {
			faster = e
			break
		}
	}
	rates := fmt.Sprintf("%d escapes in %.0f collapsed steps in float32, %d in %.0f in float64", single.escaped, single.watched, double.escaped, double.watched)
	switch {
	case compare(double) > 0:
		return fmt.Sprintf("rounding cannot be placed on the temperature axis: in float32 replicas escape more slowly than in float64 (%s).", rates)
	case compare(double) == 0 && faster == nil:
		return fmt.Sprintf("rounding cannot be placed on the temperature axis: its rate of escape is not told apart from that in float64 (%s), and at no higher temperature is the rate higher than that.", rates)
	case compare(double) == 0:
		return fmt.Sprintf("rounding lies below %s on the temperature axis, the least at which the rate of escape is higher (%d escapes in %.0f steps); it is not told apart from none (%s).", name(faster), faster.escaped, faster.watched, rates)
	}
	var slower *escapePoint
	for _, e := range ladder {
		if compare(e) < 0 {
			slower = e
		}
	}
	if faster == nil {
		return fmt.Sprintf("rounding lies above %s on the temperature axis: at no swept temperature is the rate of escape higher (%s).", name(slower), rates)
	}
	return fmt.Sprintf("rounding lies between %s and %s on the temperature axis, by the rate of escape (%s).", name(slower), name(faster), rates)
}

// displaced places rounding by how far it moves the trajectories of the same seeds, beside how far each
// other temperature moves them with the same random numbers. What moves them is amplified alike, so moves are
// compared seed by seed, by the mean along the trajectory of the difference of their logarithms: its signs
// make the bracket, and its mean over seeds, which grows as ½ ln T, is 0 where a temperature moves as far
// as rounding does.
func (r *run) displaced(single, double *escapePoint, ladder []*escapePoint, key string) string {
	type step struct {
		e          *escapePoint
		by         float64         // change of the temperature
		less, more int             // seeds that rounding moves less, or more, than the temperature does
		ratio      map[int]float64 // by seed: mean of ln(move by temperature / move by rounding)
	}
	var steps []step
	for _, e := range ladder {
		s := step{e: e, by: r.number(e.point, key) - r.number(double.point, key), ratio: map[int]float64{}}
		for k, at := range double.along {
			var m analysis.Moments
			for i := range min(len(at), len(single.along[k]), len(e.along[k])) {
				if v := math.Log(math.Abs(e.along[k][i]-at[i]) / math.Abs(single.along[k][i]-at[i])); finite(v) {
					m.Add(v)
				}
			}
			if m.N() == 0 {
				continue
			}
			if s.ratio[k] = m.Mean(); s.ratio[k] > 0 {
				s.less++
			} else {
				s.more++
			}
		}
		if s.by > 0 && s.less+s.more > 0 {
			steps = append(steps, s)
		}
	}
	if len(steps) == 0 {
		return ""
	}
	low, high := -1, -1 // the largest change that moves seeds less, the smallest that moves them more
	for i, s := range steps {
		if p := signTest(s.less, s.more) * float64(len(steps)); p < 0.05 && s.more > s.less { // Bonferroni
			low = i
		} else if p < 0.05 && high < 0 {
			high = i
		}
	}
	count := func(s step, n int) string {
		return fmt.Sprintf("%d of %d, p = %s", n, s.less+s.more, number("%.2g", signTest(s.less, s.more)))
	}
	by := func(s step) string { return number("%.2g", s.by) }
	const what = "rounding moves the trajectories of the same seeds "
	switch {
	case low < 0 && high < 0:
		return fmt.Sprintf("%sneither less nor more than a change of the temperature by %s to %s does: by this measure they cannot be told apart.", what, by(steps[0]), by(steps[len(steps)-1]))
	case low < 0:
		return fmt.Sprintf("%sless than a change of the temperature by %s does (%s): by this measure it is worth less than that on the temperature axis.", what, by(steps[high]), count(steps[high], steps[high].less))
	case high < 0:
		return fmt.Sprintf("%smore than a change of the temperature by %s does (%s): by this measure it is worth more than that on the temperature axis.", what, by(steps[low]), count(steps[low], steps[low].more))
	case high < low:
		return fmt.Sprintf("%sless than a change of the temperature by %s does, and more than one by %s: moves do not grow with the temperature, and rounding has no place on its axis.", what, by(steps[high]), by(steps[low]))
	}
	text := fmt.Sprintf("%smore than a change of the temperature by %s does (%s) and less than one by %s (%s): by this measure it is worth a temperature between them",
		what, by(steps[low]), count(steps[low], steps[low].more), by(steps[high]), count(steps[high], steps[high].less))
	mean := func(s step) float64 {
		var m analysis.Moments
		for _, k := range slices.Sorted(maps.Keys(s.ratio)) {
			m.Add(s.ratio[k])
		}
		return m.Mean()
	}
	below := low // neighbours between which the mean changes sign
	for below+1 < high && mean(steps[below+1]) < 0 {
		below++
	}
	a, b := steps[below], steps[below+1]
	var blocks [][]float64
	for _, k := range slices.Sorted(maps.Keys(a.ratio)) {
		if v, ok := b.ratio[k]; ok {
			blocks = append(blocks, []float64{a.ratio[k], v})
		}
	}
	if len(blocks) < 3 {
		return text + "."
	}
	x, y := math.Log10(a.by), math.Log10(b.by)
	v, err := analysis.Jackknife(blocks, func(m []float64) float64 { return x - m[0]*(y-x)/(m[1]-m[0]) })
	if !finite(v) || !finite(err) || v < x || v > y {
		return text + "."
	}
	return text + fmt.Sprintf(", log₁₀ T = %s by interpolation of the mean logarithm of the moves between %s and %s.", withError(v, err), by(a), by(b))
}
