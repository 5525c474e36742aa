package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Doc is an experiment file with what was set on top of it, and what has been decoded from
// it so far. It serves one goroutine; the Docs of With are independent of it.
type Doc struct {
	file   string
	root   *node
	tables map[string]*table // by JoinKey of the path
	order  []string          // keys of tables, as first seen
	sweep  []axis            // the swept keys, once read
	swept  map[string]place  // where each stands
	folds  int               // Docs folded in
	idle   map[string]error  // swept keys that no folded Doc decoded, and what the last said
}

// A table is what is known about one table: valid names and decoded values.
type table struct {
	path    []string
	names   []string // that may stand in it, in order
	entries []*entry // decoded values
	decoded bool     // a struct was decoded from it (here, or in all folded Docs)
	marked  bool     // its presence says something: a plug-in or an optional table
	plugins bool     // its sub-tables are plug-ins: their order matters
	folds   int      // folded Docs that decoded it
}

// An entry is one decoded value; texts are canonical TOML, "" for absent.
type entry struct {
	name, value, def string
	unit             string
	own              bool // decoded from this Doc
	varies           bool // folded Docs disagree
	folds            int  // folded Docs that have it
}

// Parse reads TOML source. The file name is for errors.
func Parse(filename string, src []byte) (*Doc, error) {
	root, err := parseTree(filename, string(src))
	if err != nil {
		return nil, err
	}
	return newDoc(filename, root), nil
}

func newDoc(file string, root *node) *Doc {
	return &Doc{file: file, root: root, tables: make(map[string]*table)}
}

// table returns the record of a path.
func (d *Doc) table(path []string) *table {
	key := JoinKey(path...)
	t := d.tables[key]
	if t == nil {
		t = &table{path: slices.Clone(path)}
		d.tables[key] = t
		d.order = append(d.order, key)
	}
	return t
}

// declare returns the record of a path and makes it a valid name of its parents.
func (d *Doc) declare(path []string) *table {
	if len(path) > 0 {
		d.declare(path[:len(path)-1]).addName(path[len(path)-1])
	}
	return d.table(path)
}

// known reports whether a table of that name may be in the file.
func (t *table) known() bool {
	return t != nil && (t.decoded || t.plugins || len(t.names) > 0)
}

func (t *table) addName(name string) {
	if !slices.Contains(t.names, name) {
		t.names = append(t.names, name)
	}
}

func (t *table) entry(name string) *entry {
	for _, e := range t.entries {
		if e.name == name {
			return e
		}
	}
	return nil
}

// bareWord is a string that --set takes without quotes.
var bareWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// Set sets a dotted key to a value in TOML syntax, as `--set key=value` does, before
// anything is decoded. A bare word (letters, digits, _ and -, starting with a letter; not
// true, false, inf, nan) is taken as a string. A later Set of the same key wins.
func (d *Doc) Set(key, value string) error {
	origin := "--set " + key
	parts, err := SplitKey(key)
	if err != nil {
		return &Error{File: origin, Found: fmt.Sprintf("the key %q", key), Allowed: "a dotted key such as trainer.generator.eta"}
	}
	n, err := parseValue(origin, parts, value)
	if err != nil {
		if e := err.(*Error); e.Found == invalidValue(value) {
			e.Hint = "strings need quotes that the shell leaves alone: --set '" + key + "=" + quotedExample(value) + "'"
		}
		return err
	}
	d.swept = nil
	return d.root.set(sweptKey(parts), n, place{file: origin}, false)
}

// sweptKey makes one quoted key of what follows sweep.grid or sweep.zip, as files have it,
// so that --set replaces an axis of the file whether or not the shell kept the quotes.
func sweptKey(parts []string) []string {
	if len(parts) < 4 || parts[0] != "sweep" || parts[1] != "grid" && parts[1] != "zip" {
		return parts
	}
	key, rest := parts[2:], []string(nil)
	if last := key[len(key)-1]; last == "linspace" || last == "logspace" {
		key, rest = key[:len(key)-1], key[len(key)-1:]
	}
	return append([]string{"sweep", parts[1], JoinKey(key...)}, rest...)
}

// ParseSetting splits the argument of --set at its first "=".
func ParseSetting(arg string) (Setting, error) {
	s := scanner{src: arg, line: 1}
	if _, err := s.keyParts(); err != nil || s.peek() != '=' {
		return Setting{}, &Error{File: "--set " + arg, Found: "no key=value", Allowed: "key=value with a dotted key, such as trainer.generator.eta=0.02"}
	}
	return Setting{strings.TrimSpace(arg[:s.pos]), strings.TrimSpace(arg[s.pos+1:])}, nil
}

func invalidValue(value string) string { return fmt.Sprintf("%q", clip(value)) }

// quotedExample is the value in quotes, if that could be what was meant.
func quotedExample(value string) string {
	if value == "" || strings.ContainsAny(value, "\"'[]{}=\n") {
		return `"…"`
	}
	return quoteString(clip(value))
}

// parseValue reads one TOML value, for the key of these parts.
func parseValue(origin string, parts []string, value string) (*node, error) {
	if bareWord.MatchString(value) && !slices.Contains([]string{"true", "false", "inf", "nan"}, value) {
		return &node{kind: scalar, raw: quoteString(value), value: value}, nil
	}
	root, err := parseTree(origin, JoinKey(parts...)+" = "+value)
	if err != nil {
		e := err.(*Error)
		e.Line, e.Col = 0, 0
		if strings.HasPrefix(e.Found, syntaxMark) {
			e.Key, e.Found, e.Allowed = "", invalidValue(value), "one value in TOML syntax"
		}
		return nil, e
	}
	n := root
	for _, p := range parts {
		if len(n.children) != 1 || n.child(p) == nil {
			return nil, &Error{File: origin, Found: invalidValue(value), Allowed: "one value in TOML syntax"}
		}
		n = n.child(p)
	}
	return n, nil
}

// set puts a value at a path, making tables on the way; what was there is replaced.
func (n *node) set(path []string, v *node, at place, swept bool) error {
	for _, p := range path[:len(path)-1] {
		c := n.child(p)
		if c == nil {
			var err error
			if c, err = n.add(p, implicit, at); err != nil {
				return err
			}
		}
		if !c.isTable() {
			e := c.errorAt()
			e.File, e.Line, e.Col = at.file, at.line, at.col
			e.Msg = fmt.Sprintf("cannot set %s: %s is not a table (%s)", JoinKey(path...), c.key(), c.at.first())
			return e
		}
		n = c
	}
	name := path[len(path)-1]
	old := n.child(name)
	if old == nil {
		var err error
		if old, err = n.add(name, scalar, at); err != nil {
			return err
		}
	}
	*old = *v.copy("")
	old.name, old.swept = name, swept
	old.rebase(path, at)
	return nil
}

// rebase moves a value to a path and a place.
func (n *node) rebase(path []string, at place) {
	n.path, n.at = slices.Clone(path), at
	for _, c := range n.children {
		if n.kind == list {
			c.rebase(path, at)
		} else {
			c.rebase(append(path[:len(path):len(path)], c.name), at)
		}
	}
}

// Names returns the names of the sub-tables of a table, in file order, and notes them as
// plug-ins: their presence and order are part of Resolved and NonDefault. Decode (or the
// caller's own refusal) of each is expected to follow. A name that TOML has in quotes comes
// with them, so that Table("move." + name) always works.
func (d *Doc) Names(path string) []string { return d.Table(path).Names() }

// Table returns the table at a dotted path, "" for the top level; an absent one is empty.
func (d *Doc) Table(path string) *Table {
	var parts []string
	if path != "" {
		var err error
		if parts, err = SplitKey(path); err != nil {
			panic("spec: Table of a path that is not a dotted key")
		}
	}
	return &Table{d, parts}
}

// Unknown refuses the first key, in file order, that nothing has decoded, in this Doc or in
// one folded into it, then such a swept key, and a malformed sweep. Call it after the last
// Decode and the last Fold.
func (d *Doc) Unknown() error {
	axes, err := d.axes()
	if err != nil {
		return err
	}
	for _, c := range d.root.children {
		if len(c.path) == 1 && c.name == "sweep" {
			continue
		}
		if err := d.unknown(c); err != nil {
			return err
		}
	}
	for _, a := range axes {
		if err := d.idle[a.key]; err != nil {
			return err
		}
	}
	return nil
}

func (d *Doc) unknown(n *node) error {
	if n.isTable() && d.tables[n.key()].known() {
		for _, c := range n.children {
			if err := d.unknown(c); err != nil {
				return err
			}
		}
		return nil
	}
	if n.used && !n.isTable() {
		return nil
	}
	return d.notKnown(n)
}

// notKnown is the refusal of a key or table.
func (d *Doc) notKnown(n *node) error {
	var valid []string
	if parent := d.tables[JoinKey(n.path[:len(n.path)-1]...)]; parent != nil {
		valid = slices.Clone(parent.names)
	}
	if len(n.path) == 1 {
		valid = append(valid, "sweep")
	}
	e := n.errorAt()
	e.Found = "an unknown " + map[bool]string{true: "table", false: "key"}[n.isTable()]
	e.Allowed = strings.Join(valid, ", ")
	if len(valid) == 0 {
		e.Allowed = "nothing here"
	}
	if e.Hint = didYouMean(n.name, valid); e.Hint == "" {
		e.Hint = d.elsewhere(n.name)
	}
	return e
}

// elsewhere hints at the tables in which a name is valid.
func (d *Doc) elsewhere(name string) string {
	var at []string
	for _, key := range d.order {
		if slices.Contains(d.tables[key].names, name) && key != "" {
			at = append(at, "["+key+"]")
		}
	}
	if len(at) == 0 || len(at) > 3 {
		return ""
	}
	return fmt.Sprintf("%q belongs in %s", name, strings.Join(at, " or "))
}
