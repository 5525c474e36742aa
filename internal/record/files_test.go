package record

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestAtomicFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	if err := WriteFileAtomic(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	f, err := CreateAtomic(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("new")); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(path); string(data) != "old" {
		t.Errorf("%q before Commit", data)
	}
	names := list(t, dir)
	if len(names) != 2 || IsTemporary(path) || !IsTemporary(filepath.Join(dir, names[0])) {
		t.Errorf("%q", names)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	if data, _ := os.ReadFile(path); string(data) != "new" {
		t.Errorf("%q after Commit", data)
	}
	g, err := CreateAtomic(path)
	if err != nil {
		t.Fatal(err)
	}
	g.Abort()
	g.Abort()
	if names := list(t, dir); !cmp.Equal(names, []string{"a.txt"}) {
		t.Errorf("%q", names)
	}
	probe := filepath.Join(dir, "probe")
	if err := os.WriteFile(probe, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	a, _ := os.Stat(path)
	if b, _ := os.Stat(probe); a.Mode() != b.Mode() {
		t.Errorf("mode %v, want that of any new file, %v", a.Mode(), b.Mode())
	}
}

func TestAtomicFailures(t *testing.T) {
	dir := t.TempDir()
	if _, err := CreateAtomic(filepath.Join(dir, "no", "a.txt")); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), tmpInfix) {
		t.Error(err)
	}
	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	err := WriteFileAtomic(taken, []byte("x"))
	if err == nil || !strings.HasPrefix(err.Error(), "cannot write "+taken+": ") || strings.Contains(err.Error(), tmpInfix) {
		t.Error(err)
	}
	f, err := CreateAtomic(filepath.Join(dir, "a.txt"))
	if err != nil {
		t.Fatal(err)
	}
	whole := f.f
	if f.f, err = os.Open(whole.Name()); err != nil { // not for writing: as on a full disk, only Write fails
		t.Fatal(err)
	}
	whole.Close()
	if _, err := f.Write([]byte("x")); err == nil {
		t.Error("wrote")
	}
	if err := f.Commit(); err == nil || !strings.HasPrefix(err.Error(), "cannot write "+filepath.Join(dir, "a.txt")+": ") {
		t.Error(err)
	}
	if names := list(t, dir); !cmp.Equal(names, []string{"taken"}) {
		t.Errorf("left %q", names)
	}
	if err := WriteFileAtomic(filepath.Join(dir, strings.Repeat("n", 250)), nil); err != nil {
		t.Error(err)
	}
}

// Writers of one path do not mix.
func TestAtomicRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			data := []byte(strings.Repeat(string(rune('a'+i)), 5000))
			for range 5 {
				if err := WriteFileAtomic(path, data); err != nil {
					t.Error(err)
				}
				got, err := os.ReadFile(path)
				if err != nil || len(got) != 5000 || strings.Trim(string(got), string(got[:1])) != "" {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			}
		})
	}
	wg.Wait()
}

func TestManifest(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "out.csv"), []byte("abc"), 0o666); err != nil {
		t.Fatal(err)
	}
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-4
	if hash, err := HashFile(filepath.Join(dir, "out.csv")); err != nil || hash != abc {
		t.Errorf("%s, %v", hash, err)
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	m := Manifest{Format: ManifestFormat, Program: "machlup", Version: "0.1.0", Revision: "abc+dirty", Kernels: "generic", Go: "go1.26", Platform: "linux/amd64",
		Name: "quick <&>", Seed: 1<<64 - 1, Started: start, Finished: start.Add(time.Minute), Seconds: 59.5, Restores: 2, Status: "ok",
		Outputs: map[string]string{"out.csv": abc}}
	path := filepath.Join(dir, "manifest.json")
	for range 2 {
		if err := WriteManifest(path, m); err != nil {
			t.Fatal(err)
		}
		got, err := ReadManifest(path)
		if err != nil || !cmp.Equal(got, m) {
			t.Errorf("%v\n%s", err, cmp.Diff(m, got))
		}
		m.Finished = time.Time{}
	}
	if err := m.Check(dir); err != nil {
		t.Error(err)
	}
	data, _ := os.ReadFile(path)
	for n := range data {
		if err := decodeJSON(data[:n], "m.json", new(Manifest)); err == nil {
			t.Errorf("the first %d bytes were read", n)
		}
	}
	for _, c := range []struct{ src, want string }{
		{string(data) + "{}\n", "m.json:20: found broken JSON (more after the value); allowed: a file as this program writes it"},
		{"{\n\"seed\": 1,\n\"sed\": 1}\n", `m.json:3: found broken JSON (json: unknown field "sed"); allowed: a file as this program writes it`},
		{"{\"seed\": -1}\n", `m.json:1: found broken JSON (json: cannot unmarshal number -1 into Go struct field Manifest.seed of type uint64); allowed: a file as this program writes it`},
	} {
		if err := decodeJSON([]byte(c.src), "m.json", new(Manifest)); err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	for _, bad := range []Manifest{{Outputs: map[string]string{"out.csv": "00"}}, {Outputs: map[string]string{"../x": abc}}, {Outputs: map[string]string{"none": abc}}} {
		if err := bad.Check(dir); err == nil {
			t.Errorf("%v passed", bad.Outputs)
		}
	}
	if err := WriteJSON(path, Manifest{Format: 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadManifest(path); err == nil || !strings.HasSuffix(err.Error(), "found manifest format 2; allowed: 1 (written by another version of the program)") {
		t.Error(err)
	}
	if _, err := ReadManifest(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte("{\"format\": 1, \"seed\": 3, \"outputs\": {\"a\": \"b\"}}\n"))
	f.Add([]byte("{}{}\n"))
	f.Add([]byte("{\"started\": \"2026-01-02T03:04:05Z\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m Manifest
		if err := decodeJSON(data, "m.json", &m); err != nil {
			if _, ok := err.(*DataError); !ok || strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("%T %q", err, err)
			}
			return
		}
		path := filepath.Join(t.TempDir(), "m.json")
		if err := WriteManifest(path, m); err != nil {
			t.Fatal(err)
		}
		m.Format = ManifestFormat
		if got, err := ReadManifest(path); err != nil || !cmp.Equal(got, m) {
			t.Fatalf("%v\n%s", err, cmp.Diff(m, got))
		}
	})
}

func TestSafeJoin(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "run")
	for _, d := range []string{dir, filepath.Join(dir, "real"), filepath.Join(base, "outside"), filepath.Join(base, "run-beside")} {
		if err := os.MkdirAll(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"inside": "real", "out": "../outside", "beside": "../run-beside", "absolute": base, "dangling": "nowhere", "loop": "loop", "real/up": "..", "real/upup": "../..",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a", "a/b.csv", "real/x", "inside/x", "tasks/0af3/trace.csv", "real/up/x", "...", "a..b", "é", "with space"} {
		got, err := SafeJoin(dir, name)
		if err != nil || got != filepath.Join(dir, name) {
			t.Errorf("%q: %s, %v", name, got, err)
		}
	}
	for _, name := range []string{"", ".", "..", "../x", "a/../../x", "a/../b", "/etc/passwd", "a//b", "a/", "./a", "a\\b", "a\x00b", "a\nb",
		"out", "out/x", "beside/x", "absolute/x", "dangling", "dangling/x", "loop", "real/upup/x", "inside/upup/outside/x"} {
		if got, err := SafeJoin(dir, name); err == nil {
			t.Errorf("%q became %s", name, got)
		} else if !strings.Contains(err.Error(), "allowed: a relative path that stays below "+dir) {
			t.Errorf("%q: %v", name, err)
		}
	}
	linked := filepath.Join(base, "linked") // the folder itself may be a link
	if err := os.Symlink("run", linked); err != nil {
		t.Fatal(err)
	}
	if _, err := SafeJoin(linked, "inside/x"); err != nil {
		t.Error(err)
	}
	if _, err := SafeJoin(linked, "out/x"); err == nil {
		t.Error("a way out")
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := SafeJoin(dir, "file/x"); err == nil {
		t.Error("a file as a folder")
	}
}
