//go:build goexperiment.simd && amd64

package num

import (
	"simd/archsimd"
	"testing"
)

// The kernels of BenchmarkTile and of Exp in Go's experimental simd package, to compare
// with the assembly: GOEXPERIMENT=simd go test -bench 'Archsimd|Tile|Exp'.

func tileArchsimd4x16(a, b []float64, c []float64, k int) {
	var c00, c01, c10, c11, c20, c21, c30, c31 archsimd.Float64x8
	for range k {
		p, q := (*[4]float64)(a), (*[16]float64)(b)
		b0 := archsimd.LoadFloat64x8((*[8]float64)(q[0:]))
		b1 := archsimd.LoadFloat64x8((*[8]float64)(q[8:]))
		x0 := archsimd.BroadcastFloat64x8(p[0])
		c00 = x0.MulAdd(b0, c00)
		c01 = x0.MulAdd(b1, c01)
		x1 := archsimd.BroadcastFloat64x8(p[1])
		c10 = x1.MulAdd(b0, c10)
		c11 = x1.MulAdd(b1, c11)
		x2 := archsimd.BroadcastFloat64x8(p[2])
		c20 = x2.MulAdd(b0, c20)
		c21 = x2.MulAdd(b1, c21)
		x3 := archsimd.BroadcastFloat64x8(p[3])
		c30 = x3.MulAdd(b0, c30)
		c31 = x3.MulAdd(b1, c31)
		a, b = a[4:], b[16:]
	}
	c00.StoreSlice(c[0:])
	c01.StoreSlice(c[8:])
	c10.StoreSlice(c[16:])
	c11.StoreSlice(c[24:])
	c20.StoreSlice(c[32:])
	c21.StoreSlice(c[40:])
	c30.StoreSlice(c[48:])
	c31.StoreSlice(c[56:])
	archsimd.ClearAVXUpperBits()
}

func tileArchsimd8x8(a, b []float64, c []float64, k int) {
	var c00, c10, c20, c30, c40, c50, c60, c70 archsimd.Float64x8
	for range k {
		p, q := (*[8]float64)(a), (*[8]float64)(b)
		b0 := archsimd.LoadFloat64x8((*[8]float64)(q[0:]))
		x0 := archsimd.BroadcastFloat64x8(p[0])
		c00 = x0.MulAdd(b0, c00)
		x1 := archsimd.BroadcastFloat64x8(p[1])
		c10 = x1.MulAdd(b0, c10)
		x2 := archsimd.BroadcastFloat64x8(p[2])
		c20 = x2.MulAdd(b0, c20)
		x3 := archsimd.BroadcastFloat64x8(p[3])
		c30 = x3.MulAdd(b0, c30)
		x4 := archsimd.BroadcastFloat64x8(p[4])
		c40 = x4.MulAdd(b0, c40)
		x5 := archsimd.BroadcastFloat64x8(p[5])
		c50 = x5.MulAdd(b0, c50)
		x6 := archsimd.BroadcastFloat64x8(p[6])
		c60 = x6.MulAdd(b0, c60)
		x7 := archsimd.BroadcastFloat64x8(p[7])
		c70 = x7.MulAdd(b0, c70)
		a, b = a[8:], b[8:]
	}
	c00.StoreSlice(c[0:])
	c10.StoreSlice(c[8:])
	c20.StoreSlice(c[16:])
	c30.StoreSlice(c[24:])
	c40.StoreSlice(c[32:])
	c50.StoreSlice(c[40:])
	c60.StoreSlice(c[48:])
	c70.StoreSlice(c[56:])
	archsimd.ClearAVXUpperBits()
}

func tileArchsimd8x16(a, b []float64, c []float64, k int) {
	var c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51, c60, c61, c70, c71 archsimd.Float64x8
	for range k {
		p, q := (*[8]float64)(a), (*[16]float64)(b)
		b0 := archsimd.LoadFloat64x8((*[8]float64)(q[0:]))
		b1 := archsimd.LoadFloat64x8((*[8]float64)(q[8:]))
		x0 := archsimd.BroadcastFloat64x8(p[0])
		c00 = x0.MulAdd(b0, c00)
		c01 = x0.MulAdd(b1, c01)
		x1 := archsimd.BroadcastFloat64x8(p[1])
		c10 = x1.MulAdd(b0, c10)
		c11 = x1.MulAdd(b1, c11)
		x2 := archsimd.BroadcastFloat64x8(p[2])
		c20 = x2.MulAdd(b0, c20)
		c21 = x2.MulAdd(b1, c21)
		x3 := archsimd.BroadcastFloat64x8(p[3])
		c30 = x3.MulAdd(b0, c30)
		c31 = x3.MulAdd(b1, c31)
		x4 := archsimd.BroadcastFloat64x8(p[4])
		c40 = x4.MulAdd(b0, c40)
		c41 = x4.MulAdd(b1, c41)
		x5 := archsimd.BroadcastFloat64x8(p[5])
		c50 = x5.MulAdd(b0, c50)
		c51 = x5.MulAdd(b1, c51)
		x6 := archsimd.BroadcastFloat64x8(p[6])
		c60 = x6.MulAdd(b0, c60)
		c61 = x6.MulAdd(b1, c61)
		x7 := archsimd.BroadcastFloat64x8(p[7])
		c70 = x7.MulAdd(b0, c70)
		c71 = x7.MulAdd(b1, c71)
		a, b = a[8:], b[16:]
	}
	c00.StoreSlice(c[0:])
	c01.StoreSlice(c[8:])
	c10.StoreSlice(c[16:])
	c11.StoreSlice(c[24:])
	c20.StoreSlice(c[32:])
	c21.StoreSlice(c[40:])
	c30.StoreSlice(c[48:])
	c31.StoreSlice(c[56:])
	c40.StoreSlice(c[64:])
	c41.StoreSlice(c[72:])
	c50.StoreSlice(c[80:])
	c51.StoreSlice(c[88:])
	c60.StoreSlice(c[96:])
	c61.StoreSlice(c[104:])
	c70.StoreSlice(c[112:])
	c71.StoreSlice(c[120:])
	archsimd.ClearAVXUpperBits()
}

func tileArchsimd8x24(a, b []float64, c []float64, k int) {
	var c00, c01, c02, c10, c11, c12, c20, c21, c22, c30, c31, c32, c40, c41, c42, c50, c51, c52, c60, c61, c62, c70, c71, c72 archsimd.Float64x8
	for range k {
		p, q := (*[8]float64)(a), (*[24]float64)(b)
		b0 := archsimd.LoadFloat64x8((*[8]float64)(q[0:]))
		b1 := archsimd.LoadFloat64x8((*[8]float64)(q[8:]))
		b2 := archsimd.LoadFloat64x8((*[8]float64)(q[16:]))
		x0 := archsimd.BroadcastFloat64x8(p[0])
		c00 = x0.MulAdd(b0, c00)
		c01 = x0.MulAdd(b1, c01)
		c02 = x0.MulAdd(b2, c02)
		x1 := archsimd.BroadcastFloat64x8(p[1])
		c10 = x1.MulAdd(b0, c10)
		c11 = x1.MulAdd(b1, c11)
		c12 = x1.MulAdd(b2, c12)
		x2 := archsimd.BroadcastFloat64x8(p[2])
		c20 = x2.MulAdd(b0, c20)
		c21 = x2.MulAdd(b1, c21)
		c22 = x2.MulAdd(b2, c22)
		x3 := archsimd.BroadcastFloat64x8(p[3])
		c30 = x3.MulAdd(b0, c30)
		c31 = x3.MulAdd(b1, c31)
		c32 = x3.MulAdd(b2, c32)
		x4 := archsimd.BroadcastFloat64x8(p[4])
		c40 = x4.MulAdd(b0, c40)
		c41 = x4.MulAdd(b1, c41)
		c42 = x4.MulAdd(b2, c42)
		x5 := archsimd.BroadcastFloat64x8(p[5])
		c50 = x5.MulAdd(b0, c50)
		c51 = x5.MulAdd(b1, c51)
		c52 = x5.MulAdd(b2, c52)
		x6 := archsimd.BroadcastFloat64x8(p[6])
		c60 = x6.MulAdd(b0, c60)
		c61 = x6.MulAdd(b1, c61)
		c62 = x6.MulAdd(b2, c62)
		x7 := archsimd.BroadcastFloat64x8(p[7])
		c70 = x7.MulAdd(b0, c70)
		c71 = x7.MulAdd(b1, c71)
		c72 = x7.MulAdd(b2, c72)
		a, b = a[8:], b[24:]
	}
	c00.StoreSlice(c[0:])
	c01.StoreSlice(c[8:])
	c02.StoreSlice(c[16:])
	c10.StoreSlice(c[24:])
	c11.StoreSlice(c[32:])
	c12.StoreSlice(c[40:])
	c20.StoreSlice(c[48:])
	c21.StoreSlice(c[56:])
	c22.StoreSlice(c[64:])
	c30.StoreSlice(c[72:])
	c31.StoreSlice(c[80:])
	c32.StoreSlice(c[88:])
	c40.StoreSlice(c[96:])
	c41.StoreSlice(c[104:])
	c42.StoreSlice(c[112:])
	c50.StoreSlice(c[120:])
	c51.StoreSlice(c[128:])
	c52.StoreSlice(c[136:])
	c60.StoreSlice(c[144:])
	c61.StoreSlice(c[152:])
	c62.StoreSlice(c[160:])
	c70.StoreSlice(c[168:])
	c71.StoreSlice(c[176:])
	c72.StoreSlice(c[184:])
	archsimd.ClearAVXUpperBits()
}

func BenchmarkArchsimdTile(b *testing.B) {
	const k = 96
	x, y, c := random(8*(k+1)), random(24*(k+1)), random(8*24)
	b.Run("4x16", func(b *testing.B) { measure(b, 2*4*16*k, func() { tileArchsimd4x16(x, y, c, k) }) })
	b.Run("8x8", func(b *testing.B) { measure(b, 2*8*8*k, func() { tileArchsimd8x8(x, y, c, k) }) })
	b.Run("8x16", func(b *testing.B) { measure(b, 2*8*16*k, func() { tileArchsimd8x16(x, y, c, k) }) })
	b.Run("8x24", func(b *testing.B) { measure(b, 2*8*24*k, func() { tileArchsimd8x24(x, y, c, k) }) })
}

func BenchmarkArchsimdExp(b *testing.B) {
	x, y := random(4096), make([]float64, 4096)
	b.Run("4096", func(b *testing.B) { measure(b, 0, func() { expArchsimd(y, x) }) })
	want := make([]float64, len(x))
	Exp(want, x)
	for i := range y {
		if y[i] != want[i] {
			b.Fatal("archsimd: another result")
		}
	}
}

func expArchsimd(dst, x []float64) {
	bc := archsimd.BroadcastFloat64x8
	lo, hi, l2e, rnd, one := bc(expLo), bc(expHi), bc(log2e), bc(round), bc(1)
	mhi, mlo := bc(-ln2Hi), bc(-ln2Lo)
	q0, q1, q2, q3, q4, q5, q6, q7, q8, q9 := bc(expQ0), bc(expQ1), bc(expQ2), bc(expQ3), bc(expQ4), bc(expQ5), bc(expQ6), bc(expQ7), bc(expQ8), bc(expQ9)
	for len(x) >= 8 && len(dst) >= 8 {
		v := archsimd.LoadFloat64x8((*[8]float64)(x)).Max(lo).Min(hi)
		n := v.MulAdd(l2e, rnd).Sub(rnd)
		r1 := n.MulAdd(mhi, v)
		r := n.MulAdd(mlo, r1)
		tail := n.MulAdd(mlo, r1.Sub(r))
		q := q9.MulAdd(r, q8).MulAdd(r, q7).MulAdd(r, q6).MulAdd(r, q5).MulAdd(r, q4).MulAdd(r, q3).MulAdd(r, q2).MulAdd(r, q1).MulAdd(r, q0)
		t := r.Mul(r).MulAdd(q, tail).Add(r)
		t.Add(one).Scale(n).Store((*[8]float64)(dst))
		x, dst = x[8:], dst[8:]
	}
	archsimd.ClearAVXUpperBits()
}
