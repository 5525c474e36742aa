// Package rng holds the random streams: named, independent, counter-based, restartable.
//
// A Stream is Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
// easy as 1, 2, 3", SC 2011) in counter mode. Its key and nonce are a SHA-256 of what the
// stream is for, so the numbers depend on names only, never on workers, shards or the
// order in which streams are made. Its state is one position, counted in 64-bit words:
// every number consumes whole words in order (a normal, a uniform, an exponential, a Uint64: one each),
// so bulk and single draws can be mixed, and a restart continues the same sequence.
// Position p is the word of block p/2; 2⁶⁴ words are there.
//
// The sequences are part of the program's contract: golden tests hold them.
package rng

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	//lint:ignore SA1019 pinned and held by golden tests; only its algorithms for discrete choices are used, on our own source
	"golang.org/x/exp/rand"

	"machlup/internal/num"
)

// A Stream is a sequence of 64-bit words and what is made of them. It serves one
// goroutine. It implements math/rand/v2.Source and golang.org/x/exp/rand.Source, so
// gonum's distributions take it. A copy is an independent stream with the same future.
type Stream struct {
	key, nonce uint64
	pos        uint64 // index of the next word

	// Of what lies ahead, what happens to be known. Never saved.
	odd       uint64 // word pos, if hasOdd
	hasOdd    bool
	hasAhead  bool
	aheadFrom uint64           // even
	ahead     [prepare]float64 // normals of words aheadFrom, …, if hasAhead
}

// prepare is the number of normals made at once for those who draw few at a time.
const prepare = 32

// Domain tags: the two ways to derive a stream never hash the same bytes.
const (
	newTag   = "machlup/rng/new/1"
	splitTag = "machlup/rng/split/1"
)

// New returns the stream SHA-256(seed ‖ replica ‖ purpose ‖ coupling), every part of
// fixed or prefixed length so that different arguments hash different bytes. purpose says
// what the numbers are used for ("noise/generator"); coupling is empty for numbers shared
// between tasks (common random numbers) and the task's swept values otherwise.
func New(seed uint64, replica int, purpose, coupling string) *Stream {
	b := appendString(nil, newTag)
	b = binary.LittleEndian.AppendUint64(b, seed)
	b = binary.LittleEndian.AppendUint64(b, uint64(int64(replica)))
	b = appendString(b, purpose)
	b = appendString(b, coupling)
	return fromHash(b)
}

// Split returns the child stream named purpose. It depends on the parent's identity and
// the name only, not on the parent's position, and does not advance the parent: splitting
// twice with one name gives the same stream twice.
func (s *Stream) Split(purpose string) *Stream {
	b := appendString(nil, splitTag)
	b = binary.LittleEndian.AppendUint64(b, s.key)
	b = binary.LittleEndian.AppendUint64(b, s.nonce)
	b = appendString(b, purpose)
	return fromHash(b)
}

func appendString(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}

func fromHash(b []byte) *Stream {
	h := sha256.Sum256(b)
	return &Stream{key: binary.LittleEndian.Uint64(h[0:]), nonce: binary.LittleEndian.Uint64(h[8:])}
}

// Uint64 returns the next word.
func (s *Stream) Uint64() uint64 {
	if s.hasOdd {
		s.hasOdd = false
		s.pos++
		return s.odd
	}
	w0, w1 := num.Philox(s.key, s.nonce, s.pos>>1)
	if s.pos&1 == 1 { // after a bulk draw of odd length, or a restart
		w0 = w1
	} else {
		s.odd, s.hasOdd = w1, true
	}
	s.pos++
	return w0
}

// Uniform returns the next word as a number of the open interval (0,1): an odd multiple
// of 2⁻⁵³, from the low 52 bits.
func (s *Stream) Uniform() float64 { return (float64(s.Uint64()&(1<<52-1)) + 0.5) * 0x1p-52 }

// Normal returns the next word as a standard normal: by inverse CDF, one word each, to
// about 1e-15 relative, |z| ≤ 8.21.
func (s *Stream) Normal() float64 {
	i := s.pos - s.aheadFrom
	if !s.hasAhead || i >= prepare {
		i = s.lookAhead()
	}
	s.pos++
	s.hasOdd = false
	return s.ahead[i]
}

// Normals fills dst with independent standard normals: the same numbers as len(dst) calls
// of Normal.
func (s *Stream) Normals(dst []float64) {
	if len(dst) < prepare/2 {
		for i := range dst {
			dst[i] = s.Normal()
		}
		return
	}
	num.Normals(dst, s.key, s.nonce, s.pos)
	s.pos += uint64(len(dst))
	s.hasOdd = false
}

// Exponentials fills dst with independent exponential variates of mean 1: −ln of the
// uniforms that len(dst) calls of Uniform would give.
func (s *Stream) Exponentials(dst []float64) {
	num.Exponentials(dst, s.key, s.nonce, s.pos)
	s.pos += uint64(len(dst))
	s.hasOdd = false
}

// lookAhead prepares normals from the present position on and returns its index.
func (s *Stream) lookAhead() uint64 {
	s.hasAhead, s.aheadFrom = true, s.pos&^1
	num.Normals(s.ahead[:], s.key, s.nonce, s.aheadFrom)
	return s.pos & 1
}

// Intn returns a uniform integer of [0, n); it panics if n <= 0. It consumes one word, or
// more with probability below n·2⁻⁶⁴.
func (s *Stream) Intn(n int) int { return rand.New(s).Intn(n) }

// Perm returns a uniform permutation of 0 … n−1.
func (s *Stream) Perm(n int) []int { return rand.New(s).Perm(n) }

// Shuffle permutes n elements uniformly through swap.
func (s *Stream) Shuffle(n int, swap func(i, j int)) { rand.New(s).Shuffle(n, swap) }

// Seed panics: a stream's identity is fixed by New and Split. It exists to satisfy
// golang.org/x/exp/rand.Source.
func (s *Stream) Seed(uint64) { panic("rng: a Stream cannot be reseeded; use New or Split") }

const (
	stateVersion = 1
	stateLen     = 1 + 3*8
)

// MarshalBinary returns the stream's identity and position: 25 bytes.
func (s *Stream) MarshalBinary() ([]byte, error) {
	b := append(make([]byte, 0, stateLen), stateVersion)
	b = binary.LittleEndian.AppendUint64(b, s.key)
	b = binary.LittleEndian.AppendUint64(b, s.nonce)
	return binary.LittleEndian.AppendUint64(b, s.pos), nil
}

// UnmarshalBinary restores what MarshalBinary wrote: the stream continues as if it had
// never been interrupted. On error s is unchanged.
func (s *Stream) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		return errors.New("rng: the saved stream is empty; start the task afresh")
	}
	if b[0] != stateVersion {
		return fmt.Errorf("rng: the saved stream has version %d, this program reads version %d; start the task afresh", b[0], stateVersion)
	}
	if len(b) != stateLen {
		return fmt.Errorf("rng: the saved stream has %d bytes, want %d; the checkpoint is damaged, start the task afresh", len(b), stateLen)
	}
	*s = Stream{
		key:   binary.LittleEndian.Uint64(b[1:]),
		nonce: binary.LittleEndian.Uint64(b[9:]),
		pos:   binary.LittleEndian.Uint64(b[17:]),
	}
	return nil
}
