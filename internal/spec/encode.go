package spec

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// encodeValue writes a decoded value as canonical TOML, "" for a nil pointer.
func encodeValue(v reflect.Value) string {
	switch k := v.Kind(); {
	case v.Type() == durationType:
		return quoteString(formatDuration(time.Duration(v.Int())))
	case k == reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		return encodeValue(v.Elem())
	case k == reflect.Slice || k == reflect.Array:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = encodeValue(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case k == reflect.String:
		return quoteString(v.String())
	case k == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case k == reflect.Float64:
		return formatFloat(v.Float())
	case k >= reflect.Uint && k <= reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10)
	}
	return strconv.FormatInt(v.Int(), 10)
}

// encodeNode writes a value that nothing has decoded as canonical TOML.
func encodeNode(n *node) string {
	switch {
	case n.isTable():
		parts := make([]string, len(n.children))
		for i, c := range n.children {
			parts[i] = quoteKey(c.name) + " = " + encodeNode(c)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case n.kind == list:
		parts := make([]string, len(n.children))
		for i, c := range n.children {
			parts[i] = encodeNode(c)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	switch v := n.value.(type) {
	case string:
		return quoteString(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return formatFloat(v)
	case bool:
		return strconv.FormatBool(v)
	}
	return n.raw // dates: no field takes one
}

// formatFloat writes the shortest digits that round-trip, always recognisable as a float.
func formatFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	switch s {
	case "NaN":
		return "nan"
	case "+Inf":
		return "inf"
	case "-Inf":
		return "-inf"
	}
	if strings.ContainsAny(s, ".e") {
		return s
	}
	return s + ".0"
}

// formatDuration drops the zero units of Duration.String: 1h rather than 1h0m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// quoteString writes a TOML basic string.
func quoteString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
