package num

import (
	"math"
	"math/bits"
)

// Normals fills dst with the standard normals of words pos, pos+1, … of the Philox stream
// (key, nonce): NormalOfWord of each word. The bits do not depend on the kernel set.
func Normals(dst []float64, key, nonce, pos uint64) {
	for len(dst) > 0 {
		n := len(dst)
		switch {
		case n < normalsFew:
			n = 1
			dst[0] = NormalOfWord(philoxWord(key, nonce, pos))
		case kernels == generic:
			normalsGeneric(dst, key, nonce, pos)
		case n < normalsGroup || pos&1 == 1:
			n = normalsPart(dst, key, nonce, pos)
		default:
			n = normalsGroups(dst, key, nonce, pos)
		}
		dst = dst[n:]
		pos += uint64(n)
	}
}

const (
	normalsGroup = 16  // normals the kernel makes at once, from the first word of a block
	normalsCall  = 128 // most groups of one call of it
	normalsFew   = 3   // fewer are made one by one
)

// normalsGroups makes as many whole groups of dst as one call can and returns the number
// of normals. pos is even.
func normalsGroups(dst []float64, key, nonce, pos uint64) int {
	groups := len(dst) / normalsGroup
	calls := (groups + normalsCall - 1) / normalsCall
	groups = (groups + calls - 1) / calls // of calls of similar size, the first
	dst = dst[:groups*normalsGroup]
	var masks [normalsCall]uint16
	normalsBulk(dst, masks[:groups], key, nonce, pos>>1)
	return len(dst)
}

// normalsPart fills dst as far as the group that holds word pos goes and returns the
// number of normals.
func normalsPart(dst []float64, key, nonce, pos uint64) int {
	var z [normalsGroup]float64
	var masks [1]uint16
	normalsBulk(z[:], masks[:], key, nonce, pos>>1)
	return copy(dst, z[pos&1:])
}

// normalsBulk fills the groups of dst, len(masks) of them, with the words of block, ….
func normalsBulk(dst []float64, masks []uint16, key, nonce, block uint64) {
	if uint64(uint32(block))+uint64(len(dst)/2) > 1<<32 { // the schedule holds for one high half
		normalsGeneric(dst, key, nonce, block<<1)
		return
	}
	schedule := newPhiloxSchedule(key, nonce, block)
	normalsSIMD(dst, masks, &schedule)
	for g, bulk := range masks { // what lies in the tails was left as ±x
		for tail := ^bulk; tail != 0; tail &= tail - 1 {
			i := g*normalsGroup + bits.TrailingZeros16(tail)
			dst[i] *= normalRatio(negLog2(normalRest(dst[i])))
		}
	}
}

// normalsStrip is the number of normals the reference makes at a time.
const normalsStrip = 64

// normalsGeneric is the reference. Loops over a strip keep each step's code short enough
// for the processor to overlap several normals.
func normalsGeneric(dst []float64, key, nonce, pos uint64) {
	var words [normalsStrip + 2]uint64
	var logs [normalsStrip]float64
	for len(dst) > 0 {
		n := min(len(dst), normalsStrip)
		odd := int(pos & 1)
		philoxWords(words[:(n+odd+1)&^1], key, nonce, pos>>1)
		z, L, w := dst[:n], logs[:n], words[odd:odd+n]
		for i, w := range w {
			L[i] = negLog2(normalRest(normalCentral(w)))
		}
		for i, w := range w {
			z[i] = normalSigned(w, normalCentral(w)*normalRatio(L[i]))
		}
		dst = dst[n:]
		pos += uint64(n)
	}
}

// NormalOfWord maps a uniform 64-bit word to a standard normal by inverse CDF: the low 52
// bits v give the two-sided tail probability a = (v+½)·2⁻⁵², the top bit the sign. The
// relative error is below 1e-15 over the whole range, |z| ≤ 8.21.
//
// With x = 1 − a and L = −log₂(1 − x²), z = x·P(L) and P is smooth (Giles, GPU Computing
// Gems Jade Edition, 2011, ch. 10). Only operations that IEEE 754 rounds correctly are
// used, in an order written out, so that every machine and the vector kernels give the
// same bits. normals_fit.py makes the coefficients.
func NormalOfWord(w uint64) float64 {
	x := normalCentral(w)
	return normalSigned(w, x*normalRatio(negLog2(normalRest(x))))
}

// normalCentral returns x = 1 − a, exactly: an odd multiple of 2⁻⁵³.
func normalCentral(w uint64) float64 {
	return math.Float64frombits(^w&(1<<52-1)|0x3FF<<52) - (1 - 0x1p-53)
}

// normalRest returns 1 − x², at least 2⁻⁵², rounded once.
func normalRest(x float64) float64 { return math.FMA(-x, x, 1) }

func normalSigned(w uint64, z float64) float64 {
	return math.Float64frombits(math.Float64bits(z) | w&(1<<63))
}

// negLog2 returns −log₂ y for a normal 0 < y ≤ 1, to about 2⁻⁵³ absolute or relative,
// whichever is larger.
func negLog2(y float64) float64 {
	const mantissa = 1<<52 - 1
	b := math.Float64bits(y)
	i := b >> 48 & 15
	r := math.FMA(math.Float64frombits(b&mantissa|0x3FF<<52), normalLogInv[i], -1)
	q := normalLogPoly[7]
	q = math.FMA(q, r, normalLogPoly[6])
	q = math.FMA(q, r, normalLogPoly[5])
	q = math.FMA(q, r, normalLogPoly[4])
	q = math.FMA(q, r, normalLogPoly[3])
	q = math.FMA(q, r, normalLogPoly[2])
	q = math.FMA(q, r, normalLogPoly[1])
	q = math.FMA(q, r, normalLogPoly[0])
	return math.FMA(q, r, normalLogTable[i]-float64(int64(b>>52)-0x3FF))
}

// normalRatio returns P(L), 0 ≤ L ≤ 1074. All coefficients of the rational function for
// the bulk, 511 words of 512, are positive: no cancellation.
func normalRatio(L float64) float64 {
	if L > normalBulk {
		return normalTail(L)
	}
	n := normalNum[8]
	n = math.FMA(n, L, normalNum[7])
	n = math.FMA(n, L, normalNum[6])
	n = math.FMA(n, L, normalNum[5])
	n = math.FMA(n, L, normalNum[4])
	n = math.FMA(n, L, normalNum[3])
	n = math.FMA(n, L, normalNum[2])
	n = math.FMA(n, L, normalNum[1])
	n = math.FMA(n, L, normalNum[0])
	d := normalDen[8]
	d = math.FMA(d, L, normalDen[7])
	d = math.FMA(d, L, normalDen[6])
	d = math.FMA(d, L, normalDen[5])
	d = math.FMA(d, L, normalDen[4])
	d = math.FMA(d, L, normalDen[3])
	d = math.FMA(d, L, normalDen[2])
	d = math.FMA(d, L, normalDen[1])
	d = math.FMA(d, L, normalDen[0])
	return n / d
}

// normalBulk is the largest L of the rational function.
const normalBulk = 8

// normalTail returns P(L) for normalBulk ≤ L ≤ 1074.
func normalTail(L float64) float64 {
	t := math.Sqrt(L)
	switch {
	case t < 4.75:
		return horner(normalTail0[:], t-normalTailCentre0)
	case t < 7.25:
		return horner(normalTail1[:], t-normalTailCentre1)
	}
	return horner(normalFarNum[:], t) / horner(normalFarDen[:], t)
}

func horner(c []float64, t float64) float64 {
	p := c[len(c)-1]
	for i := len(c) - 2; i >= 0; i-- {
		p = math.FMA(p, t, c[i])
	}
	return p
}

// NormalQuantile returns the p-quantile of N(0,1) to about 1e-15 relative: −Inf at 0, 0
// at ½, +Inf at 1, NaN for NaN and outside [0, 1].
func NormalQuantile(p float64) float64 {
	switch {
	case !(p >= 0 && p <= 1):
		return math.NaN()
	case p > 0.5:
		return -NormalQuantile(1 - p) // 1 − p is exact here
	case p == 0:
		return math.Inf(-1)
	}
	a := 2 * p
	y := a * (2 - a)
	var L float64
	if y >= 0x1p-1000 {
		L = negLog2(y)
	} else { // y may be subnormal
		L = negLog2(0x1p100*y) + 100
	}
	return (a - 1) * normalRatio(L)
}
