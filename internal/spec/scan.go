package spec

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

const (
	maxSource = 16 << 20 // bytes
	maxDepth  = 32       // of nested values, and parts of a dotted key
)

// parseTree turns TOML source into a tree with places. The scanner finds keys and the
// extent of their values; the library is the judge of syntax and gives the values.
func parseTree(file string, src string) (*node, error) {
	if len(src) > maxSource {
		return nil, &Error{File: file, Found: fmt.Sprintf("a file of %d bytes", len(src)), Allowed: fmt.Sprintf("up to %d", maxSource)}
	}
	src = strings.TrimPrefix(src, "\ufeff")
	if i := invalidUTF8(src); i >= 0 {
		s := scanner{file: file, src: src}
		at := s.placeOf(i)
		return nil, &Error{File: file, Line: at.line, Col: at.col, Found: fmt.Sprintf("the byte 0x%02x", src[i]), Allowed: "UTF-8"}
	}
	s := scanner{file: file, src: src, line: 1}
	root := &node{kind: header, at: place{file: file}}
	scanErr := s.document(root)
	if scanErr != nil && scanErr != errSyntax {
		return nil, scanErr
	}
	values, err := decodeTOML(src)
	if err != nil {
		return nil, syntaxError(file, src, err)
	}
	if scanErr != nil { // the library lets some slips pass, such as """\\""""""
		at := s.placeOf(min(s.pos, len(src)))
		return nil, &Error{File: file, Line: at.line, Col: at.col, Found: syntaxMark + "unexpected text here"}
	}
	if attach(root, values) != nil {
		return nil, &Error{File: file, Found: "keys that two readers see differently", Allowed: "TOML 1.0"}
	}
	return root, nil
}

// decodeTOML guards against the library's own panics on odd input.
func decodeTOML(src string) (values map[string]any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	_, err = toml.Decode(src, &values)
	return values, err
}

// syntaxMark begins what Error.Found says about what the library refused.
const syntaxMark = "invalid TOML: "

func syntaxError(file, src string, err error) error {
	e := &Error{File: file, Found: syntaxMark + err.Error()}
	if p, ok := err.(toml.ParseError); ok {
		e.Found = syntaxMark + strings.TrimSpace(p.Message)
		s := scanner{file: file, src: src}
		at := s.placeOf(max(0, min(p.Position.Start, len(src))))
		e.Line, e.Col = at.line, at.col
		e.Key = p.LastKey
	}
	return e
}

// errSyntax says that the scanner cannot go on; the library explains why.
var errSyntax = fmt.Errorf("spec: syntax")

type scanner struct {
	file  string
	src   string
	pos   int
	line  int // of pos
	start int // of line
}

// document scans the whole source into root.
func (s *scanner) document(root *node) error {
	table := root
	for {
		s.blank(true)
		if s.pos == len(s.src) {
			return nil
		}
		var err error
		if s.src[s.pos] == '[' {
			table, err = s.header(root)
		} else {
			err = s.keyValue(table, 0)
		}
		if err != nil {
			return err
		}
		s.blank(false)
		if s.pos < len(s.src) && s.src[s.pos] != '\n' && s.src[s.pos] != '\r' {
			return errSyntax
		}
	}
}

// header scans [a.b] and returns its table.
func (s *scanner) header(root *node) (*node, error) {
	at := s.here()
	s.pos++
	array := s.peek() == '['
	if array {
		s.pos++
	}
	parts, err := s.keyParts()
	if err != nil {
		return nil, err
	}
	if s.peek() != ']' {
		return nil, errSyntax
	}
	s.pos++
	if array {
		key := JoinKey(names(parts)...)
		return nil, &Error{File: at.file, Line: at.line, Col: at.col, Key: key, Found: "an array of tables [[" + key + "]]",
			Allowed: "named tables", Hint: "write [" + key + "] or [" + key + ".NAME]"}
	}
	n := root
	for _, p := range parts[:len(parts)-1] {
		c := n.child(p.name)
		if c == nil {
			if c, err = n.add(p.name, implicit, p.at); err != nil {
				return nil, err
			}
		}
		if !c.isTable() || c.kind == inlineTab {
			return nil, closed(c, p.at)
		}
		n = c
	}
	last := parts[len(parts)-1]
	if c := n.child(last.name); c != nil && c.kind == implicit {
		c.kind, c.at = header, last.at
		return c, nil
	}
	return n.add(last.name, header, last.at)
}

// keyValue scans a.b = value into table.
func (s *scanner) keyValue(table *node, depth int) error {
	parts, err := s.keyParts()
	if err != nil {
		return err
	}
	if s.peek() != '=' {
		return errSyntax
	}
	s.pos++
	for _, p := range parts[:len(parts)-1] {
		c := table.child(p.name)
		if c == nil {
			if c, err = table.add(p.name, dotted, p.at); err != nil {
				return err
			}
		}
		if c.kind != dotted {
			return closed(c, p.at)
		}
		table = c
	}
	last := parts[len(parts)-1]
	n, err := table.add(last.name, scalar, last.at)
	if err != nil {
		return err
	}
	s.spaces()
	return s.value(n, depth)
}

// closed refuses to extend what an earlier line has finished.
func closed(c *node, at place) error {
	e := c.errorAt()
	e.Line, e.Col = at.line, at.col
	e.Found = "keys added to what is already a finished " + map[bool]string{true: "table", false: "value"}[c.isTable()] + " (" + c.at.first() + ")"
	e.Allowed = "each table in one piece"
	return e
}

// value scans the value of n: its kind, extent and children.
func (s *scanner) value(n *node, depth int) error {
	if depth > maxDepth {
		e := n.errorAt()
		e.Found, e.Allowed = "values nested too deeply", fmt.Sprintf("%d levels", maxDepth)
		return e
	}
	start := s.pos
	var err error
	switch s.peek() {
	case '"', '\'':
		err = s.skipString()
	case '[':
		n.kind = list
		err = s.elements(n, depth)
	case '{':
		n.kind = inlineTab
		err = s.inline(n, depth)
	default:
		for s.pos < len(s.src) && !strings.ContainsRune(",]}#\r\n", rune(s.src[s.pos])) {
			s.pos++
		}
	}
	n.raw = strings.TrimRight(s.src[start:s.pos], " \t")
	if n.raw == "" {
		return errSyntax
	}
	return err
}

// elements scans [a, b, …].
func (s *scanner) elements(n *node, depth int) error {
	s.pos++
	for {
		s.blank(true)
		if s.peek() == ']' {
			s.pos++
			return nil
		}
		c := &node{path: n.path, at: s.here()}
		if s.peek() == '{' {
			e := c.errorAt()
			e.Found, e.Allowed = "an array of tables", "named tables"
			e.Hint = "write [" + n.key() + ".NAME]"
			return e
		}
		if err := s.value(c, depth+1); err != nil {
			return err
		}
		n.children = append(n.children, c)
		if err := s.separator(']'); err != nil {
			return err
		}
	}
}

// inline scans {a = 1, b.c = 2}.
func (s *scanner) inline(n *node, depth int) error {
	s.pos++
	for {
		s.blank(true)
		if s.peek() == '}' {
			s.pos++
			return nil
		}
		if err := s.keyValue(n, depth+1); err != nil {
			return err
		}
		if err := s.separator('}'); err != nil {
			return err
		}
	}
}

// separator scans the comma after an element, if it is not the last.
func (s *scanner) separator(end byte) error {
	s.blank(true)
	switch s.peek() {
	case ',':
		s.pos++
		return nil
	case end:
		return nil
	}
	return errSyntax
}

// blank skips spaces and comments, and line ends too if asked.
func (s *scanner) blank(lines bool) {
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case ' ', '\t':
			s.pos++
		case '#':
			for s.pos < len(s.src) && s.src[s.pos] != '\n' {
				s.pos++
			}
		case '\r', '\n':
			if !lines {
				return
			}
			s.newline()
		default:
			return
		}
	}
}

func (s *scanner) spaces() {
	for s.peek() == ' ' || s.peek() == '\t' {
		s.pos++
	}
}

// newline passes one byte of a line end.
func (s *scanner) newline() {
	if s.src[s.pos] == '\n' {
		s.line++
		s.start = s.pos + 1
	}
	s.pos++
}

// skipString passes a string of any of the four kinds.
func (s *scanner) skipString() error {
	q := s.src[s.pos : s.pos+1]
	if triple := q + q + q; strings.HasPrefix(s.src[s.pos:], triple) {
		s.pos += 3
		for s.pos < len(s.src) {
			switch {
			case strings.HasPrefix(s.src[s.pos:], triple):
				s.pos += 3
				for range 2 { // up to two quotes may stand before the closing three
					if s.peek() == q[0] {
						s.pos++
					}
				}
				return nil
			case q == `"` && s.src[s.pos] == '\\' && s.pos+1 < len(s.src):
				s.pos++
				s.newline()
			default:
				s.newline()
			}
		}
		return errSyntax
	}
	for s.pos++; s.pos < len(s.src); s.pos++ {
		switch s.src[s.pos] {
		case q[0]:
			s.pos++
			return nil
		case '\\':
			if q == `"` && s.pos+1 < len(s.src) {
				s.pos++
			}
		case '\n':
			return errSyntax
		}
	}
	return errSyntax
}

type keyPart struct {
	name string
	at   place
}

func names(parts []keyPart) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = p.name
	}
	return out
}

// keyParts scans a dotted key and the spaces after it.
func (s *scanner) keyParts() ([]keyPart, error) {
	var parts []keyPart
	for {
		s.spaces()
		at, start := s.here(), s.pos
		var name string
		switch c := s.peek(); {
		case c == '"' || c == '\'':
			if err := s.skipString(); err != nil {
				return nil, err
			}
			quoted := s.src[start:s.pos]
			v, err := decodeTOML("k=" + quoted)
			if err != nil || strings.HasPrefix(quoted, `"""`) || strings.HasPrefix(quoted, "'''") {
				return nil, errSyntax
			}
			name, _ = v["k"].(string)
		default:
			for s.pos < len(s.src) && isBare(s.src[s.pos]) {
				s.pos++
			}
			if name = s.src[start:s.pos]; name == "" {
				return nil, errSyntax
			}
		}
		if parts = append(parts, keyPart{name, at}); len(parts) > maxDepth {
			return nil, &Error{File: at.file, Line: at.line, Col: at.col, Found: "a key of too many parts", Allowed: fmt.Sprintf("%d", maxDepth)}
		}
		s.spaces()
		if s.peek() != '.' {
			return parts, nil
		}
		s.pos++
	}
}

func isBare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.src) {
		return s.src[s.pos]
	}
	return 0
}

func (s *scanner) here() place {
	return place{s.file, s.line, 1 + utf8.RuneCountInString(s.src[s.start:s.pos])}
}

func (s *scanner) placeOf(offset int) place {
	before := s.src[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	return place{s.file, 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[start:])}
}

func invalidUTF8(s string) int {
	for i := 0; i < len(s); {
		r, w := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && w == 1 {
			return i
		}
		i += w
	}
	return -1
}

// attach gives the scanned nodes the library's values. A disagreement about what keys there
// are is an error: neither is to be trusted then.
func attach(n *node, v any) error {
	switch {
	case n.isTable():
		m, ok := v.(map[string]any)
		if !ok || len(m) != len(n.children) {
			return errSyntax
		}
		for _, c := range n.children {
			x, ok := m[c.name]
			if !ok {
				return errSyntax
			}
			if err := attach(c, x); err != nil {
				return err
			}
		}
	case n.kind == list:
		a, ok := v.([]any)
		if !ok || len(a) != len(n.children) {
			return errSyntax
		}
		for i, c := range n.children {
			if err := attach(c, a[i]); err != nil {
				return err
			}
		}
	default:
		switch v.(type) {
		case map[string]any, []any:
			return errSyntax
		}
		n.value = v
	}
	return nil
}

// JoinKey joins the parts of a dotted key, quoting those that need it.
func JoinKey(parts ...string) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(quoteKey(p))
	}
	return b.String()
}

func quoteKey(p string) string {
	for i := 0; i < len(p); i++ {
		if !isBare(p[i]) {
			return quoteString(p)
		}
	}
	if p == "" {
		return `""`
	}
	return p
}

// SplitKey parses a dotted key as TOML has it: a."b.c".d has three parts.
func SplitKey(key string) ([]string, error) {
	s := scanner{src: key, line: 1}
	parts, err := s.keyParts()
	if err != nil || s.pos != len(key) {
		return nil, &Error{File: "key", Found: fmt.Sprintf("%q", key), Allowed: "a dotted key such as trainer.generator.eta"}
	}
	return names(parts), nil
}
