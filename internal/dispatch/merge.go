package dispatch

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"

	"machlup/internal/build"
	"machlup/internal/engine"
	"machlup/internal/record"
)

// Merge writes csv/ from the finished tasks, in task order; unfinished ones are left
// out, and tasks.csv says how each task stands. Rows that compare tasks come last. The
// tasks' tables are read once, row by row: memory does not grow with their number.
func Merge(exp *build.Experiment, dir string, states []TaskState) error {
	m := &merger{exp: exp, csv: filepath.Join(dir, "csv"), tables: map[string]*mergedTable{}}
	if err := os.MkdirAll(m.csv, 0o777); err != nil {
		return err
	}
	defer m.abort()
	pooled, err := pool(dir, states)
	if err != nil {
		return err
	}
	visit := func(f func(source) error) error {
		if err := eachTaskTable(dir, states, f); err != nil {
			return err
		}
		for _, s := range pooled {
			if err := f(s); err != nil {
				return err
			}
		}
		return nil
	}
	if err := visit(m.declare); err != nil {
		return err
	}
	if err := m.create(); err != nil {
		return err
	}
	if err := visit(m.append); err != nil {
		return err
	}
	names := map[string]bool{"tasks": true}
	for _, t := range m.order {
		if err := t.commit(m.csv); err != nil {
			return fmt.Errorf("merging %s.csv: %w", t.schema.Name, err)
		}
		names[t.schema.Name] = true
	}
	if err := writeTasks(exp, m.csv, states); err != nil {
		return err
	}
	return removeStale(m.csv, names)
}

// source is one table file of one task; relabel replaces its first column, since a
// label follows the plan and not the task's data.
type source struct {
	path        string
	relabel     string
	schema      record.Schema
	observables []string // of the task's system
}

// eachTaskTable calls f for the tables of the finished tasks, in task order.
func eachTaskTable(dir string, states []TaskState, f func(source) error) error {
	for _, s := range states {
		if !s.Finished {
			continue
		}
		tdir := taskDir(dir, s.Task)
		data, err := os.ReadFile(filepath.Join(tdir, "manifest.json"))
		if err != nil {
			return err
		}
		var m taskManifest
		if err := json.Unmarshal(data, &m); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(tdir, "manifest.json"), err)
		}
		for _, schema := range m.Schemas {
			path, err := record.SafeJoin(tdir, schema.Name+".csv")
			if err != nil || !plainName(schema.Name) {
				return fmt.Errorf("%s: found a table named %q, allowed a plain name", filepath.Join(tdir, "manifest.json"), schema.Name)
			}
			if err := f(source{path, s.Label, schema, s.Observables}); err != nil {
				return err
			}
		}
	}
	return nil
}

// A merger holds the tables that are being merged, by name and in order of appearance.
type merger struct {
	exp    *build.Experiment
	csv    string
	tables map[string]*mergedTable
	order  []*mergedTable
}

// A mergedTable concatenates the files of one table. Its columns are the union in order of
// first appearance (tasks of different systems have different observables).
type mergedTable struct {
	schema   record.Schema
	position map[string]int
	file     *record.AtomicFile
	buf      *bufio.Writer
	w        *csv.Writer
	row      []string
}

// declare takes note of a file's columns.
func (m *merger) declare(s source) error {
	if !m.exp.Output.Table(s.schema.Name) {
		return nil
	}
	t := m.tables[s.schema.Name]
	if t == nil {
		t = &mergedTable{schema: record.Schema{Name: s.schema.Name, Doc: s.schema.Doc}, position: map[string]int{}}
		m.tables[s.schema.Name] = t
		m.order = append(m.order, t)
	}
	for _, c := range s.schema.Columns {
		if _, ok := t.position[c.Name]; !ok && m.exp.Output.Observable(c.Name, s.observables) {
			t.position[c.Name] = len(t.schema.Columns)
			t.schema.Columns = append(t.schema.Columns, c)
		}
	}
	return nil
}

// create opens the merged files and writes their headers.
func (m *merger) create() error {
	for _, t := range m.order {
		var err error
		if t.file, err = record.CreateAtomic(filepath.Join(m.csv, t.schema.Name+".csv")); err != nil {
			return err
		}
		t.buf = bufio.NewWriterSize(t.file, 1<<16)
		t.w = csv.NewWriter(t.buf)
		t.row = make([]string, len(t.schema.Columns))
		if err := t.w.Write(t.schema.Header()); err != nil {
			return err
		}
	}
	return nil
}

func (m *merger) abort() {
	for _, t := range m.order {
		if t.file != nil {
			t.file.Abort()
		}
	}
}

// commit puts the merged file and its sidecar in place.
func (t *mergedTable) commit(csvDir string) error {
	t.w.Flush()
	if err := errors.Join(t.w.Error(), t.buf.Flush()); err != nil {
		return err
	}
	if err := t.file.Commit(); err != nil {
		return err
	}
	return record.WriteMetadata(filepath.Join(csvDir, t.schema.Name+".csv"), t.schema)
}

// append copies the rows of one file that [output] asks for.
func (m *merger) append(s source) error {
	t := m.tables[s.schema.Name]
	if t == nil {
		return nil
	}
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReaderSize(f, 1<<14))
	r.ReuseRecord = true
	r.FieldsPerRecord = len(s.schema.Columns)
	if _, err := r.Read(); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	place := make([]int, len(s.schema.Columns)) // in the merged row, −1 if left out
	for i, c := range s.schema.Columns {
		place[i] = -1
		if p, ok := t.position[c.Name]; ok {
			place[i] = p
		}
	}
	keep := m.selection(s)
	for n := 0; ; n++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
		if !keep(n, cells) {
			continue
		}
		clear(t.row)
		for i, p := range place {
			if p >= 0 {
				t.row[p] = cells[i]
			}
		}
		if s.relabel != "" {
			t.row[0] = s.relabel
		}
		if err := t.w.Write(t.row); err != nil {
			return err
		}
	}
}

// selection tells which rows of a file are wanted: row n with its cells.
func (m *merger) selection(s source) func(n int, cells []string) bool {
	column := func(name string) int {
		return slices.IndexFunc(s.schema.Columns, func(c record.Column) bool { return c.Name == name })
	}
	out, observable, draw := m.exp.Output, column("observable"), -1
	thin := max(out.Thin, 1)
	switch s.schema.Name {
	case engine.Trace(nil).Name:
		draw = column("draw")
	case engine.Samples(1).Name:
	default:
		thin = 1
	}
	return func(n int, cells []string) bool {
		if observable >= 0 && !out.Observable(cells[observable], s.observables) {
			return false
		}
		if thin == 1 {
			return true
		}
		if draw >= 0 {
			var err error
			if n, err = strconv.Atoi(cells[draw]); err != nil {
				return true
			}
		}
		return n%thin == 0
	}
}

// pool lets estimators add the rows that need several tasks.
func pool(dir string, states []TaskState) ([]source, error) {
	var order []string
	groups, known := map[string][]engine.Finished{}, map[string][]string{}
	for _, s := range states {
		pooler, ok := s.Runner.(engine.Pooler)
		if !ok || !s.Finished {
			continue
		}
		key := pooler.PoolKey()
		parts, err := readParts(taskDir(dir, s.Task), s.Task)
		if withoutParts(s.Outcome, err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("task %s: %w; run the experiment again to compute it anew", s.Label, err)
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], engine.Finished{Label: s.Label, Group: s.Group, Point: s.Point,
			Replica: s.Replica, Swept: s.Swept, Runner: s.Runner, Parts: engine.Condense(s.Runner, parts), Outcome: s.Outcome})
		known[key] = union(known[key], s.Observables)
	}
	var sources []source
	for _, name := range order {
		pdir := filepath.Join(dir, "tasks", "pool-"+name)
		if err := os.MkdirAll(pdir, 0o777); err != nil {
			return nil, err
		}
		sweepTemporaries(pdir)
		out := engine.NewOutput(pdir, name)
		group := groups[name]
		if _, err := guard(func() (any, error) { return nil, group[0].Runner.(engine.Pooler).Pool(group, out) }); err != nil {
			out.Abort()
			return nil, fmt.Errorf("pooling the tasks of %s: %w", name, err)
		}
		schemas := out.Schemas()
		if err := out.Commit(); err != nil {
			return nil, err
		}
		for _, schema := range schemas {
			sources = append(sources, source{path: filepath.Join(pdir, schema.Name+".csv"), schema: schema, observables: known[name]})
		}
	}
	return sources, nil
}

// union appends the names that a list lacks.
func union(list, more []string) []string {
	for _, name := range more {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// Tasks is the schema of tasks.csv for the swept keys.
func Tasks(swept []build.Swept) record.Schema {
	schema := record.Schema{Name: "tasks", Doc: "the tasks of the run", Columns: []record.Column{
		{Name: "task", Doc: "readable label", Type: record.String},
		{Name: "hash", Doc: "directory under tasks/", Type: record.String},
		{Name: "replica", Unit: "1", Doc: "replica: its own initial parameters and random numbers", Type: record.Int},
		{Name: "status", Doc: "ok, no-estimate, diverged or failed; empty when it has not run", Type: record.String},
		{Name: "diverged_step", Unit: "step", Doc: "first step with a non-finite state", Type: record.Int}}}
	for _, s := range swept {
		c := record.Column{Name: s.Key, Unit: s.Unit, Doc: "swept value", Type: s.Type}
		if c.Unit == "" && c.Type != record.String {
			c.Unit = "1"
		}
		schema.Columns = append(schema.Columns, c)
	}
	schema.Columns = append(schema.Columns, record.Column{Name: "note", Doc: "why there is no estimate, or what limits it", Type: record.String})
	return schema
}

// writeTasks writes tasks.csv: how each task ended and its swept values.
func writeTasks(exp *build.Experiment, csvDir string, states []TaskState) error {
	schema := Tasks(exp.Swept)
	f, err := record.CreateAtomic(filepath.Join(csvDir, "tasks.csv"))
	if err != nil {
		return err
	}
	defer f.Abort()
	buf := bufio.NewWriter(f)
	w := csv.NewWriter(buf)
	header := make([]string, len(schema.Columns))
	for i, c := range schema.Columns {
		header[i] = c.Name
	}
	if err := w.Write(header); err != nil {
		return err
	}
	for _, s := range states {
		row := []string{s.Label, s.Hash, strconv.Itoa(s.Replica), "", ""}
		switch {
		case s.Err != nil:
			row[3] = string(engine.Failed)
		case s.Finished:
			row[3] = string(s.Outcome.Status)
			if s.Outcome.DivergedStep >= 0 {
				row[4] = strconv.Itoa(s.Outcome.DivergedStep)
			}
		}
		for _, key := range exp.Swept {
			row = append(row, s.Swept[key.Key])
		}
		row = append(row, s.Outcome.Note)
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	if err := errors.Join(w.Error(), buf.Flush()); err != nil {
		return err
	}
	if err := f.Commit(); err != nil {
		return err
	}
	return record.WriteMetadata(filepath.Join(csvDir, "tasks.csv"), schema)
}

// removeStale drops tables of an earlier plan that this one does not write.
func removeStale(csvDir string, names map[string]bool) error {
	entries, err := os.ReadDir(csvDir)
	if err != nil {
		return err
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	for _, e := range entries {
		stem, ok := tableName(e)
		if ok && !names[stem] {
			if err := os.Remove(filepath.Join(csvDir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// tableName is NAME of NAME.csv or NAME.csv-metadata.json.
func tableName(e fs.DirEntry) (string, bool) {
	for _, suffix := range []string{".csv", ".csv-metadata.json"} {
		if n := len(e.Name()) - len(suffix); n > 0 && e.Name()[n:] == suffix {
			return e.Name()[:n], true
		}
	}
	return "", false
}
