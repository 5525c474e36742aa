package num

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

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
		if w0 != pack(c.out[1], c.out[0]) || w1 != pack(c.out[3], c.out[2]) {
			t.Errorf("Philox(%x, %x) = %x %x, want %x", c.ctr, c.key, w0, w1, c.out)
		}
	}
}

// The inverse CDF against 60-digit values (normals_fit.py): at and beside every joint of
// the fits, at the extreme words, and all over; the quantile function down to 2⁻¹⁰⁷⁴.
func TestNormalsAgainstHighPrecision(t *testing.T) {
	f, err := os.Open("testdata/normals.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var worstWord, worstQuantile, meanWord float64
	words, quantiles := 0, 0
	quantile := false
	for s := bufio.NewScanner(f); s.Scan(); {
		in, out, _ := strings.Cut(s.Text(), ",")
		want, err := strconv.ParseFloat(out, 64)
		if err != nil { // a header
			quantile = in == "p"
			continue
		}
		if quantile {
			p, err := strconv.ParseFloat(in, 64)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range []float64{NormalQuantile(p)/want - 1, NormalQuantile(1-p)/NormalQuantile(1-(1-p)) + 1} {
				if !math.IsNaN(e) { // 1 − p = 1
					worstQuantile = max(worstQuantile, math.Abs(e))
				}
			}
			quantiles++
			continue
		}
		w, err := strconv.ParseUint(in, 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		e := NormalOfWord(w)/want - 1
		if math.Abs(e) > 1e-15 {
			t.Errorf("NormalOfWord(%#x) = %v, want %v, relative error %.2g", w, NormalOfWord(w), want, e)
		}
		worstWord = max(worstWord, math.Abs(e))
		meanWord += e
		words++
	}
	t.Logf("words: largest relative error %.3g, mean %.2g; quantile: largest %.3g", worstWord, meanWord/float64(words), worstQuantile)
	if words < 600 || quantiles < 150 || worstWord > 1e-15 || worstQuantile > 1e-15 {
		t.Errorf("%d words, largest relative error %.3g; %d quantiles, %.3g", words, worstWord, quantiles, worstQuantile)
	}
}

// Every kernel set gives NormalOfWord of each word, bit for bit, for any length, alignment
// and position, also where the low half of the block number overflows; and writes nothing else.
func TestNormalsAgreeWithWords(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			s := newSource(rt)
			n := s.size("n", 3*normalsGroup)
			if s.flag("long") {
				n = s.size("long n", normalsGroup*(normalsCall+2))
			}
			dst := newBuffer(n, s.size("offset", 7))
			key, nonce := s.rng.Uint64(), s.rng.Uint64()
			around := rapid.SampledFrom([]uint64{1 << 12, s.rng.Uint64() >> 1, 1 << 33, 3 << 33}).Draw(rt, "around")
			pos := around - uint64(s.size("before", n+9)) + uint64(s.size("after", 9))
			Normals(dst.v, key, nonce, pos)
			dst.check(rt, "Normals")
			for i, z := range dst.v {
				if want := NormalOfWord(philoxWord(key, nonce, pos+uint64(i))); math.Float64bits(z) != math.Float64bits(want) {
					rt.Fatalf("position %d: %v, want %v", pos+uint64(i), z, want)
				}
			}
		})
	})
}

// A long run of every set, so that thousands of tail lanes are seen.
func TestNormalsLongRun(t *testing.T) {
	const n = 1 << 20
	want, got := make([]float64, n), make([]float64, n)
	normalsGeneric(want, 3, 4, 5)
	far := 0
	for _, z := range want {
		if math.Abs(z) > 3.2 {
			far++
		}
	}
	if far < 1000 {
		t.Fatalf("only %d of the reference's normals lie in the tails", far)
	}
	eachSet(t, func(t *testing.T) {
		Normals(got, 3, 4, 5)
		for i := range want {
			if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
				t.Fatalf("normal %d: %v, want %v", i, got[i], want[i])
			}
		}
	})
}

// The schedule's folded rounds are those of the cipher: both words of one block, for
// counters and nonces with all kinds of halves.
func TestPhiloxScheduleAgreesWithCipher(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		half := rapid.Uint32()
		pair := func(name string) uint64 { return uint64(half.Draw(t, name))<<32 | uint64(half.Draw(t, name)) }
		key, nonce, block := pair("key"), pair("nonce"), pair("block")
		s := newPhiloxSchedule(key, nonce, block)
		hi := func(p uint64) uint64 { return p >> 32 }
		lo := func(p uint64) uint64 { return p & math.MaxUint32 }
		c3 := lo(s[0]) * philoxM0
		c2 := hi(c3) ^ s[1]
		c1 := c2 * philoxM1
		c0 := hi(c1) ^ s[2]
		c2 = lo(c3) ^ s[3]
		p0, p1 := c0*philoxM0, c2*philoxM1
		c0, c2, c1, c3 = hi(p1)^lo(c1)^s[4], hi(p0)^s[5], lo(p1), lo(p0)
		for r := 3; r < philoxRounds-1; r++ {
			p0, p1 = c0*philoxM0, c2*philoxM1
			c0, c2, c1, c3 = hi(p1)^c1^s[2*r], hi(p0)^c3^s[2*r+1], lo(p1), lo(p0)
		}
		p0, p1 = c0*philoxM0, c2*philoxM1
		w0, w1 := Philox(key, nonce, block)
		if v0, v1 := p1^c1<<32^s[18], p0^c3<<32^s[19]; v0 != w0 || v1 != w1 {
			t.Fatalf("words %x %x, want %x %x", v0, v1, w0, w1)
		}
	})
}

func TestNormalQuantileSpecialValues(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct{ p, want float64 }{{0, -inf}, {1, inf}, {0.5, 0}, {-1e-300, math.NaN()}, {math.Nextafter(1, 2), math.NaN()}, {math.NaN(), math.NaN()}, {inf, math.NaN()}} {
		if got := NormalQuantile(c.p); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("NormalQuantile(%v) = %v, want %v", c.p, got, c.want)
		}
	}
}

// The words are mapped by the quantile function: one inverse CDF, two entrances.
func TestNormalOfWordIsQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.Uint64().Draw(t, "word")
		p := (float64(w&(1<<52-1)) + 0.5) * 0x1p-53 // half the two-sided tail
		got, want := NormalOfWord(w), NormalQuantile(p)
		if w>>63 == 0 {
			want = -want
		}
		if math.Abs(got-want) > 1e-15*math.Abs(want) {
			t.Fatalf("NormalOfWord(%#x) = %v, NormalQuantile gives %v", w, got, want)
		}
	})
}

func TestNormalsAllocateNothing(t *testing.T) {
	dst := make([]float64, 1000)
	eachSet(t, func(t *testing.T) {
		if n := testing.AllocsPerRun(20, func() { Normals(dst, 1, 2, 3) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

func BenchmarkNormals(b *testing.B) {
	for _, n := range []int{1, 16, 128, 4224} {
		dst := make([]float64, n)
		bench(b, strconv.Itoa(n), 0, func() { Normals(dst, 1, 2, 0) })
	}
}
