package engine

import (
	"context"
	"fmt"
	"math"
	"strings"

	"machlup/gan/otto"
)

// PaperConfig configures the decision of one statement of the paper.
type PaperConfig struct {
	Statement string `toml:"statement" doc:"the statement, by the paper's numbering (docs/paper.md); each has its own densities, the system is not used"`
}

// DefaultPaper is the configuration with no key set.
func DefaultPaper() PaperConfig { return PaperConfig{Statement: "prop-5.4"} }

type paper struct{ statement otto.Statement }

// NewPaper finds the statement. The model is not used: a statement names its own laws.
func NewPaper(cfg PaperConfig, _ Env, _ *Model) (Runner, error) {
	s, err := otto.FindStatement(cfg.Statement)
	if err != nil {
		var ids []string
		for _, s := range otto.Statements() {
			ids = append(ids, s.ID)
		}
		return nil, &KeyError{"statement", fmt.Sprintf("%q", cfg.Statement), strings.Join(ids, ", ")}
	}
	return &paper{s}, nil
}

// PaperPart is the number of the statement, what is true, and what the paper implies.
type PaperPart struct{ Measured, Exact, Paper float64 }

func (p *paper) Parts() int       { return 1 }
func (p *paper) Work(int) float64 { return 1 }
func (p *paper) NewResult() any   { return new(PaperPart) }

func (p *paper) Run(ctx context.Context, _ int, _ func(float64)) (any, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	measured, err := p.statement.Measure()
	if err != nil {
		return nil, fmt.Errorf("statement %s: %w", p.statement.ID, err)
	}
	return &PaperPart{measured, p.statement.Exact(), p.statement.Paper()}, nil
}

// Finish writes the number to summary.csv, the verdict into its status. The error of a
// deterministic number is its distance from the reference.
func (p *paper) Finish(parts []any, out *Output) (Outcome, error) {
	r, s := parts[0].(*PaperPart), p.statement
	status := s.Verdict() + ": " + s.Claim
	if !s.Right && !math.IsNaN(r.Paper) {
		status += fmt.Sprintf(" (which implies %.6g)", r.Paper)
	}
	if off := math.Abs(r.Measured - r.Exact); !(off <= s.Bound) {
		out.Table(Summary).Add(s.ID+": "+s.Quantity, nil, nil, r.Exact, nil, "1", fmt.Sprintf("undecided: found %.8g, off by %.2g, allowed %.2g", r.Measured, off, s.Bound))
		return None("statement %s: found %.8g, exact %.8g: off by %.2g, allowed %.2g", s.ID, r.Measured, r.Exact, off, s.Bound), nil
	}
	out.Table(Summary).Add(s.ID+": "+s.Quantity, r.Measured, nil, r.Exact, nil, "1", status)
	return Done(), nil
}
