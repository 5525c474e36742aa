package spec

import (
	"slices"
	"strings"
)

// tableOrder is the order of the tables in a resolved file; others follow by name.
var tableOrder = []string{"system", "trainer", "noise", "start", "path", "move", "estimator", "observables", "run", "output"}

// Fold takes note of what was decoded from the Doc of one point of d's sweep. Afterwards
// d.Unknown accepts a key that any point decoded, and d.Resolved writes defaults on which
// all points agree.
func (d *Doc) Fold(point *Doc) {
	d.folds++
	foldUsed(d.root, point.root)
	d.foldSwept(point, point.root)
	for _, key := range point.order {
		from := point.tables[key]
		to := d.table(from.path)
		for _, name := range from.names {
			to.addName(name)
		}
		to.marked = to.marked || from.marked
		to.plugins = to.plugins || from.plugins
		if from.decoded {
			to.decoded = true
			to.folds++
		}
		parent := point.root.find(from.path)
		for _, e := range from.entries {
			if c := parent.child(e.name); c == nil || !c.swept {
				to.fold(e)
			}
		}
	}
}

func (t *table) fold(e *entry) {
	old := t.entry(e.name)
	if old == nil {
		old = &entry{name: e.name, value: e.value, def: e.def}
		t.entries = append(t.entries, old)
	}
	old.folds++
	old.varies = old.varies || old.value != e.value
}

func foldUsed(to, from *node) {
	if to == nil {
		return
	}
	to.used = to.used || from.used
	if !to.isTable() {
		return
	}
	for _, c := range from.children {
		if from.isTable() {
			foldUsed(to.child(c.name), c)
		}
	}
}

// foldSwept notes which swept keys the point had a use for.
func (d *Doc) foldSwept(point *Doc, n *node) {
	if !n.swept {
		for _, c := range n.children {
			d.foldSwept(point, c)
		}
		return
	}
	if d.idle == nil {
		d.idle = make(map[string]error)
	}
	key, err := n.key(), point.unknown(n)
	for i := len(n.path) - 1; i > 0 && err != nil; i-- {
		if up := point.root.find(n.path[:i]); !point.tables[up.key()].known() {
			err = point.notKnown(up)
		}
	}
	if old, seen := d.idle[key]; !seen || old != nil {
		d.idle[key] = err
	}
}

// Resolved returns the document as TOML with every default written out, in an order of its
// own: parsed and decoded again, it resolves to itself. Keys that nothing has decoded are
// kept as they are, and the sweep comes last.
func (d *Doc) Resolved() string {
	var b strings.Builder
	d.writeTable(&b, nil)
	if axes, err := d.axes(); err == nil {
		for _, zip := range []bool{false, true} {
			writeAxes(&b, axes, zip)
		}
	}
	return b.String()
}

func writeAxes(b *strings.Builder, axes []axis, zip bool) {
	first := true
	for _, a := range axes {
		if a.zip != zip {
			continue
		}
		if first {
			b.WriteString("\n[sweep." + map[bool]string{false: "grid", true: "zip"}[zip] + "]\n")
			first = false
		}
		b.WriteString(quoteString(a.key) + " = " + encodeNode(a.node) + "\n")
	}
}

// writeTable writes a table's values, then its sub-tables.
func (d *Doc) writeTable(b *strings.Builder, path []string) {
	n, t := d.root.find(path), d.tables[JoinKey(path...)]
	if n != nil && !n.isTable() {
		n = nil
	}
	lines := d.valueLines(n, t)
	subs := d.subTables(n, t, path)
	if len(path) > 0 && (len(lines) > 0 || len(subs) == 0) {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("[" + JoinKey(path...) + "]\n")
	}
	for _, l := range lines {
		b.WriteString(l)
	}
	for _, name := range subs {
		d.writeTable(b, append(path[:len(path):len(path)], name))
	}
}

// valueLines returns "key = value" for what the file has and for what was decoded.
func (d *Doc) valueLines(n *node, t *table) []string {
	var lines []string
	line := func(name, value string) { lines = append(lines, quoteKey(name)+" = "+value+"\n") }
	if t != nil {
		for _, e := range t.entries {
			c := n.child(e.name)
			switch {
			case c != nil && e.varies:
				line(e.name, encodeNode(c))
			case e.value == "":
			case c != nil || d.settled(t, e):
				line(e.name, e.value)
			}
		}
	}
	if n != nil {
		for _, c := range n.children {
			if !c.isTable() && (t == nil || t.entry(c.name) == nil) {
				line(c.name, encodeNode(c))
			}
		}
	}
	return lines
}

// settled reports whether a default may be written out: every point that matters has it.
func (d *Doc) settled(t *table, e *entry) bool {
	if e.varies {
		return false
	}
	if t.folds == 0 {
		return e.own
	}
	return e.folds == d.folds
}

// subTables returns the names of the tables to write below path, in order.
func (d *Doc) subTables(n *node, t *table, path []string) []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) && (len(path) > 0 || name != "sweep") {
			names = append(names, name)
		}
	}
	if t != nil && !t.plugins {
		for _, name := range t.names {
			if d.worthWriting(append(path[:len(path):len(path)], name)) {
				add(name)
			}
		}
	}
	if n != nil {
		for _, c := range n.children {
			if c.isTable() {
				add(c.name)
			}
		}
	}
	if len(path) == 0 {
		rank := func(name string) int {
			if i := slices.Index(tableOrder, name); i >= 0 {
				return i
			}
			return len(tableOrder)
		}
		slices.SortFunc(names, func(a, b string) int {
			if r := rank(a) - rank(b); r != 0 {
				return r
			}
			return strings.Compare(a, b)
		})
	}
	return names
}

// worthWriting reports whether a table, or one below it, is in the file or was decoded.
func (d *Doc) worthWriting(path []string) bool {
	n, t := d.root.find(path), d.tables[JoinKey(path...)]
	if n != nil {
		return n.isTable()
	}
	if t == nil {
		return false
	}
	if t.decoded && len(d.valueLines(nil, t)) > 0 {
		return true
	}
	for _, name := range t.names {
		if d.worthWriting(append(path[:len(path):len(path)], name)) {
			return true
		}
	}
	return false
}

// NonDefault returns the decoded values under the given tables (or keys; "" for all) that
// differ from their defaults, a sorted "key = value" line each, and the plug-ins present,
// in file order, a line for each parent. It is what a hash of a task covers: a new option
// with a default leaves it unchanged.
func (d *Doc) NonDefault(paths ...string) string {
	var wanted []string
	for _, p := range paths {
		if p == "" {
			wanted = append(wanted, "")
			continue
		}
		parts, err := SplitKey(p)
		if err != nil {
			panic("spec: NonDefault of a path that is not a dotted key")
		}
		wanted = append(wanted, JoinKey(parts...))
	}
	covers := func(key string) bool {
		return slices.ContainsFunc(wanted, func(w string) bool {
			return w == "" || key == w || strings.HasPrefix(key, w+".")
		})
	}
	var lines []string
	for _, key := range d.order {
		t := d.tables[key]
		for _, e := range t.entries {
			full := JoinKey(append(slices.Clone(t.path), e.name)...)
			if e.value != e.def && covers(full) {
				lines = append(lines, full+" = "+e.value+"\n")
			}
		}
		if !covers(key) {
			continue
		}
		if n := d.root.find(t.path); t.plugins && n != nil {
			var present []string
			for _, c := range n.children {
				if c.isTable() {
					present = append(present, quoteKey(c.name))
				}
			}
			if len(present) > 0 {
				lines = append(lines, "["+key+"] "+strings.Join(present, " ")+"\n")
			}
		} else if t.marked && n != nil && !d.isPlugin(t) {
			lines = append(lines, "["+key+"]\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// isPlugin reports whether the table is listed by its parent's line.
func (d *Doc) isPlugin(t *table) bool {
	p := d.tables[JoinKey(t.path[:len(t.path)-1]...)]
	return p != nil && p.plugins
}
