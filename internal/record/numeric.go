package record

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

const maxLine = 1 << 20 // bytes

// ReadNumericCSV reads a user's table of numbers: comma separated, every row of the same
// length, every cell a finite decimal number (spaces around it and quotes are allowed). The
// first line is a header if none of its cells is a number; header is nil otherwise. A byte
// order mark, CRLF line ends, blank lines at the end and a missing last line end are fine.
func ReadNumericCSV(path string) (header []string, rows [][]float64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read %s: %w", path, bare(err))
	}
	defer f.Close()
	return readNumeric(f, path)
}

// A cell of a line and the byte column, 1-based, where it starts.
type cell struct {
	text string
	col  int
}

func readNumeric(r io.Reader, file string) (header []string, rows [][]float64, err error) {
	in := bufio.NewReaderSize(r, maxLine)
	var cells []cell
	var blank, width int
	for n := 1; ; n++ {
		line, err := readLine(in, file, n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if strings.TrimSpace(line) == "" {
			if blank == 0 {
				blank = n
			}
			continue
		}
		if blank > 0 {
			return nil, nil, &DataError{File: file, Line: blank, Column: 1, Found: "a blank line", Allowed: "blank lines at the end only"}
		}
		if cells, err = splitLine(cells[:0], line, file, n); err != nil {
			return nil, nil, err
		}
		if n == 1 {
			width = len(cells)
			if header, err = asHeader(cells, file); err != nil {
				return nil, nil, err
			}
			if header != nil {
				continue
			}
		}
		if len(cells) != width {
			return nil, nil, ragged(cells, width, file, n, len(line))
		}
		row, err := parseRow(cells, header, file, n)
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		found := "an empty file"
		if header != nil {
			found = "a header and no rows"
		}
		return nil, nil, &DataError{File: file, Line: 1, Column: 1, Found: found, Allowed: "one row of numbers or more"}
	}
	return header, rows, nil
}

// readLine returns a line without its end.
func readLine(in *bufio.Reader, file string, n int) (string, error) {
	b, err := in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return "", &DataError{File: file, Line: n, Column: maxLine, Found: "a line of more than 1 MiB", Allowed: "shorter lines"}
	}
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("%s: %w", file, bare(err))
	}
	if err == io.EOF && len(b) == 0 {
		return "", io.EOF
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
}

// splitLine cuts a line at its commas. Quoted cells end on the line they start on.
func splitLine(cells []cell, line, file string, n int) ([]cell, error) {
	i := 0
	for {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		start, text := i, ""
		if i < len(line) && line[i] == '"' {
			end := closingQuote(line, i+1)
			if end < 0 {
				return nil, &DataError{File: file, Line: n, Column: start + 1, Found: "a quote that is not closed on its line", Allowed: "numbers separated by commas"}
			}
			text = strings.ReplaceAll(line[i+1:end], `""`, `"`)
			i = end + 1
			for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
				i++
			}
			if i < len(line) && line[i] != ',' {
				return nil, &DataError{File: file, Line: n, Column: i + 1, Found: strconv.Quote(clip(line[i:])) + " after a quoted cell", Allowed: "a comma"}
			}
		} else {
			for i < len(line) && line[i] != ',' {
				i++
			}
			text = line[start:i]
		}
		cells = append(cells, cell{strings.TrimSpace(text), start + 1})
		if i >= len(line) {
			return cells, nil
		}
		i++ // the comma
	}
}

// closingQuote returns the index of the quote that ends the cell whose text starts at i.
func closingQuote(line string, i int) int {
	for ; i < len(line); i++ {
		if line[i] == '"' {
			if i+1 < len(line) && line[i+1] == '"' {
				i++
				continue
			}
			return i
		}
	}
	return -1
}

// asHeader returns the names on the first line, or nil if it looks like numbers.
func asHeader(cells []cell, file string) ([]string, error) {
	names := make([]string, len(cells))
	seen := make(map[string]bool, len(cells))
	for i, c := range cells {
		if _, err := strconv.ParseFloat(c.text, 64); err == nil || isRange(err) { // NaN and Inf too: not names
			return nil, nil
		}
		names[i] = c.text
	}
	for i, c := range cells {
		if c.text == "" {
			return nil, &DataError{File: file, Line: 1, Column: c.col, Found: "an empty cell", Allowed: "a number or a column's name"}
		}
		if seen[names[i]] {
			return nil, &DataError{File: file, Line: 1, Column: c.col, Found: "the name " + strconv.Quote(clip(c.text)) + " again", Allowed: "each column's name once"}
		}
		seen[names[i]] = true
	}
	return names, nil
}

func isRange(err error) bool {
	e, ok := err.(*strconv.NumError)
	return ok && e.Err == strconv.ErrRange
}

func parseRow(cells []cell, header []string, file string, n int) ([]float64, error) {
	row := make([]float64, len(cells))
	for i, c := range cells {
		v, ok := parseNumber(c.text)
		if !ok {
			e := &DataError{File: file, Line: n, Column: c.col, Found: strconv.Quote(clip(c.text)), Allowed: "a finite decimal number"}
			if c.text == "" {
				e.Found = "an empty cell"
			}
			if strings.ContainsAny(c.text, ";\t ") {
				e.Allowed += " (cells are separated by commas)"
			}
			if header != nil {
				e.Field = header[i]
			}
			return nil, e
		}
		row[i] = v
	}
	return row, nil
}

// ragged points at the first cell too many, or at the end of a line with too few.
func ragged(cells []cell, width int, file string, n, length int) error {
	col := length + 1
	if len(cells) > width {
		col = cells[width].col
	}
	return &DataError{File: file, Line: n, Column: col, Found: count(len(cells), "cell"), Allowed: strconv.Itoa(width) + ", as on the first line"}
}
