package spec

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Table is one table of a Doc, not decoded yet.
type Table struct {
	doc  *Doc
	path []string
}

// Path returns the table's dotted path.
func (t *Table) Path() string { return JoinKey(t.path...) }

// Table returns a sub-table; name may be dotted.
func (t *Table) Table(name string) *Table {
	parts, err := SplitKey(name)
	if err != nil {
		panic("spec: Table of a path that is not a dotted key")
	}
	return &Table{t.doc, append(t.path[:len(t.path):len(t.path)], parts...)}
}

// Names returns the names of the sub-tables: see Doc.Names.
func (t *Table) Names() []string {
	rec := t.doc.declare(t.path)
	rec.plugins = true
	n := t.doc.root.find(t.path)
	if n == nil || !n.isTable() {
		return nil
	}
	n.used = true
	var out []string
	for _, c := range n.children {
		if c.isTable() {
			out = append(out, quoteKey(c.name))
			t.doc.table(c.path).marked = true
		}
	}
	return out
}

// Has reports whether the file has a key, or a sub-table, in this table.
func (t *Table) Has(key string) bool {
	return t.doc.root.find(t.path).child(key) != nil
}

// Origin returns where a key of the table was set: the name of a file, or "--set KEY". It is
// the document's file if the key is absent.
func (t *Table) Origin(key string) string {
	if n := t.doc.root.find(t.path).child(key); n != nil {
		return n.at.file
	}
	return t.doc.file
}

// Errorf returns an *Error at the place of a key of the table: of the table itself if the
// key is absent or "".
func (t *Table) Errorf(key, format string, args ...any) error {
	path := t.path
	if key != "" {
		path = append(path[:len(path):len(path)], key)
	}
	e := &Error{File: t.doc.file, Key: JoinKey(path...), Msg: fmt.Sprintf(format, args...)}
	for n := len(path); n > 0; n-- {
		if x := t.doc.root.find(path[:n]); x != nil {
			e.File, e.Line, e.Col = x.at.file, x.at.line, x.at.col
			break
		}
	}
	return e
}

// Known reports whether a struct that was decoded has the dotted key.
func (d *Doc) Known(key string) bool {
	parts, err := SplitKey(key)
	if err != nil || len(parts) == 0 {
		return false
	}
	t := d.tables[JoinKey(parts[:len(parts)-1]...)]
	return t != nil && t.entry(parts[len(parts)-1]) != nil
}

// Unit returns the unit of a decoded key; "" if it has none, or was not decoded.
func (d *Doc) Unit(key string) string {
	parts, err := SplitKey(key)
	if err != nil {
		return ""
	}
	if t := d.tables[JoinKey(parts[:len(parts)-1]...)]; t != nil {
		if e := t.entry(parts[len(parts)-1]); e != nil {
			return e.unit
		}
	}
	return ""
}

// Decode reads the table into dst, a pointer to a struct that holds the defaults. It checks
// the keys it knows, in file order; the others are left for other structs, or for Unknown.
func (t *Table) Decode(dst any) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		panic("spec: Decode needs a pointer to a struct")
	}
	return t.doc.decode(t.path, t.doc.root.find(t.path), v.Elem())
}

// decode fills the struct v from the table n, nil when absent, and records its values.
func (d *Doc) decode(path []string, n *node, v reflect.Value) error {
	rec := d.declare(path)
	rec.decoded = true
	if n != nil {
		n.used = true
		if !n.isTable() {
			e := n.errorAt()
			e.Found, e.Allowed = n.describe(), "a table"
			return e
		}
	}
	fields := fieldsOf(v.Type())
	defaults := make([]string, len(fields))
	for i := range fields {
		rec.addName(fields[i].name)
		if !isTableType(fields[i].typ) {
			defaults[i] = encodeValue(v.FieldByIndex(fields[i].index))
		}
	}
	if n != nil {
		for _, c := range n.children {
			i := slices.IndexFunc(fields, func(f field) bool { return f.name == c.name })
			if i < 0 || isTableType(fields[i].typ) {
				continue
			}
			c.used = true
			if err := fields[i].decode(c, v.FieldByIndex(fields[i].index)); err != nil {
				return err
			}
		}
	}
	for i := range fields {
		f, fv := &fields[i], v.FieldByIndex(fields[i].index)
		c := n.child(f.name)
		if c == nil && f.required {
			return missing(d, path, n, f)
		}
		if isTableType(f.typ) {
			if err := d.decodeSub(path, c, f, fv); err != nil {
				return err
			}
			continue
		}
		d.put(rec, f.name, encodeValue(fv), defaults[i]).unit = f.unit
	}
	return nil
}

// decodeSub fills a nested struct, or a pointer to one.
func (d *Doc) decodeSub(path []string, c *node, f *field, fv reflect.Value) error {
	sub := append(path[:len(path):len(path)], f.name)
	if fv.Kind() == reflect.Pointer {
		if fv.IsNil() {
			if c == nil {
				return nil
			}
			d.table(sub).marked = true
			fv.Set(reflect.New(fv.Type().Elem()))
		}
		fv = fv.Elem()
	}
	return d.decode(sub, c, fv)
}

func isTableType(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

func missing(d *Doc, path []string, n *node, f *field) error {
	e := &Error{File: d.file}
	if n != nil {
		e = n.errorAt()
	}
	e.Key = JoinKey(append(path[:len(path):len(path)], f.name)...)
	e.Found, e.Allowed = "nothing", f.allowed(f.typ)+" (there is no default)"
	return e
}

func (d *Doc) put(rec *table, name, value, def string) *entry {
	e := rec.entry(name)
	if e == nil {
		e = &entry{name: name, def: def}
		rec.entries = append(rec.entries, e)
	}
	e.value, e.own = value, true
	return e
}

// decode checks the value of n and stores it in v.
func (f *field) decode(n *node, v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem())
		if err := f.decode(n, p.Elem()); err != nil {
			return err
		}
		v.Set(p)
		return nil
	}
	switch k := v.Kind(); {
	case k == reflect.Slice || k == reflect.Array:
		return f.decodeList(n, v)
	case v.Type() == durationType:
		return f.decodeDuration(n, v)
	case k == reflect.String:
		return f.decodeString(n, v)
	case k == reflect.Bool:
		b, ok := n.value.(bool)
		if !ok {
			hint := ""
			if s := n.value; s == "true" || s == "false" {
				hint = "write it without quotes"
			}
			return f.refuse(n, v.Type(), hint)
		}
		v.SetBool(b)
		return nil
	case k == reflect.Float64:
		return f.decodeFloat(n, v)
	}
	return f.decodeInt(n, v)
}

func (f *field) refuse(n *node, t reflect.Type, hint string) error {
	e := n.errorAt()
	e.Found, e.Allowed, e.Hint = n.describe(), f.allowed(t), hint
	return e
}

func (f *field) decodeList(n *node, v reflect.Value) error {
	if n.kind != list {
		hint := ""
		if !n.isTable() {
			hint = "write [" + clip(n.raw) + "]"
		}
		return f.refuse(n, v.Type(), hint)
	}
	size := len(n.children)
	if v.Kind() == reflect.Array && size != v.Len() || f.length != nil && !f.length.holds(float64(size)) {
		e := n.errorAt()
		e.Found, e.Allowed = fmt.Sprintf("a list of length %d", size), f.allowed(v.Type())
		return e
	}
	into := v
	if v.Kind() == reflect.Slice {
		into = reflect.MakeSlice(v.Type(), size, size)
	}
	inner := *f
	inner.length = nil // of the outermost list
	for i, c := range n.children {
		if err := inner.decode(c, into.Index(i)); err != nil {
			if e, ok := err.(*Error); ok {
				e.Key = n.key() + fmt.Sprintf("[%d]", i) + strings.TrimPrefix(e.Key, n.key())
			}
			return err
		}
	}
	v.Set(into)
	return nil
}

func (f *field) decodeString(n *node, v reflect.Value) error {
	s, ok := n.value.(string)
	if !ok {
		hint := ""
		if n.kind == scalar {
			hint = "write " + quoteString(clip(n.raw))
		}
		return f.refuse(n, v.Type(), hint)
	}
	if f.enum != nil && !slices.Contains(f.enum, s) {
		return f.refuse(n, v.Type(), didYouMean(s, f.enum))
	}
	v.SetString(s)
	return nil
}

func (f *field) decodeDuration(n *node, v reflect.Value) error {
	s, ok := n.value.(string)
	if !ok {
		hint := ""
		if _, num := n.value.(int64); num {
			hint = "write \"" + n.raw + "s\" for seconds"
		}
		return f.refuse(n, v.Type(), hint)
	}
	d, err := time.ParseDuration(s)
	if err != nil || !f.bounds.holds(float64(d)) {
		return f.refuse(n, v.Type(), "")
	}
	v.SetInt(int64(d))
	return nil
}

func (f *field) decodeFloat(n *node, v reflect.Value) error {
	var x float64
	switch y := n.value.(type) {
	case float64:
		x = y
	case int64:
		if x = float64(y); int64(x) != y || x == 1<<63 {
			return f.refuse(n, v.Type(), "an integer of this size is not exact as a float: write it as one, "+formatFloat(x))
		}
	default:
		return f.refuse(n, v.Type(), unquoteHint(n))
	}
	if math.IsNaN(x) || math.IsInf(x, 0) || f.bounds != nil && !f.bounds.holds(x) {
		return f.refuse(n, v.Type(), "")
	}
	v.SetFloat(x)
	return nil
}

func (f *field) decodeInt(n *node, v reflect.Value) error {
	y, ok := n.value.(int64)
	if !ok {
		hint := unquoteHint(n)
		if x, isFloat := n.value.(float64); isFloat && x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			hint = "write " + strconv.FormatInt(int64(x), 10)
		}
		return f.refuse(n, v.Type(), hint)
	}
	if f.bounds != nil && !f.bounds.holds(float64(y)) {
		return f.refuse(n, v.Type(), "")
	}
	if v.CanUint() {
		if y < 0 {
			return f.refuse(n, v.Type(), "")
		}
		v.SetUint(uint64(y))
		return nil
	}
	v.SetInt(y)
	return nil
}

// unquoteHint helps with numbers in quotes.
func unquoteHint(n *node) string {
	if s, ok := n.value.(string); ok {
		if x, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
			return "write it without quotes"
		}
	}
	return ""
}
