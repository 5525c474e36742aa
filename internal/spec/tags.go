package spec

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

var durationType = reflect.TypeFor[time.Duration]()

// A field is what the tags of one struct field say.
type field struct {
	name     string
	index    []int // for reflect.Value.FieldByIndex
	typ      reflect.Type
	doc      string
	unit     string
	bounds   *interval
	length   *interval // of a list
	enum     []string
	required bool
}

// An interval is what a range tag allows: "(0,inf)", "[1ms,inf)".
type interval struct {
	lo, hi         float64
	loOpen, hiOpen bool
	text           string
}

func (r *interval) holds(x float64) bool {
	return (x > r.lo || x == r.lo && !r.loOpen) && (x < r.hi || x == r.hi && !r.hiOpen)
}

// sizes says what lengths an interval holds.
func (r *interval) sizes() string {
	if r.lo == r.hi {
		return strconv.FormatFloat(r.lo, 'g', -1, 64)
	}
	return "in " + r.text
}

var fieldCache sync.Map // reflect.Type → []field

// fieldsOf reads the tags of a struct, embedded structs included.
func fieldsOf(t reflect.Type) []field {
	if c, ok := fieldCache.Load(t); ok {
		return c.([]field)
	}
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("toml")
		switch {
		case f.Anonymous && !tagged && f.Type.Kind() == reflect.Struct:
			for _, g := range fieldsOf(f.Type) {
				g.index = append([]int{i}, g.index...)
				fields = append(fields, g)
			}
		case tag == "-" || !f.IsExported() && !tagged:
		case !tagged || tag == "" || !f.IsExported():
			panic("spec: a config field needs a toml tag and a capital letter: " + t.String() + "." + f.Name)
		default:
			fields = append(fields, readTags(t, f, tag))
		}
	}
	for i, f := range fields {
		for _, g := range fields[:i] {
			if strings.EqualFold(f.name, g.name) {
				panic("spec: two config fields of the same name: " + t.String() + " " + f.name)
			}
		}
	}
	fieldCache.Store(t, fields)
	return fields
}

func readTags(t reflect.Type, f reflect.StructField, name string) field {
	g := field{name: name, index: []int{f.Index[0]}, typ: f.Type, doc: f.Tag.Get("doc"), unit: f.Tag.Get("unit")}
	where := t.String() + "." + f.Name
	leaf, depth := f.Type, 0
	if leaf.Kind() == reflect.Pointer {
		leaf = leaf.Elem()
	}
	for leaf.Kind() == reflect.Slice || leaf.Kind() == reflect.Array {
		leaf, depth = leaf.Elem(), depth+1
	}
	if !supported(leaf, depth) {
		panic("spec: a config field of a type that TOML cannot fill: " + where)
	}
	if s, ok := f.Tag.Lookup("range"); ok {
		g.bounds = parseInterval(s, where)
	} else if leaf == durationType {
		g.bounds = parseInterval("[0s,inf)", where)
	}
	if s, ok := f.Tag.Lookup("len"); ok {
		g.length = parseInterval(s, where)
	}
	if s, ok := f.Tag.Lookup("enum"); ok {
		g.enum = strings.Split(s, "|")
	}
	g.required = f.Tag.Get("required") == "true"
	if g.bounds != nil && !numeric(leaf) || g.enum != nil && leaf.Kind() != reflect.String || g.length != nil && depth == 0 {
		panic("spec: a range, enum or len tag on a type that has none: " + where)
	}
	return g
}

func numeric(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64, reflect.Float64:
		return true
	}
	return false
}

func supported(leaf reflect.Type, depth int) bool {
	if leaf.Kind() == reflect.Struct {
		return depth == 0
	}
	return leaf.Kind() == reflect.String || leaf.Kind() == reflect.Bool || numeric(leaf)
}

func parseInterval(s, where string) *interval {
	bad := func() { panic("spec: a range or len tag that is not an interval such as (0,inf) or [1,8]: " + where) }
	lo, hi, ok := strings.Cut(s, ",")
	if !ok || len(lo) < 2 || len(hi) < 2 || !strings.ContainsRune("([", rune(lo[0])) || !strings.ContainsRune(")]", rune(hi[len(hi)-1])) {
		bad()
	}
	end := func(text string) float64 {
		text = strings.TrimSpace(text)
		if x, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(x) {
			return x
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			bad()
		}
		return float64(d)
	}
	r := &interval{loOpen: lo[0] == '(', hiOpen: hi[len(hi)-1] == ')', text: strings.ReplaceAll(strings.ReplaceAll(s, " ", ""), ",", ", ")}
	if r.lo, r.hi = end(lo[1:]), end(hi[:len(hi)-1]); !(r.lo <= r.hi) {
		bad()
	}
	return r
}

// typeName is the type of a field as the config reference has it.
func typeName(t reflect.Type) string {
	switch k := t.Kind(); {
	case t == durationType:
		return "duration"
	case k == reflect.Pointer:
		return typeName(t.Elem())
	case k == reflect.Slice || k == reflect.Array:
		return "list of " + typeName(t.Elem())
	case k == reflect.String:
		return "string"
	case k == reflect.Bool:
		return "boolean"
	case k == reflect.Float64:
		return "float"
	case k == reflect.Struct:
		return "table"
	}
	return "integer"
}

// allowed says what a value of type t may be under the tags of f.
func (f *field) allowed(t reflect.Type) string {
	in := ""
	if f.bounds != nil {
		in = " in " + f.bounds.text
	}
	switch k := t.Kind(); {
	case t == durationType:
		return `a duration such as "60s" or "100ms",` + in
	case k == reflect.Pointer:
		return f.allowed(t.Elem())
	case k == reflect.Slice || k == reflect.Array:
		s := "a list of " + strings.TrimPrefix(strings.TrimPrefix(plural(f.allowed(t.Elem())), "a "), "an ")
		if k == reflect.Array {
			s += fmt.Sprintf(", of length %d", t.Len())
		} else if f.length != nil {
			s += ", of length " + f.length.sizes()
		}
		return s
	case k == reflect.String && f.enum != nil:
		return `"` + strings.Join(f.enum, `", "`) + `"`
	case k == reflect.String:
		return "a string"
	case k == reflect.Bool:
		return "true or false"
	case k == reflect.Float64:
		return "a finite number" + in
	case k == reflect.Struct:
		return "a table"
	case k >= reflect.Uint && in == "":
		in = " in [0, inf)"
	}
	return "an integer" + in
}

func plural(s string) string {
	for _, noun := range []string{"number", "integer", "string", "list"} {
		if strings.Contains(s, noun) {
			return strings.Replace(s, noun, noun+"s", 1)
		}
	}
	return s
}

// A Field is one line of the config reference.
type Field struct {
	Key     string `json:"key"`
	Type    string `json:"type"`
	Default string `json:"default"`
	Allowed string `json:"allowed"`
	Unit    string `json:"unit"`
	Doc     string `json:"doc"`
}

// Fields returns the reference of a config struct (or a pointer to one) whose values are
// the defaults; keys of nested structs are dotted.
func Fields(v any) []Field {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	if rv.Kind() != reflect.Struct {
		panic("spec: Fields of something else than a struct")
	}
	return appendFields(nil, "", rv)
}

func appendFields(out []Field, prefix string, rv reflect.Value) []Field {
	fields := fieldsOf(rv.Type())
	for i := range fields {
		f := &fields[i]
		fv := rv.FieldByIndex(f.index)
		sub := f.typ
		if sub.Kind() == reflect.Pointer {
			if sub = sub.Elem(); sub.Kind() == reflect.Struct && fv.IsNil() {
				fv = reflect.New(sub)
			}
		}
		if sub.Kind() == reflect.Struct {
			out = appendFields(out, prefix+quoteKey(f.name)+".", reflect.Indirect(fv))
			continue
		}
		def := encodeValue(fv)
		if f.required {
			def = ""
		}
		out = append(out, Field{prefix + quoteKey(f.name), typeName(f.typ), def, f.allowed(f.typ), f.unit, f.doc})
	}
	return out
}
