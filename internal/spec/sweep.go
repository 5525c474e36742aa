package spec

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// MaxPoints is the largest sweep that Points expands.
const MaxPoints = 1_000_000

// A Setting is a dotted key and a value in canonical TOML.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// A Point is one combination of a sweep.
type Point []Setting

// Label returns the point as "trainer.eta=0.1,trainer.optimizer=sgd", "" for no sweep.
func (p Point) Label() string {
	parts := make([]string, len(p))
	for i, s := range p {
		value := s.Value
		if n, err := parseValue("", []string{"v"}, value); err == nil {
			if text, ok := n.value.(string); ok && plainWord(text) {
				value = text
			}
		}
		parts[i] = s.Key + "=" + value
	}
	return strings.Join(parts, ",")
}

// plainWord reports whether a string is clear in a label without its quotes.
func plainWord(s string) bool {
	return bareWord.MatchString(s) && s != "true" && s != "false" && s != "inf" && s != "nan"
}

// An axis is one swept key.
type axis struct {
	key    string
	values []string
	node   *node
	zip    bool
}

// Points expands [sweep.grid], the outer product of its keys in file order, the last
// fastest, and [sweep.zip], keys that advance together and faster than the grid. Values are
// lists, {linspace = [a, b, n]} or {logspace = [a, b, n]}: n values from a to b, both
// included, evenly spaced in value or in logarithm, rounded to 14 significant digits (a and
// b are values, not exponents; linspace between integers gives integers where all are).
// Without a sweep there is one empty Point.
func (d *Doc) Points() ([]Point, error) {
	axes, err := d.axes()
	if err != nil {
		return nil, err
	}
	total, zipped := 1, -1
	var grid []axis
	var zip []axis
	for _, a := range axes {
		if a.zip {
			zip = append(zip, a)
			zipped = len(a.values)
			continue
		}
		grid = append(grid, a)
		if total *= len(a.values); total > MaxPoints {
			return nil, tooMany(a.node)
		}
	}
	if zipped >= 0 {
		if total *= zipped; total > MaxPoints {
			return nil, tooMany(zip[0].node)
		}
	}
	points := make([]Point, total)
	for i := range points {
		p, rest := make(Point, len(axes)), i
		if zipped >= 0 {
			for j, a := range zip {
				p[len(grid)+j] = Setting{a.key, a.values[rest%zipped]}
			}
			rest /= zipped
		}
		for j := len(grid) - 1; j >= 0; j-- {
			a := grid[j]
			p[j] = Setting{a.key, a.values[rest%len(a.values)]}
			rest /= len(a.values)
		}
		points[i] = p
	}
	return points, nil
}

func tooMany(n *node) error {
	e := n.errorAt()
	e.Found, e.Allowed = "a sweep of too many points", fmt.Sprintf("%d", MaxPoints)
	return e
}

// axes returns the swept keys, grid first, then zip; once read, they are kept.
func (d *Doc) axes() ([]axis, error) {
	if d.swept == nil {
		axes, err := d.readAxes()
		if err != nil {
			return nil, err
		}
		d.swept = make(map[string]place, len(axes))
		for _, a := range axes {
			d.swept[a.key] = a.node.at
		}
		d.sweep = axes
	}
	return d.sweep, nil
}

// readAxes reads the sweep tables strictly.
func (d *Doc) readAxes() ([]axis, error) {
	sweep := d.root.child("sweep")
	if sweep == nil {
		return nil, nil
	}
	if !sweep.isTable() {
		e := sweep.errorAt()
		e.Found, e.Allowed = sweep.describe(), "the tables [sweep.grid] and [sweep.zip]"
		return nil, e
	}
	var axes []axis
	for _, c := range sweep.children {
		if c.name != "grid" && c.name != "zip" {
			e := c.errorAt()
			e.Found, e.Allowed = "an unknown key", "the tables [sweep.grid] and [sweep.zip]"
			e.Hint = didYouMean(c.name, []string{"grid", "zip"})
			return nil, e
		}
		if !c.isTable() {
			e := c.errorAt()
			e.Found, e.Allowed = c.describe(), "a table of swept keys"
			return nil, e
		}
		var err error
		if axes, err = collect(axes, c, nil, c.name == "zip"); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(axes, func(a, b axis) int { return boolInt(a.zip) - boolInt(b.zip) })
	for _, a := range axes {
		if err := d.overridden(a); err != nil {
			return nil, err
		}
	}
	return axes, checkAxes(axes)
}

// overridden refuses a --set of a key that the file sweeps: the sweep would win.
func (d *Doc) overridden(a axis) error {
	path, _ := SplitKey(a.key)
	n := d.root.find(path)
	if n == nil || n.at.line > 0 || a.node.at.line == 0 {
		return nil
	}
	e := n.errorAt()
	e.Found, e.Allowed = fmt.Sprintf("a value for a key that is swept (%s:%d)", a.node.at.file, a.node.at.line), "a key that is not"
	e.Hint = "set " + JoinKey("sweep", map[bool]string{false: "grid", true: "zip"}[a.zip], a.key) + "=[…] instead"
	return e
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// collect appends the axes below a sweep table. A key in quotes is dotted; tables in it
// (keys without quotes) mean the same.
func collect(axes []axis, n *node, prefix []string, zip bool) ([]axis, error) {
	for _, c := range n.children {
		parts, err := SplitKey(c.name)
		if err != nil {
			e := c.errorAt()
			e.Found, e.Allowed = fmt.Sprintf("the swept key %q", c.name), "a dotted key such as \"trainer.generator.eta\""
			return nil, e
		}
		path := append(prefix[:len(prefix):len(prefix)], parts...)
		if c.isTable() && c.child("linspace") == nil && c.child("logspace") == nil && len(c.children) > 0 {
			if axes, err = collect(axes, c, path, zip); err != nil {
				return nil, err
			}
			continue
		}
		a := axis{key: JoinKey(path...), node: c, zip: zip}
		if path[0] == "sweep" {
			e := c.errorAt()
			e.Found, e.Allowed = "a sweep of the sweep", "keys of other tables"
			return nil, e
		}
		if a.values, err = axisValues(c); err != nil {
			return nil, err
		}
		axes = append(axes, a)
	}
	return axes, nil
}

// checkAxes refuses keys that are swept twice or contain one another, zipped lists of
// different lengths, and repeated points.
func checkAxes(axes []axis) error {
	var zip []axis
	for i, a := range axes {
		for _, b := range axes[:i] {
			if strings.EqualFold(a.key, b.key) || strings.HasPrefix(a.key, b.key+".") || strings.HasPrefix(b.key, a.key+".") {
				e := a.node.errorAt()
				e.Found, e.Allowed = fmt.Sprintf("sweeps of %s and of %s (%s)", a.key, b.key, b.node.at.first()), "one sweep of each key"
				return e
			}
		}
		if a.zip {
			zip = append(zip, a)
			if len(a.values) != len(zip[0].values) {
				e := a.node.errorAt()
				e.Found = fmt.Sprintf("%d values", len(a.values))
				e.Allowed = fmt.Sprintf("%d, as for %s (%s): zipped keys advance together", len(zip[0].values), zip[0].key, zip[0].node.at.first())
				return e
			}
			continue
		}
		if err := distinct(len(a.values), a.node, func(i int) string { return a.values[i] }); err != nil {
			return err
		}
	}
	if len(zip) == 0 {
		return nil
	}
	return distinct(len(zip[0].values), zip[0].node, func(i int) string {
		parts := make([]string, len(zip))
		for j, a := range zip {
			parts[j] = a.values[i]
		}
		return strings.Join(parts, ", ")
	})
}

func distinct(n int, at *node, text func(int) string) error {
	seen := make(map[string]bool, n)
	for i := range n {
		if t := text(i); seen[t] {
			e := at.errorAt()
			e.Found, e.Allowed = "the value "+clip(t)+" again", "each value once"
			return e
		} else {
			seen[t] = true
		}
	}
	return nil
}

// axisValues returns the values of one swept key.
func axisValues(n *node) ([]string, error) {
	const allowed = "a list, {linspace = [a, b, n]} or {logspace = [a, b, n]}"
	refuse := func(at *node, found string) ([]string, error) {
		e := at.errorAt()
		e.Found, e.Allowed = found, allowed
		return nil, e
	}
	if n.kind == list {
		if len(n.children) == 0 {
			return refuse(n, "an empty list")
		}
		values := make([]string, len(n.children))
		for i, c := range n.children {
			values[i] = encodeNode(c)
		}
		return values, nil
	}
	if !n.isTable() {
		return refuse(n, n.describe())
	}
	if len(n.children) != 1 {
		return refuse(n, fmt.Sprintf("a table of %d keys", len(n.children)))
	}
	c := n.children[0]
	if c.name != "linspace" && c.name != "logspace" {
		return refuse(c, "an unknown key")
	}
	return spaced(c, c.name == "logspace")
}

// spaced expands linspace and logspace.
func spaced(n *node, log bool) ([]string, error) {
	refuse := func(found, allowed string) ([]string, error) {
		e := n.errorAt()
		e.Found, e.Allowed = found, allowed
		return nil, e
	}
	if n.kind != list || len(n.children) != 3 {
		return refuse(n.describe()+" "+clip(n.raw), "[a, b, n]")
	}
	a, okA := number(n.children[0])
	b, okB := number(n.children[1])
	count, okN := n.children[2].value.(int64)
	if !okA || !okB {
		return refuse(clip(n.raw), "finite numbers a and b")
	}
	if !okN || count < 2 || count > MaxPoints {
		return refuse(clip(n.raw), fmt.Sprintf("an integer n in [2, %d]", MaxPoints))
	}
	if log && (a <= 0 || b <= 0) {
		return refuse(clip(n.raw), "positive a and b (values, not exponents)")
	}
	ia, intA := n.children[0].value.(int64)
	ib, intB := n.children[1].value.(int64)
	if whole := intA && intB && math.Abs(a) < 1<<52 && math.Abs(b) < 1<<52; whole && !log && (ib-ia)%(count-1) == 0 {
		values := make([]string, count)
		for i := range values {
			values[i] = strconv.FormatInt(ia+(ib-ia)/(count-1)*int64(i), 10)
		}
		return values, nil
	}
	values := make([]string, count)
	for i := range values {
		values[i] = formatFloat(between(a, b, i, int(count-1), log))
	}
	return values, nil
}

// between returns value i of 0…n from a to b. Rounding to 14 digits makes 0.3 of
// 0.30000000000000004, and the same of every platform's logarithm.
func between(a, b float64, i, n int, log bool) float64 {
	switch i {
	case 0:
		return a
	case n:
		return b
	}
	u, w := float64(n-i)/float64(n), float64(i)/float64(n)
	var x float64
	if log {
		x = math.Exp(float64(u*math.Log(a)) + float64(w*math.Log(b)))
	} else {
		x = float64(u*a) + float64(w*b)
		if math.Abs(x) < 1e-15*max(math.Abs(a), math.Abs(b)) {
			x = 0
		}
	}
	r, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 13, 64), 64)
	return r
}

func number(n *node) (float64, bool) {
	switch x := n.value.(type) {
	case int64:
		return float64(x), true
	case float64:
		return x, !math.IsNaN(x) && !math.IsInf(x, 0)
	}
	return 0, false
}

// Narrow reduces the sweep to one of its points: each swept key keeps the one value.
func (d *Doc) Narrow(p Point) error {
	axes, err := d.axes()
	if err != nil {
		return err
	}
	for _, a := range axes {
		for _, s := range p {
			if s.Key == a.key {
				table := map[bool]string{false: "grid", true: "zip"}[a.zip]
				if err := d.Set(JoinKey("sweep", table, a.key), "["+s.Value+"]"); err != nil {
					return err
				}
			}
		}
	}
	d.sweep, d.swept = nil, nil
	return nil
}

// With returns a copy of the document with the point's values set and the sweep removed;
// errors about such a value cite the line of its sweep. Once Points has returned, several
// goroutines may call With.
func (d *Doc) With(p Point) (*Doc, error) {
	if _, err := d.axes(); err != nil {
		return nil, err
	}
	root := d.root.copy("sweep")
	for _, s := range p {
		where, ok := d.swept[s.Key]
		if !ok {
			where = place{file: "sweep of " + s.Key}
		}
		parts, err := SplitKey(s.Key)
		if err != nil {
			return nil, err
		}
		v, err := parseValue(where.file, parts, s.Value)
		if err != nil {
			return nil, err
		}
		if err := root.set(parts, v, where, true); err != nil {
			return nil, err
		}
	}
	return newDoc(d.file, root), nil
}
