package engine

import (
	"errors"
	"math"
	"strings"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
)

// halfway is a generator that draws mode 0 of its modes with probability share and
// otherwise something far away: all its scores are known.
type halfway struct {
	modes *analysis.Modes
	share float64
	lost  error // set: there are no modes
}

func (h halfway) DataDim() int                            { return h.modes.Dim() }
func (h halfway) Modes() (*analysis.Modes, error)         { return h.modes, h.lost }
func (h halfway) Quantile(float64) (float64, bool)        { return 0, false }
func (h halfway) Loss(_, _, _ []float64)                  {}
func (h halfway) TargetDensity([]float64) (float64, bool) { return 0, false }

func (h halfway) Generate(dst, q []float64, src langevin.Source) {
	d := h.DataDim()
	xi := make([]float64, d+1)
	for i := 0; i < len(dst); i += d {
		src.Normals(xi)
		for c := range d {
			dst[i+c] = h.modes.Mean(0)[c] + h.modes.Std(0)*xi[1+c]
			if rng.NormalCDF(xi[0]) > h.share {
				dst[i+c] += 1e3
			}
		}
		dst[i] += q[0] - q[0] // NaN once the parameters are
	}
}

func (h halfway) TargetSamples(dst []float64, src langevin.Source) {
	d := h.DataDim()
	xi := make([]float64, d+1)
	for i := 0; i < len(dst); i += d {
		src.Normals(xi)
		k := int(rng.NormalCDF(xi[0]) * float64(h.modes.Len()))
		for c := range d {
			dst[i+c] = h.modes.Mean(k)[c] + h.modes.Std(k)*xi[1+c]
		}
	}
}

// ring of equal modes, or a line of two.
func testModes(t *testing.T, dim int) *analysis.Modes {
	t.Helper()
	w, mean, std := []float64{1, 1}, []float64{-3, 5}, []float64{0.5, 0.5}
	if dim == 2 {
		w, mean, std = nil, nil, nil
		for k := range 8 {
			mean = append(mean, math.Cos(math.Pi*float64(k)/4), math.Sin(math.Pi*float64(k)/4))
			w, std = append(w, 1), append(std, 0.05)
		}
	}
	m, err := analysis.NewModes(dim, w, mean, std)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newCollapse(t *testing.T, cfg CollapseConfig, o ornstein, h halfway) (Runner, error) {
	t.Helper()
	model := func() (*Model, error) {
		m, err := o.model()
		if err == nil {
			m.Generator = h
		}
		return m, err
	}
	m, err := model()
	if err != nil {
		t.Fatal(err)
	}
	env := o.env(0)
	env.NewModel = model
	return NewCollapse(cfg, env, m)
}

var still = ornstein{rates: []float64{1}, eta: 0.1, temper: 1}

// A generator of one mode and a half has exact scores, and so have the perfect and the
// uniform sampler beside it.
func TestCollapseOfAKnownGenerator(t *testing.T) {
	for _, dim := range []int{1, 2} {
		cfg := DefaultCollapse()
		cfg.Steps, cfg.At, cfg.Samples, cfg.Draws, cfg.Projections, cfg.Subsample = 3, []int{0, 3}, 300, 64, 4, 40
		modes := testModes(t, dim)
		r, err := newCollapse(t, cfg, still, halfway{modes: modes, share: 0.6})
		if err != nil {
			t.Fatal(err)
		}
		dir, outcome := finish(t, r, "collapse/r0", runAll(t, r))
		if outcome.Status != OK {
			t.Fatalf("outcome %+v", outcome)
		}
		within := []float64{math.Erf(3 / math.Sqrt2), 1 - math.Exp(-4.5)}[dim-1]
		table := readRows(t, dir, "modes")
		last := table.where("sampler", "generator", "step", "3")
		k := float64(modes.Len())
		for metric, want := range map[string]float64{"modes_covered": 1, "mode_entropy": 0, "reverse_kl": math.Log(k),
			"mode_jsd": (math.Log(2*k/(k+1)) + math.Log(2/(1+k))/k + (1-1/k)*math.Ln2) / 2} {
			close10(t, metric, last.where("metric", metric).number(t, "value")+1, want+1)
		}
		quality := last.where("metric", "quality")
		if z := (quality.number(t, "value") - 0.6*within) / quality.number(t, "stderr"); math.Abs(z) > 4 || quality.number(t, "stderr") > 0.004 {
			t.Errorf("dimension %d: quality is off by %v standard errors", dim, z)
		}
		if status := last.where("metric", "forward_kl")[0]["status"]; !strings.Contains(status, "infinite in 64 of 64 draws") {
			t.Errorf("forward KL with empty modes: status %q", status)
		}
		name := []string{"w2", "sliced_w2"}[dim-1]
		if v := last.where("metric", name).number(t, "value"); !(v > 300) {
			t.Errorf("%s of samples that are 10³ away is %v", name, v)
		}
		if v := last.where("metric", "recall").number(t, "value"); !(v < 1.2/k+0.5) {
			t.Errorf("recall of one mode of %v is %v", k, v)
		}
		for _, sampler := range []string{"perfect", "uniform"} {
			for _, metric := range []string{"modes_covered", "quality", "mode_entropy", "reverse_kl", "mode_jsd"} {
				row := table.where("sampler", sampler, "metric", metric)
				if z := row.number(t, "z"); math.Abs(z) > 4 {
					t.Errorf("dimension %d: %s of the %s sampler is off by %v standard errors", dim, metric, sampler, z)
				}
				if math.IsNaN(row.number(t, "reference")) {
					t.Errorf("%s of the %s sampler has no exact value", metric, sampler)
				}
			}
			near := []float64{1, 1.1}
			if v := table.where("sampler", sampler, "metric", "rho").number(t, "value"); sampler == "perfect" && (v < 0.98 || v > near[0]*1.02) {
				t.Errorf("ρ of the perfect sampler is %v", v)
			}
		}
		share := readRows(t, dir, "occupancy").where("sampler", "generator", "step", "3", "mode", "0")
		close10(t, "occupancy", share.number(t, "fraction"), quality.number(t, "value"))
		if rows := readRows(t, dir, "samples"); len(rows) != 300 {
			t.Errorf("%d samples are kept, want all 300", len(rows))
		}
		summary := readRows(t, dir, "summary")
		close10(t, "summary", summary.where("quantity", "quality").number(t, "value"), quality.number(t, "value"))
		close10(t, "its reference", summary.where("quantity", "quality").number(t, "reference"), within)
	}
}

// Error bars over draws: pulls of 200 repeats have a standard deviation near 1.
func TestCollapseErrorBars(t *testing.T) {
	cfg := DefaultCollapse()
	cfg.Steps, cfg.At, cfg.Samples, cfg.Draws, cfg.MinCount, cfg.Projections, cfg.Subsample = 1, []int{0}, 60, 32, 6, 1, 4
	pulls := map[string]*analysis.Moments{}
	for replica := range 200 {
		r, err := newCollapse(t, cfg, still, halfway{modes: testModes(t, 2)})
		if err != nil {
			t.Fatal(err)
		}
		c := r.(*collapse)
		c.env.Replica = replica
		part, err := c.Run(t.Context(), 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		expected, _ := c.exact("perfect")
		for i, e := range c.estimates(part.(*CollapsePart).Records[0]) {
			name := metrics(2)[i].name
			if pulls[name] == nil {
				pulls[name] = &analysis.Moments{}
			}
			pulls[name].Add((e.value - expected[i]) / e.stderr)
		}
	}
	for _, name := range []string{"modes_covered", "quality", "mode_entropy", "reverse_kl", "mode_jsd"} {
		p := pulls[name]
		t.Logf("%s: pulls %.3f ± %.3f, std %.3f", name, p.Mean(), p.StdErr(), p.Std())
		if s := p.Std(); !(s >= 0.85 && s <= 1.15) || math.Abs(p.Mean()) > 4*p.StdErr()+0.2 {
			t.Errorf("%s: pulls have mean %.3f and standard deviation %.3f", name, p.Mean(), s)
		}
	}
}

// Replicas are pooled at the last step; one that diverged is left out.
func TestCollapsePool(t *testing.T) {
	cfg := DefaultCollapse()
	cfg.Steps, cfg.At, cfg.Samples, cfg.Draws, cfg.Projections, cfg.Subsample = 1, []int{1}, 50, 2, 1, 5
	r, err := newCollapse(t, cfg, still, halfway{modes: testModes(t, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var tasks []Finished
	for i, v := range []float64{0.1, 0.2, 0.4, 1} {
		scores := make([]float64, len(metrics(1)))
		for k := range scores {
			scores[k] = v
		}
		task := Finished{Group: "collapse/a=1", Replica: i, Runner: r, Outcome: Done(),
			Parts: []any{&CollapsePart{DivergedStep: -1, Records: []CollapseRecord{{Step: 1, Scores: [][]float64{scores, scores}}}}}}
		if i == 3 {
			task.Outcome.Status = Diverged
		}
		if i == 1 { // as a merge of many tasks hands it over
			task.Parts = Condense(r, Condense(r, task.Parts))
		}
		tasks = append(tasks, task)
	}
	dir := t.TempDir()
	out := NewOutput(dir, "collapse")
	if err := r.(Pooler).Pool(tasks, out); err != nil {
		t.Fatal(err)
	}
	if err := out.Commit(); err != nil {
		t.Fatal(err)
	}
	row := readRows(t, dir, "phase").where("task", "collapse/a=1", "observable", "reverse_kl")
	close10(t, "mean", row.number(t, "mean"), 0.7/3)
	close10(t, "error", row.number(t, "stderr"), math.Sqrt(0.07/9))
	if row.number(t, "ess") != 3 {
		t.Errorf("ess %v", row.number(t, "ess"))
	}
}

// A trajectory that leaves the numbers keeps the scores it had; what cannot be is refused.
func TestCollapseDivergesAndRefuses(t *testing.T) {
	cfg := DefaultCollapse()
	cfg.Steps, cfg.At, cfg.Samples, cfg.Draws, cfg.Projections, cfg.Subsample = 3000, []int{0, 3000}, 50, 2, 1, 5
	r, err := newCollapse(t, cfg, ornstein{rates: []float64{1}, start: 1, eta: 4, temper: 1}, halfway{modes: testModes(t, 2), share: 1})
	if err != nil {
		t.Fatal(err)
	}
	dir, outcome := finish(t, r, "collapse/r0", runAll(t, r))
	if outcome.Status != Diverged || outcome.DivergedStep < 100 {
		t.Errorf("outcome %+v, want diverged", outcome)
	}
	if n := len(readRows(t, dir, "modes").where("sampler", "generator")); n != len(metrics(2)) {
		t.Errorf("%d rows of the generator before it diverged", n)
	}
	for key, change := range map[string]func(*CollapseConfig){
		"at":         func(c *CollapseConfig) { c.At = []int{4000} },
		"subsample":  func(c *CollapseConfig) { c.Subsample = 51 },
		"neighbours": func(c *CollapseConfig) { c.Neighbours = 5 },
		"min_count":  func(c *CollapseConfig) { c.MinCount = 51 },
		"box":        func(c *CollapseConfig) { c.Box = []float64{1, 0} },
	} {
		bad := cfg
		change(&bad)
		var k *KeyError
		if _, err := newCollapse(t, bad, still, halfway{modes: testModes(t, 2)}); !errors.As(err, &k) || k.Key != key {
			t.Errorf("%s: error %v", key, err)
		}
	}
	bad := cfg
	bad.Box = []float64{0, 1, 2}
	if _, err := newCollapse(t, bad, still, halfway{modes: testModes(t, 2)}); err == nil {
		t.Error("a box of three numbers is accepted")
	}
	lost := errors.New("found target x, which has no modes to count")
	if _, err := newCollapse(t, cfg, still, halfway{modes: testModes(t, 1), lost: lost}); !errors.Is(err, lost) {
		t.Errorf("a target without modes: %v", err)
	}
	m, _ := still.model()
	if _, err := NewCollapse(cfg, still.env(0), m); err == nil || !strings.Contains(err.Error(), "system ou") {
		t.Errorf("a system without samples: %v", err)
	}
}
