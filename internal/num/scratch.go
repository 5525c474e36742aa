package num

import (
	"sync"
	"unsafe"
)

// A scratch is working memory lent to one call; cut takes pieces off it. Pooling it keeps
// kernels free of allocations and safe for concurrent use.
type scratch struct {
	memory []float64 // starts on a cache line
	used   int
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// borrow returns a scratch with room for n numbers, with arbitrary content.
func borrow(n int) *scratch {
	s := scratches.Get().(*scratch)
	n += 8 * lineWords // each cut is rounded up to a line
	if len(s.memory) < n {
		m := make([]float64, n+n/4+lineWords)
		skip := -int(uintptr(unsafe.Pointer(&m[0]))/8) & (lineWords - 1)
		s.memory = m[skip:]
	}
	s.used = 0
	return s
}

const lineWords = 8 // float64s of a cache line

// cut returns the next n numbers, starting on a cache line. At most 8 cuts fit what was
// asked of borrow.
func (s *scratch) cut(n int) []float64 {
	piece := s.memory[s.used : s.used+n : s.used+n]
	s.used += (n + lineWords - 1) &^ (lineWords - 1)
	return piece
}

func (s *scratch) giveBack() { scratches.Put(s) }
