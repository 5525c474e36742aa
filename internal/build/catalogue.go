package build

import (
	"fmt"
	"slices"
	"strings"

	"machlup/internal/spec"
)

// An Entry is one plug-in as machlup list shows it.
type Entry struct {
	Name   string       `json:"name"`
	Doc    string       `json:"doc"`
	Unit   string       `json:"unit,omitempty"` // of an observable
	Fields []spec.Field `json:"fields,omitempty"`
}

// A choice is a plug-in with a config struct C, decoded from the table of its name.
type choice[C any] struct {
	name, doc string
	config    func() C // pointer to the defaults
}

func entries[C any](choices []choice[C]) []Entry {
	var out []Entry
	for _, c := range choices {
		e := Entry{Name: c.name, Doc: c.doc}
		if v := any(c.config()); v != nil {
			e.Fields = spec.Fields(v)
		}
		out = append(out, e)
	}
	return out
}

func names[C any](choices []choice[C]) []string {
	var out []string
	for _, c := range choices {
		out = append(out, c.name)
	}
	return out
}

// choose returns the config of the plug-in that key of table names, decoded from the
// table of its name beside key. Tables of the others are decoded and dropped.
func choose[C any](doc *spec.Doc, table, key, name string, choices []choice[C]) (C, error) {
	var chosen C
	found := false
	for _, c := range choices {
		cfg := c.config()
		path := join(table, c.name)
		if c.name == name || doc.Table(table).Has(c.name) {
			if err := doc.Table(path).Decode(cfg); err != nil {
				return chosen, err
			}
		}
		if c.name == name {
			chosen, found = cfg, true
		}
	}
	if !found {
		return chosen, unknownName(doc.Table(table), key, name, names(choices))
	}
	return chosen, nil
}

// chooseAll is choose for a key that holds a list of different names.
func chooseAll[C any](doc *spec.Doc, table, key string, list []string, choices []choice[C]) ([]C, error) {
	for _, c := range choices {
		if doc.Table(table).Has(c.name) {
			if err := doc.Table(join(table, c.name)).Decode(c.config()); err != nil {
				return nil, err
			}
		}
	}
	var chosen []C
	for i, name := range list {
		if slices.Contains(list[:i], name) {
			return nil, doc.Table(table).Errorf(key, "found %q twice, allowed once", name)
		}
		c, err := choose(doc, table, key, name, choices)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, c)
	}
	return chosen, nil
}

func unknownName(t *spec.Table, key, name string, valid []string) error {
	hint := ""
	if n := spec.NearestName(name, valid); n != "" {
		hint = fmt.Sprintf("; did you mean %q?", n)
	}
	return t.Errorf(key, "found %q, allowed %s%s", name, strings.Join(valid, ", "), hint)
}

func join(table, name string) string {
	if table == "" {
		return name
	}
	return table + "." + name
}

// families are the kinds of machlup list, in order.
var families = []struct {
	kind string
	list func() []Entry
}{
	{"systems", listSystems},
	{"targets", listTargets},
	{"losses", listLosses},
	{"activations", listActivations},
	{"inits", listInits},
	{"optimizers", listOptimizers},
	{"schedules", listSchedules},
	{"dynamics", listDynamics},
	{"metrics", listMetrics},
	{"discriminators", listDiscriminators},
	{"priors", listPriors},
	{"regularisers", listRegularisers},
	{"schemes", listSchemes},
	{"noise", listNoise},
	{"observables", listObservables},
	{"actions", listActions},
	{"moves", listMoves},
	{"estimators", listEstimators},
	{"config", listTables},
}

// Kinds returns what List lists.
func Kinds() []string {
	var out []string
	for _, f := range families {
		out = append(out, f.kind)
	}
	return out
}

// List returns the plug-ins of a kind, nil for an unknown kind.
func List(kind string) []Entry {
	for _, f := range families {
		if f.kind == kind {
			return f.list()
		}
	}
	return nil
}
