package report

import (
	"bytes"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"machlup/internal/record"
)

//go:embed html
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "html/report.html"))

// pageRows is how many rows of a table the page holds at most: the files have the others.
const pageRows = 400

// HTML writes DIR/report.html, whole or not at all: findings in words, the numbers of the
// closing table, figures, sortable tables, config and how to reproduce it, in one file that
// opens without a network. It reads csv/, figures/, config.toml and manifest.json; what is
// not there is left out. The same files give the same bytes.
func HTML(dir string) error {
	r := open(dir)
	p := htmlPage{
		Name: filepath.Base(dir), Style: template.CSS(embedded("html/report.css")), Script: template.JS(embedded("html/report.js")),
		Findings: r.findings(), Sections: r.htmlSections(), Tables: r.htmlTables(),
		Commands: []string{"machlup run config.toml --out ../again", "machlup report ."},
	}
	if abs, err := filepath.Abs(dir); err == nil {
		p.Name = filepath.Base(abs)
	}
	if m, err := record.ReadManifest(filepath.Join(dir, "manifest.json")); err == nil {
		p.Name = m.Name
		p.Made = fmt.Sprintf("%s %s (%s), kernels %s, %s, %s, seed %d", m.Program, m.Version, m.Revision, m.Kernels, m.Go, m.Platform, m.Seed)
	}
	p.Headline = r.headline()
	if config, err := os.ReadFile(filepath.Join(dir, "config.toml")); err == nil {
		p.Config = string(config)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var err error
	if p.Figures, err = htmlFigures(dir); err != nil {
		return err
	}
	if r.err != nil {
		return r.err
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return fmt.Errorf("report.html: %w", err)
	}
	return record.WriteFileAtomic(filepath.Join(dir, "report.html"), b.Bytes())
}

func embedded(name string) string {
	data, err := pageFiles.ReadFile(name)
	if err != nil {
		panic("report: " + err.Error())
	}
	return string(data)
}

// htmlPage is what the template shows.
type htmlPage struct {
	Name, Headline, Made string
	Style                template.CSS
	Script               template.JS
	Findings             []finding
	Sections, Tables     []htmlTable
	Figures              []htmlFigure
	Config               string
	Commands             []string
}

type htmlFigure struct {
	Name, Caption string
	Source        template.URL
}

type htmlTable struct {
	Name, Title, More string
	Columns           []htmlColumn
	Rows              [][]htmlCell
}

type htmlColumn struct {
	Name, Unit, Doc string
	Number          bool
}

// htmlCell shows Text; Exact is what it sorts by where that is not its text.
type htmlCell struct {
	Text, Exact string
	Number      bool
}

// headline counts the tasks.
func (r *run) headline() string {
	s := tasksSection(r)
	if s == nil {
		return "This run has no tables yet."
	}
	line := s.header[0] + "."
	if keys := r.varying(); len(keys) > 0 {
		line += " Swept: " + strings.Join(keys, ", ") + "."
	}
	return line
}

// htmlSections are the sections of the closing table, with all their rows.
func (r *run) htmlSections() []htmlTable {
	var out []htmlTable
	for _, f := range sections {
		s := f(r)
		if s == nil || len(s.rows)+len(s.foot) == 0 {
			continue
		}
		t := htmlTable{Title: s.header[0], More: s.more}
		for i, h := range s.header {
			if i == 0 {
				h = "point"
			}
			t.Columns = append(t.Columns, htmlColumn{Name: h, Number: i >= s.left && i < len(s.header)-1})
		}
		for i, row := range append(slices.Clone(s.rows), s.foot...) {
			if i == pageRows {
				t.More = fmt.Sprintf("%d more rows: %s", len(s.rows)+len(s.foot)-pageRows, s.what)
				break
			}
			var cells []htmlCell
			for k, c := range row {
				cells = append(cells, htmlCell{Text: c, Number: k >= s.left && k < len(s.header)-1})
			}
			t.Rows = append(t.Rows, cells)
		}
		fillDown(&t, s.left)
		out = append(out, t)
	}
	return out
}

// fillDown repeats the heading that the terminal shows once: a sorted row stands alone.
func fillDown(t *htmlTable, left int) {
	last := ""
	for _, row := range t.Rows {
		if left == 0 || len(row) < 2 {
			continue
		}
		if row[0].Text == "" {
			row[0].Text = last
		}
		last = row[0].Text
	}
}

// htmlFigures embeds the figures of the catalogue that are drawn, in its order.
func htmlFigures(dir string) ([]htmlFigure, error) {
	var out []htmlFigure
	for _, f := range catalogue {
		data, err := os.ReadFile(filepath.Join(dir, "figures", f.name+".svg"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, htmlFigure{f.name, f.caption, template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(data))})
	}
	return out, nil
}

// htmlTables are the tables of csv/: those with results first.
func (r *run) htmlTables() []htmlTable {
	files, err := os.ReadDir(filepath.Join(r.dir, "csv"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.fail(err)
	}
	first := []string{"summary", "partition", "phase", "tasks"}
	rank := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i
		}
		return len(first)
	}
	var names []string
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".csv"); ok && !record.IsTemporary(f.Name()) {
			names = append(names, name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var out []htmlTable
	for _, name := range names {
		out = append(out, r.htmlTable(name))
	}
	return out
}

func (r *run) htmlTable(name string) htmlTable {
	t := htmlTable{Name: name}
	meta := r.metadata(name)
	t.Title = meta.Description
	numeric := map[string]bool{}
	for _, c := range meta.Schema.Columns {
		numeric[c.Name] = c.Datatype == "double" || c.Datatype == "integer"
		t.Columns = append(t.Columns, htmlColumn{c.Name, c.Unit, c.Description, numeric[c.Name]})
	}
	rows := 0
	r.each(name, func(w row) {
		if rows++; rows > pageRows {
			return
		}
		if t.Columns == nil {
			for _, h := range w.header {
				t.Columns = append(t.Columns, htmlColumn{Name: h})
			}
		}
		var cells []htmlCell
		for i, text := range w.cells {
			cells = append(cells, cellOf(text, numeric[w.header[i]]))
		}
		t.Rows = append(t.Rows, cells)
	})
	t.More = fmt.Sprintf("%d rows", rows)
	if rows > pageRows {
		t.More = fmt.Sprintf("the first %d of %d rows", pageRows, rows)
	}
	return t
}

// cellOf rounds a number for reading and keeps it for sorting.
func cellOf(text string, numeric bool) htmlCell {
	v, err := strconv.ParseFloat(text, 64)
	if !numeric || err != nil {
		return htmlCell{Text: text, Number: numeric}
	}
	short := strconv.FormatFloat(v, 'g', 6, 64)
	if len(short) >= len(text) {
		return htmlCell{Text: minus(text), Exact: text, Number: true}
	}
	return htmlCell{Text: minus(short), Exact: text, Number: true}
}
