package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
)

// Type is the type of a column's values.
type Type int

const (
	String Type = iota
	Int
	Float
	Bool
)

// String returns the CSVW datatype: string, integer, double, boolean.
func (t Type) String() string {
	switch t {
	case String:
		return "string"
	case Int:
		return "integer"
	case Float:
		return "double"
	case Bool:
		return "boolean"
	}
	panic("record: unknown column type")
}

// A Column describes one column of a table.
type Column struct {
	Name string // snake_case, or the dotted name of a swept key; unique in its table
	Unit string // "1" when dimensionless, "" when a unit makes no sense
	Doc  string // one line
	Type Type
}

// A Schema describes a table.
type Schema struct {
	Name    string // file stem: "trace" for trace.csv
	Doc     string
	Columns []Column
}

// Validate reports a schema that cannot be written: no columns, an empty or repeated name,
// a name with a line break.
func (s Schema) Validate() error {
	if len(s.Columns) == 0 {
		return fmt.Errorf("table %q: found no columns; allowed: one or more", s.Name)
	}
	seen := make(map[string]int, len(s.Columns))
	for i, c := range s.Columns {
		if c.Name == "" || strings.ContainsAny(c.Name, "\r\n") {
			return fmt.Errorf("table %q: found column %d named %q; allowed: a name on one line", s.Name, i+1, c.Name)
		}
		if j, twice := seen[c.Name]; twice {
			return fmt.Errorf("table %q: found columns %d and %d both named %q; allowed: each name once", s.Name, j+1, i+1, c.Name)
		}
		seen[c.Name] = i
	}
	return nil
}

// Header returns the column names.
func (s Schema) Header() []string {
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	return names
}

// MetadataPath returns the sidecar's path of a CSV file: csv/trace.csv-metadata.json.
func MetadataPath(csvPath string) string { return csvPath + "-metadata.json" }

// The sidecar follows the W3C's CSV on the Web (Metadata Vocabulary for Tabular Data);
// unit and description are plain keys, which its processors pass over.
type csvwTable struct {
	Context     string     `json:"@context"`
	URL         string     `json:"url"`
	Description string     `json:"description"`
	Schema      csvwSchema `json:"tableSchema"`
}

type csvwSchema struct {
	Columns []csvwColumn `json:"columns"`
}

type csvwColumn struct {
	Name        string `json:"name"`
	Titles      string `json:"titles"`
	Datatype    string `json:"datatype"`
	Unit        string `json:"unit"`
	Description string `json:"description"`
}

// Metadata returns the sidecar's bytes for a table stored as csvName.
func (s Schema) Metadata(csvName string) []byte {
	t := csvwTable{Context: "http://www.w3.org/ns/csvw", URL: csvName, Description: s.Doc}
	for _, c := range s.Columns {
		t.Schema.Columns = append(t.Schema.Columns, csvwColumn{c.Name, c.Name, c.Type.String(), c.Unit, c.Doc})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(t); err != nil {
		panic("record: metadata of strings cannot fail to encode")
	}
	return b.Bytes()
}

// WriteMetadata writes, atomically, the sidecar of the CSV file at csvPath: see MetadataPath.
func WriteMetadata(csvPath string, s Schema) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return WriteFileAtomic(MetadataPath(csvPath), s.Metadata(filepath.Base(csvPath)))
}
