package record

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadNumericCSV(t *testing.T) {
	for _, c := range []struct {
		src    string
		header []string
		rows   [][]float64
	}{
		{"1,2\n3,4\n", nil, [][]float64{{1, 2}, {3, 4}}},
		{"x\n1\n", []string{"x"}, [][]float64{{1}}},
		{"\ufeffx , \"y,z\"\r\n -1.5e-3 ,\"+.5\"\r\n2.,\t3 \r\n\r\n\n", []string{"x", "y,z"}, [][]float64{{-1.5e-3, .5}, {2, 3}}},
		{"# x\n7", []string{"# x"}, [][]float64{{7}}},
		{"5", nil, [][]float64{{5}}},
		{"e,E\n1e5,1E5\n", []string{"e", "E"}, [][]float64{{1e5, 1e5}}},
	} {
		path := filepath.Join(t.TempDir(), "data.csv")
		if err := os.WriteFile(path, []byte(c.src), 0o666); err != nil {
			t.Fatal(err)
		}
		header, rows, err := ReadNumericCSV(path)
		if err != nil || !cmp.Equal(header, c.header) || !cmp.Equal(rows, c.rows) {
			t.Errorf("%q: %q, %v, %v", c.src, header, rows, err)
		}
	}
	if _, _, err := ReadNumericCSV(filepath.Join(t.TempDir(), "none.csv")); err == nil || !strings.HasSuffix(err.Error(), "none.csv: no such file or directory") {
		t.Error(err)
	}
	if _, _, err := ReadNumericCSV(t.TempDir()); err == nil || !strings.HasSuffix(err.Error(), ": is a directory") {
		t.Error(err)
	}
}

func TestNumericRefusals(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", `d.csv:1:1: found an empty file; allowed: one row of numbers or more`},
		{"\n\n", `d.csv:1:1: found an empty file; allowed: one row of numbers or more`},
		{"x,y\n", `d.csv:1:1: found a header and no rows; allowed: one row of numbers or more`},
		{"x,y\n1,2\n3\n", `d.csv:3:2: found 1 cell; allowed: 2, as on the first line`},
		{"1,2\n3,4,5\n", `d.csv:2:5: found 3 cells; allowed: 2, as on the first line`},
		{"1,2\n3,\n", `d.csv:2:3: found an empty cell; allowed: a finite decimal number`},
		{"x,y\n1,2\n3, four\n", `d.csv:3:4: column "y": found "four"; allowed: a finite decimal number`},
		{"1,x\n", `d.csv:1:3: found "x"; allowed: a finite decimal number`},
		{"x,y\n1,NaN\n", `d.csv:2:3: column "y": found "NaN"; allowed: a finite decimal number`},
		{"nan\n", `d.csv:1:1: found "nan"; allowed: a finite decimal number`},
		{"1\n-inf\n", `d.csv:2:1: found "-inf"; allowed: a finite decimal number`},
		{"1\n1e999\n", `d.csv:2:1: found "1e999"; allowed: a finite decimal number`},
		{"1e999\n", `d.csv:1:1: found "1e999"; allowed: a finite decimal number`},
		{"1\n0x10\n", `d.csv:2:1: found "0x10"; allowed: a finite decimal number`},
		{"1\n1_000\n", `d.csv:2:1: found "1_000"; allowed: a finite decimal number`},
		{"x;y\n1;2\n", `d.csv:2:1: column "x;y": found "1;2"; allowed: a finite decimal number (cells are separated by commas)`},
		{"1 2\n", `d.csv:1:1: found a header and no rows; allowed: one row of numbers or more`},
		{"1\t2\n3\t4\n", `d.csv:2:1: column "1\t2": found "3\t4"; allowed: a finite decimal number (cells are separated by commas)`},
		{"x,\n1,2\n", `d.csv:1:3: found an empty cell; allowed: a number or a column's name`},
		{"x,y,x\n1,2,3\n", `d.csv:1:5: found the name "x" again; allowed: each column's name once`},
		{"1\n\n2\n", `d.csv:2:1: found a blank line; allowed: blank lines at the end only`},
		{"\n1\n", `d.csv:1:1: found a blank line; allowed: blank lines at the end only`},
		{"1\n\"2\n", `d.csv:2:1: found a quote that is not closed on its line; allowed: numbers separated by commas`},
		{"1\n\"2\" 3\n", `d.csv:2:5: found "3" after a quoted cell; allowed: a comma`},
		{"1\r2\r3\r", `d.csv:1:1: found a header and no rows; allowed: one row of numbers or more`},
		{strings.Repeat("1", maxLine+1), `d.csv:1:1048576: found a line of more than 1 MiB; allowed: shorter lines`},
	} {
		_, _, err := readNumeric(strings.NewReader(c.src), "d.csv")
		if err == nil || err.Error() != c.want {
			t.Errorf("%.60q\ngot  %v\nwant %s", c.src, err, c.want)
		}
	}
}

func FuzzNumeric(f *testing.F) {
	for _, s := range []string{"1,2\n3,4\n", "x,\"y\"\"z\"\r\n1.5,\" 2 \"\n\n", "\ufeffa\n1e-3", "1,,2\n", "\"", "nan\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		header, rows, err := readNumeric(strings.NewReader(src), "d.csv")
		if err != nil {
			if _, ok := err.(*DataError); !ok || strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("%T %q", err, err)
			}
			return
		}
		for _, row := range rows {
			if len(row) != len(rows[0]) || header != nil && len(row) != len(header) {
				t.Fatalf("ragged rows from %q", src)
			}
			for _, x := range row {
				if x-x != 0 {
					t.Fatalf("%v from %q", x, src)
				}
			}
		}
	})
}
