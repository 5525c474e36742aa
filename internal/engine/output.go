package engine

import (
	"bufio"
	"fmt"
	"math"
	"path/filepath"
	"sort"

	"machlup/internal/record"
)

// An Output collects the tables of one task as files NAME.csv in a directory. Files
// appear together at Commit, each whole or not at all.
type Output struct {
	Label  string // first column of every row
	dir    string
	tables map[string]*Rows
}

// NewOutput writes into dir, which exists.
func NewOutput(dir, label string) *Output {
	return &Output{Label: label, dir: dir, tables: map[string]*Rows{}}
}

// Rows is one table of an Output.
type Rows struct {
	schema record.Schema
	label  string
	file   *record.AtomicFile
	buf    *bufio.Writer
	w      *record.Writer
	n      int
	err    error
}

// Table returns the table of a schema, created at the first call.
func (o *Output) Table(s record.Schema) *Rows {
	if r, ok := o.tables[s.Name]; ok {
		return r
	}
	r := &Rows{schema: s, label: o.Label}
	o.tables[s.Name] = r
	r.file, r.err = record.CreateAtomic(filepath.Join(o.dir, s.Name+".csv"))
	if r.err == nil {
		r.buf = bufio.NewWriterSize(r.file, 1<<16)
		r.w = record.NewWriter(r.buf, s)
	}
	return r
}

// Add appends one row: the label, then the values in the order of the schema. Values
// are string, int or float64; NaN and infinities become empty cells, as a number that
// is not there. A wrong count is a programming error.
func (r *Rows) Add(values ...any) {
	r.AddAs(r.label, values...)
}

// AddAs is Add under another label than the output's own.
func (r *Rows) AddAs(label string, values ...any) {
	if r.err != nil {
		return
	}
	if len(values) != len(r.schema.Columns)-1 {
		panic("engine: row of the wrong length")
	}
	r.w.String(label)
	for _, v := range values {
		switch v := v.(type) {
		case string:
			r.w.String(v)
		case int:
			r.w.Int(v)
		case float64:
			r.Float(v)
		case nil:
			r.w.Empty()
		default:
			panic("engine: value of unknown type")
		}
	}
	r.err = r.w.EndRow()
	r.n++
}

// Float writes a cell; a value that is not a number is an empty cell.
func (r *Rows) Float(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		r.w.Empty()
		return
	}
	r.w.Float(v)
}

// AddFloats appends a row of leading integers followed by numbers, without allocating:
// the shape of long tables (trace, samples).
func (r *Rows) AddFloats(leading []int, values []float64) {
	if r.err != nil {
		return
	}
	r.w.String(r.label)
	for _, i := range leading {
		r.w.Int(i)
	}
	for _, v := range values {
		r.Float(v)
	}
	r.err = r.w.EndRow()
	r.n++
}

// Commit makes all tables appear. On an error none of the rest does.
func (o *Output) Commit() error {
	names := make([]string, 0, len(o.tables))
	for n := range o.tables {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		if err := o.tables[n].commit(); err != nil {
			o.Abort()
			return fmt.Errorf("table %s: %w", n, err)
		}
		delete(o.tables, n)
	}
	return nil
}

func (r *Rows) commit() error {
	if r.err != nil {
		return r.err
	}
	if err := r.w.Flush(); err != nil {
		return err
	}
	if err := r.buf.Flush(); err != nil {
		return err
	}
	return r.file.Commit()
}

// Abort drops what was not committed.
func (o *Output) Abort() {
	for _, r := range o.tables {
		if r.file != nil {
			r.file.Abort()
		}
	}
	o.tables = map[string]*Rows{}
}

// Schemas lists the tables in use, by name.
func (o *Output) Schemas() []record.Schema {
	var s []record.Schema
	for _, r := range o.tables {
		s = append(s, r.schema)
	}
	sort.Slice(s, func(i, j int) bool { return s[i].Name < s[j].Name })
	return s
}
