package rng

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The words of the streams, computed by another program (testdata/golden.py); normals to
// rounding. These numbers must never change.
func TestGoldenStreams(t *testing.T) {
	for _, row := range table(t, "testdata/golden.csv") {
		s := New(parse(t, row[0]), int(parse(t, row[1])), row[2], row[3])
		for part := range strings.SplitSeq(row[4], "/") {
			if part != "" {
				s = s.Split(part)
			}
		}
		pos := parse(t, row[5])
		if w := s.at(pos).Uint64(); w != parse(t, row[6]) {
			t.Errorf("%v: word %#x", row, w)
		}
		if u := s.at(pos).Uniform(); u != number(t, row[7]) {
			t.Errorf("%v: uniform %v", row, u)
		}
		if z, want := s.at(pos).Normal(), number(t, row[8]); math.Abs(z/want-1) > 1e-15 {
			t.Errorf("%v: normal %v, want %v", row, z, want)
		}
	}
}

// The bits of many normals, and the discrete choices. These must never change either:
// stored runs continue with them.
func TestGoldenBits(t *testing.T) {
	s := New(42, 3, "golden", "normals")
	z := make([]float64, 100_000)
	s.Normals(z)
	h := sha256.New()
	for _, v := range z {
		h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
	}
	if got, want := fmt.Sprintf("%x", h.Sum(nil)), "d2d506cb262dbf04f3473912055dcd47907368f3f45b230ad9458feb516548e7"; got != want {
		t.Errorf("normals: SHA-256 %s, want %s", got, want)
	}
	s = New(42, 3, "golden", "choices")
	got := fmt.Sprint(s.Intn(10), s.Intn(1), s.Intn(1000), s.Intn(1<<30+1), s.Perm(12))
	if want := "9 0 223 1053747262 [6 1 7 8 4 10 2 9 11 3 0 5]"; got != want {
		t.Errorf("choices: %s, want %s", got, want)
	}
	a := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	s.Shuffle(len(a), func(i, j int) { a[i], a[j] = a[j], a[i] })
	if got, want := fmt.Sprint(a), "[4 5 0 2 1 6 9 7 8 3]"; got != want {
		t.Errorf("shuffle: %s, want %s", got, want)
	}
}

// Φ against values rounded from 50 digits, and against its inverse.
func TestNormalCDF(t *testing.T) {
	for _, row := range table(t, "testdata/cdf.csv") {
		x, want := number(t, row[0]), number(t, row[1])
		got := NormalCDF(x)
		if want < 1e-300 { // where it, or what it is made of, is subnormal
			if math.Abs(got-want) > 1e-315 {
				t.Errorf("NormalCDF(%v) = %v, want %v", x, got, want)
			}
			continue
		}
		if math.Abs(got/want-1) > 2e-15 {
			t.Errorf("NormalCDF(%v) = %v, want %v, relative error %.2g", x, got, want, got/want-1)
		}
		// dx = dΦ/φ: what the rounding of Φ allows.
		if x < 5 {
			density := math.Exp(-x*x/2) / math.Sqrt(2*math.Pi)
			if back := NormalQuantile(got); math.Abs(back-x) > 1e-15*math.Abs(x)+3e-15*want/density {
				t.Errorf("NormalQuantile(NormalCDF(%v)) = %v", x, back)
			}
		}
	}
	for x, want := range map[float64]float64{math.Inf(-1): 0, 0: 0.5, math.Inf(1): 1} {
		if got := NormalCDF(x); got != want {
			t.Errorf("NormalCDF(%v) = %v, want %v", x, got, want)
		}
	}
	if !math.IsNaN(NormalCDF(math.NaN())) {
		t.Error("NormalCDF(NaN) is a number")
	}
}

// table returns the rows of a CSV file below its header.
func table(t *testing.T, name string) [][]string {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func parse(t *testing.T, s string) uint64 {
	v, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func number(t *testing.T, s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
