package analysis

import (
	"math"
	"sort"
)

// StableIndex estimates the index α of a stable law from independent draws of it: 2 for a
// normal law, below that tails |x|^{−α−1}. |φ(t)| = exp(−|ct|^α) for any stable law, shifted
// or skewed as it may be, so
//
//	α = ln( ln|φ(t₁)| / ln|φ(t₂)| ) / ln(t₁/t₂),   t₁ = 0.4/s, t₂ = 1/s,
//
// with the empirical characteristic function and s half of the interquartile range. The error
// is a jackknife over 32 blocks. Of a law that is not stable it is the index of the stable law
// that looks like it at those scales: of Student's t with 3 degrees of freedom about 1.75, though its
// variance is finite. It refuses fewer than 320 draws, equal quartiles and draws that are not
// finite.
//
// Source: S. J. Press, J. Am. Stat. Assoc. 67 (1972) 842.
func StableIndex(x []float64) (Estimate, error) {
	const blocks, least = 32, 320
	sorted, err := sortedDraws("stable index", x, least)
	if err != nil {
		return Estimate{}, err
	}
	s := (sorted[len(x)*3/4] - sorted[len(x)/4]) / 2
	if !(s > 0) {
		return Estimate{}, &Refusal{Constant, "stable index", s, 0, "half of the draws are equal"}
	}
	median := sorted[len(x)/2]
	const t1, t2 = 0.4, 1.0
	size := len(x) / blocks
	means := make([][]float64, blocks)
	for b := range means {
		means[b] = make([]float64, 4)
		for _, v := range x[b*size : (b+1)*size] {
			u := (v - median) / s
			for i, t := range []float64{t1, t2} {
				sin, cos := math.Sincos(t * u)
				means[b][2*i] += cos / float64(size)
				means[b][2*i+1] += sin / float64(size)
			}
		}
	}
	value, stderr := Jackknife(means, func(m []float64) float64 {
		return math.Log(math.Log(m[0]*m[0]+m[1]*m[1])/math.Log(m[2]*m[2]+m[3]*m[3])) / math.Log(t1/t2)
	})
	return Estimate{value, stderr}, nil
}

// HillIndex estimates the exponent of the tail P(|x − median| > u) ~ u^{−α} from the k largest of
// independent draws, α = k / Σ ln(u_i/u_{k+1}), with error α/√k. It is exact for a Pareto law
// and says nothing of a law without such a tail: of a normal one it grows with the number of
// draws. k ≤ 0 takes √N. It refuses fewer than 320 draws and draws that are not finite.
//
// Source: B. M. Hill, Ann. Stat. 3 (1975) 1163.
func HillIndex(x []float64, k int) (Estimate, error) {
	sorted, err := sortedDraws("tail index", x, 320)
	if err != nil {
		return Estimate{}, err
	}
	if k <= 0 {
		k = int(math.Sqrt(float64(len(x))))
	}
	median := sorted[len(x)/2]
	u := make([]float64, len(x))
	for i, v := range x {
		u[i] = math.Abs(v - median)
	}
	sort.Float64s(u)
	u = u[len(u)-min(k, len(u)-1)-1:]
	sum := 0.0
	for _, v := range u[1:] {
		sum += math.Log(v / u[0])
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return Estimate{}, &Refusal{Constant, "tail index", sum, 0, "the largest draws are equal"}
	}
	n := float64(len(u) - 1)
	return Estimate{n / sum, n / sum / math.Sqrt(n)}, nil
}

func sortedDraws(what string, x []float64, least int) ([]float64, error) {
	if len(x) < least {
		return nil, &Refusal{TooShort, what, float64(len(x)), float64(least), "use more draws"}
	}
	for _, v := range x {
		if v-v != 0 {
			return nil, &Refusal{NotFinite, what, 1, 0, "a draw is not finite"}
		}
	}
	sorted := append([]float64(nil), x...)
	sort.Float64s(sorted)
	return sorted, nil
}

// Normality is the Anderson–Darling test of independent sorted draws against a normal law
// whose mean and variance are those of the draws: A² and the probability of a larger one. At
// least 8 draws; else, or if they are equal, 0 and 1.
//
// Source: R. B. D'Agostino and M. A. Stephens, Goodness-of-Fit Techniques (1986), Table 4.9.
func Normality(sorted []float64) (a2, p float64) {
	var m Moments
	for _, x := range sorted {
		m.Add(x)
	}
	if m.N() < 8 || !(m.Std() > 0) {
		return 0, 1
	}
	a2, _ = AndersonDarling(sorted, func(x float64) float64 { return math.Erfc((m.Mean()-x)/m.Std()/math.Sqrt2) / 2 }, float64(len(sorted)))
	n := float64(len(sorted))
	z := a2 * (1 + 0.75/n + 2.25/(n*n))
	switch {
	case z >= 0.6:
		p = math.Exp(1.2937 - 5.709*z + 0.0186*z*z)
	case z > 0.34:
		p = math.Exp(0.9177 - 4.279*z - 1.38*z*z)
	case z > 0.2:
		p = 1 - math.Exp(-8.318+42.796*z-59.938*z*z)
	default:
		p = 1 - math.Exp(-13.436+101.14*z-223.73*z*z)
	}
	return a2, p
}
