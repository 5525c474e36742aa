package analysis

import (
	"fmt"
	"math"
)

// MinBlocks is the least number of jackknife blocks that OrderParameter and BlockSeries
// accept: the error of an error from b blocks is about 1/√(2b).
const MinBlocks = 20

// A Jackknifed result holds several functions of the same means.
type Jackknifed struct {
	Value []float64 // bias corrected: b·Plain − (b−1)·mean of the leave-one-out values
	Plain []float64 // the functions of the overall means
	Cov   []float64 // covariance, row-major len(Value)×len(Value)
}

// Estimate returns output i with its error.
func (j Jackknifed) Estimate(i int) Estimate {
	return Estimate{j.Value[i], math.Sqrt(j.Cov[i*len(j.Value)+i])}
}

// Correlation returns the correlation coefficient of the errors of outputs i and k, 0 if
// either has no error.
func (j Jackknifed) Correlation(i, k int) float64 {
	n := len(j.Value)
	s := math.Sqrt(j.Cov[i*n+i] * j.Cov[k*n+k])
	if s == 0 {
		return 0
	}
	return j.Cov[i*n+k] / s
}

// Jackknife returns f of the mean, bias corrected to O(1/blocks²), with its error, from
// blocks (blocks × quantities of block means; blocks of equal length, at least 10τ, so
// that they are independent). Fewer than two blocks give StdErr +Inf. If f is not finite
// on all leave-one-out means its plain value is returned with StdErr +Inf;
// JackknifeVector says which block. It panics if there is no block.
//
// Source: B. Efron, The Jackknife, the Bootstrap and Other Resampling Plans (1982), ch. 2–3.
func Jackknife(blocks [][]float64, f func(mean []float64) float64) (value, stderr float64) {
	j, err := JackknifeVector(blocks, 1, func(dst, mean []float64) { dst[0] = f(mean) })
	if err != nil {
		return j.Plain[0], math.Inf(1)
	}
	return j.Value[0], math.Sqrt(j.Cov[0])
}

// JackknifeVector does the same for several functions at once, with the covariance of
// their errors. f writes outputs values into dst. It refuses fewer than two blocks, and
// functions that are not finite on a leave-one-out mean; Plain is set all the same. It
// panics if there is no block or the rows are ragged.
func JackknifeVector(blocks [][]float64, outputs int, f func(dst, mean []float64)) (Jackknifed, error) {
	if len(blocks) == 0 {
		panic("analysis: JackknifeVector needs at least one block")
	}
	b, q := float64(len(blocks)), len(blocks[0])
	mean := make([]float64, q)
	for _, row := range blocks {
		if len(row) != q {
			panic("analysis: JackknifeVector: ragged blocks")
		}
		for i, v := range row {
			mean[i] += v / b
		}
	}
	j := Jackknifed{Plain: make([]float64, outputs)}
	f(j.Plain, mean)
	if len(blocks) < 2 {
		return j, &Refusal{TooShort, "jackknife error", b, 2, "use more blocks"}
	}
	leave := make([][]float64, len(blocks))
	rest := make([]float64, q)
	for k, row := range blocks {
		for i, v := range row {
			rest[i] = mean[i] + (mean[i]-v)/(b-1)
		}
		leave[k] = make([]float64, outputs)
		f(leave[k], rest)
		for _, v := range leave[k] {
			if v-v != 0 {
				return j, &Refusal{NotFinite, fmt.Sprintf("jackknife without block %d", k), v, 0,
					"the function is not finite there: use longer blocks or more data"}
			}
		}
	}
	j.spread(leave)
	return j, nil
}

// spread sets Value and Cov from the leave-one-out values (blocks × outputs).
func (j *Jackknifed) spread(leave [][]float64) {
	b, n := float64(len(leave)), len(j.Plain)
	avg := make([]float64, n)
	for _, l := range leave {
		for i, v := range l {
			avg[i] += v / b
		}
	}
	j.Value = make([]float64, n)
	for i := range avg {
		j.Value[i] = b*j.Plain[i] - (b-1)*avg[i]
	}
	j.Cov = make([]float64, n*n)
	for _, l := range leave {
		for i := range l {
			for k := range l {
				j.Cov[i*n+k] += (b - 1) / b * (l[i] - avg[i]) * (l[k] - avg[k])
			}
		}
	}
}

// BlockLength returns the shortest block that counts as independent, ⌈10τ⌉ draws.
func BlockLength(tau float64) int { return max(1, int(math.Ceil(10*tau))) }

// BlockMeans cuts series (quantities × draws, of equal lengths) into blocks of size draws
// and returns blocks × quantities of block means. A last incomplete block is dropped. It
// panics if the lengths differ or size < 1.
func BlockMeans(series [][]float64, size int) [][]float64 {
	if size < 1 || len(series) == 0 {
		panic("analysis: BlockMeans needs size ≥ 1 and at least one series")
	}
	n := len(series[0]) / size
	blocks := make([][]float64, n)
	for b := range blocks {
		blocks[b] = make([]float64, len(series))
	}
	for q, x := range series {
		if len(x) != len(series[0]) {
			panic("analysis: BlockMeans: series of unequal lengths")
		}
		for b := range blocks {
			for _, v := range x[b*size : (b+1)*size] {
				blocks[b][q] += v / float64(size)
			}
		}
	}
	return blocks
}
