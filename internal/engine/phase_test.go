package engine

import (
	"math"
	"strconv"
	"testing"

	"machlup/analysis"
)

// replica is a synthetic trajectory of the order parameter, recorded every 10 steps.
func replica(values ...float64) *PhasePart {
	p := &PhasePart{DivergedStep: -1}
	for i, v := range values {
		p.Step, p.Values = append(p.Step, 10*i), append(p.Values, []float64{v, 99, 99, 99})
	}
	return p
}

func newPhase(t *testing.T, chi float64) *phase {
	t.Helper()
	o := ornstein{rates: []float64{1}, eta: 0.1, temper: 1}
	m, err := o.model()
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewPhase(PhaseConfig{Observable: "x0", Steps: 60, Every: 10, Window: 20, Low: 0.3, High: 0.7, ChiFactor: chi, Bins: 10}, o.env(0), m)
	if err != nil {
		t.Fatal(err)
	}
	return r.(*phase)
}

// fixedReplicas: m of a replica is the mean of the records at steps 50 and 60.
var fixedReplicas = []struct {
	part      *PhasePart
	m         float64
	collapsed bool
	escaped   bool
	wait      float64
}{
	{replica(1, 0.2, 0.1, 0.5, 0.8, 0.9, 1.1), 1.0, true, true, 30},        // below low at 10, above high at 40
	{replica(1, 0.9, 0.25, 0.1, 0.1, 0.2, 0.1), 0.15, true, false, 40},     // in at 20, never out: censored at 60
	{replica(1, 1, 1, 1, 1, 1, 0.8), 0.9, false, false, 0},                 // never in
	{replica(0.1, 0.1, 0.71, 0.1, 0.1, 0.1, 0.1), 0.1, true, true, 20},     // out once counts, falling back does not
	{replica(0.8, 0.3, 0.2, 0.7, 0.69, 0.6, 0.6), 0.6, true, false, 40},    // at the limits is neither in nor out
	{replica(1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.75), 0.425, true, true, 50},     // out at the very end
	{replica(-0.5, -1, -1, -1, -0.5, -0.25, -0.15), -0.2, true, false, 60}, // in from the first record on
}

func TestFateOfAReplica(t *testing.T) {
	p := newPhase(t, 1)
	for i, c := range fixedReplicas {
		f := p.fate(c.part)
		close10(t, "m of replica "+strconv.Itoa(i), f.m, c.m)
		if f.collapsed != c.collapsed || f.escaped != c.escaped || f.wait != c.wait {
			t.Errorf("replica %d: %+v, want %+v", i, f, c)
		}
	}
}

// leaveOneOut is the jackknife written out: n f − (n−1) mean of f without one, and its error.
func leaveOneOut(x []float64, f func([]float64) float64) (value, stderr float64) {
	n, mean := float64(len(x)), 0.0
	var without []float64
	for i := range x {
		rest := append(append([]float64{}, x[:i]...), x[i+1:]...)
		without = append(without, f(rest))
		mean += f(rest) / n
	}
	for _, v := range without {
		stderr += (v - mean) * (v - mean) * (n - 1) / n
	}
	return n*f(x) - (n-1)*mean, math.Sqrt(stderr)
}

func power(k int, absolute bool) func([]float64) float64 {
	return func(x []float64) float64 {
		sum := 0.0
		for _, v := range x {
			if absolute {
				v = math.Abs(v)
			}
			sum += math.Pow(v, float64(k))
		}
		return sum / float64(len(x))
	}
}

// pool makes tasks of synthetic replicas and pools them; diverged ones do not count.
func poolReplicas(t *testing.T, p *phase) string {
	t.Helper()
	var tasks []Finished
	for i, c := range fixedReplicas {
		tasks = append(tasks, Finished{Group: "phase/T=1", Point: "T=1", Replica: i, Runner: p, Parts: []any{c.part}, Outcome: Done()})
	}
	lost := Outcome{Status: Diverged, DivergedStep: 30}
	tasks = append(tasks, Finished{Group: "phase/T=1", Point: "T=1", Replica: 7, Runner: p, Parts: []any{replica(1, 1, 1)}, Outcome: lost})
	dir := t.TempDir()
	out := NewOutput(dir, "phase")
	if err := p.Pool(tasks, out); err != nil {
		t.Fatal(err)
	}
	if err := out.Commit(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPhaseStatisticsByHand(t *testing.T) {
	const chi, offset = 25.0, 0.4
	p := newPhase(t, chi)
	p.cfg.Offset = offset
	dir := poolReplicas(t, p)
	var observed, m []float64
	for _, c := range fixedReplicas {
		observed, m = append(observed, c.m), append(m, c.m-offset)
	}
	table := readRows(t, dir, "phase").where("task", "phase/T=1")
	quantity := func(name string, x []float64, f func([]float64) float64) {
		value, stderr := leaveOneOut(x, f)
		row := table.where("observable", name)
		close10(t, name, row.number(t, "mean"), value)
		close10(t, "error of "+name, row.number(t, "stderr"), stderr)
		if row.number(t, "ess") != 7 || row.number(t, "size") != 1 {
			t.Errorf("%s: ess %s, size %s", name, row[0]["ess"], row[0]["size"])
		}
	}
	quantity("x0", observed, power(1, false))
	quantity("chi", m, func(x []float64) float64 {
		a := power(1, true)(x)
		return chi * (power(2, false)(x) - a*a)
	})
	quantity("binder", m, func(x []float64) float64 { s := power(2, false)(x); return 1 - power(4, false)(x)/(3*s*s) })

	// The mean's jackknife is the textbook error; χ's is N_χ times the unbiased variance of |m|.
	var plain, absolute analysis.Moments
	for _, v := range m {
		plain.Add(v)
		absolute.Add(math.Abs(v))
	}
	close10(t, "textbook error", table.where("observable", "x0").number(t, "stderr"), plain.Std()/math.Sqrt(7))
	close10(t, "unbiased χ", table.where("observable", "chi").number(t, "mean"), chi*absolute.Std()*absolute.Std())

	// Six of seven collapsed, three of the six escaped, after 20, 30 and 50 steps; the other
	// three were watched for 40, 40 and 60.
	half := func(k, n float64) float64 { // of the 68.3 % Wilson interval
		p := k / n
		return math.Sqrt(p*(1-p)/n+1/(4*n*n)) / (1 + 1/n)
	}
	close10(t, "collapsed fraction", table.where("observable", "collapsed_fraction").number(t, "mean"), 6.0/7)
	close10(t, "its error", table.where("observable", "collapsed_fraction").number(t, "stderr"), half(6, 7))
	close10(t, "escaped fraction", table.where("observable", "escaped_fraction").number(t, "mean"), 0.5)
	close10(t, "its error", table.where("observable", "escaped_fraction").number(t, "stderr"), half(3, 6))
	rate := readRows(t, dir, "summary").where("quantity", "escape_rate")
	close10(t, "escape rate", rate.number(t, "value"), 3.0/240)
	close10(t, "its error", rate.number(t, "stderr"), math.Sqrt(3)/240)

	// Kaplan–Meier: 5/6 after 20, ·4/5 after 30, ·1/2 after 50 (two at risk).
	curve := readRows(t, dir, "survival")
	greenwood := 0.0
	s := 1.0
	for _, step := range []struct {
		time    string
		at, out float64
	}{{"0", 6, 0}, {"20", 6, 1}, {"30", 5, 1}, {"50", 2, 1}} {
		s *= 1 - step.out/step.at
		if step.out > 0 {
			greenwood += step.out / (step.at * (step.at - step.out))
		}
		row := curve.where("step", step.time)
		close10(t, "survival after "+step.time, row.number(t, "survival"), s)
		close10(t, "its error", row.number(t, "survival_stderr"), s*math.Sqrt(greenwood))
		close10(t, "at risk", row.number(t, "at_risk"), step.at)
	}
	if len(curve) != 4 {
		t.Errorf("%d steps of the survival curve", len(curve))
	}

	histogram := readRows(t, dir, "histogram")
	count, area := 0.0, 0.0
	for i := range histogram {
		row := histogram[i : i+1]
		count += row.number(t, "count")
		area += row.number(t, "density") * (row.number(t, "bin_high") - row.number(t, "bin_low"))
	}
	close10(t, "histogram", count, 7)
	close10(t, "area of the histogram", area, 1)
}

func TestFewReplicasGiveNoNumber(t *testing.T) {
	p := newPhase(t, 1)
	for n := range 3 {
		dir := t.TempDir()
		out := NewOutput(dir, "phase")
		p.pool("g", make([]fate, n), out)
		if err := out.Commit(); err != nil {
			t.Fatal(err)
		}
		if v := readRows(t, dir, "summary").number(t, "value"); !math.IsNaN(v) {
			t.Errorf("%d replicas: %v", n, v)
		}
	}
}

// The trajectory of a replica is that of its stream, whatever is recorded of it.
func TestPhaseTrajectory(t *testing.T) {
	o := ornstein{rates: []float64{1}, start: 3, eta: 0.5, temper: 0.2}
	m, err := o.model()
	if err != nil {
		t.Fatal(err)
	}
	cfg := PhaseConfig{Observable: "x0", Steps: 25, Every: 10, Window: 20, Low: 0.3, High: 0.7, ChiFactor: 1, Bins: 10}
	r, err := NewPhase(cfg, o.env(2), m)
	if err != nil {
		t.Fatal(err)
	}
	part := runAll(t, r)[0].(*PhasePart)
	src, x := o.env(2).Part("phase", 0), o.start
	for k, record := 0, 0; k <= 25; k++ {
		if k%10 == 0 || k == 25 {
			if part.Step[record] != k {
				t.Fatalf("record %d is of step %d, want %d", record, part.Step[record], k)
			}
			close10(t, "x at step "+strconv.Itoa(k), part.Values[record][0], x)
			record++
		}
		x += -o.eta*x + math.Sqrt(2*o.eta*o.temper)*src.Normal()
	}
}
