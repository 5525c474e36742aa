package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"machlup/internal/rng"
)

// A checkpoint is data: whatever its bytes, also with a checksum that fits them, it is
// restored whole or passed over, without a panic.
func FuzzCheckpoint(f *testing.F) {
	path := filepath.Join(f.TempDir(), "checkpoint")
	if err := writeCheckpoint(path, identity(), sample{3, []float64{1, 2}, rng.New(1, 0, "fuzz", "")}); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	head := len(checkpointMagic) + sha256.Size
	f.Add(whole[head:], true)
	f.Add(whole, false)
	f.Add(whole[:len(whole)/2], false)
	f.Add([]byte("{}\n"), true)
	f.Add(bytes.Replace(whole[head:], []byte("1.2.3"), []byte("9.9.9"), 1), true)
	f.Fuzz(func(t *testing.T, data []byte, sealed bool) {
		if len(data) > 1<<16 {
			return
		}
		if sealed {
			sum := sha256.Sum256(data)
			data = append(append([]byte(checkpointMagic), sum[:]...), data...)
		}
		path := filepath.Join(t.TempDir(), "checkpoint")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		said := 0
		s := NewSession(path, identity(), 1, func(string) { said++ }, nil)
		var state sample
		if s.Restore(&state) == (said > 0) {
			t.Fatalf("restored %v and said %d things", s.Restored(), said)
		}
		if err := s.Offer(context.Background(), func() any { return sample{N: 4} }); err != nil {
			t.Fatal(err)
		}
	})
}
