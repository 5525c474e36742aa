package num

// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1,
// 2, 3", SC 2011): multipliers and key increments.
const (
	philoxM0 = 0xD2511F53
	philoxM1 = 0xCD9E8D57
	philoxW0 = 0x9E3779B9
	philoxW1 = 0xBB67AE85
)

// Philox is the block cipher Philox4x32-10 on the counter (block, nonce) under key; the
// 32-bit words of each argument and result are taken low word first. It returns the two
// 64-bit words of the block: words 2·block and 2·block+1 of the stream (key, nonce).
func Philox(key, nonce, block uint64) (w0, w1 uint64) {
	k0, k1 := uint32(key), uint32(key>>32)
	c0, c1 := uint32(block), uint32(block>>32)
	c2, c3 := uint32(nonce), uint32(nonce>>32)
	for range 10 {
		p0 := uint64(c0) * philoxM0
		p1 := uint64(c2) * philoxM1
		c0, c1 = uint32(p1>>32)^c1^k0, uint32(p1)
		c2, c3 = uint32(p0>>32)^c3^k1, uint32(p0)
		k0 += philoxW0
		k1 += philoxW1
	}
	return uint64(c0) | uint64(c1)<<32, uint64(c2) | uint64(c3)<<32
}
