package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"machlup/internal/engine"
	"machlup/internal/record"
)

// synthetic writes tables that look like a run's, by the engine's own schemas.
type synthetic struct {
	t     *testing.T
	dir   string
	files map[string]*record.File
	rnd   *rand.Rand
}

func newSynthetic(t *testing.T, dir string) *synthetic {
	if err := os.MkdirAll(filepath.Join(dir, "csv"), 0o777); err != nil {
		t.Fatal(err)
	}
	return &synthetic{t: t, dir: dir, files: map[string]*record.File{}, rnd: rand.New(rand.NewPCG(1, 2))}
}

// open starts a table, and gives it back if it is there.
func (s *synthetic) open(schema record.Schema) *record.File {
	s.t.Helper()
	f := s.files[schema.Name]
	if f == nil {
		var err error
		if f, err = record.CreateCSV(filepath.Join(s.dir, "csv", schema.Name+".csv"), schema); err != nil {
			s.t.Fatal(err)
		}
		s.files[schema.Name] = f
	}
	return f
}

// add appends a row; nil is an empty cell.
func (s *synthetic) add(schema record.Schema, cells ...any) {
	s.t.Helper()
	f := s.open(schema)
	for i, c := range cells {
		switch v := c.(type) {
		case nil:
			f.Empty()
		case string:
			f.String(v)
		case int:
			if schema.Columns[i].Type == record.Float {
				f.Float(float64(v))
			} else {
				f.Int(v)
			}
		case float64:
			f.Float(v)
		}
	}
	if err := f.EndRow(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *synthetic) commit() {
	s.t.Helper()
	for _, f := range s.files {
		if err := f.Commit(); err != nil {
			s.t.Fatal(err)
		}
	}
}

func tasksSchema(keys ...string) record.Schema {
	s := record.Schema{Name: "tasks", Doc: "tasks", Columns: []record.Column{
		{Name: "task", Doc: "label"}, {Name: "hash", Doc: "directory"}, {Name: "replica", Doc: "replica", Type: record.Int},
		{Name: "status", Doc: "status"}, {Name: "diverged_step", Doc: "step", Type: record.Int}}}
	for _, k := range keys {
		s.Columns = append(s.Columns, record.Column{Name: k, Doc: "swept value"})
	}
	return s
}

func traceSchema(observables ...string) record.Schema {
	var cols []record.Column
	for _, o := range observables {
		cols = append(cols, record.Column{Name: o, Unit: "1", Doc: o, Type: record.Float})
	}
	return engine.Trace(cols)
}

// histogram adds the bins of n normal draws, with the law N(mean, predicted²) if that is
// positive.
func (s *synthetic) histogram(task, observable string, step int, mean, std, predicted float64, n, bins int) {
	counts := make([]int, bins)
	lo, hi := mean-4*std, mean+4*std
	width := (hi - lo) / float64(bins)
	for range n {
		if b := int((mean + std*s.rnd.NormFloat64() - lo) / width); b >= 0 && b < bins {
			counts[b]++
		}
	}
	cdf := func(x float64) float64 { return math.Erfc(-(x-mean)/predicted/math.Sqrt2) / 2 }
	for b, c := range counts {
		p, a, z := float64(c)/float64(n), lo+float64(b)*width, lo+float64(b+1)*width
		var law any
		if predicted > 0 {
			law = (cdf(z) - cdf(a)) / width
		}
		s.add(engine.Histogram, task, observable, step, a, z, c, p/width, math.Sqrt(p*(1-p)/float64(n))/width, law)
	}
}

// quickstart is a run with two sweep points, path sampling, log Z and certificates.
func quickstart(t *testing.T, dir string, steps, draws int) {
	s := newSynthetic(t, dir)
	const opt, act = "trainer.generator.optimizer", "path.action"
	points := [][2]string{{"sgd", "onsager-machlup"}, {"sgd", "innovation"}, {"natural-momentum", "onsager-machlup"}}
	for i, p := range points {
		label := "optimizer=" + p[0] + ",action=" + p[1]
		for _, e := range []string{"ensemble", "paths", "ti", "ais", "forward", "o10"} {
			if e == "ensemble" && i > 0 || i == 2 && (e == "ti" || e == "ais" || e == "forward") {
				continue
			}
			status := "ok"
			if e == "o10" && i == 2 {
				status = "no-estimate"
			}
			s.add(tasksSchema(opt, act), e+"/"+label+"/r0", fmt.Sprintf("%016x", i), 0, status, nil, p[0], p[1])
		}
		if i == 0 {
			s.ensemble("ensemble/"+label+"/r0", steps, draws)
		}
		sets := [][]string{{"single-slice", "staging", "all"}, {"shooting", "pcn", "all"}, {"single-slice", "staging", "all"}}[i]
		for _, set := range sets {
			s.paths("paths/"+label+"/r0", set, draws)
		}
		if i < 2 {
			s.logZ(label, 126.3, 0.35)
		}
		status := "ok: 96 comparisons, chance of a worst |z| as large <= 0.31, mean z² = 1.04"
		if i == 2 {
			status = "the samplers disagree: 96 comparisons, chance of a worst |z| as large <= 2.1e-07, mean z² = 2.9"
		}
		z := []float64{2.71, 3.02, 6.4}[i]
		s.add(engine.Partition, "o10/"+label+"/r0", "O10", "forward vs onsager-machlup vs innovation", "worst |z| (mean of gen_mean at slice 12)", 0.0,
			"forward ensemble", z, nil, nil, nil, nil, z, 96.0, nil, status)
	}
	s.commit()
}

// ensemble adds one Langevin ensemble.
func (s *synthetic) ensemble(task string, steps, draws int) {
	schema := traceSchema("gen_mean", "gen_std", "w2", "loss_g", "loss_d", "rho")
	for k := 0; k <= steps; k++ {
		x := float64(k) / float64(steps)
		noise := func() float64 { return 0.004 * s.rnd.NormFloat64() }
		s.add(schema, task, 0, k, k, float64(k)*0.01, 0.1+0.5*x+noise(), 0.3+0.1*x+noise(), 7.8-0.5*x+noise(), 0.7+0.3*x*x+noise(), 1.38-0.3*x+noise(), 0.24+0.08*x+noise())
	}
	values := map[string][2]float64{"gen_mean": {0.61, 0.012}, "gen_std": {0.4, 0.009}, "w2": {7.42, 0.011}, "loss_g": {0.96, 0.02}, "loss_d": {1.07, 0.015}, "rho": {0.32, 0.0075}}
	for _, name := range []string{"gen_mean", "gen_std", "w2", "loss_g", "loss_d", "rho"} {
		v := values[name]
		for _, step := range []int{steps / 2, steps} {
			f := float64(step) / float64(steps)
			s.histogram(task, name, step, v[0], v[1]*f, v[1]*f*1.02, draws, 24)
			n := float64(draws)
			s.add(engine.Fluctuations, task, name, step, v[0]+0.001, v[1]*f, 0.05, -0.02, v[0], v[1]*f*1.02, 0.43, n, v[1]*f/math.Sqrt(n), v[1]*f/math.Sqrt(2*n), 0, v[0], 0.0)
		}
	}
}

// paths adds one family of moves with its action histogram and O1.
func (s *synthetic) paths(task, set string, draws int) {
	s.histogram(task, "action/"+set, 16, 4056, 64, 63.7, draws, 30)
	row := func(what string, estimate, err, exact float64) {
		s.add(engine.Partition, task, "O1", "metropolis/"+set, what, 0.0, "exact", estimate, err, err, nil, exact, (estimate-exact)/err, 800.0, nil, "ok")
	}
	row("mean of S_quad/hbar", 4056+2.1*s.rnd.NormFloat64(), 2.1, 4056)
	row("variance of S_quad/hbar", 4056+190*s.rnd.NormFloat64(), 190, 4056)
	s.add(engine.Partition, task, "O1", "metropolis/"+set, "ks_p of whitened residuals", 0.0, "exact", 0.4, nil, nil, nil, nil, nil, 2000.0, nil, "ok")
}

// logZ adds thermodynamic integration, annealing and the forward average at tilt s = 2.
func (s *synthetic) logZ(point string, o, curvature float64) {
	nodes := []float64{0.0675, 0.3388, 0.7614, 1.2386, 1.6612, 1.9325}
	for _, x := range nodes {
		s.add(engine.Partition, "ti/"+point+"/r0", "mean_tilt_observable", "metropolis", "s", x, "exp(-S)", o-curvature*x+0.02*s.rnd.NormFloat64(), 0.02, 0.02, nil, nil, nil, 400.0, nil, "ok")
	}
	exact := -(2*o - curvature*2)
	for _, e := range []struct {
		by, name string
		err      float64
	}{{"ti", "ti-gauss-legendre", 0.017}, {"ais", "ais", 0.024}, {"forward", "forward", 0.031}} {
		s.add(engine.Partition, e.by+"/"+point+"/r0", "log_z_ratio", e.name, "s", 2.0, "exp(-S)", exact+e.err*s.rnd.NormFloat64(), e.err, e.err, nil, nil, nil, 300.0, nil, "ok")
	}
	s.add(engine.Summary, "log_z/"+point+"/r0", "log_z_ratio", exact, 0.012, nil, 1.21, "1", "converged: 3 estimators agree, worst |z| = 1.21")
}

// paper is a run of four optimizers with several seeds, one of which diverges.
func paper(t *testing.T, dir string, seeds, steps, every int) {
	s := newSynthetic(t, dir)
	const opt = "trainer.generator.optimizer"
	schema := traceSchema("loss_g", "loss_d", "gen_mean", "gen_std", "rho")
	for o, name := range []string{"sgd", "adam", "natural", "natural-momentum"} {
		for seed := range seeds {
			task := fmt.Sprintf("ensemble/optimizer=%s/r%d", name, seed)
			diverged := o == 3 && seed == 1
			if diverged {
				s.add(tasksSchema(opt), task, "h", seed, "diverged", steps/2, name)
				s.add(engine.Summary, task, "diverged_step", steps/2, nil, nil, nil, "step", "diverged")
			} else {
				s.add(tasksSchema(opt), task, "h", seed, "ok", nil, name)
			}
			for k := 0; k <= steps; k += every {
				x := float64(k) / float64(steps)
				amp := []float64{0.08, 0.03, 0.2, 0.1}[o]
				g := 0.7 + 0.6*math.Exp(-8*x)*math.Sin(12*x+float64(seed)*0.1) + amp*s.rnd.NormFloat64()
				d := 1.38 - 0.9*math.Exp(-8*x) + 0.5*amp*s.rnd.NormFloat64()
				if diverged && k > steps/2-5*every {
					g = math.Pow(10, float64(k-steps/2+5*every)/float64(every)*30)
				}
				s.add(schema, task, 0, k/every, k, float64(k)*0.01, g, d, 8*(1-math.Exp(-10*x)), 1.2, 0.96+0.05*s.rnd.NormFloat64())
				if diverged && k >= steps/2 {
					break
				}
			}
			if !diverged {
				s.final(task, steps, 8-0.04*float64(o)+0.02*s.rnd.NormFloat64(), []float64{1.05, 1.2, 0.48, 1.35}[o]*(1+0.05*s.rnd.NormFloat64()))
			}
		}
	}
	s.commit()
}

// final adds the generated distribution N(mean, std²) at the end.
func (s *synthetic) final(task string, step int, mean, std float64) {
	const n = 10000
	normal := func(x, m, sd float64) float64 {
		return math.Exp(-(x-m)*(x-m)/(2*sd*sd)) / sd / math.Sqrt(2*math.Pi)
	}
	width := 10.0 / 60
	for b := range 60 {
		x := 3 + (float64(b)+0.5)*width
		p := normal(x, mean, std) * width
		err := math.Sqrt(p * (1 - p) / n)
		s.add(engine.Density, task, step, x, math.Max(0, p+err*s.rnd.NormFloat64())/width, err/width, normal(x, 8, 1.25))
	}
	s.add(engine.Summary, task, "final_mean", mean, std/100, nil, nil, "data", "ok")
	s.add(engine.Summary, task, "final_std", std, std/141, nil, nil, "data", "ok")
	s.add(engine.Summary, task, "final_w2", math.Hypot(mean-8, std-1.25), 0.011, nil, nil, "data", "ok")
	s.add(engine.Summary, task, "final_loss", 0.71+0.02*s.rnd.NormFloat64(), 0.004, nil, nil, "nat", "ok")
}

// collapse is a sweep of temperatures with replicas that collapse and may escape.
func collapse(t *testing.T, dir string, replicas int) {
	s := newSynthetic(t, dir)
	const key = "noise.temperature_g"
	temperatures := []string{"0", "1e-06", "1e-05", "0.0001"}
	schema := traceSchema("loss_g", "loss_d", "rho")
	for i, value := range temperatures {
		point := "temperature_g=" + value
		rate := []float64{1. / 6000, 1. / 4000, 1. / 2000, 1. / 600}[i]
		escapes, sum, square := 0, 0.0, 0.0
		var final []float64
		for rep := range replicas {
			task := fmt.Sprintf("phase/%s/r%d", point, rep)
			wait := s.rnd.ExpFloat64() / rate
			s.add(tasksSchema(key), task, "h", rep, "ok", nil, value)
			last := 0.0
			for k := 0; k <= 5000; k += 10 {
				rho := 0.1 + 0.9*math.Exp(-float64(k)/200)
				if e := float64(k) - 500 - wait; e > 0 {
					rho += 0.9 * (1 - math.Exp(-e/150))
				}
				rho *= 1 + 0.03*s.rnd.NormFloat64()
				s.add(schema, task, 0, k/10, k, float64(k)*1e-3, 0.7+0.1*s.rnd.NormFloat64(), 1.3, rho)
				last = rho
			}
			status := "collapsed"
			if last > 0.7 {
				status = "escaped"
				escapes++
			}
			final = append(final, last)
			s.add(engine.Summary, task, "collapse_duration", math.Min(wait, 4500), nil, nil, nil, "step", status)
			sum, square = sum+last, square+last*last
			s.add(engine.Summary, task, "final_rho", last, nil, nil, nil, "1", status)
		}
		n := float64(replicas)
		mean := sum / n
		std := math.Sqrt(math.Max(0, square/n-mean*mean))
		group := "phase/" + point
		s.add(engine.Phase, group, 593.0, "rho", mean, std/math.Sqrt(n), nil, n, nil)
		s.add(engine.Phase, group, 593.0, "chi", std*std, std*std/math.Sqrt(n), nil, n, nil)
		s.add(engine.Phase, group, 593.0, "binder", 0.55-0.05*float64(i), 0.04, nil, n, nil)
		s.add(engine.Phase, group, 593.0, "collapsed_fraction", 1.0, 0.03, nil, n, nil)
		s.add(engine.Phase, group, 593.0, "escaped_fraction", float64(escapes)/n, 0.11, nil, n, nil)
		s.add(engine.Summary, group, "escape_rate", rate, rate/3, nil, nil, "1/step", "ok")
		s.add(engine.Survival, group, 0, 1.0, 0.0, replicas)
		left := 1.0
		for k := 1; k <= escapes; k++ {
			left -= 1 / n
			s.add(engine.Survival, group, int(4000*float64(k)/float64(escapes+1)), left, math.Sqrt(left*(1-left)/n), replicas-k+1)
		}
		for b := range 30 {
			lo, hi, count := 0.05*float64(b), 0.05*float64(b+1), 0
			for _, v := range final {
				if v >= lo && v < hi {
					count++
				}
			}
			p := float64(count) / n
			s.add(engine.Histogram, group, "rho", 5000, lo, hi, count, p/0.05, math.Sqrt(p*(1-p)/n)/0.05, nil)
		}
	}
	s.commit()
}
