package engine

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"machlup/internal/rng"
)

type sample struct {
	N      int
	X      []float64
	Source *rng.Stream
}

func identity() Identity {
	return Identity{Version: "1.2.3", Schema: 1, Task: "abcd", Config: "# schema 1\neta = 0.1\nsteps = 5\n", Part: 3}
}

// session is one whose warnings are kept.
func session(path string, id Identity, said *[]string) *Session {
	return NewSession(path, id, time.Nanosecond, func(text string) { *said = append(*said, text) }, nil)
}

// saveTwo writes two checkpoints, N = 1 and N = 2.
func saveTwo(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "checkpoint-0003")
	var said []string
	s := session(path, identity(), &said)
	src := rng.New(1, 0, "test", "")
	for n := 1; n <= 2; n++ {
		src.Normal()
		s.save(sample{n, []float64{math.NaN(), math.Copysign(0, -1), float64(n)}, src})
	}
	if s.Saved() != 2 || said != nil {
		t.Fatalf("saved %d: %v", s.Saved(), said)
	}
	return path
}

func TestCheckpointComesBack(t *testing.T) {
	path, got := saveTwo(t), sample{}
	var said []string
	if s := session(path, identity(), &said); !s.Restore(&got) || !s.Restored() || said != nil {
		t.Fatalf("not restored: %v", said)
	}
	src := rng.New(1, 0, "test", "")
	src.Normal()
	src.Normal()
	if got.N != 2 || !math.IsNaN(got.X[0]) || !math.Signbit(got.X[1]) || got.X[2] != 2 || got.Source.Normal() != src.Normal() {
		t.Errorf("got %+v", got)
	}
	s := session(path, identity(), &said)
	s.Drop()
	if s.Restore(&got) || said != nil {
		t.Errorf("restored what was dropped: %v", said)
	}
}

// Damage of any kind to the last checkpoint falls back to the one before, and says so; if
// both are damaged the part starts over.
func TestDamagedCheckpoints(t *testing.T) {
	whole, err := os.ReadFile(saveTwo(t))
	if err != nil {
		t.Fatal(err)
	}
	damages := map[string][]byte{"empty": {}, "cut in the magic": whole[:7], "another file": []byte(strings.Repeat("x", 400))}
	for cut := len(checkpointMagic); cut < len(whole); cut += 11 {
		damages["cut at "+string(rune('a'+cut%26))+time.Duration(cut).String()] = whole[:cut]
	}
	for bit := 0; bit < 8*len(whole); bit += 37 {
		flipped := append([]byte(nil), whole...)
		flipped[bit/8] ^= 1 << (bit % 8)
		damages["flipped "+time.Duration(bit).String()] = flipped
	}
	for name, data := range damages {
		path := saveTwo(t)
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		var said []string
		var got sample
		if !session(path, identity(), &said).Restore(&got) || got.N != 1 {
			t.Errorf("%s: got N = %d, want the previous one", name, got.N)
		}
		if len(said) != 1 || !strings.Contains(said[0], "not a whole checkpoint") || !strings.Contains(said[0], "falling back to the previous one") {
			t.Errorf("%s: said %q", name, said)
		}
	}
	path := saveTwo(t)
	for _, p := range []string{path, path + previous} {
		if err := os.Truncate(p, 100); err != nil {
			t.Fatal(err)
		}
	}
	var said []string
	var got sample
	if session(path, identity(), &said).Restore(&got) || len(said) != 2 || !strings.Contains(said[1], "the beginning of the part") {
		t.Errorf("two damaged checkpoints: N = %d, said %q", got.N, said)
	}
}

func TestForeignCheckpoints(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Identity)
		words  []string
	}{
		"version": {func(id *Identity) { id.Version = "1.3.0" }, []string{"found a checkpoint of version 1.2.3, schema 1", "allowed: version 1.3.0"}},
		"schema":  {func(id *Identity) { id.Schema = 2 }, []string{"schema 1", "schema 2"}},
		"config":  {func(id *Identity) { id.Task, id.Config = "ef", "# schema 1\neta = 0.2\nsteps = 5\n" }, []string{"another config (eta = 0.1)", "this task's (eta = 0.2)"}},
		"default": {func(id *Identity) { id.Task, id.Config = "ef", "# schema 1\nsteps = 5\n" }, []string{"another config (eta = 0.1)", "this task's (defaults)"}},
		"part":    {func(id *Identity) { id.Part = 4 }, []string{"task abcd, part 3", "task abcd, part 4"}},
	} {
		path, id := saveTwo(t), identity()
		c.change(&id)
		var said []string
		var got sample
		if session(path, id, &said).Restore(&got) {
			t.Errorf("%s: a foreign checkpoint was used", name)
		}
		text := strings.Join(said, "\n")
		for _, w := range c.words {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q does not say %q", name, text, w)
			}
		}
		if _, err := os.Stat(path + refused); err != nil {
			t.Errorf("%s: it was not kept: %v", name, err)
		}
	}
	type other struct {
		N int
		Y []float64
	}
	var said []string
	var got other
	if session(saveTwo(t), identity(), &said).Restore(&got) || !strings.Contains(said[0], "{N int, Y []float64}") {
		t.Errorf("another layout: said %q", said)
	}
}

func TestOfferSavesInTimeAndOnStop(t *testing.T) {
	dir := t.TempDir()
	seldom := NewSession(filepath.Join(dir, "a"), identity(), time.Hour, nil, nil)
	ctx, stop := context.WithCancelCause(context.Background())
	calls := 0
	state := func() any { calls++; return sample{N: calls} }
	if err := seldom.Offer(ctx, state); err != nil || calls != 0 {
		t.Errorf("saved before it was time: %v", err)
	}
	often := NewSession(filepath.Join(dir, "b"), identity(), time.Nanosecond, nil, nil)
	time.Sleep(time.Millisecond)
	if err := often.Offer(ctx, state); err != nil || calls != 1 {
		t.Errorf("%d saves, %v", calls, err)
	}
	var none *Session
	if err := none.Offer(ctx, state); err != nil || calls != 1 || none.Restore(&sample{}) || none.Restored() {
		t.Error("no session saves")
	}
	lost, lose := context.WithCancelCause(context.Background())
	lose(errors.New("another process has the directory"))
	if err := seldom.Offer(lost, state); err == nil || calls != 1 {
		t.Errorf("wrote into another's directory: %v", err)
	}
	stop(nil)
	if err := seldom.Offer(ctx, state); !errors.Is(err, context.Canceled) || calls != 2 {
		t.Errorf("stopped without saving: %d, %v", calls, err)
	}
	if err := none.Offer(ctx, state); !errors.Is(err, context.Canceled) {
		t.Errorf("no session: %v", err)
	}
	deadline, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	defer cancel()
	<-deadline.Done()
	if err := seldom.Offer(deadline, state); !errors.Is(err, context.DeadlineExceeded) || calls != 3 {
		t.Errorf("out of time without saving: %d, %v", calls, err)
	}
}

// A checkpoint that cannot be written does not stop the part, and the last one stays.
func TestUnwritableCheckpoint(t *testing.T) {
	dir := t.TempDir()
	var said []string
	s := session(filepath.Join(dir, "gone", "checkpoint"), identity(), &said)
	time.Sleep(time.Millisecond)
	if err := s.Offer(context.Background(), func() any { return sample{} }); err != nil || len(said) != 1 || !strings.Contains(said[0], "without that checkpoint") {
		t.Errorf("%v, said %q", err, said)
	}
}
