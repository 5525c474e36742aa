package spec

import (
	"fmt"
	"strings"
)

// A place in a file, or an origin without one (`--set a.b`).
type place struct {
	file      string
	line, col int
}

type kind int

const (
	scalar    kind = iota
	list           // children are the elements, without names
	header         // [a.b], or its root
	implicit       // a in [a.b]
	dotted         // a in a.b = 1
	inlineTab      // {…}
)

// A node is a key of the document, or an element of a list. Names and places never change
// once the document is parsed; With copies.
type node struct {
	name     string
	path     []string // from the root, name included
	kind     kind
	at       place  // of the key, or of a list's element
	raw      string // the value as written
	value    any    // of a scalar: string, int64, float64, bool, time.Time
	children []*node
	byFold   map[string]*node // children of a table by lower-cased name
	used     bool             // something decoded it
	swept    bool             // its value comes from a sweep point
}

func (n *node) isTable() bool { return n.kind >= header }

func (n *node) key() string { return JoinKey(n.path...) }

// child returns the child of that exact name, or nil.
func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	if c := n.byFold[strings.ToLower(name)]; c != nil && c.name == name {
		return c
	}
	return nil
}

// find returns the node at a path, or nil.
func (n *node) find(path []string) *node {
	for _, p := range path {
		n = n.child(p)
	}
	return n
}

// add appends a child to a table, refusing a name that is there already, by case too.
func (n *node) add(name string, k kind, at place) (*node, error) {
	c := &node{name: name, path: append(n.path[:len(n.path):len(n.path)], name), kind: k, at: at}
	fold := strings.ToLower(name)
	if old := n.byFold[fold]; old != nil {
		e := c.errorAt()
		if old.name == name {
			e.Found, e.Allowed = "a second definition ("+old.at.first()+")", "each key once"
		} else {
			e.Found, e.Allowed = fmt.Sprintf("a name that differs only by case from %q (%s)", old.name, old.at.first()), "one of the two; names are case-exact"
		}
		return nil, e
	}
	if n.byFold == nil {
		n.byFold = make(map[string]*node)
	}
	n.byFold[fold] = c
	n.children = append(n.children, c)
	return c, nil
}

func (p place) first() string {
	if p.line == 0 || strings.HasPrefix(p.file, "--set ") {
		return "first in " + p.file
	}
	return fmt.Sprintf("first at line %d", p.line)
}

// copy returns a deep copy, without the child of a name, on which nothing is decoded yet.
func (n *node) copy(without string) *node {
	c := *n
	c.used = false
	c.children = nil
	if n.byFold != nil {
		c.byFold = make(map[string]*node, len(n.children))
	}
	for _, x := range n.children {
		if x.name == without && without != "" {
			continue
		}
		y := x.copy("")
		c.children = append(c.children, y)
		if n.byFold != nil {
			c.byFold[strings.ToLower(y.name)] = y
		}
	}
	return &c
}

func (n *node) errorAt() *Error {
	return &Error{File: n.at.file, Line: n.at.line, Col: n.at.col, Key: n.key()}
}

// describe says what a node holds, for error messages.
func (n *node) describe() string {
	if n.isTable() {
		return "a table"
	}
	if n.kind == list {
		return "a list"
	}
	raw := clip(n.raw)
	switch n.value.(type) {
	case string:
		return "the string " + raw
	case int64:
		return "the integer " + raw
	case float64:
		return "the float " + raw
	case bool:
		return raw
	}
	return "the date or time " + raw
}

// clip shortens what a message quotes.
func clip(s string) string { return clipTo(s, 60) }

func clipTo(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + "…"
}
