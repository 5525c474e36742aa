package engine

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
)

// On a linear drift linear-noise theory is exact: predicted_mean and predicted_std are the
// law of Euler–Maruyama, the chains follow it, and ks_p is uniform over independent
// observables. A missing √, a factor 2 in the noise or the sample's own mean in the
// Kolmogorov–Smirnov test (p then crowds near 1) fail here.
func TestFluctuationsOfOrnsteinUhlenbeck(t *testing.T) {
	const chains, steps, replicas = 200, 24, 40
	o := ornstein{rates: []float64{0.2, 0.5, 0.9, 1.3, 1.7, 2.2, 3, 4}, mean: 0.7, start: 2, eta: 0.1, temper: 0.6}
	cfg := DefaultEnsemble()
	cfg.Chains, cfg.Steps, cfg.At, cfg.TraceEvery = chains, steps, []int{5, steps}, 0
	var ps []float64
	var ratio, shift analysis.Moments // pulls of std and mean at the last step
	for replica := range replicas {
		m, err := o.model()
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewEnsemble(cfg, o.env(replica), m)
		if err != nil {
			t.Fatal(err)
		}
		dir, outcome := finish(t, r, "ou", runAll(t, r))
		if outcome.Status != OK || outcome.Note != "" {
			t.Fatalf("outcome %+v", outcome)
		}
		table := readRows(t, dir, "fluctuations")
		for i, rate := range o.rates {
			a := 1 - o.eta*rate
			for _, k := range cfg.At {
				row := table.where("observable", "x"+strconv.Itoa(i), "step", strconv.Itoa(k))
				n := float64(k)
				mean := o.mean + (o.start-o.mean)*math.Pow(a, n)
				std := math.Sqrt(2 * o.eta * o.temper * (1 - math.Pow(a, 2*n)) / (1 - a*a))
				close10(t, "predicted_mean", row.number(t, "predicted_mean"), mean)
				close10(t, "classical", row.number(t, "classical"), mean)
				close10(t, "predicted_std", row.number(t, "predicted_std"), std)
				if k == steps {
					ps = append(ps, row.number(t, "ks_p"))
					ratio.Add((row.number(t, "std")/std - 1) * math.Sqrt(2*(chains-1)))
					shift.Add((row.number(t, "mean") - mean) / (std / math.Sqrt(chains)))
				}
				if row.number(t, "ess") != chains || row.number(t, "diverged") != 0 {
					t.Errorf("ess %v, diverged %v", row[0]["ess"], row[0]["diverged"])
				}
			}
		}
	}
	n := float64(len(ps))
	sort.Float64s(ps)
	if _, p := analysis.KS(ps, func(x float64) float64 { return min(1, max(0, x)) }, n); p < 1e-3 {
		t.Errorf("ks_p is not uniform over %v observables: p = %.2g", n, p)
	}
	// The mean of n pulls is 0 ± 1/√n: a spread wrong by 2 % shows as 0.4 ± 0.056.
	for name, m := range map[string]analysis.Moments{"std": ratio, "mean": shift} {
		if z := m.Mean() * math.Sqrt(n); !(math.Abs(z) < 4) {
			t.Errorf("%s: mean pull %.3f, z = %.2f", name, m.Mean(), z)
		}
		if !(m.Std() > 0.85 && m.Std() < 1.15) {
			t.Errorf("%s: standard deviation of the pulls %.3f", name, m.Std())
		}
	}
}

// The quoted errors of mean and std are the scatter over repeats, and the histogram counts
// every chain within four standard deviations.
func TestFluctuationErrorsAreCalibrated(t *testing.T) {
	const chains, repeats = 60, 300
	o := ornstein{rates: []float64{1, 1, 1, 1, 1, 1, 1, 1}, eta: 0.2, temper: 1}
	cfg := DefaultEnsemble()
	cfg.Chains, cfg.Steps, cfg.At, cfg.TraceEvery = chains, 10, []int{10}, 0
	a := 1 - o.eta
	std := math.Sqrt(2 * o.eta * o.temper * (1 - math.Pow(a, 20)) / (1 - a*a))
	var mean, spread analysis.Moments
	for replica := range repeats / 8 {
		m, err := o.model()
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewEnsemble(cfg, o.env(replica), m)
		if err != nil {
			t.Fatal(err)
		}
		dir, _ := finish(t, r, "ou", runAll(t, r))
		table := readRows(t, dir, "fluctuations")
		for i := range o.rates {
			name := "x" + strconv.Itoa(i)
			row := table.where("observable", name)
			mean.Add(row.number(t, "mean") / row.number(t, "mean_stderr"))
			spread.Add((row.number(t, "std") - std) / row.number(t, "std_stderr"))
			count := 0.0
			bins := readRows(t, dir, "histogram").where("observable", name)
			for b := range bins {
				count += bins[b:b+1].number(t, "count")
			}
			if count < chains-1 || count > chains {
				t.Errorf("the histogram holds %v of %d chains", count, chains)
			}
		}
	}
	if !(mean.Std() > 0.85 && mean.Std() < 1.15) || math.Abs(mean.Mean())*math.Sqrt(float64(mean.N())) > 4 {
		t.Errorf("pulls of the mean: %.3f ± %.3f", mean.Mean(), mean.Std())
	}
	if !(spread.Std() > 0.85 && spread.Std() < 1.15) || math.Abs(spread.Mean()) > 0.25 {
		t.Errorf("pulls of std: %.3f ± %.3f", spread.Mean(), spread.Std())
	}
}

// W₂ of samples of a shifted, wider Gaussian to N(0,1): its error bar is its scatter.
func TestErrorOfW2IsCalibrated(t *testing.T) {
	const n, repeats, shift, width = 500, 500, 0.5, 1.3
	exact := math.Hypot(shift, width-1)
	quantile := func(u float64) (float64, bool) { return rng.NormalQuantile(u), true }
	src := rng.New(7, 0, "w2", "")
	x := make([]float64, n)
	var pulls, values analysis.Moments
	for range repeats {
		src.Normals(x)
		for i := range x {
			x[i] = shift + width*x[i]
		}
		w2, stderr := w2ToQuantiles(x, quantile)
		pulls.Add((w2 - exact) / stderr)
		values.Add(w2)
	}
	if s := pulls.Std(); !(s > 0.85 && s < 1.15) {
		t.Errorf("standard deviation of the pulls %.3f", s)
	}
	// A finite sample is farther by O(1/n): the bias stays below half an error bar.
	if b := (values.Mean() - exact) / values.Std(); !(b > -0.2 && b < 0.5) {
		t.Errorf("bias of W₂: %.2f error bars", b)
	}
	for i := range x {
		x[i] = rng.NormalQuantile((float64(i)+0.5)/n) + shift
	}
	w2, _ := w2ToQuantiles(x, quantile)
	close10(t, "W₂ of shifted quantiles", w2, shift)
	if w2, stderr := w2ToQuantiles(x, func(float64) (float64, bool) { return 0, false }); !math.IsNaN(w2) || !math.IsNaN(stderr) {
		t.Errorf("W₂ to an unknown law: %v ± %v", w2, stderr)
	}
}

// Chains that diverge are left out from then on, counted, and named in the outcome; the
// classical trajectory may diverge alone.
func TestEnsembleWithDivergence(t *testing.T) {
	o := ornstein{rates: []float64{1}, start: 1, eta: 0.1, temper: 1}
	m, err := o.model()
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultEnsemble()
	cfg.Chains, cfg.Steps, cfg.At = 10, 4, []int{2, 4}
	r, err := NewEnsemble(cfg, o.env(0), m)
	if err != nil {
		t.Fatal(err)
	}
	parts := runAll(t, r)
	classical, chains := parts[0].(*EnsemblePart).Classical, parts[1].(*EnsemblePart).Chains
	chains[3].DivergedStep, chains[3].Values = 3, chains[3].Values[:1]
	chains[5].DivergedStep, chains[5].Values = 2, nil
	dir, outcome := finish(t, r, "ou", parts)
	if outcome.Status != OK || outcome.DivergedStep != 2 || outcome.Note != "2 of 10 trajectories diverged, the first at step 2" {
		t.Errorf("outcome %+v", outcome)
	}
	table := readRows(t, dir, "fluctuations").where("observable", "x0")
	for step, want := range map[string]float64{"2": 1, "4": 2} {
		row := table.where("step", step)
		if row.number(t, "diverged") != want || row.number(t, "ess") != 10-want {
			t.Errorf("step %s: %v diverged, ess %v", step, row[0]["diverged"], row[0]["ess"])
		}
	}
	status := readRows(t, dir, "linear_noise").where("observable", "x0", "step", "4")[0]["status"]
	if !strings.HasSuffix(status, "; of the chains that are left: 2 had diverged") {
		t.Errorf("status %q", status)
	}
	classical.Mean, classical.MeanErr, classical.Std, classical.NoTheory = classical.Mean[:1], classical.MeanErr[:1], nil, "it diverged"
	dir, _ = finish(t, r, "ou", parts)
	table = readRows(t, dir, "fluctuations").where("observable", "x0")
	if v := table.where("step", "4").number(t, "classical"); !math.IsNaN(v) {
		t.Errorf("classical %v where it had diverged", v)
	}
	if v := table.where("step", "2").number(t, "classical"); math.IsNaN(v) {
		t.Error("no classical value before it diverged")
	}
	for i := range chains {
		chains[i].DivergedStep, chains[i].Values = 1+i, nil
	}
	if _, outcome := finish(t, r, "ou", parts); outcome.Status != Diverged || outcome.DivergedStep != 1 {
		t.Errorf("outcome %+v", outcome)
	}
}

// Parts are cut so that none of it shows: a chain's numbers do not depend on its part.
func TestChainsDoNotDependOnTheirPart(t *testing.T) {
	o := ornstein{rates: []float64{1, 2}, eta: 0.1, temper: 1}
	m, err := o.model()
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultEnsemble()
	cfg.Chains, cfg.Steps, cfg.Classical = 7, 20, false
	values := func(chunk int) (all [][]float64) {
		r, err := NewEnsemble(cfg, o.env(0), m)
		if err != nil {
			t.Fatal(err)
		}
		r.(*ensemble).chunk = chunk
		for _, p := range runAll(t, r)[1:] {
			for _, c := range p.(*EnsemblePart).Chains {
				all = append(all, c.Values[3])
			}
		}
		return all
	}
	want := values(7)
	if len(want) != 7 {
		t.Fatalf("%d chains", len(want))
	}
	for _, chunk := range []int{1, 2, 3} {
		for i, v := range values(chunk) {
			if v[0] != want[i][0] || v[1] != want[i][1] {
				t.Errorf("chunk %d: chain %d is %v, want %v", chunk, i, v, want[i])
			}
		}
	}
}
