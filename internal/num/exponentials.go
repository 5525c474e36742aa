package num

import "math"

// Exponentials fills dst with the exponential variates of mean 1 of words pos, pos+1, … of
// the Philox stream (key, nonce): ExponentialOfWord of each word. The bits do not depend on
// the kernel set.
func Exponentials(dst []float64, key, nonce, pos uint64) {
	for len(dst) > 0 {
		n := len(dst)
		switch {
		case kernels == generic || n < normalsFew:
			n = min(n, normalsStrip)
			var words [normalsStrip + 2]uint64
			odd := int(pos & 1)
			philoxWords(words[:(n+odd+1)&^1], key, nonce, pos>>1)
			for i, w := range words[odd : odd+n] {
				dst[i] = ExponentialOfWord(w)
			}
		case n < normalsGroup || pos&1 == 1:
			var e [normalsGroup]float64
			exponentialsBulk(e[:], key, nonce, pos>>1)
			n = copy(dst, e[pos&1:])
		default:
			n &^= normalsGroup - 1
			exponentialsBulk(dst[:n], key, nonce, pos>>1)
		}
		dst = dst[n:]
		pos += uint64(n)
	}
}

// exponentialsBulk fills dst, whole groups, with the words of block, ….
func exponentialsBulk(dst []float64, key, nonce, block uint64) {
	if uint64(uint32(block))+uint64(len(dst)/2) > 1<<32 { // the schedule holds for one high half
		for i := range dst {
			dst[i] = ExponentialOfWord(philoxWord(key, nonce, block<<1+uint64(i)))
		}
		return
	}
	schedule := newPhiloxSchedule(key, nonce, block)
	exponentialsSIMD(dst, &schedule)
}

// ExponentialOfWord maps a uniform 64-bit word to an exponential variate of mean 1: −ln a of
// the uniform a = (v+½)·2⁻⁵² made of the low 52 bits v. Its error is about 2⁻⁵³, absolute
// below 1 and relative above.
func ExponentialOfWord(w uint64) float64 {
	a := math.Float64frombits(w&(1<<52-1)|0x3FF<<52) - (1 - 0x1p-53)
	return negLog2(a) * math.Ln2
}
