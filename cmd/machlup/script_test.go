package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"machlup/internal/record"
)

// cmdStatus is "status N COMMAND ARGS…": COMMAND ends with exit status N.
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitStatus(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func exitStatus(ts *testscript.TestScript, err error) int {
	var e *exec.ExitError
	if errors.As(err, &e) {
		return e.ExitCode() // −1 if a signal ended it
	}
	ts.Check(err)
	return 0
}

// cmdSignal is "signal NAME N GLOB COMMAND ARGS…": start COMMAND, send it the signal once
// a file matches GLOB, and require exit status N (−1: ended by the signal).
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: signal NAME N GLOB COMMAND ARGS…")
	}
	sig, ok := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "KILL": os.Kill}[args[0]]
	if !ok {
		ts.Fatalf("signal: unknown signal %s", args[0])
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	cmd := exec.Command(args[3], args[4:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), ts.Stdout(), ts.Stderr()
	ts.Check(cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	deadline := time.After(30 * time.Second)
	for sent := false; ; {
		select {
		case err := <-done:
			if !sent {
				ts.Fatalf("%s ended before the signal (%v): nothing was tested", args[3], err)
			}
			if got := exitStatus(ts, err); got != want {
				ts.Fatalf("exit status %d, want %d", got, want)
			}
			return
		case <-deadline:
			_ = cmd.Process.Kill()
			ts.Fatalf("no file %s, or no end, within 30 s", args[2])
		case <-time.After(2 * time.Millisecond):
			if files, _ := filepath.Glob(ts.MkAbs(args[2])); !sent && len(files) > 0 {
				ts.Check(cmd.Process.Signal(sig))
				sent = true
			}
		}
	}
}

// cmdSame is "same A B [REGEXP]": the files below two directories (with such names) have
// the same names and bytes.
func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && len(args) != 3 {
		ts.Fatalf("usage: [!] same A B [REGEXP]")
	}
	left, right := tree(ts, args[0]), tree(ts, args[1])
	if len(args) == 3 {
		re := regexp.MustCompile(args[2])
		other := func(name string, _ []byte) bool { return !re.MatchString(name) }
		maps.DeleteFunc(left, other)
		maps.DeleteFunc(right, other)
	}
	if len(left) == 0 {
		ts.Fatalf("%s holds no such files", args[0])
	}
	diff := difference(left, right)
	switch {
	case neg && diff == "":
		ts.Fatalf("%s and %s are the same", args[0], args[1])
	case !neg && diff != "":
		ts.Fatalf("%s and %s differ: %s", args[0], args[1], diff)
	}
}

func difference(left, right map[string][]byte) string {
	for _, name := range slices.Sorted(maps.Keys(right)) {
		if left[name] == nil {
			return "only the second has " + name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		if right[name] == nil {
			return "only the first has " + name
		}
		l, r := bytes.Split(left[name], []byte("\n")), bytes.Split(right[name], []byte("\n"))
		for i := range min(len(l), len(r)) {
			if !bytes.Equal(l[i], r[i]) {
				return fmt.Sprintf("%s:%d:\n%s\n%s", name, i+1, l[i], r[i])
			}
		}
		if len(l) != len(r) {
			return fmt.Sprintf("%s: %d and %d lines", name, len(l), len(r))
		}
	}
	return ""
}

// tree reads all files below a directory, by slash path.
func tree(ts *testscript.TestScript, dir string) map[string][]byte {
	files, root := map[string][]byte{}, ts.MkAbs(dir)
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[filepath.ToSlash(strings.TrimPrefix(path, root))] = append([]byte{}, data...)
		return err
	}))
	return files
}

// sidecar is what the tests read of NAME.csv-metadata.json.
type sidecar struct {
	URL    string
	Schema struct {
		Columns []struct{ Name, Datatype, Description, Unit string }
	} `json:"tableSchema"`
}

// cmdSidecars is "sidecars DIR": each CSV has a sidecar that names its columns in order,
// each with a datatype and a description, numbers with a unit, and cells of that type.
func cmdSidecars(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sidecars DIR")
	}
	files, _ := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*.csv"))
	if len(files) == 0 {
		ts.Fatalf("%s: no tables", args[0])
	}
	for _, f := range files {
		rows, err := csv.NewReader(bytes.NewReader([]byte(ts.ReadFile(f)))).ReadAll()
		ts.Check(err)
		var meta sidecar
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(record.MetadataPath(f))), &meta))
		if meta.URL != filepath.Base(f) || len(meta.Schema.Columns) != len(rows[0]) {
			ts.Fatalf("%s: the sidecar is of %q with %d columns, the table has %d", f, meta.URL, len(meta.Schema.Columns), len(rows[0]))
		}
		for i, c := range meta.Schema.Columns {
			numeric := c.Datatype != "string" && c.Datatype != "boolean"
			if c.Name != rows[0][i] || c.Datatype == "" || c.Description == "" || numeric && c.Unit == "" {
				ts.Fatalf("%s: column %q is %+v in the sidecar", f, rows[0][i], c)
			}
			for line, row := range rows[1:] {
				if !fits(row[i], c.Datatype) {
					ts.Fatalf("%s:%d: %s: %q is no %s", f, line+2, c.Name, row[i], c.Datatype)
				}
			}
		}
	}
}

// fits tells whether a cell may stand in a column of a CSVW datatype.
func fits(cell, datatype string) bool {
	var err error
	switch {
	case cell == "" || datatype == "string":
	case datatype == "integer":
		_, err = strconv.ParseInt(cell, 10, 64)
	case datatype == "boolean":
		_, err = strconv.ParseBool(cell)
	default:
		var v float64
		v, err = strconv.ParseFloat(cell, 64)
		if v-v != 0 {
			return false // NaN and infinities have no place in a table
		}
	}
	return err == nil
}

// cmdManifest is "manifest DIR STATUS": manifest.json has the status and the SHA-256 of
// exactly the files of csv/ and figures/ and of report.html, and the manifests of tasks those of their tables.
func cmdManifest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: manifest DIR STATUS")
	}
	dir := ts.MkAbs(args[0])
	m, err := record.ReadManifest(filepath.Join(dir, "manifest.json"))
	ts.Check(err)
	if m.Status != args[1] {
		ts.Fatalf("status %q, want %q", m.Status, args[1])
	}
	if m.Version == "" || m.Kernels == "" || m.Go == "" || m.Name == "" || m.Finished.Before(m.Started) {
		ts.Fatalf("manifest.json lacks something: %+v", m)
	}
	var listed, found []string
	for name := range m.Outputs {
		listed = append(listed, name)
	}
	for _, sub := range []string{"csv", "figures"} {
		if _, err := os.Stat(filepath.Join(dir, sub)); err == nil {
			for name := range tree(ts, filepath.Join(dir, sub)) {
				found = append(found, sub+name)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "report.html")); err == nil {
		found = append(found, "report.html")
	}
	slices.Sort(listed)
	slices.Sort(found)
	if !slices.Equal(listed, found) {
		ts.Fatalf("manifest.json lists %v, the run has %v", listed, found)
	}
	checkHashes(ts, dir, m.Outputs)
	tasks, _ := filepath.Glob(filepath.Join(dir, "tasks", "*", "manifest.json"))
	for _, file := range tasks {
		var task struct {
			Hash    string
			Config  string
			Outputs map[string]string
		}
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &task))
		if filepath.Base(filepath.Dir(file)) != task.Hash || task.Config == "" {
			ts.Fatalf("%s: of task %q", file, task.Hash)
		}
		checkHashes(ts, filepath.Dir(file), task.Outputs)
	}
}

func checkHashes(ts *testscript.TestScript, dir string, outputs map[string]string) {
	for name, want := range outputs {
		got, err := record.HashFile(filepath.Join(dir, name))
		ts.Check(err)
		if got != want {
			ts.Fatalf("%s: SHA-256 %s, the manifest says %s", filepath.Join(dir, name), got, want)
		}
	}
}

// cmdCells is "cells FILE N COLUMN=VALUE…": N rows of the table have these values, where
// VALUE "?" is any number and "-" an empty cell.
func cmdCells(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: cells FILE N COLUMN=VALUE…")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	ts.Check(err)
	n := 0
	for _, row := range rows[1:] {
		if rowMatches(ts, rows[0], row, args[2:]) {
			n++
		}
	}
	if n != want {
		ts.Fatalf("%s: %d rows with %s, want %d", args[0], n, strings.Join(args[2:], " "), want)
	}
}

func rowMatches(ts *testscript.TestScript, header, row, conditions []string) bool {
	for _, c := range conditions {
		column, value, _ := strings.Cut(c, "=")
		i := slices.Index(header, column)
		if i < 0 {
			ts.Fatalf("no column %q among %v", column, header)
		}
		switch value {
		case "?":
			if _, err := strconv.ParseFloat(row[i], 64); err != nil {
				return false
			}
		case "-":
			if row[i] != "" {
				return false
			}
		default:
			if row[i] != value {
				return false
			}
		}
	}
	return true
}

// cmdRefuse is "refuse FILE…": machlup run refuses each experiment with exit status 2,
// one line on stderr that has all the texts of its "#! " comments, and writes nothing;
// validate and plan refuse it with the same words.
func cmdRefuse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: refuse FILE…")
	}
	for _, file := range args {
		before := tree(ts, ".")
		var words []string
		for _, verb := range []string{"run", "validate", "plan"} {
			cmd := exec.Command("machlup", verb, file)
			cmd.Dir = ts.MkAbs(".")
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if got := exitStatus(ts, cmd.Run()); got != exitUsage {
				ts.Fatalf("machlup %s %s: exit status %d, want %d\n%s", verb, file, got, exitUsage, stderr.String())
			}
			if stdout.Len() > 0 || strings.Count(stderr.String(), "\n") != 1 {
				ts.Fatalf("machlup %s %s: want one line on stderr, found:\n%s%s", verb, file, stdout.String(), stderr.String())
			}
			words = append(words, stderr.String())
		}
		if words[0] != words[1] || words[0] != words[2] {
			ts.Fatalf("%s: run, validate and plan say\n%s", file, strings.Join(words, ""))
		}
		ts.Logf("%s", words[0])
		checkWords(ts, file, words[0])
		if after := tree(ts, "."); !maps.EqualFunc(before, after, bytes.Equal) {
			ts.Fatalf("%s: files were written: %v", file, slices.Sorted(maps.Keys(after)))
		}
	}
}

func checkWords(ts *testscript.TestScript, file, message string) {
	n := 0
	for _, line := range strings.Split(ts.ReadFile(file), "\n") {
		want, ok := strings.CutPrefix(line, "#! ")
		if !ok {
			continue
		}
		n++
		if !strings.Contains(message, want) {
			ts.Fatalf("%s: the refusal lacks %q:\n%s", file, want, message)
		}
	}
	if n == 0 {
		ts.Fatalf("%s: no line starts with %q", file, "#! ")
	}
}

// cmdCorrupt is "corrupt GLOB": flips the last bit of the first file that matches.
func cmdCorrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: corrupt GLOB")
	}
	files, _ := filepath.Glob(ts.MkAbs(args[0]))
	if len(files) == 0 {
		ts.Fatalf("no file %s", args[0])
	}
	data := []byte(ts.ReadFile(files[0]))
	data[len(data)-1] ^= 1
	ts.Check(os.WriteFile(files[0], data, 0o666))
}

// cmdInuse is "inuse REGEXP EXPERIMENT DIR": while a run is at work in DIR, another run and
// a merge are refused with exit status 2 and such a message, and the first is not disturbed.
func cmdInuse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: inuse REGEXP EXPERIMENT DIR")
	}
	first := exec.Command("machlup", "run", args[1], "--out", args[2], "--quiet")
	first.Dir = ts.MkAbs(".")
	ts.Check(first.Start())
	defer func() { _ = first.Process.Kill() }()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if parts, _ := filepath.Glob(filepath.Join(ts.MkAbs(args[2]), "tasks", "*", "part-*")); len(parts) > 0 {
			break
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the first run does nothing")
		}
	}
	for _, verb := range [][]string{{"run", args[1], "--out", args[2]}, {"run", args[1], "--out", args[2], "--shard", "0/2"}, {"merge", args[2]}} {
		second := exec.Command("machlup", verb...)
		second.Dir = ts.MkAbs(".")
		out, err := second.CombinedOutput()
		if got := exitStatus(ts, err); got != exitUsage || !regexp.MustCompile(args[0]).Match(out) {
			ts.Fatalf("machlup %s: exit status %d\n%s", strings.Join(verb, " "), got, out)
		}
	}
	if got := exitStatus(ts, first.Wait()); got != exitDone {
		ts.Fatalf("the first run: exit status %d", got)
	}
	if left, _ := filepath.Glob(filepath.Join(ts.MkAbs(args[2]), "*.lock")); len(left) > 0 {
		ts.Fatalf("it leaves %v", left)
	}
}

// cmdWatched is "watched EXPERIMENT DIR": while a run is at work in DIR, status says so.
func cmdWatched(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: watched EXPERIMENT DIR")
	}
	run := exec.Command("machlup", "run", args[0], "--out", args[1], "--quiet")
	run.Dir = ts.MkAbs(".")
	ts.Check(run.Start())
	defer func() { _ = run.Process.Kill() }()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if parts, _ := filepath.Glob(filepath.Join(ts.MkAbs(args[1]), "tasks", "*", "part-*")); len(parts) > 0 {
			break
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the run does nothing")
		}
	}
	status := exec.Command("machlup", "status", args[1])
	status.Dir = ts.MkAbs(".")
	out, err := status.CombinedOutput()
	ts.Check(err)
	want := fmt.Sprintf(`(?m)^at work +process %d on .*: computing`, run.Process.Pid)
	if !regexp.MustCompile(want).Match(out) || !bytes.Contains(out, []byte(": running\n")) {
		ts.Fatalf("status says\n%s", out)
	}
	if got := exitStatus(ts, run.Wait()); got != exitDone {
		ts.Fatalf("the run: exit status %d", got)
	}
}
