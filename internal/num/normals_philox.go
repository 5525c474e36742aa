package num

// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1,
// 2, 3", SC 2011): multipliers, key increments, rounds.
const (
	philoxM0     = 0xD2511F53
	philoxM1     = 0xCD9E8D57
	philoxW0     = 0x9E3779B9
	philoxW1     = 0xBB67AE85
	philoxRounds = 10
)

// Philox returns the two 64-bit words of a block: words 2·block and 2·block+1 of the
// stream (key, nonce). They are Philox4x32-10's outputs (r₀, r₁) and (r₂, r₃) for the
// counter (block, nonce) under key; counter and key are taken low 32 bits first, and a
// word's high half is the first of its two outputs.
func Philox(key, nonce, block uint64) (w0, w1 uint64) {
	k0, k1 := uint32(key), uint32(key>>32)
	c0, c1 := uint32(block), uint32(block>>32)
	c2, c3 := uint32(nonce), uint32(nonce>>32)
	for range philoxRounds {
		p0 := uint64(c0) * philoxM0
		p1 := uint64(c2) * philoxM1
		c0, c1 = uint32(p1>>32)^c1^k0, uint32(p1)
		c2, c3 = uint32(p0>>32)^c3^k1, uint32(p0)
		k0 += philoxW0
		k1 += philoxW1
	}
	return uint64(c0)<<32 | uint64(c1), uint64(c2)<<32 | uint64(c3)
}

// philoxWord returns one word.
func philoxWord(key, nonce, pos uint64) uint64 {
	w0, w1 := Philox(key, nonce, pos>>1)
	if pos&1 == 1 {
		return w1
	}
	return w0
}

// philoxWords fills dst, of even length, with the words of block, block+1, …: two blocks
// at a time, because one alone waits for its multiplications.
func philoxWords(dst []uint64, key, nonce, block uint64) {
	var keys [2 * philoxRounds]uint32
	k0, k1 := uint32(key), uint32(key>>32)
	for r := 0; r < len(keys); r += 2 {
		keys[r], keys[r+1] = k0, k1
		k0 += philoxW0
		k1 += philoxW1
	}
	for len(dst) >= 4 {
		c0, c1, c2, c3 := uint32(block), uint32(block>>32), uint32(nonce), uint32(nonce>>32)
		d0, d1, d2, d3 := uint32(block+1), uint32((block+1)>>32), c2, c3
		for r := 0; r < len(keys); r += 4 {
			c0, c1, c2, c3 = philoxRound(c0, c1, c2, c3, keys[r], keys[r+1])
			d0, d1, d2, d3 = philoxRound(d0, d1, d2, d3, keys[r], keys[r+1])
			c0, c1, c2, c3 = philoxRound(c0, c1, c2, c3, keys[r+2], keys[r+3])
			d0, d1, d2, d3 = philoxRound(d0, d1, d2, d3, keys[r+2], keys[r+3])
		}
		dst[0], dst[1] = uint64(c0)<<32|uint64(c1), uint64(c2)<<32|uint64(c3)
		dst[2], dst[3] = uint64(d0)<<32|uint64(d1), uint64(d2)<<32|uint64(d3)
		block += 2
		dst = dst[4:]
	}
	if len(dst) > 0 {
		dst[0], dst[1] = Philox(key, nonce, block)
	}
}

func philoxRound(c0, c1, c2, c3, k0, k1 uint32) (d0, d1, d2, d3 uint32) {
	p0, p1 := uint64(c0)*philoxM0, uint64(c2)*philoxM1
	return uint32(p1>>32) ^ (c1 ^ k0), uint32(p1), uint32(p0>>32) ^ (c3 ^ k1), uint32(p0)
}

// A philoxSchedule is what the vector kernels need of key, nonce and counter: blocks whose
// high half is the same go through the first rounds with most of the counter constant.
//
//	[0]      low half of the first block
//	[1]      round 0: c₂' = hi(M₀c₀) ^ [1]; c₀', c₁' and, but for c₃' = lo(M₀c₀), all else are constant
//	[2] [3]  round 1: c₀' = hi(M₁c₂) ^ [2], c₂' = c₃ ^ [3]
//	[4] [5]  round 2: c₀' = hi(M₁c₂) ^ c₁ ^ [4], c₂' = hi(M₀c₀) ^ [5]
//	[2r] …   round r: the keys k₀, k₁; in the last they are shifted to the high half
type philoxSchedule [2 * philoxRounds]uint64

func newPhiloxSchedule(key, nonce, block uint64) (s philoxSchedule) {
	k0, k1 := uint32(key), uint32(key>>32)
	next := func() { k0, k1 = k0+philoxW0, k1+philoxW1 }
	s[0] = uint64(uint32(block))
	p1 := uint64(uint32(nonce)) * philoxM1
	c0, c1 := uint32(p1>>32)^uint32(block>>32)^k0, uint32(p1)
	s[1] = uint64(uint32(nonce>>32) ^ k1)
	next()
	p0 := uint64(c0) * philoxM0
	s[2], s[3] = uint64(c1^k0), uint64(uint32(p0>>32)^k1)
	next()
	s[4], s[5] = uint64(k0), uint64(uint32(p0)^k1)
	for r := 3; r < philoxRounds; r++ {
		next()
		s[2*r], s[2*r+1] = uint64(k0), uint64(k1)
	}
	s[len(s)-2] <<= 32
	s[len(s)-1] <<= 32
	return s
}
