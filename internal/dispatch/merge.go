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
	"sort"
	"strconv"

	"machlup/internal/build"
	"machlup/internal/engine"
	"machlup/internal/record"
)

// Merge writes csv/ from the finished tasks, in task order; unfinished ones are left
// out, and tasks.csv says how each task stands. Rows that compare tasks come last.
func Merge(exp *build.Experiment, dir string, states []TaskState) error {
	if err := os.MkdirAll(filepath.Join(dir, "csv"), 0o777); err != nil {
		return err
	}
	sources, err := taskTables(dir, states)
	if err != nil {
		return err
	}
	pooled, err := pool(dir, states)
	if err != nil {
		return err
	}
	sources = append(sources, pooled...)
	names := map[string]bool{"tasks": true}
	for name, tables := range byName(sources) {
		if err := mergeTable(filepath.Join(dir, "csv"), name, tables); err != nil {
			return fmt.Errorf("merging %s.csv: %w", name, err)
		}
		names[name] = true
	}
	if err := writeTasks(exp, filepath.Join(dir, "csv"), states); err != nil {
		return err
	}
	return removeStale(filepath.Join(dir, "csv"), names)
}

// source is one table file of one task; relabel replaces its first column, since a
// label follows the plan and not the task's data.
type source struct {
	path    string
	relabel string
	schema  record.Schema
}

func taskTables(dir string, states []TaskState) ([]source, error) {
	var sources []source
	for _, s := range states {
		if !s.Finished {
			continue
		}
		tdir := taskDir(dir, s.Task)
		data, err := os.ReadFile(filepath.Join(tdir, "manifest.json"))
		if err != nil {
			return nil, err
		}
		var m taskManifest
		if err := json.Unmarshal(data, &m); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(tdir, "manifest.json"), err)
		}
		for _, schema := range m.Schemas {
			path, err := record.SafeJoin(tdir, schema.Name+".csv")
			if err != nil || !plainName(schema.Name) {
				return nil, fmt.Errorf("%s: found a table named %q, allowed a plain name", filepath.Join(tdir, "manifest.json"), schema.Name)
			}
			sources = append(sources, source{path, s.Label, schema})
		}
	}
	return sources, nil
}

// pool lets estimators add the rows that need several tasks.
func pool(dir string, states []TaskState) ([]source, error) {
	var order []string
	groups := map[string][]engine.Finished{}
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
			Replica: s.Replica, Runner: s.Runner, Parts: parts, Outcome: s.Outcome})
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
			sources = append(sources, source{path: filepath.Join(pdir, schema.Name+".csv"), schema: schema})
		}
	}
	return sources, nil
}

func byName(sources []source) map[string][]source {
	m := map[string][]source{}
	for _, s := range sources {
		m[s.schema.Name] = append(m[s.schema.Name], s)
	}
	return m
}

// mergeTable concatenates the files of one table. Columns are the union in order of
// first appearance (tasks of different systems have different observables).
func mergeTable(csvDir, name string, tables []source) error {
	merged := record.Schema{Name: name, Doc: tables[0].schema.Doc}
	position := map[string]int{}
	for _, t := range tables {
		for _, c := range t.schema.Columns {
			if _, ok := position[c.Name]; !ok {
				position[c.Name] = len(merged.Columns)
				merged.Columns = append(merged.Columns, c)
			}
		}
	}
	f, err := record.CreateAtomic(filepath.Join(csvDir, name+".csv"))
	if err != nil {
		return err
	}
	defer f.Abort()
	buf := bufio.NewWriterSize(f, 1<<16)
	w := csv.NewWriter(buf)
	row := make([]string, len(merged.Columns))
	for i, c := range merged.Columns {
		row[i] = c.Name
	}
	if err := w.Write(row); err != nil {
		return err
	}
	for _, t := range tables {
		if err := appendTable(w, row, t, position); err != nil {
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
	return record.WriteMetadata(filepath.Join(csvDir, name+".csv"), merged)
}

func appendTable(w *csv.Writer, row []string, t source, position map[string]int) error {
	f, err := os.Open(t.path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReaderSize(f, 1<<16))
	r.ReuseRecord = true
	if _, err := r.Read(); err != nil {
		return fmt.Errorf("%s: %w", t.path, err)
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.path, err)
		}
		clear(row)
		for i, c := range t.schema.Columns {
			row[position[c.Name]] = cells[i]
		}
		if t.relabel != "" {
			row[0] = t.relabel
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
}

// Tasks is the schema of tasks.csv for the swept keys.
func Tasks(sweptKeys []string) record.Schema {
	schema := record.Schema{Name: "tasks", Doc: "the tasks of the run", Columns: []record.Column{
		{Name: "task", Doc: "readable label", Type: record.String},
		{Name: "hash", Doc: "directory under tasks/", Type: record.String},
		{Name: "replica", Unit: "1", Doc: "replica: its own initial parameters and random numbers", Type: record.Int},
		{Name: "status", Doc: "ok, no-estimate, diverged or failed; empty when it has not run", Type: record.String},
		{Name: "diverged_step", Unit: "step", Doc: "first step with a non-finite state", Type: record.Int}}}
	for _, key := range sweptKeys {
		schema.Columns = append(schema.Columns, record.Column{Name: key, Doc: "swept value", Type: record.String})
	}
	schema.Columns = append(schema.Columns, record.Column{Name: "note", Doc: "why there is no estimate, or what limits it", Type: record.String})
	return schema
}

// writeTasks writes tasks.csv: how each task ended and its swept values.
func writeTasks(exp *build.Experiment, csvDir string, states []TaskState) error {
	schema := Tasks(exp.SweptKeys)
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
		for _, key := range exp.SweptKeys {
			row = append(row, s.Swept[key])
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
