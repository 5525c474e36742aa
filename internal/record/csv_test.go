package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var sample = Schema{Name: "trace", Doc: "a test <&>", Columns: []Column{
	{Name: "task", Doc: "label", Type: String},
	{Name: "step", Unit: "1", Doc: "step", Type: Int},
	{Name: "value", Unit: "k_B T", Doc: "value", Type: Float},
	{Name: "ok", Doc: "flag", Type: Bool},
}}

func write(t *testing.T, s Schema, rows func(w *Writer)) string {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, s)
	rows(w)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriterBytes(t *testing.T) {
	got := write(t, sample, func(w *Writer) {
		for _, r := range []struct {
			s string
			i int
			f float64
			b bool
		}{
			{"plain", 0, 0, false}, {"a,b", -3, 0.1, true}, {`say "x"`, math.MaxInt64, 1e21, true}, {"two\nlines", math.MinInt64, -1e-5, false},
			{"", 1, math.MaxFloat64, true}, {" x ", 2, math.SmallestNonzeroFloat64, true}, {"é", 3, math.Copysign(0, -1), true}, {"y", 4, 1.0 / 3, true},
		} {
			w.String(r.s)
			w.Int(r.i)
			w.Float(r.f)
			w.Bool(r.b)
			if err := w.EndRow(); err != nil {
				t.Fatal(err)
			}
		}
		w.Empty()
		w.Uint(math.MaxUint64)
		w.Empty()
		w.Empty()
		if err := w.EndRow(); err != nil {
			t.Fatal(err)
		}
		if w.Rows() != 9 {
			t.Errorf("%d rows", w.Rows())
		}
	})
	const want = `task,step,value,ok
plain,0,0,false
"a,b",-3,0.1,true
"say ""x""",9223372036854775807,1e+21,true
"two
lines",-9223372036854775808,-1e-05,false
"",1,1.7976931348623157e+308,true
" x ",2,5e-324,true
é,3,-0,true
y,4,0.3333333333333333,true
,18446744073709551615,,
`
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWriterRefusesWhatIsNotANumber(t *testing.T) {
	for f, want := range map[float64]string{math.NaN(): "NaN", math.Inf(1): "+Inf", math.Inf(-1): "-Inf"} {
		var b bytes.Buffer
		w := NewWriter(&b, sample)
		row := func(f float64) error {
			w.String("a")
			w.Int(1)
			w.Float(f)
			w.Bool(true)
			return w.EndRow()
		}
		if err := row(1.5); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		line := `table "trace", row 2, column "value": found ` + want + `; allowed: a finite number or an empty cell`
		for _, err := range []error{row(f), row(1), w.Flush()} {
			if err == nil || err.Error() != line {
				t.Errorf("got %v, want %s", err, line)
			}
		}
		if got := b.String(); got != "task,step,value,ok\na,1,1.5,true\n" {
			t.Errorf("wrote %q", got)
		}
	}
	w := NewWriter(io.Discard, sample)
	w.String("a\r\nb")
	w.Int(1)
	w.Float(1)
	w.Bool(true)
	if err := w.EndRow(); err == nil || !strings.Contains(err.Error(), `row 1, column "task"`) {
		t.Error(err)
	}
}

func TestWriterMistakesPanic(t *testing.T) {
	for name, f := range map[string]func(w *Writer){
		"wrong type": func(w *Writer) { w.Int(1) },
		"float as integer": func(w *Writer) {
			w.Empty()
			w.Float(1)
		},
		"integer as float": func(w *Writer) {
			w.Empty()
			w.Empty()
			w.Int(1)
		},
		"too few": func(w *Writer) { w.Empty(); _ = w.EndRow() },
		"too many": func(w *Writer) {
			for range 5 {
				w.Empty()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "record: ") {
					t.Errorf("panic %v", s)
				}
			}()
			f(NewWriter(io.Discard, sample))
		})
	}
}

// Only whole rows leave the writer, whenever it is flushed.
func TestFlushWithinARow(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b, Schema{Name: "x", Columns: []Column{{Name: "x", Type: Int}, {Name: "y", Type: Int}}})
	for i, want := range []string{"x,y\n", "x,y\n0,0\n", "x,y\n0,0\n1,1\n"} {
		w.Int(i)
		if err := w.Flush(); err != nil || b.String() != want {
			t.Errorf("%q, %v; want %q", b.String(), err, want)
		}
		w.Int(i)
		if err := w.EndRow(); err != nil {
			t.Fatal(err)
		}
	}
}

type brokenWriter struct{ room int }

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, errors.New("no space")
	}
	return len(p), nil
}

// The first error stays, and rows are whole: nothing is written after it.
func TestWriterPassesOnErrors(t *testing.T) {
	w := NewWriter(&brokenWriter{room: 3 * flushAt}, Schema{Name: "x", Columns: []Column{{Name: "x", Type: Int}}})
	var err error
	for i := 0; err == nil && i < 1e6; i++ {
		w.Int(i)
		err = w.EndRow()
	}
	if err == nil || w.EndRow() != err || w.Flush() != err {
		t.Errorf("%v, %v", err, w.Flush())
	}
}

func TestSchemaValidate(t *testing.T) {
	for want, columns := range map[string][]Column{
		`table "x": found no columns; allowed: one or more`:                        nil,
		`table "x": found columns 1 and 3 both named "a"; allowed: each name once`: {{Name: "a"}, {Name: "b"}, {Name: "a"}},
		`table "x": found column 2 named ""; allowed: a name on one line`:          {{Name: "a"}, {}},
		"table \"x\": found column 1 named \"a\\nb\"; allowed: a name on one line": {{Name: "a\nb"}},
	} {
		s := Schema{Name: "x", Columns: columns}
		if err := s.Validate(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := NewWriter(io.Discard, s).Flush(); err == nil || err.Error() != want {
			t.Errorf("writer: got %v, want %s", err, want)
		}
		if _, err := CreateCSV(filepath.Join(t.TempDir(), "x.csv"), s); err == nil {
			t.Error("created")
		}
		if _, err := NewReader(strings.NewReader("a\n"), "x.csv", s); err == nil {
			t.Error("read")
		}
	}
}

func TestNoAllocationPerRow(t *testing.T) {
	w := NewWriter(io.Discard, sample)
	if n := testing.AllocsPerRun(10000, func() {
		w.String("a,b")
		w.Int(12345)
		w.Float(0.1234567890123)
		w.Bool(true)
		_ = w.EndRow()
	}); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func readAll(src string, s Schema) ([][]string, error) {
	r, err := NewReader(strings.NewReader(src), "x.csv", s)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for {
		row, err := r.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, append([]string(nil), row...))
	}
}

// Whatever is written reads back as it was.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type row struct {
			S     string
			I     int
			F     float64
			B     bool
			Empty [4]bool
		}
		text := rapid.String().Filter(func(s string) bool { return !strings.Contains(s, "\r") })
		finite := rapid.Float64().Filter(func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) })
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) row {
			return row{text.Draw(t, "s"), rapid.Int().Draw(t, "i"), finite.Draw(t, "f"), rapid.Bool().Draw(t, "b"),
				[4]bool{false, rapid.Bool().Draw(t, "e1"), rapid.Bool().Draw(t, "e2"), rapid.Bool().Draw(t, "e3")}}
		}), 0, 5).Draw(t, "rows")
		var b bytes.Buffer
		w := NewWriter(&b, sample)
		for _, r := range rows {
			for i, f := range []func(){func() { w.String(r.S) }, func() { w.Int(r.I) }, func() { w.Float(r.F) }, func() { w.Bool(r.B) }} {
				if r.Empty[i] {
					f = w.Empty
				}
				f()
			}
			if err := w.EndRow(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		reader, err := NewReader(&b, "x.csv", sample)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			cells, err := reader.Read()
			if err != nil {
				t.Fatal(err)
			}
			if cells[0] != r.S || reader.Empty(1) != r.Empty[1] || reader.Empty(2) != r.Empty[2] || reader.Empty(3) != r.Empty[3] {
				t.Fatalf("%q from %+v", cells, r)
			}
			if !r.Empty[1] && reader.Int(1) != r.I || !r.Empty[3] && cells[3] != strconv.FormatBool(r.B) {
				t.Fatalf("%q from %+v", cells, r)
			}
			if !r.Empty[2] && math.Float64bits(reader.Float(2)) != math.Float64bits(r.F) {
				t.Fatalf("%q from %+v", cells, r)
			}
		}
		if _, err := reader.Read(); err != io.EOF {
			t.Fatal(err)
		}
	})
}

// A table of one column has rows without a value too.
func TestEmptyRowOfOneColumn(t *testing.T) {
	s := Schema{Name: "x", Columns: []Column{{Name: "x", Type: Float}}}
	src := write(t, s, func(w *Writer) {
		for range 2 {
			w.Empty()
			_ = w.EndRow()
		}
	})
	if rows, err := readAll(src, s); err != nil || len(rows) != 2 {
		t.Errorf("%q: %q, %v", src, rows, err)
	}
}

func TestReaderRefusals(t *testing.T) {
	const head = "task,step,value,ok\n"
	for _, c := range []struct{ src, want string }{
		{"", `x.csv: found an empty file; allowed: a table with the header task,step,value,ok`},
		{"task,step,value\n", `x.csv:1: found the header task,step,value; allowed: task,step,value,ok`},
		{"task,step,value,ok,more\n", `x.csv:1: found the header task,step,value,ok,more; allowed: task,step,value,ok`},
		{"task,step,value,OK\n", `x.csv:1: found the header task,step,value,OK; allowed: task,step,value,ok`},
		{"task,step,value,ok", `x.csv:1: found a last line without its end: the file was cut short; allowed: whole lines`},
		{head + "a,1,1.5,true\na,2,2.5\n", `x.csv:3: found 3 cells; allowed: 4`},
		{head + "a,1,1.5,true,\n", `x.csv:2: found 5 cells; allowed: 4`},
		{head + "a,1.0,1.5,true\n", `x.csv:2:3: column "step": found "1.0"; allowed: an integer or an empty cell`},
		{head + "a,1,NaN,true\n", `x.csv:2:5: column "value": found "NaN"; allowed: a finite number or an empty cell`},
		{head + "a,1,+Inf,true\n", `x.csv:2:5: column "value": found "+Inf"; allowed: a finite number or an empty cell`},
		{head + "a,1,1e999,true\n", `x.csv:2:5: column "value": found "1e999"; allowed: a finite number or an empty cell`},
		{head + "a,1,0x1p-2,true\n", `x.csv:2:5: column "value": found "0x1p-2"; allowed: a finite number or an empty cell`},
		{head + "a,1,1,True\n", `x.csv:2:7: column "ok": found "True"; allowed: true, false or an empty cell`},
		{head + "a,1,1.5,true\n\"b\nc\",x,1,true\n", `x.csv:4:4: column "step": found "x"; allowed: an integer or an empty cell`},
		{head + "a,1,1.5,true\nb,2,2", `x.csv:3: found 3 cells; allowed: 4`},
		{head + "a,1,1.5,true\nb,2,2,true", `x.csv:3: found a last line without its end: the file was cut short; allowed: whole lines`},
		{head + "a,1,1.5,true\n\"b,2,2,true\n", `x.csv:3:13: found broken quoting (extraneous or missing " in quoted-field); allowed: CSV as RFC 4180 has it`},
		{head + "a\"b,1,1.5,true\n", `x.csv:2:2: found broken quoting (bare " in non-quoted-field); allowed: CSV as RFC 4180 has it`},
	} {
		_, err := readAll(c.src, sample)
		if err == nil || err.Error() != c.want {
			t.Errorf("%q\ngot  %v\nwant %s", c.src, err, c.want)
		}
	}
}

// A file cut anywhere but between two rows is refused.
func TestTruncation(t *testing.T) {
	src := write(t, sample, func(w *Writer) {
		for i, s := range []string{"a", "x\ny", "\"", "é,"} {
			w.String(s)
			w.Int(i)
			w.Float(float64(i) / 3)
			w.Bool(i%2 == 0)
			_ = w.EndRow()
		}
	})
	for n := range src {
		rows, err := readAll(src[:n], sample)
		if whole := strings.HasSuffix(src[:n], "\n") && strings.Count(src[:n], `"`)%2 == 0; whole != (err == nil) {
			t.Errorf("the first %d bytes: %q, %v", n, rows, err)
		}
	}
}

func TestCreateCSV(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "trace.csv")
	f, err := CreateCSV(path, sample)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	f.String("a")
	f.Int(1)
	f.Float(2)
	f.Bool(true)
	if err := f.EndRow(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("there before Commit")
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if rows, err := ReadCSV(path, sample); err != nil || !cmp.Equal(rows, [][]string{{"a", "1", "2", "true"}}) {
		t.Errorf("%q, %v", rows, err)
	}
	if _, err := ReadCSV(filepath.Join(dir, "none.csv"), sample); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	var meta struct {
		URL     string
		Columns struct{} `json:"-"`
		Schema  struct {
			Columns []map[string]string
		} `json:"tableSchema"`
	}
	data, err := os.ReadFile(filepath.Join(dir, "trace.csv-metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &meta); err != nil || meta.URL != "trace.csv" || len(meta.Schema.Columns) != 4 {
		t.Errorf("%v\n%s", err, data)
	}
	want := map[string]string{"name": "value", "titles": "value", "datatype": "double", "unit": "k_B T", "description": "value"}
	if d := cmp.Diff(want, meta.Schema.Columns[2]); d != "" {
		t.Error(d)
	}
	if !bytes.Contains(data, []byte("<&>")) || data[len(data)-1] != '\n' {
		t.Errorf("%s", data)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(names) != 2 {
		t.Errorf("%q", names)
	}
}

// The sidecar's bytes are public behaviour.
func TestMetadataBytes(t *testing.T) {
	s := Schema{Name: "x", Doc: "one \"column\"", Columns: []Column{{"log_z", "1", "log Z, π > 3", Float}}}
	const want = `{
  "@context": "http://www.w3.org/ns/csvw",
  "url": "x.csv",
  "description": "one \"column\"",
  "tableSchema": {
    "columns": [
      {
        "name": "log_z",
        "titles": "log_z",
        "datatype": "double",
        "unit": "1",
        "description": "log Z, π > 3"
      }
    ]
  }
}
`
	if d := cmp.Diff(want, string(s.Metadata("x.csv"))); d != "" {
		t.Error(d)
	}
}

func FuzzReader(f *testing.F) {
	f.Add("task,step,value,ok\na,1,1.5,true\n")
	f.Add("task,step,value,ok\n\"a\"\"b\nc\",,-1e-300,\n,,,\n")
	f.Add("task,step,value,ok\na,1,1.5,true")
	f.Fuzz(func(t *testing.T, src string) {
		rows, err := readAll(src, sample)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("%q", err)
			}
			return
		}
		if !strings.HasSuffix(src, "\n") {
			t.Fatalf("accepted a cut file %q", src)
		}
		text := Schema{Name: sample.Name} // numbers may have been written otherwise
		for _, c := range sample.Columns {
			text.Columns = append(text.Columns, Column{Name: c.Name, Type: String})
		}
		again := write(t, text, func(w *Writer) {
			for _, row := range rows {
				for i, cell := range row {
					row[i] = strings.ReplaceAll(cell, "\r", "")
					w.String(row[i])
				}
				if err := w.EndRow(); err != nil {
					t.Fatal(err)
				}
			}
		})
		if back, err := readAll(again, text); err != nil || !cmp.Equal(back, rows) {
			t.Fatalf("%q became %q: %v", src, again, err)
		}
	})
}
