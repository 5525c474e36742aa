package num

import "testing"

// Known answers of the Random123 distribution (kat_vectors, philox4x32 10).
func TestPhiloxKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		ctr, out [4]uint32
		key      [2]uint32
	}{
		{ctr: [4]uint32{0, 0, 0, 0}, key: [2]uint32{0, 0}, out: [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{
			ctr: [4]uint32{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, key: [2]uint32{0xffffffff, 0xffffffff},
			out: [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
		},
		{
			ctr: [4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, key: [2]uint32{0xa4093822, 0x299f31d0},
			out: [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		},
	} {
		pack := func(lo, hi uint32) uint64 { return uint64(lo) | uint64(hi)<<32 }
		w0, w1 := Philox(pack(c.key[0], c.key[1]), pack(c.ctr[2], c.ctr[3]), pack(c.ctr[0], c.ctr[1]))
		if w0 != pack(c.out[0], c.out[1]) || w1 != pack(c.out[2], c.out[3]) {
			t.Errorf("Philox(%x, %x) = %x %x, want %x", c.ctr, c.key, w0, w1, c.out)
		}
	}
}
