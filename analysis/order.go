package analysis

import "math"

// Binder returns U₄ = 1 − ⟨m⁴⟩/(3⟨m²⟩²): 0 for Gaussian m, 2/3 for m = ±const. NaN when
// m2 is 0, where it does not exist.
func Binder(m2, m4 float64) float64 { return 1 - m4/(3*m2*m2) }

// Susceptibility returns χ = N_χ(⟨m²⟩ − ⟨|m|⟩²). norm is the N_χ that the output must name
// (number of spins or particles, 1/T, …).
func Susceptibility(norm, m2, mAbs float64) float64 { return norm * (m2 - mAbs*mAbs) }

// HeatCapacity returns (⟨E²⟩ − ⟨E⟩²)/T², with k_B = 1.
func HeatCapacity(temperature, e, e2 float64) float64 {
	return (e2 - e*e) / (temperature * temperature)
}

// An Order holds the statistics of an order parameter at one point of a sweep, jackknifed
// over blocks of at least 10τ.
type Order struct {
	Mean, Abs, M2, M4 Estimate // ⟨m⟩, ⟨|m|⟩, ⟨m²⟩, ⟨m⁴⟩
	Chi               Estimate // N_χ(⟨m²⟩ − ⟨|m|⟩²)
	U4                Estimate // 1 − ⟨m⁴⟩/3⟨m²⟩²
	Cov               []float64
	Tau               Tau // of the slowest of m, |m|, m²
	Blocks, BlockSize int
}

// OrderParameter analyses chains (independent, equilibrated, one parameter point) of m.
// norm is N_χ. Cov is the 6×6 row-major covariance of the errors in the order of the
// fields. It refuses what Autocorrelation refuses and fewer than MinBlocks blocks of 10τ;
// Mean, Abs, M2, M4 then still hold the plain averages, with StdErr +Inf.
func OrderParameter(chains [][]float64, norm float64) (Order, error) {
	powers := orderPowers(chains)
	o := Order{}
	for q := 0; q < 3; q++ {
		column := make([][]float64, len(chains))
		for c := range chains {
			column[c] = powers[c][q]
		}
		t := AutocorrelationChains(column)
		// |m| and m² of m = ±const are constant; they limit nothing.
		if q == 0 || t.Err == nil && t.Tau > o.Tau.Tau {
			o.Tau = t
		}
	}
	plainOrder(&o, powers)
	if o.Tau.Err != nil {
		return o, o.Tau.Err
	}
	o.BlockSize = BlockLength(o.Tau.Tau)
	var blocks [][]float64
	for _, p := range powers {
		blocks = append(blocks, BlockMeans(p, o.BlockSize)...)
	}
	if o.Blocks = len(blocks); o.Blocks < MinBlocks {
		return o, &Refusal{TooShort, "order-parameter errors", float64(o.Blocks), MinBlocks, "fewer blocks of 10τ than needed: run longer"}
	}
	j, err := JackknifeVector(blocks, 6, func(dst, m []float64) {
		copy(dst, m)
		dst[4] = Susceptibility(norm, m[2], m[1])
		dst[5] = Binder(m[2], m[3])
	})
	if err != nil {
		return o, err
	}
	for i, e := range []*Estimate{&o.Mean, &o.Abs, &o.M2, &o.M4, &o.Chi, &o.U4} {
		*e = j.Estimate(i)
	}
	o.Cov = j.Cov
	return o, nil
}

// orderPowers returns chains × (m, |m|, m², m⁴) × draws.
func orderPowers(chains [][]float64) [][][]float64 {
	powers := make([][][]float64, len(chains))
	for c, x := range chains {
		p := make([][]float64, 4)
		for q := range p {
			p[q] = make([]float64, len(x))
		}
		for i, m := range x {
			p[0][i], p[1][i], p[2][i], p[3][i] = m, math.Abs(m), m*m, m*m*m*m
		}
		powers[c] = p
	}
	return powers
}

func plainOrder(o *Order, powers [][][]float64) {
	var sum [4]float64
	n := 0.0
	for _, p := range powers {
		for q := range p {
			for _, v := range p[q] {
				sum[q] += v
			}
		}
		n += float64(len(p[0]))
	}
	inf := math.Inf(1)
	for q, e := range []*Estimate{&o.Mean, &o.Abs, &o.M2, &o.M4} {
		*e = Estimate{0, inf}
		if n > 0 && sum[q]-sum[q] == 0 {
			e.Value = sum[q] / n
		}
	}
	o.Chi, o.U4 = Estimate{0, inf}, Estimate{0, inf}
}
