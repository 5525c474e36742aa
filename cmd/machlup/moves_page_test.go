package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"machlup/internal/engine"
)

// movesRun is a finished `machlup run moves`, whose numbers the page then takes.
var movesRun = flag.String("moves-run", "", "run directory of the built-in experiment moves: write its numbers into docs/moves.md")

const movesPage = "../../docs/moves.md"

// The table of docs/moves.md has the columns of paths.csv that it says, and for each system of
// the experiment moves a row for each of its moves.
func TestMovesPage(t *testing.T) {
	page, err := os.ReadFile(movesPage)
	if err != nil {
		t.Fatal(err)
	}
	const from, to = "<!-- from machlup run moves -->\n", "<!-- end -->"
	head, rest, ok := strings.Cut(string(page), from)
	table, tail, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("docs/moves.md has no table between %q and %q", strings.TrimSpace(from), to)
	}
	if *movesRun != "" {
		table = movesTable(t, *movesRun)
		if err := os.WriteFile(movesPage, []byte(head+from+table+to+tail), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var columns []string
	for _, c := range engine.Paths.Columns {
		columns = append(columns, c.Name)
	}
	for _, name := range movesColumns {
		if !slices.Contains(columns, name) {
			t.Errorf("paths.csv has no column %q any more; it has %s", name, strings.Join(columns, ", "))
		}
		if !strings.Contains(table, "| `"+name+"` ") {
			t.Errorf("the table of docs/moves.md has no column %q", name)
		}
	}
	text, err := builtin.ReadFile("experiments/moves.toml")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "[move.")
		name, _, _ = strings.Cut(name, "]")
		if ok && strings.Count(table, "| `"+name+"` |") != 4 {
			t.Errorf("the table of docs/moves.md has %d rows for the move %s of the experiment, want one for each of 4 systems", strings.Count(table, "| `"+name+"` |"), name)
		}
	}
}

// movesColumns are the columns of paths.csv that the page shows.
var movesColumns = []string{"acceptance", "tau_int", "gradient_evaluations", "cost_per_ess"}

// movesTable is the page's table of a run: of each move alone, both chains.
func movesTable(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "csv", "paths.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(row []string, name string) string { return row[slices.Index(rows[0], name)] }
	type key struct{ task, move string }
	var order []key
	chains := map[key][][]string{}
	for _, row := range rows[1:] {
		if at(row, "move") != at(row, "statistics_of") {
			continue // of all moves together
		}
		k := key{at(row, "task"), at(row, "move")}
		if chains[k] == nil {
			order = append(order, k)
		}
		chains[k] = append(chains[k], row)
	}
	var b strings.Builder
	for _, system := range []struct{ title, size, optimizer string }{
		{"Tiny GAN (32 parameters), SGD", "latent=1,", "optimizer=sgd"},
		{"Tiny GAN (32 parameters), natural gradient with momentum", "latent=1,", "optimizer=natural-momentum"},
		{"The paper's GAN (674 parameters), SGD", "latent=16,", "optimizer=sgd"},
		{"The paper's GAN (674 parameters), natural gradient with momentum", "latent=16,", "optimizer=natural-momentum"},
	} {
		fmt.Fprintf(&b, "\n**%s**\n\n| move | coordinates |", system.title)
		for _, c := range movesColumns {
			fmt.Fprintf(&b, " `%s` |", c)
		}
		b.WriteString("\n|---|---|---|---|---|---|\n")
		for _, k := range order {
			if !strings.Contains(k.task, system.size) || !strings.Contains(k.task, system.optimizer+",") {
				continue
			}
			coordinates := "positions"
			if strings.Contains(k.task, "action=innovation") {
				coordinates = "innovations"
			}
			fmt.Fprintf(&b, "| `%s` | %s |", k.move, coordinates)
			for _, c := range movesColumns {
				b.WriteString(" " + span(t, chains[k], slices.Index(rows[0], c)) + " |")
			}
			b.WriteString("\n")
		}
	}
	return b.String() + "\n"
}

// span is a column of the chains, the least and the greatest.
func span(t *testing.T, rows [][]string, column int) string {
	t.Helper()
	var values []float64
	for _, row := range rows {
		if row[column] == "" {
			return "—"
		}
		v, err := strconv.ParseFloat(row[column], 64)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	lo, hi := strconv.FormatFloat(slices.Min(values), 'g', 3, 64), strconv.FormatFloat(slices.Max(values), 'g', 3, 64)
	for _, s := range []*string{&lo, &hi} {
		v, _ := strconv.ParseFloat(*s, 64)
		if v >= 100 {
			*s = strconv.FormatFloat(v, 'f', 0, 64)
		}
	}
	if lo == hi {
		return lo
	}
	return lo + " … " + hi
}
