package record

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A DataError says where a data file is not what it should be.
type DataError struct {
	File         string
	Line, Column int    // 1-based; Column in bytes, 0 for a whole line
	Field        string // name of the column, or ""
	Found        string
	Allowed      string
}

// Error returns one line.
func (e *DataError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	b.WriteString(": ")
	if e.Field != "" {
		fmt.Fprintf(&b, "column %q: ", e.Field)
	}
	fmt.Fprintf(&b, "found %s; allowed: %s", e.Found, e.Allowed)
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, b.String())
}

// A Reader reads back, row by row, a table that a Writer wrote. It is strict: the header
// is the schema's, every row has every column, every cell is of its column's type or empty,
// numbers are finite, and the file ends with a line end (otherwise it was cut short; a cut
// between two rows only a hash can show).
type Reader struct {
	csv     *csv.Reader
	src     *tail
	file    string
	columns []Column
	row     []string
}

// NewReader checks the header of r. The name of the file is for errors.
func NewReader(r io.Reader, file string, s Schema) (*Reader, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	src := &tail{r: r}
	c := csv.NewReader(bufio.NewReaderSize(src, 1<<16))
	c.ReuseRecord = true
	c.FieldsPerRecord = -1
	t := &Reader{csv: c, src: src, file: file, columns: s.Columns}
	row, err := c.Read()
	if err == io.EOF {
		return nil, &DataError{File: file, Found: "an empty file", Allowed: "a table with the header " + strings.Join(s.Header(), ",")}
	}
	if err != nil {
		return nil, t.broken(err)
	}
	if !slices.Equal(row, s.Header()) {
		return nil, &DataError{File: file, Line: 1, Found: "the header " + clip(strings.Join(row, ",")), Allowed: strings.Join(s.Header(), ",")}
	}
	return t, t.checkEnd()
}

// Read returns the cells of the next row, valid until the next call, or io.EOF.
func (t *Reader) Read() ([]string, error) {
	row, err := t.csv.Read()
	if err == io.EOF && t.src.last != '\n' { // a carriage return alone, which csv passes over
		return nil, &DataError{File: t.file, Found: "a last line without its end: the file was cut short", Allowed: "whole lines"}
	}
	if err == io.EOF {
		return nil, err
	}
	if err != nil {
		return nil, t.broken(err)
	}
	if len(row) != len(t.columns) {
		line, _ := t.csv.FieldPos(0)
		return nil, &DataError{File: t.file, Line: line, Found: count(len(row), "cell"), Allowed: strconv.Itoa(len(t.columns))}
	}
	for i, cell := range row {
		if err := check(cell, t.columns[i].Type); err != "" {
			line, col := t.csv.FieldPos(i)
			return nil, &DataError{t.file, line, col, t.columns[i].Name, strconv.Quote(clip(cell)), err}
		}
	}
	t.row = row
	return row, t.checkEnd()
}

// Empty reports whether cell i of the row just read has no value.
func (t *Reader) Empty(i int) bool { return t.row[i] == "" }

// Float returns cell i of the row just read, a number that is not empty.
func (t *Reader) Float(i int) float64 {
	f, err := strconv.ParseFloat(t.row[i], 64)
	if err != nil {
		panic("record: Float of a cell that is not a number")
	}
	return f
}

// Int returns cell i of the row just read, an integer that is not empty.
func (t *Reader) Int(i int) int {
	n, err := strconv.Atoi(t.row[i])
	if err != nil {
		panic("record: Int of a cell that is not an integer")
	}
	return n
}

// checkEnd refuses a last row without its line end. The csv reader has already consumed the
// row, so only the very end of the source can show it.
func (t *Reader) checkEnd() error {
	if t.src.eof && t.src.n == t.csv.InputOffset() && t.src.last != '\n' {
		line, _ := t.csv.FieldPos(0)
		return &DataError{File: t.file, Line: line, Found: "a last line without its end: the file was cut short", Allowed: "whole lines"}
	}
	return nil
}

func (t *Reader) broken(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return &DataError{File: t.file, Line: p.Line, Column: p.Column, Found: "broken quoting (" + p.Err.Error() + ")", Allowed: "CSV as RFC 4180 has it"}
	}
	return fmt.Errorf("%s: %w", t.file, bare(err))
}

// check returns what is allowed when the cell is not of its type, or "".
func check(cell string, typ Type) string {
	if cell == "" {
		return ""
	}
	switch typ {
	case Int:
		if _, err := strconv.ParseInt(cell, 10, 64); err != nil {
			if _, err := strconv.ParseUint(cell, 10, 64); err != nil {
				return "an integer or an empty cell"
			}
		}
	case Float:
		if _, ok := parseNumber(cell); !ok {
			return "a finite number or an empty cell"
		}
	case Bool:
		if cell != "true" && cell != "false" {
			return "true, false or an empty cell"
		}
	}
	return ""
}

// parseNumber accepts decimal numbers that are finite.
func parseNumber(s string) (float64, bool) {
	for i := 0; i < len(s); i++ { // no hexadecimal, "inf", "nan", "1_000"
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsInf(f, 0)
}

// ReadCSV reads a whole table: see Reader.
func ReadCSV(path string, s Schema) (rows [][]string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, bare(err))
	}
	defer f.Close()
	r, err := NewReader(f, path, s)
	for err == nil {
		var row []string
		if row, err = r.Read(); err == nil {
			rows = append(rows, append([]string(nil), row...))
		}
	}
	if err != io.EOF {
		return nil, err
	}
	return rows, nil
}

// tail remembers how its source ended.
type tail struct {
	r    io.Reader
	n    int64
	last byte
	eof  bool
}

func (t *tail) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if n > 0 {
		t.n += int64(n)
		t.last = p[n-1]
	}
	t.eof = err == io.EOF
	return n, err
}

func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
