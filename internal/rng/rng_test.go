package rng

import (
	"bytes"
	"encoding"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var (
	_ rand.Source                = (*Stream)(nil)
	_ encoding.BinaryMarshaler   = (*Stream)(nil)
	_ encoding.BinaryUnmarshaler = (*Stream)(nil)
)

// A draw consumes n words of a stream and returns what it made of them.
type draw struct {
	name string
	n    int
	from func(s *Stream) []float64
}

// drawAny picks one of the ways to draw.
func drawAny(t *rapid.T) draw {
	n := rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(0, 3*prepare)).Draw(t, "n")
	return []draw{
		{"Uint64", 1, func(s *Stream) []float64 {
			w := s.Uint64()
			return []float64{float64(w >> 32), float64(w & (1<<32 - 1))}
		}},
		{"Uniform", 1, func(s *Stream) []float64 { return []float64{s.Uniform()} }},
		{"Normal", 1, func(s *Stream) []float64 { return []float64{s.Normal()} }},
		{"Normals", n, func(s *Stream) []float64 { z := make([]float64, n); s.Normals(z); return z }},
		{"Shuffle", 3, func(s *Stream) []float64 {
			a := []float64{1, 2, 3, 4}
			s.Shuffle(len(a), func(i, j int) { a[i], a[j] = a[j], a[i] })
			return a
		}},
	}[rapid.IntRange(0, 4).Draw(t, "kind")]
}

// at returns a stream like s that has never drawn anything, at position pos.
func (s *Stream) at(pos uint64) *Stream { return &Stream{key: s.key, nonce: s.nonce, pos: pos} }

// Whatever was drawn before, and however, position p gives the same.
func TestDrawsDependOnPositionOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.SampledFrom([]uint64{0, 1, 17, 1<<33 - 40}).Draw(t, "start")
		s := New(1, 2, "a", "b").at(start)
		pos := start
		for range rapid.IntRange(1, 20).Draw(t, "draws") {
			d := drawAny(t)
			want := d.from(s.at(pos))
			if got := d.from(s); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%s at %d gave %v, afresh %v", d.name, pos, got, want)
			}
			pos += uint64(d.n)
			if s.pos != pos {
				t.Fatalf("%s of %d words: at %d, want %d", d.name, d.n, s.pos, pos)
			}
		}
	})
}

func TestNormalsAreSuccessiveNormals(t *testing.T) {
	for _, n := range []int{1, 2, prepare/2 - 1, prepare / 2, prepare, 1000} {
		a, b := New(3, 0, "x", ""), New(3, 0, "x", "")
		z := make([]float64, n)
		for round := range 3 {
			a.Normals(z)
			for i := range z {
				if want := b.Normal(); z[i] != want {
					t.Fatalf("round %d of %d normals: number %d is %v, want %v", round, n, i, z[i], want)
				}
			}
		}
	}
}

// A saved and restored stream continues as the uninterrupted one, in the middle of
// anything; saving does not disturb it.
func TestRestartIsUninterrupted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(rapid.Uint64().Draw(t, "seed"), 0, "p", "")
		for range rapid.IntRange(0, 6).Draw(t, "draws before") {
			drawAny(t).from(s)
		}
		saved, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		restored := New(9, 9, "something else", "")
		drawAny(t).from(restored)
		if err := restored.UnmarshalBinary(saved); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 6).Draw(t, "draws after") {
			d := drawAny(t)
			if got, want := d.from(restored), d.from(s); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%s: restored %v, uninterrupted %v", d.name, got, want)
			}
		}
		if child, want := restored.Split("c"), s.Split("c"); *child != *want {
			t.Fatal("a child of the restored stream differs")
		}
	})
}

func TestUnmarshalRefuses(t *testing.T) {
	good, _ := New(1, 2, "a", "b").MarshalBinary()
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "empty"},
		{"another version", append([]byte{2}, good[1:]...), "version 2, this program reads version 1"},
		{"truncated", good[:len(good)-1], "24 bytes, want 25"},
		{"too long", append(bytes.Clone(good), 0), "26 bytes, want 25"},
	} {
		s := New(5, 5, "s", "")
		before := *s
		err := s.UnmarshalBinary(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", c.name, err, c.want)
		}
		if *s != before {
			t.Errorf("%s: the stream changed", c.name)
		}
	}
}

func TestSplitLeavesParentAndIgnoresPosition(t *testing.T) {
	s := New(1, 2, "a", "b")
	first := *s.Split("child")
	if s.pos != 0 {
		t.Error("Split advanced the parent")
	}
	s.Normals(make([]float64, 100))
	s.Uint64()
	if *s.Split("child") != first {
		t.Error("the child depends on the parent's position")
	}
}

// Streams that differ in anything have nothing in common: not the identity, not the first
// word. The list holds what careless encodings confuse.
func TestNamesAreInjective(t *testing.T) {
	streams := map[string]*Stream{}
	for _, seed := range []uint64{0, 1, 2, 256, 1 << 32, 1<<63 - 1, 1<<64 - 1} {
		for _, replica := range []int{-1, 0, 1, 2, 256, 1 << 32} {
			for _, names := range [][2]string{{"", ""}, {"a", ""}, {"", "a"}, {"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"a\x00", "b"}, {"a", "\x00b"}, {"child", ""}} {
				s := New(seed, replica, names[0], names[1])
				name := fmt.Sprintf("%d/%d/%q/%q", seed, replica, names[0], names[1])
				streams[name] = s
				for _, child := range []string{"", "child", "a"} {
					streams[name+"→"+child] = s.Split(child)
				}
				streams[name+"→child→child"] = s.Split("child").Split("child")
			}
		}
	}
	words := map[uint64]string{}
	for name, s := range streams {
		for _, w := range []uint64{s.key, s.nonce, s.at(0).Uint64()} {
			if other := words[w]; other != "" {
				t.Fatalf("%s and %s share %#x", name, other, w)
			}
			words[w] = name
		}
	}
}

func TestSeedPanics(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.HasPrefix(r.(string), "rng: ") {
			t.Errorf("recovered %v", r)
		}
	}()
	New(1, 0, "", "").Seed(2)
}

func TestDrawsAllocateNothing(t *testing.T) {
	s, z := New(1, 0, "p", ""), make([]float64, 777)
	for name, f := range map[string]func(){
		"Uint64":  func() { s.Uint64() },
		"Uniform": func() { s.Uniform() },
		"Normal":  func() { s.Normal() },
		"Normals": func() { s.Normals(z); s.Normals(z[:3]) },
		"Intn":    func() { s.Intn(10) },
		"Shuffle": func() { s.Shuffle(len(z), func(i, j int) { z[i], z[j] = z[j], z[i] }) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkStream(b *testing.B) {
	s, z := New(1, 0, "p", ""), make([]float64, 4224)
	for _, c := range []struct {
		name string
		n    int
		f    func()
	}{
		{"Normals", len(z), func() { s.Normals(z) }},
		{"Normals4", 4, func() { s.Normals(z[:4]) }},
		{"Normal", 1, func() { z[0] = s.Normal() }},
		{"Uniform", 1, func() { z[0] = s.Uniform() }},
		{"Intn", 1, func() { s.Intn(1000) }},
		{"New", 1, func() { New(1, 2, "purpose", "coupling") }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.n), "ns/number")
		})
	}
}
