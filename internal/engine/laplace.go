package engine

import (
	"context"
	"fmt"
	"math"
	"strings"

	"machlup/analysis"
	"machlup/pathint"
)

// LaplaceConfig configures Laplace's method on paths.
type LaplaceConfig struct {
	Draws int `toml:"draws" range:"[50,10000000]" unit:"1" doc:"draws of the Gaussian about the minimum that say whether the law is Gaussian and correct the value if not, a path each"`
}

// DefaultLaplace is the configuration with no key set.
func DefaultLaplace() LaplaceConfig { return LaplaceConfig{Draws: 2000} }

// Moveless tells that no move is needed.
func (LaplaceConfig) Moveless() bool { return true }

// laplace is log Z(s)/Z(0), or with a pinned end and no tilt log Z_pinned/Z_free.
type laplace struct {
	partition
	cfg LaplaceConfig
}

// NewLaplace checks the configuration against the model and binds it to a task.
func NewLaplace(cfg LaplaceConfig, setup PathSetup, env Env, m *Model) (Runner, error) {
	l := &laplace{partition{"laplace", env, setup}, cfg}
	if err := setup.Config.Sets.refuse("their weight has walls, which no Gaussian has"); err != nil {
		return nil, err
	}
	if setup.Config.Tilt == 0 && strings.HasPrefix(setup.Config.End, "pinned") {
		l.setup.Config.Observable = ""
		return pinnedLaplace{l}, l.try(m)
	}
	var err error
	if l.partition, err = newPartition("laplace", setup, env, m); err != nil {
		return nil, err
	}
	return l, l.try(m)
}

// try refuses what has no gradient or is too large.
func (l *laplace) try(m *Model) error {
	c, err := l.setup.Chain(m, l.setup.Config.Tilt)
	if err != nil {
		return err
	}
	return pathint.HasLaplace(c)
}

// LaplacePart is the result.
type LaplacePart struct {
	Value     float64 // log Z at the saddle point
	Gaussian  bool
	LogZ      float64 // corrected
	StatErr   float64
	ESS, K    float64
	Caution   string
	Refused   string // why the corrected value is not to be used
	Failed    string // why there is none at all
	Dimension int
	Steps     int
}

func (l *laplace) Parts() int     { return 1 }
func (l *laplace) NewResult() any { return new(LaplacePart) }

// Work counts the draws, and the Hessians of a few Newton steps.
func (l *laplace) Work(int) float64 { return float64((l.cfg.Draws + 100) * l.setup.Config.Steps) }

func (l *laplace) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m, err := l.env.NewModel()
	if err != nil {
		return nil, err
	}
	c, err := l.setup.Chain(m, l.setup.Config.Tilt)
	if err != nil {
		return nil, err
	}
	src := l.stream(part)
	if err := c.StartForward(0, src); err != nil {
		return nil, startDiverged(c, err)
	}
	method := pathint.Laplace
	if l.setup.Config.Tilt == 0 {
		method = pathint.LaplacePinned
	}
	e, err := method(c, l.cfg.Draws, src)
	return laplacePart(e, err), nil
}

func laplacePart(e pathint.LaplaceEstimate, err error) *LaplacePart {
	if err != nil {
		return &LaplacePart{Failed: err.Error()}
	}
	r := &LaplacePart{Value: e.Saddle.LogZ, Gaussian: e.Gaussian, LogZ: e.Corrected.LogZ, StatErr: e.Corrected.StatErr, ESS: e.Corrected.ESS,
		K: e.Corrected.ParetoK, Caution: e.Corrected.Caution, Dimension: e.Dimension, Steps: e.Steps}
	if e.Corrected.Err != nil {
		r.Refused = e.Corrected.Err.Error()
	}
	return r
}

func (r *LaplacePart) estimate() pathint.Estimate {
	e := pathint.Estimate{Estimator: "laplace", LogZ: r.LogZ, StatErr: r.StatErr, ESS: r.ESS, ParetoK: r.K, Overlap: math.NaN(), Caution: r.Caution}
	switch {
	case r.Failed != "":
		e.Err = fmt.Errorf("%s", r.Failed)
	case r.Refused != "":
		e.Err = fmt.Errorf("the correction of the saddle point: %s", r.Refused)
	}
	return e
}

func (l *laplace) estimate(parts []any) pathint.Estimate { return parts[0].(*LaplacePart).estimate() }

// Finish writes the value at the saddle point and, beside it, the corrected one.
func (l *laplace) Finish(parts []any, out *Output) (Outcome, error) {
	r := parts[0].(*LaplacePart)
	r.writeSaddle("s", l.setup.Config.Tilt, l.setup.measure(), out)
	return l.write(r.estimate(), l.setup.Config.Tilt, out), nil
}

// writeSaddle writes the row of the saddle point, which has no error bar.
func (r *LaplacePart) writeSaddle(parameter string, at any, measure string, out *Output) {
	if r.Failed != "" {
		return
	}
	status := "ok; the law is Gaussian: the value is exact"
	if !r.Gaussian {
		status = fmt.Sprintf("a saddle-point value, without an error; the law is not Gaussian: importance sampling adds %.4g ± %.2g", r.LogZ-r.Value, r.StatErr)
		if r.Refused != "" {
			status = "a saddle-point value, without an error; the law is not Gaussian and its correction is refused: " + r.Refused
		}
	}
	out.Table(Partition).Add("log_z_saddle", "laplace-saddle", parameter, at, measure, r.Value, nil, nil, nil, nil, nil, nil, nil, status)
}

// pinnedLaplace is log Z of pinned paths over that of free ones.
type pinnedLaplace struct{ l *laplace }

func (p pinnedLaplace) Parts() int            { return p.l.Parts() }
func (p pinnedLaplace) NewResult() any        { return p.l.NewResult() }
func (p pinnedLaplace) Work(part int) float64 { return p.l.Work(part) }
func (p pinnedLaplace) Run(ctx context.Context, part int, progress func(float64)) (any, error) {
	return p.l.Run(ctx, part, progress)
}

// Finish writes the log density of the pinned end.
func (p pinnedLaplace) Finish(parts []any, out *Output) (Outcome, error) {
	r := parts[0].(*LaplacePart)
	e := r.estimate()
	measure := "Z of the same paths with a free end: the log density of the pinned end given the start"
	r.writeSaddle("", nil, measure, out)
	if e.Err != nil {
		out.Table(Partition).Add("log_z_pinned", "laplace", "", nil, measure, nil, nil, nil, nil, nil, nil, e.ESS, nil, "no-estimate: "+e.Err.Error())
		return None("laplace: %v", e.Err), nil
	}
	status := "ok"
	if e.Caution != "" {
		status = "ok; caution: " + e.Caution
	}
	out.Table(Partition).Add("log_z_pinned", "laplace", "", nil, measure, e.LogZ, e.StatErr, e.StatErr, nil, nil, nil, e.ESS, nil, status)
	outcome := Done()
	outcome.LogZ = &analysis.Estimate{Value: e.LogZ, StdErr: e.StatErr}
	return outcome, nil
}
