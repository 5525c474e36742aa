package spec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// places lists every key and list element of a tree with its place and text.
func places(n *node, out *[]string) {
	for i, c := range n.children {
		label := c.key()
		if n.kind == list {
			label += fmt.Sprintf("[%d]", i)
		}
		raw := c.raw
		if c.isTable() {
			raw = "table"
		}
		*out = append(*out, fmt.Sprintf("%s %d:%d %s", label, c.at.line, c.at.col, raw))
		places(c, out)
	}
}

func TestPlaces(t *testing.T) {
	const src = "\ufeff# comment with [brackets] and = signs\r\n" +
		"  name = \"a # b\"  # c = 2\r\n" +
		"é = 1\n" // not valid TOML 1.0: see below
	if _, err := Parse("x.toml", []byte(src)); err == nil || !strings.HasPrefix(err.Error(), "x.toml:3:1: ") {
		t.Errorf("got %v", err)
	}
	root, err := parseTree("x.toml", strings.TrimSuffix(src, "é = 1\n")+`a.b . "c.d" = 0x1F
text = """
x = 1
[no]
\"""" # """
raw = '''
y = 'q'
''''' # two quotes before the end
bare.'k' = 'C:\'
[ t . "u v" ]
	deep = { x = 1, y.z = [ 1, 2 ], "é" = [ # comment ]
	  "s]", '#',

	  [ 3.5e-1 ] ], w = { } }
when = 1979-05-27 07:32:00
[sweep.grid]
"trainer.generator.eta" = [0.1]`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	places(root, &got)
	want := []string{
		`name 2:3 "a # b"`,
		`a 3:1 table`,
		`a.b 3:3 table`,
		`a.b."c.d" 3:7 0x1F`,
		"text 4:1 \"\"\"\nx = 1\n[no]\n\\\"\"\"\"",
		"raw 8:1 '''\ny = 'q'\n'''''",
		`bare 11:1 table`,
		`bare.k 11:6 'C:\'`,
		`t 12:3 table`,
		`t."u v" 12:7 table`,
		`t."u v".deep 13:2 table`,
		`t."u v".deep.x 13:11 1`,
		`t."u v".deep.y 13:18 table`,
		`t."u v".deep.y.z 13:20 [ 1, 2 ]`,
		`t."u v".deep.y.z[0] 13:26 1`,
		`t."u v".deep.y.z[1] 13:29 2`,
		"t.\"u v\".deep.\"é\" 13:34 [ # comment ]\n\t  \"s]\", '#',\n\n\t  [ 3.5e-1 ] ]",
		`t."u v".deep."é"[0] 14:4 "s]"`,
		`t."u v".deep."é"[1] 14:10 '#'`,
		`t."u v".deep."é"[2] 16:4 [ 3.5e-1 ]`,
		`t."u v".deep."é"[0] 16:6 3.5e-1`,
		`t."u v".deep.w 16:18 table`,
		`t."u v".when 17:1 1979-05-27 07:32:00`,
		`sweep 18:2 table`,
		`sweep.grid 18:8 table`,
		`sweep.grid."trainer.generator.eta" 19:1 [0.1]`,
		`sweep.grid."trainer.generator.eta"[0] 19:28 0.1`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for path, want := range map[string]any{
		"raw": "y = 'q'\n''", "text": "x = 1\n[no]\n\"", "name": "a # b", "bare.k": `C:\`, `a.b."c.d"`: int64(31),
	} {
		parts, _ := SplitKey(path)
		if got := root.find(parts).value; got != want {
			t.Errorf("%s = %q, want %q", path, got, want)
		}
	}
}

// Should the library and the scanner ever see different keys, neither is believed.
func TestAttachRefusesDisagreement(t *testing.T) {
	for _, values := range []map[string]any{
		{}, {"a": int64(1), "b": int64(2)}, {"b": int64(1)}, {"a": map[string]any{}}, {"a": []any{}},
	} {
		root := &node{kind: header}
		if _, err := root.add("a", scalar, place{}); err != nil {
			t.Fatal(err)
		}
		if attach(root, values) == nil {
			t.Errorf("%v accepted", values)
		}
	}
}

func TestSplitAndJoinKey(t *testing.T) {
	for _, parts := range [][]string{{"a"}, {"a", "b-c_1"}, {"", "a.b", "\"", "\\", "é\n\x00"}} {
		got, err := SplitKey(JoinKey(parts...))
		if err != nil || !cmp.Equal(got, parts) {
			t.Errorf("%q became %q, %v", parts, got, err)
		}
	}
	for _, bad := range []string{"", ".", "a.", "a b", "a=", "\"a", `"""a"""`, "a\n", "a#", "é", strings.Repeat("a.", 40) + "a"} {
		if parts, err := SplitKey(bad); err == nil {
			t.Errorf("%q became %q", bad, parts)
		}
	}
}

func TestDepthIsBounded(t *testing.T) {
	for name, src := range map[string]string{
		"lists":  "a = " + strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
		"tables": "a = " + strings.Repeat("{a=", 1000) + "1" + strings.Repeat("}", 1000),
		"keys":   strings.Repeat("a.", 1000) + "a = 1",
		"header": "[" + strings.Repeat("a.", 1000) + "a]",
		"open":   "a = " + strings.Repeat("[", 100000),
		"size":   strings.Repeat("#", maxSource+1),
	} {
		if _, err := Parse("x.toml", []byte(src)); err == nil || len(err.Error()) > 300 {
			t.Errorf("%s: %.400v", name, err)
		}
	}
}

func TestNearestName(t *testing.T) {
	valid := []string{"eta", "batch", "momentum", "checkpoint_every", "natural-momentum"}
	for name, want := range map[string]string{
		"eat": "eta", "Eta": "eta", "etta": "eta", "bacth": "batch", "momentun": "momentum", "momemtun": "momentum",
		"checkpoint_evry": "checkpoint_every", "chekpoint-every": "checkpoint_every", "natural_momentum": "natural-momentum",
		"x": "", "temperature": "", "": "", "pt": "", strings.Repeat("eta", 100): "",
	} {
		if got := NearestName(name, valid); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// What the scanner and the library both accept, they read alike, and every place is that of
// a key as it stands in the source. Written out, the document reads back as itself.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "seed = 1\n", "a.b.\"c.d\" = [1, [2.5, \"x\"], '''y''']\n[t.u]\nv = {w = 1, x.y = 2}\n",
		"[sweep.grid]\n\"a.b\" = {linspace = [0, 1, 5]}\nc = [true, false]\n[sweep.zip]\nd = [1]\ne = ['x']\n",
		"a = \"\"\"\\\n  \\\"\"\"\"\"\nb = ''''''\n", "x = 1979-05-27T07:32:00Z # y\r\n", "[[a]]\n", "a = 1\nA = 2", "\"\\u00e9\" = -0.0",
		"a = {b = 1,\n c = 2, # d\n}\n", "a = 1_000\nb = 0xff\nc = inf", "[a]\n[a.b]\nc.d = 1\n[a.b.e]\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		d, err := Parse("x.toml", []byte(src))
		if err != nil {
			e := err.(*Error)
			if strings.Contains(e.Found, "two readers") {
				t.Fatalf("%v", err)
			}
			if strings.ContainsAny(err.Error(), "\n\r") || len(err.Error()) > 8000 {
				t.Fatalf("%q", err)
			}
			return
		}
		checkPlaces(t, d.root, strings.Split(strings.TrimPrefix(src, "\ufeff"), "\n"))
		points, err := d.Points()
		if err != nil {
			return
		}
		for _, p := range points[:min(len(points), 3)] {
			_ = p.Label()
			if at, err := d.With(p); err == nil {
				roundTrip(t, at)
			}
		}
		roundTrip(t, d)
	})
}

func checkPlaces(t *testing.T, n *node, lines []string) {
	for _, c := range n.children {
		at := []rune(lines[c.at.line-1])[c.at.col-1:]
		if n.kind != list {
			if text := string(at); !strings.HasPrefix(text, c.name) && text[0] != '"' && text[0] != '\'' {
				t.Fatalf("%s is not at %d:%d", c.key(), c.at.line, c.at.col)
			}
		} else if first, _, _ := strings.Cut(c.raw, "\n"); !strings.HasPrefix(string(at), first) {
			t.Fatalf("%s: element %q is not at %d:%d", c.key(), c.raw, c.at.line, c.at.col)
		}
		checkPlaces(t, c, lines)
	}
}

func roundTrip(t *testing.T, d *Doc) {
	one := d.Resolved()
	again, err := Parse("resolved.toml", []byte(one))
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, one)
	}
	if two := again.Resolved(); two != one {
		t.Fatalf("first\n%s\nthen\n%s", one, two)
	}
}
