package record

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

const flushAt = 1 << 16 // bytes of whole rows kept before they are written

// A Writer writes a table as CSV, cell by cell in column order, each row closed by EndRow:
//
//	w.String(task)
//	w.Int(step)
//	w.Float(value)
//	if err := w.EndRow(); err != nil { … }
//
// It hands only whole rows to the underlying writer, and allocates nothing per row. The
// first error is kept: EndRow and Flush return it ever after, and nothing more is written.
// A cell of the wrong type, one too many or too few is a programming error and panics.
type Writer struct {
	w       io.Writer
	columns []Column
	name    string
	buf     []byte
	row     int // bytes of buf before the current row
	col     int // cells written in the current row
	rows    int // finished rows
	err     error
}

// NewWriter starts a table with its header line. An unusable schema is reported by the
// first EndRow or Flush.
func NewWriter(w io.Writer, s Schema) *Writer {
	t := &Writer{w: w, columns: s.Columns, name: s.Name, buf: make([]byte, 0, flushAt+flushAt/4)}
	if t.err = s.Validate(); t.err != nil {
		return t
	}
	for i, c := range s.Columns {
		if i > 0 {
			t.buf = append(t.buf, ',')
		}
		t.buf = appendString(t.buf, c.Name)
	}
	t.buf = append(t.buf, '\n')
	t.row = len(t.buf)
	return t
}

// String writes a cell of a String column.
func (t *Writer) String(s string) {
	if !t.next(String) {
		return
	}
	if strings.IndexByte(s, '\r') >= 0 { // CSV readers drop it before a line feed
		t.refuse("a carriage return in "+strconv.Quote(s), "text without")
		return
	}
	t.buf = appendString(t.buf, s)
}

// Int writes a cell of an Int column.
func (t *Writer) Int(i int) {
	if t.next(Int) {
		t.buf = strconv.AppendInt(t.buf, int64(i), 10)
	}
}

// Uint writes a cell of an Int column (seeds).
func (t *Writer) Uint(u uint64) {
	if t.next(Int) {
		t.buf = strconv.AppendUint(t.buf, u, 10)
	}
}

// Float writes a cell of a Float column, in the fewest digits that round-trip. NaN and ±Inf
// are errors: use Empty for a value that does not exist.
func (t *Writer) Float(f float64) {
	if !t.next(Float) {
		return
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		t.refuse(strconv.FormatFloat(f, 'g', -1, 64), "a finite number or an empty cell")
		return
	}
	t.buf = strconv.AppendFloat(t.buf, f, 'g', -1, 64)
}

// Bool writes a cell of a Bool column.
func (t *Writer) Bool(b bool) {
	if t.next(Bool) {
		t.buf = strconv.AppendBool(t.buf, b)
	}
}

// Empty leaves the cell, of any type, without a value.
func (t *Writer) Empty() {
	if t.next(anyType) && len(t.columns) == 1 {
		t.buf = append(t.buf, '"', '"') // a blank line is not a row
	}
}

const anyType Type = -1

// refuse stops the table at the current cell.
func (t *Writer) refuse(found, allowed string) {
	t.err = fmt.Errorf("table %q, row %d, column %q: found %s; allowed: %s", t.name, t.rows+1, t.columns[t.col-1].Name, found, allowed)
}

// next starts the next cell and reports whether to write it.
func (t *Writer) next(typ Type) bool {
	if t.err != nil {
		return false
	}
	if t.col >= len(t.columns) {
		panic("record: more cells than columns")
	}
	if t.columns[t.col].Type != typ && typ != anyType {
		panic("record: a cell's type differs from its column's")
	}
	if t.col > 0 {
		t.buf = append(t.buf, ',')
	}
	t.col++
	return true
}

// EndRow closes the row.
func (t *Writer) EndRow() error {
	if t.err != nil {
		return t.err
	}
	if t.col != len(t.columns) {
		panic("record: fewer cells than columns")
	}
	t.buf = append(t.buf, '\n')
	t.col, t.row = 0, len(t.buf)
	t.rows++
	if t.row >= flushAt {
		return t.Flush()
	}
	return nil
}

// Rows returns the number of rows closed so far.
func (t *Writer) Rows() int { return t.rows }

// Flush writes out all closed rows.
func (t *Writer) Flush() error {
	if t.err != nil {
		return t.err
	}
	if _, err := t.w.Write(t.buf[:t.row]); err != nil {
		t.err = err
		return err
	}
	n := copy(t.buf, t.buf[t.row:])
	t.buf, t.row = t.buf[:n], 0
	return nil
}

// appendString quotes where RFC 4180 asks for it, an empty string (which is not an empty
// cell), and outer spaces (which some readers trim).
func appendString(buf []byte, s string) []byte {
	quote := s == "" || s[0] == ' ' || s[len(s)-1] == ' '
	for i := 0; i < len(s) && !quote; i++ {
		quote = s[i] == ',' || s[i] == '"' || s[i] == '\n'
	}
	if !quote {
		return append(buf, s...)
	}
	buf = append(buf, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			buf = append(buf, '"')
		}
		buf = append(buf, s[i])
	}
	return append(buf, '"')
}

// A File is a table on its way to a path: the CSV and its sidecar appear at Commit.
type File struct {
	*Writer
	schema Schema
	file   *AtomicFile
}

// CreateCSV starts a table that will appear at csvPath, with its sidecar beside it. Follow
// it by defer f.Abort(), which does nothing after Commit.
func CreateCSV(csvPath string, s Schema) (*File, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	f, err := CreateAtomic(csvPath)
	if err != nil {
		return nil, err
	}
	return &File{NewWriter(f, s), s, f}, nil
}

// Commit writes the sidecar, then the table.
func (f *File) Commit() error {
	if err := f.Flush(); err != nil {
		return err
	}
	if err := WriteMetadata(f.file.Name(), f.schema); err != nil {
		return err
	}
	return f.file.Commit()
}

// Abort drops the table. It does nothing after Commit.
func (f *File) Abort() { f.file.Abort() }
