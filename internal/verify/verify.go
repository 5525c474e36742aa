// Package verify holds the exact checks of machlup verify. A check is a small TOML
// experiment, a cell of one of its tables and the exact value: it goes through the same
// code as machlup run.
package verify

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"machlup/internal/build"
	"machlup/internal/dispatch"
	"machlup/internal/spec"
)

// The kinds of checks.
const (
	Exact      = "exact"       // |estimate − exact| ≤ tolerance
	MonteCarlo = "monte-carlo" // |z| < 4 and stderr ≤ tolerance, from at least 50 effective draws
)

// A Check compares one cell with its exact value.
type Check struct {
	ID, Group, Name string
	Kind            string
	Experiment      string // TOML
	Cell            Cell
	Exact           float64
	Law             func() float64 // gives Exact when the check runs, where that takes time
	Tolerance       float64        // Exact: of the error; MonteCarlo: cap on the standard error
	Full            bool           // only with --full
}

// A Cell is where the estimate stands: the one row of a table with the given values.
type Cell struct {
	Table  string
	Row    map[string]string
	Column string
	StdErr string // MonteCarlo: column of the standard error
	ESS    string // MonteCarlo: column of the effective number of draws
	// Neither makes the estimate the share of the rows with the given values that have none of these
	// in Column; Exact only.
	Neither []string
}

// A Result is one object of machlup verify --json.
type Result struct {
	ID        string   `json:"id"`
	Group     string   `json:"group"`
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Exact     float64  `json:"exact"`
	Estimate  *float64 `json:"estimate"`
	StdErr    *float64 `json:"stderr"`
	Z         *float64 `json:"z"`
	Error     *float64 `json:"error"`
	Tolerance float64  `json:"tolerance"`
	Seconds   float64  `json:"seconds"` // of the experiment, which checks may share
	Passed    bool     `json:"passed"`
	Message   string   `json:"message,omitempty"`
}

// Options of Run.
type Options struct {
	Filter  *regexp.Regexp // nil: all
	Seed    *int64         // nil: the experiments' own
	Full    bool
	Workers int
	Report  func(Result) // called after each check
}

// Checks is the catalogue, in order.
func Checks() []Check {
	return slices.Concat(
		langevinChecks(),
		schemeChecks(),
		sgmcmcChecks(),
		escapeChecks(),
		metricChecks(),
		correctionChecks(),
		correctedLawChecks(),
		pathChecks(),
		imaginaryChecks(),
		stagedChecks(),
		freeEnergyChecks(),
		logZChecks(),
		modeChecks(),
		ganChecks(),
		lossChecks(),
		regulariserChecks(),
		ottoChecks(),
		paperChecks(),
		naturalMetricChecks(),
		optimalChecks(),
		stabilityChecks(),
		diracChecks(),
		gameChecks(),
		rareChecks(),
		nonEquilibriumChecks(),
		phaseChecks(),
		noiseChecks(),
		extrapolationChecks(),
		temperatureChecks(),
		playerChecks(),
		trainerSGMCMCChecks(),
		sgdInferenceChecks(),
	)
}

// minimumESS is how many effectively independent draws a Monte Carlo error needs.
const minimumESS = 50

// Run runs the checks that the options select, in order. Checks of one experiment share its
// run; as many experiments run at once as there are workers, since many have one part only.
func Run(ctx context.Context, opts Options) ([]Result, error) {
	root, err := os.MkdirTemp("", "machlup-verify-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(root)
	var chosen []Check
	runs := map[string]*pending{}
	var order []*pending
	for _, c := range Checks() {
		if c.Full && !opts.Full || opts.Filter != nil && !opts.Filter.MatchString(c.ID) {
			continue
		}
		chosen = append(chosen, c)
		if runs[c.Experiment] == nil {
			p := &pending{text: c.Experiment, dir: filepath.Join(root, strconv.Itoa(len(order))), done: make(chan struct{})}
			runs[c.Experiment] = p
			order = append(order, p)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	wait := computeAll(ctx, order, opts)
	defer wait() // before the directory goes
	defer cancel()
	var results []Result
	for _, c := range chosen {
		p := runs[c.Experiment]
		<-p.done
		if ctx.Err() != nil {
			return results, ctx.Err()
		}
		r := c.judge(p.outcome)
		results = append(results, r)
		if opts.Report != nil {
			opts.Report(r)
		}
	}
	return results, nil
}

// pending is an experiment whose run is awaited.
type pending struct {
	text, dir string
	outcome   *outcome
	done      chan struct{} // closed when outcome is there
}

// computeAll runs the experiments, a worker each, in their order; wait returns when all workers
// are gone.
func computeAll(ctx context.Context, order []*pending, opts Options) (wait func()) {
	next := make(chan *pending, len(order))
	for _, p := range order {
		next <- p
	}
	close(next)
	var workers sync.WaitGroup
	for range max(opts.Workers, 1) {
		workers.Go(func() {
			for p := range next {
				p.outcome = compute(ctx, p.text, p.dir, opts)
				close(p.done)
			}
		})
	}
	return workers.Wait
}

// outcome is the run of one experiment.
type outcome struct {
	dir     string
	seconds float64
	err     error
	tables  map[string][]map[string]string
}

func compute(ctx context.Context, text, dir string, opts Options) *outcome {
	o := &outcome{dir: dir, tables: map[string][]map[string]string{}}
	start := time.Now()
	defer func() { o.seconds = time.Since(start).Seconds() }()
	exp, err := parse(text, opts.Seed)
	if err != nil {
		o.err = err
		return o
	}
	res, err := dispatch.Run(ctx, exp, dispatch.Options{Dir: dir, Workers: 1})
	if err != nil {
		o.err = err
		return o
	}
	for _, t := range res.Tasks {
		if t.Err != nil {
			o.err = fmt.Errorf("task %s: %w", t.Label, t.Err)
			return o
		}
	}
	return o
}

func parse(text string, seed *int64) (*build.Experiment, error) {
	doc, err := spec.Parse("check.toml", []byte(text))
	if err != nil {
		return nil, err
	}
	if seed != nil {
		if err := doc.Set("seed", strconv.FormatInt(*seed, 10)); err != nil {
			return nil, err
		}
	}
	return build.Load(doc)
}

func (c Check) judge(o *outcome) Result {
	if c.Law != nil {
		c.Exact = c.Law()
	}
	r := Result{ID: c.ID, Group: c.Group, Name: c.Name, Kind: c.Kind, Exact: c.Exact, Tolerance: c.Tolerance, Seconds: o.seconds}
	var err error
	if c.Cell.Neither != nil {
		err = r.share(c, o)
	} else {
		var row map[string]string
		if row, err = o.row(c.Cell); err == nil {
			err = r.fill(c, row)
		}
	}
	if err != nil {
		r.Passed, r.Message = false, err.Error()
	}
	return r
}

// share counts rows and decides.
func (r *Result) share(c Check, o *outcome) error {
	rows, err := o.table(c.Cell.Table)
	if err != nil {
		return err
	}
	of, others := 0, 0
	for _, row := range rows {
		if matches(row, c.Cell.Row) {
			of++
			if !slices.Contains(c.Cell.Neither, row[c.Cell.Column]) {
				others++
			}
		}
	}
	if of == 0 {
		return fmt.Errorf("%s.csv has no row with %v", c.Cell.Table, c.Cell.Row)
	}
	estimate := float64(others) / float64(of)
	deviation := math.Abs(estimate - c.Exact)
	r.Estimate, r.Error, r.Passed = &estimate, &deviation, deviation <= c.Tolerance
	return nil
}

// fill reads the numbers of a row and decides.
func (r *Result) fill(c Check, row map[string]string) error {
	estimate, err := number(row, c.Cell.Column)
	if err != nil {
		return err
	}
	deviation := math.Abs(estimate - c.Exact)
	if c.Kind == Exact {
		r.Estimate, r.Error, r.Passed = &estimate, &deviation, deviation <= c.Tolerance
		return nil
	}
	stderr, err := number(row, c.Cell.StdErr)
	if err != nil {
		return err
	}
	ess, err := number(row, c.Cell.ESS)
	if err != nil {
		return err
	}
	z := (estimate - c.Exact) / stderr
	r.Estimate, r.Error, r.StdErr, r.Z = &estimate, &deviation, &stderr, &z // all or none
	switch {
	case !(stderr <= c.Tolerance):
		r.Message = fmt.Sprintf("standard error %.3g is above its cap %.3g: the check could not see a wrong value", stderr, c.Tolerance)
	case ess < minimumESS:
		r.Message = fmt.Sprintf("%.0f effective draws, at least %d are needed for the error to be believed", ess, minimumESS)
	default:
		r.Passed = math.Abs(z) < 4
	}
	return nil
}

func number(row map[string]string, column string) (float64, error) {
	text, ok := row[column]
	if !ok {
		return 0, fmt.Errorf("the table has no column %q", column)
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("column %q is %q, not a number (status: %s)", column, text, row["status"])
	}
	return v, nil
}

// table reads a table of the run, once.
func (o *outcome) table(name string) ([]map[string]string, error) {
	if o.err != nil {
		return nil, o.err
	}
	if rows, ok := o.tables[name]; ok {
		return rows, nil
	}
	rows, err := readTable(filepath.Join(o.dir, "csv", name+".csv"))
	if err != nil {
		return nil, err
	}
	o.tables[name] = rows
	return rows, nil
}

// row finds the one row of a table with the wanted values.
func (o *outcome) row(c Cell) (map[string]string, error) {
	rows, err := o.table(c.Table)
	if err != nil {
		return nil, err
	}
	var found map[string]string
	for _, row := range rows {
		if !matches(row, c.Row) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%s.csv has several rows with %v", c.Table, c.Row)
		}
		found = row
	}
	if found == nil {
		return nil, fmt.Errorf("%s.csv has no row with %v", c.Table, c.Row)
	}
	return found, nil
}

func matches(row, want map[string]string) bool {
	for column, value := range want {
		if row[column] != value {
			return false
		}
	}
	return true
}

func readTable(path string) ([]map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	var rows []map[string]string
	for _, rec := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = rec[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}
