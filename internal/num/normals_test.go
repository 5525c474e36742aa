package num

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
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

func BenchmarkNormals(b *testing.B) {
	dst := make([]float64, 4096)
	b.ReportAllocs()
	pos := uint64(0)
	for b.Loop() {
		Normals(dst, 1, 2, pos)
		pos += uint64(len(dst))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(dst)), "ns/normal")
}
