package build

import (
	"slices"
	"strconv"

	"machlup/internal/engine"
	"machlup/internal/record"
	"machlup/internal/spec"
)

// OutputConfig is the table [output]: what of the results is merged into csv/. It changes no
// task, so another choice computes nothing again.
type OutputConfig struct {
	Tables      []string `toml:"tables" doc:"tables in csv/, besides tasks; empty: all that the estimators write"`
	Observables []string `toml:"observables" doc:"observables in these tables; empty: all that are recorded"`
	Thin        int      `toml:"thin" range:"[1,inf)" unit:"record" doc:"trace.csv has one record of each chain in so many, samples.csv one sample in so many"`
}

func defaultOutput() OutputConfig { return OutputConfig{Thin: 1} }

// decodeOutput reads [output] and refuses names that no task has.
func decodeOutput(doc *spec.Doc, tasks []Task) (OutputConfig, error) {
	cfg, t := defaultOutput(), doc.Table("output")
	if err := t.Decode(&cfg); err != nil {
		return cfg, err
	}
	var tables, observables []string
	for _, s := range engine.ResultTables(nil) {
		tables = append(tables, s.Name)
	}
	for _, task := range tasks {
		for _, o := range task.Observables {
			if !slices.Contains(observables, o) {
				observables = append(observables, o)
			}
		}
	}
	for _, c := range []struct {
		key         string
		names, have []string
	}{{"tables", cfg.Tables, tables}, {"observables", cfg.Observables, observables}} {
		for i, n := range c.names {
			if !slices.Contains(c.have, n) {
				return cfg, unknownName(t, c.key, n, c.have)
			}
			if slices.Contains(c.names[:i], n) {
				return cfg, t.Errorf(c.key, "found %q twice, allowed once", n)
			}
		}
	}
	return cfg, nil
}

// Table tells whether a table is wanted.
func (c OutputConfig) Table(name string) bool {
	return len(c.Tables) == 0 || slices.Contains(c.Tables, name)
}

// Observable tells whether rows or columns of an observable are wanted; all names that are
// not among the recorded ones are.
func (c OutputConfig) Observable(name string, recorded []string) bool {
	return len(c.Observables) == 0 || slices.Contains(c.Observables, name) || !slices.Contains(recorded, name)
}

// typeOf is the type of all values of a swept key, number i of each point.
func typeOf(points []spec.Point, i int) record.Type {
	typ := record.Int
	for _, p := range points {
		if _, err := strconv.ParseInt(p[i].Value, 10, 64); err == nil {
			continue
		}
		if v, err := strconv.ParseFloat(p[i].Value, 64); err != nil || v-v != 0 {
			return record.String
		}
		typ = record.Float
	}
	return typ
}
