package build

import (
	"slices"

	"machlup/internal/spec"
	"machlup/pathint"
)

// decodeInner finds the move that a delayed one wraps: the [move.NAME] that it names, or that
// line of the catalogue with its defaults.
func decodeInner(doc *spec.Doc, table string, d *pathint.Delayed) error {
	present := doc.Names("move")
	if slices.Contains(present, d.Move) && join("move", d.Move) != table {
		inner, err := decodeMove(doc, d.Move)
		if err != nil {
			return err
		}
		d.Inner = inner
	} else if slices.ContainsFunc(pathint.Moves(), func(e pathint.MoveEntry) bool { return e.Name == d.Move && e.Name != "delayed" }) {
		return nil
	}
	if d.Inner == nil {
		valid := slices.DeleteFunc(present, func(name string) bool { return join("move", name) == table })
		for _, e := range pathint.Moves() {
			if e.Name != "delayed" && !slices.Contains(valid, e.Name) {
				valid = append(valid, e.Name)
			}
		}
		return unknownName(doc.Table(table), "move", d.Move, valid)
	}
	m := d.Inner
	for w, ok := m.(interface{ Unwrap() pathint.Move }); ok; w, ok = m.(interface{ Unwrap() pathint.Move }) {
		if _, nested := m.(*pathint.Delayed); nested {
			break
		}
		m = w.Unwrap()
	}
	if _, nested := m.(*pathint.Delayed); nested {
		return doc.Table(table).Errorf("move", "found %q, itself a delayed move, allowed any other move: one cheaper action is tried first", d.Move)
	}
	return nil
}
