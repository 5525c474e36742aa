package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"machlup/internal/engine"
	"machlup/internal/record"
)

// made lists the figures of a run, without their extension; PNG and SVG come in pairs.
func made(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "figures"))
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]int{}
	for _, e := range entries {
		have[strings.TrimSuffix(strings.TrimSuffix(e.Name(), ".png"), ".svg")]++
	}
	var names []string
	for name, n := range have {
		if n != 2 {
			t.Errorf("figure %s: found %d files, want .png and .svg", name, n)
		}
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// checkFigures decodes every file: a PNG that shows something, an SVG that is well-formed
// XML without a number that is none.
func checkFigures(t *testing.T, dir string) {
	t.Helper()
	for _, name := range made(t, dir) {
		data := read(t, filepath.Join(dir, "figures", name+".png"))
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s.png: %v", name, err)
			continue
		}
		if b := img.Bounds(); b.Dx() < 900 || b.Dx() > 3000 || b.Dy() < 250 || b.Dy() > 3000 {
			t.Errorf("%s.png is %d × %d pixels", name, b.Dx(), b.Dy())
		}
		if n := coloured(img); n < 200 {
			t.Errorf("%s.png has %d coloured pixels: no data drawn", name, n)
		}
		checkSVG(t, name, read(t, filepath.Join(dir, "figures", name+".svg")))
	}
}

func checkSVG(t *testing.T, name string, data []byte) {
	t.Helper()
	for _, bad := range []string{"NaN", "Inf", "1e+", "e+1"} {
		if bytes.Contains(data, []byte(bad)) {
			t.Errorf("%s.svg contains %s", name, bad)
		}
	}
	if !bytes.Contains(data, []byte("<title>")) {
		t.Errorf("%s.svg has no title", name)
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	for {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Errorf("%s.svg: %v", name, err)
			return
		}
	}
}

// coloured counts pixels that are not grey: axes, text and grid are.
func coloured(img image.Image) int {
	n := 0
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			if max(r, g, bl)-min(r, g, bl) > 0x2000 {
				n++
			}
		}
	}
	return n
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func figures(t *testing.T, dir string) {
	t.Helper()
	if err := Figures(dir); err != nil {
		t.Fatal(err)
	}
}

func TestFiguresOfTheMainJob(t *testing.T) {
	dir := t.TempDir()
	quickstart(t, dir, 16, 200)
	figures(t, dir)
	want := []string{"action", "certificates", "fluctuations", "log-z", "loss", "order-parameter"}
	if d := cmp.Diff(want, made(t, dir)); d != "" {
		t.Error(d)
	}
	checkFigures(t, dir)
}

func TestFiguresOfThePaper(t *testing.T) {
	dir := t.TempDir()
	paper(t, dir, 3, 400, 10) // one seed diverges through 10³⁰⁰
	figures(t, dir)
	if d := cmp.Diff([]string{"density", "loss", "order-parameter"}, made(t, dir)); d != "" {
		t.Error(d)
	}
	checkFigures(t, dir)
}

func TestFiguresOfCollapse(t *testing.T) {
	dir := t.TempDir()
	collapse(t, dir, 4)
	figures(t, dir)
	want := []string{"loss", "order-parameter", "phase", "rho-histogram", "survival"}
	if d := cmp.Diff(want, made(t, dir)); d != "" {
		t.Error(d)
	}
	checkFigures(t, dir)
}

// The same tables give the same bytes, in a directory of another name too.
func TestFiguresAreReproducible(t *testing.T) {
	one, two := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere")
	quickstart(t, one, 8, 100)
	quickstart(t, two, 8, 100)
	figures(t, one)
	first := snapshot(t, one)
	figures(t, one)
	figures(t, two)
	for i, again := range []map[string]string{snapshot(t, one), snapshot(t, two)} {
		for name, data := range first {
			if again[name] != data {
				t.Errorf("run %d: %s has other bytes", i, name)
			}
		}
	}
}

func snapshot(t *testing.T, dir string) map[string]string {
	out := map[string]string{}
	for _, name := range made(t, dir) {
		for _, ext := range []string{".png", ".svg"} {
			out[name+ext] = string(read(t, filepath.Join(dir, "figures", name+ext)))
		}
	}
	return out
}

// Figures whose data are gone disappear; files of others stay.
func TestStaleFiguresAreRemoved(t *testing.T) {
	dir := t.TempDir()
	paper(t, dir, 1, 100, 10)
	figures(t, dir)
	for _, name := range []string{"mine.png", "mine.svg"} {
		if err := os.WriteFile(filepath.Join(dir, "figures", name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "csv", "trace.csv")); err != nil {
		t.Fatal(err)
	}
	figures(t, dir)
	if d := cmp.Diff([]string{"density", "mine"}, made(t, dir)); d != "" {
		t.Error(d)
	}
}

func TestNoTablesNoFigures(t *testing.T) {
	dir := t.TempDir()
	figures(t, dir)
	if got := made(t, dir); got != nil {
		t.Errorf("figures without data: %v", got)
	}
}

// Tables with a header only, and tables whose numbers are all missing, have no data.
func TestEmptyTables(t *testing.T) {
	schemas := []record.Schema{tasksSchema(), traceSchema("loss_g", "loss_d", "rho"), engine.Fluctuations, engine.Histogram,
		engine.Paths, engine.Partition, engine.Phase, engine.Survival, engine.Density, engine.Summary,
		engine.ModeTable, engine.Occupancy(2), engine.Samples(2)}
	for _, rows := range []int{0, 2} {
		dir := t.TempDir()
		s := newSynthetic(t, dir)
		for _, schema := range schemas {
			s.open(schema)
			for i := range rows {
				var cells []any
				for _, c := range schema.Columns {
					switch {
					case c.Name == "task":
						cells = append(cells, fmt.Sprintf("ensemble/r%d", i))
					case c.Name == "observable" || c.Name == "quantity":
						cells = append(cells, "rho")
					default:
						cells = append(cells, nil)
					}
				}
				s.add(schema, cells...)
			}
		}
		s.commit()
		figures(t, dir)
		for _, name := range made(t, dir) {
			checkSVG(t, name, read(t, filepath.Join(dir, "figures", name+".svg")))
		}
		if err := Closing(io.Discard, dir); err != nil {
			t.Error(err)
		}
	}
}

// One task without a sweep.
func TestOneTask(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	s.add(tasksSchema(), "ensemble/r0", "h", 0, "ok", nil)
	s.ensemble("ensemble/r0", 8, 100)
	s.final("ensemble/r0", 8, 8, 1.2)
	s.paths("paths/r0", "all", 100)
	s.commit()
	figures(t, dir)
	want := []string{"action", "certificates", "density", "fluctuations", "loss", "order-parameter"}
	if d := cmp.Diff(want, made(t, dir)); d != "" {
		t.Error(d)
	}
	checkFigures(t, dir)
}

// A large sweep is shown in part, on a page that is still a page.
func TestManyTasks(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	for i := range 60 {
		value := fmt.Sprint(i)
		for rep := range 2 {
			task := fmt.Sprintf("ensemble/batch=%s/r%d", value, rep)
			s.add(tasksSchema("trainer.batch"), task, "h", rep, "ok", nil, value)
			for k := range 5 {
				s.add(traceSchema("loss_g", "loss_d"), task, 0, k, k, float64(k), float64(i), float64(k))
			}
			s.paths(fmt.Sprintf("paths/batch=%s/r%d", value, rep), "all", 20)
		}
		s.add(engine.Phase, "phase/batch="+value, 100, "rho", float64(i), 0.1, nil, 2.0, nil)
		s.add(engine.Survival, "phase/batch="+value, 0, 1.0, 0.0, 2)
		s.add(engine.Survival, "phase/batch="+value, i+1, 0.5, 0.3, 2)
	}
	s.commit()
	figures(t, dir)
	if d := cmp.Diff([]string{"action", "certificates", "loss", "phase", "survival"}, made(t, dir)); d != "" {
		t.Error(d)
	}
	checkFigures(t, dir)
}

// A cell that is not a number is an error that says where it is.
func TestBrokenTable(t *testing.T) {
	for _, c := range []struct{ table, text, want string }{
		{"trace", "task,chain,draw,step,time,loss_g\nensemble/r0,0,0,0,0,0.5\nensemble/r0,0,1,1,0,abc\n", `trace.csv:3:21: column "loss_g": found "abc"; allowed: a finite number or an empty cell`},
		{"density", "task,step,x,density\nensemble/r0,0,NaN,0\n", `density.csv:2:15: column "x": found "NaN"; allowed: a finite number or an empty cell`},
		{"partition", "task,quantity\na,b,c\n", "partition.csv: record on line 2: wrong number of fields"},
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "csv"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "csv", c.table+".csv"), []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		err := Figures(dir)
		if err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: found error %v, want …%s", c.table, err, c.want)
		}
	}
}

// A figure is one line of the catalogue: names are files and unique, captions say something.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range catalogue {
		if seen[f.name] || !fs.ValidPath(f.name) || strings.ContainsAny(f.name, "/. _") {
			t.Errorf("figure name %q", f.name)
		}
		seen[f.name] = true
		if len(f.caption) < 20 {
			t.Errorf("figure %s: caption %q", f.name, f.caption)
		}
	}
}

// Whatever cells and columns are missing, what is left is shown.
func TestMissingCells(t *testing.T) {
	complete := t.TempDir()
	quickstart(t, filepath.Join(complete, "a"), 8, 30)
	collapse(t, filepath.Join(complete, "b"), 2)
	small(t, filepath.Join(complete, "c"))
	ringRun(t, filepath.Join(complete, "d"))
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{"a", "b", "c", "d"} {
		for range 3 {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "csv"), 0o777); err != nil {
				t.Fatal(err)
			}
			tables, err := filepath.Glob(filepath.Join(complete, name, "csv", "*.csv"))
			if err != nil || len(tables) == 0 {
				t.Fatal(err)
			}
			for _, path := range tables {
				knockOut(t, path, filepath.Join(dir, "csv", filepath.Base(path)), rnd)
			}
			for _, f := range catalogue {
				r := open(dir)
				p := f.draw(r)
				if r.err != nil {
					t.Fatalf("%s: %v", f.name, r.err)
				}
				if p == nil {
					continue
				}
				data, err := p.svg(f.caption)
				if err != nil {
					t.Fatal(err)
				}
				checkSVG(t, f.name, data)
			}
			if text := closing(t, dir); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
				t.Errorf("not a number in\n%s", text)
			}
		}
	}
}

// knockOut copies a table without some of its numbers and columns.
func knockOut(t *testing.T, from, to string, rnd *rand.Rand) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(read(t, from))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	lost := rnd.IntN(2 * len(rows[0])) // at times a column that is not there
	for i, row := range rows {
		for k, cell := range row {
			_, err := strconv.ParseFloat(cell, 64)
			if i > 0 && k > 0 && err == nil && rnd.Float64() < 0.2 {
				row[k] = ""
			}
		}
		if lost > 0 && lost < len(row) {
			row[lost] = ""
			if i == 0 {
				row[lost] = "another"
			}
		}
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}
