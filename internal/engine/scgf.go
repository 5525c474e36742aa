package engine

import (
	"fmt"
	"math"
	"sort"

	"machlup/analysis"
	"machlup/pathint"
)

// SCGFConfig configures the scaled cumulant generating function.
type SCGFConfig struct {
	Lengths   []int   `toml:"lengths" range:"[1,1000000]" unit:"step" doc:"path lengths K, three or more, at which log Z is read; path.steps is not used"`
	Particles int     `toml:"particles" range:"[2,1000000]" unit:"1" doc:"particles of a pass of the particle filter over time"`
	Runs      int     `toml:"runs" range:"[50,1000000]" unit:"1" doc:"independent passes, whose spread is the error bar"`
	Threshold float64 `toml:"threshold" range:"[0,1]" unit:"1" doc:"resample when the effective number falls below this fraction of the particles"`
}

// DefaultSCGF is the configuration with no key set.
func DefaultSCGF() SCGFConfig {
	return SCGFConfig{Lengths: []int{16, 32, 48, 64}, Particles: 100, Runs: 100, Threshold: 0.5}
}

// Moveless tells that no move is needed.
func (SCGFConfig) Moveless() bool { return true }

// scgf is ψ(s) = lim K⁻¹ log Z_K(s)/Z_K(0), as the growth of log Z from one length to the
// next, which forgets the start, by a particle filter; and ψ' = −⟨o⟩_s, as the growth of
// −⟨O⟩.
type scgf struct{ *smc }

// NewSCGF checks the configuration against the model and binds it to a task.
func NewSCGF(cfg SCGFConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	if m.NoStationary != nil {
		return nil, fmt.Errorf("the scaled cumulant generating function needs a stationary law: %w", m.NoStationary)
	}
	if m.Unconfined != nil {
		return nil, fmt.Errorf("the scaled cumulant generating function is the limit of long paths and needs a stationary law: %w; log Z of finite path.steps is there without: exchange, smc with over = \"time\"", m.Unconfined)
	}
	if u, ok := m.Potential.(interface{ Normalisable() error }); ok {
		if err := u.Normalisable(); err != nil {
			return nil, fmt.Errorf("the scaled cumulant generating function needs a stationary law: %w", err)
		}
	}
	lengths := append([]int(nil), cfg.Lengths...)
	sort.Ints(lengths)
	for i, k := range lengths {
		if len(lengths) < 3 || i > 0 && k == lengths[i-1] {
			return nil, &KeyError{"lengths", fmt.Sprint(cfg.Lengths), "three or more different lengths: only a growth that has settled is a limit"}
		}
	}
	last := lengths[len(lengths)-1]
	setup.Config.Steps = last
	r, err := NewSMC(SMCConfig{Over: "time", Particles: cfg.Particles, Runs: cfg.Runs, Threshold: cfg.Threshold}, setup, env, m)
	if err != nil {
		return nil, err
	}
	// The limit is infinite where Z of much longer paths is, though that of these may not be.
	if err := setup.normalisable(m, max(8*last, 1000)); err != nil {
		return nil, err
	}
	s := r.(*smc)
	s.name, s.lengths = "scgf", lengths
	return scgf{s}, nil
}

// PoolKey keeps it apart from estimates of one log Z: nothing is compared.
func (scgf) PoolKey() string { return "scgf" }

// Pool adds nothing.
func (scgf) Pool([]Finished, *Output) error { return nil }

// growth is what the passes say between two lengths.
type growth struct {
	steps       int
	rate, slope analysis.Estimate // of log Z, and −⟨o⟩_s, a step
	err         error
}

// Finish writes K⁻¹ log Z at every length and the growths, and quotes the last.
func (s scgf) Finish(parts []any, out *Output) (Outcome, error) {
	var before []pathint.FilterPoint
	var rows []growth
	table := out.Table(Partition)
	for i, k := range s.lengths {
		points := s.points(parts, i)
		z, mean := pathint.FilterEstimate(points)
		n := float64(k)
		status := "ok"
		if z.Err != nil {
			status, z.LogZ, z.StatErr, mean.Value, mean.StdErr = "no-estimate: "+z.Err.Error(), math.NaN(), math.NaN(), math.NaN(), math.NaN()
		}
		table.Add("scgf_at_length", "particle-filter", "K", n, s.setup.measure(), z.LogZ/n, z.StatErr/n, z.StatErr/n, nil, nil, nil, z.ESS, nil, status)
		if i > 0 {
			g := s.grown(before, points, k-s.lengths[i-1])
			g.steps, g.err = k, z.Err
			s.writeGrowth(g, z.ESS, out)
			rows = append(rows, g)
		}
		before = points
	}
	return s.quote(rows, out), nil
}

func (s scgf) grown(before, now []pathint.FilterPoint, steps int) growth {
	n := float64(steps)
	g := pathint.FilterGrowth(before, now)
	slope := pathint.FilterSlope(before, now)
	return growth{rate: analysis.Estimate{Value: g.Value / n, StdErr: g.StdErr / n}, slope: analysis.Estimate{Value: slope.Value / n, StdErr: slope.StdErr / n}}
}

func (s scgf) writeGrowth(g growth, ess float64, out *Output) {
	for _, row := range []struct {
		quantity string
		e        analysis.Estimate
	}{{"scgf", g.rate}, {"scgf_slope", g.slope}} {
		status, v := "ok", row.e
		if g.err != nil {
			status, v = "no-estimate: "+g.err.Error(), analysis.Estimate{Value: math.NaN(), StdErr: math.NaN()}
		}
		out.Table(Partition).Add(row.quantity, "particle-filter", "K", float64(g.steps), s.setup.measure(), v.Value, v.StdErr, v.StdErr, nil, nil, nil, ess, nil, status)
	}
}

// quote writes the last growth as the limit, if the last two agree.
func (s scgf) quote(rows []growth, out *Output) Outcome {
	last, before := rows[len(rows)-1], rows[len(rows)-2]
	err := last.err
	if err == nil {
		if err = before.err; err == nil {
			err = analysis.CheckAgreement("growth of log Z a step at the last two lengths", last.rate, before.rate)
		}
	}
	if err != nil {
		out.Table(Summary).Add("scgf", nil, nil, nil, nil, "1", "not converged: "+err.Error())
		return None("scgf: %v", err)
	}
	z := analysis.Agreement(last.rate, before.rate)
	status := fmt.Sprintf("growth from K = %d to %d; that before differs by %.2f errors", s.lengths[len(s.lengths)-2], last.steps, z)
	out.Table(Summary).Add("scgf", last.rate.Value, last.rate.StdErr, nil, z, "1/step", status)
	out.Table(Summary).Add("scgf_slope", last.slope.Value, last.slope.StdErr, nil, analysis.Agreement(last.slope, before.slope), "observable", status)
	return Done()
}
