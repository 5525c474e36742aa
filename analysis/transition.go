package analysis

import (
	"fmt"
	"math"
)

// The statistics of a transition at one point of a sweep, in the order of TransitionStatistics.
const (
	OrderMean   = iota // ⟨m⟩
	OrderAbs           // ⟨|m|⟩
	OrderSquare        // ⟨m²⟩
	OrderFourth        // ⟨m⁴⟩
	OrderChi           // N_χ(⟨m²⟩ − ⟨|m|⟩²)
	OrderBinder        // 1 − ⟨m⁴⟩/3⟨m²⟩²
	EnergyMean         // ⟨E⟩
	EnergyHeat         // N_C(⟨E²⟩ − ⟨E⟩²)
	transitionQuantities
)

// TransitionNames names the statistics in their order.
var TransitionNames = []string{"m", "abs_m", "m2", "m4", "chi", "binder", "energy", "heat_capacity"}

// TransitionDraws are the draws of one point of a sweep: the order parameter m, and the energy
// where there is one (E nil without), chains × draws. Independent draws (one for each replica)
// have no autocorrelation. Symmetric says that the law is even in m: ⟨m⟩ is then not
// estimated and convergence is judged on |m|, since the sign may take for ever to change.
type TransitionDraws struct {
	M, E                   [][]float64
	Independent, Symmetric bool
}

// TransitionNorms are the factors of χ and of the heat capacity, which outputs must name.
type TransitionNorms struct {
	Chi  float64 // N_χ
	Heat float64 // N_C: β² for the heat capacity of all, β²/N per particle
}

// TransitionStatistics are jackknifed over blocks of at least 10τ, with the covariance of their
// errors. Value[EnergyMean] and Value[EnergyHeat] are NaN without an energy, Value[OrderMean]
// for a symmetric law.
type TransitionStatistics struct {
	Value             []Estimate
	Cov               []float64 // row-major, 8×8; 0 in the rows of what is NaN
	Tau               Tau       // of the slowest of m (not if symmetric), |m|, m², E
	RHat              float64   // the worst of them; NaN for one chain or independent draws
	Blocks, BlockSize int
}

// Correlation is the correlation coefficient of the errors of two statistics.
func (t TransitionStatistics) Correlation(i, j int) float64 {
	n := transitionQuantities
	if v := math.Sqrt(t.Cov[i*n+i] * t.Cov[j*n+j]); v > 0 {
		return t.Cov[i*n+j] / v
	}
	return 0
}

// transitionOf computes the statistics from the means of m, |m|, m², m⁴, E, E².
func transitionOf(dst, mean []float64, norms TransitionNorms) {
	copy(dst, mean[:4])
	dst[OrderChi] = Susceptibility(norms.Chi, mean[2], mean[1])
	dst[OrderBinder] = Binder(mean[2], mean[3])
	dst[EnergyMean] = mean[4]
	dst[EnergyHeat] = norms.Heat * (mean[5] - mean[4]*mean[4])
}

// Transition analyses the draws. It refuses what CheckEquilibration refuses of m (of |m| if
// symmetric) and of the energy, fewer than MinBlocks blocks of 10τ, and m = 0 throughout.
// Independent draws are only counted.
func Transition(d TransitionDraws, norms TransitionNorms) (TransitionStatistics, error) {
	t := TransitionStatistics{RHat: math.NaN(), BlockSize: 1}
	series := transitionSeries(d)
	if err := t.judge(d, series); err != nil {
		return t, err
	}
	var blocks [][]float64
	for c := range d.M {
		rows := make([][]float64, len(series))
		for q := range series {
			rows[q] = series[q][c]
		}
		blocks = append(blocks, BlockMeans(rows, t.BlockSize)...)
	}
	if t.Blocks = len(blocks); t.Blocks < MinBlocks && !(d.Independent && t.Blocks >= 3) {
		return t, &Refusal{TooShort, "statistics of the order parameter", float64(t.Blocks), MinBlocks, "fewer blocks of 10τ than an error needs: run longer"}
	}
	j, err := JackknifeVector(blocks, transitionQuantities, func(dst, mean []float64) { transitionOf(dst, mean, norms) })
	if err != nil {
		return t, err
	}
	t.Value, t.Cov = make([]Estimate, transitionQuantities), j.Cov
	for i := range t.Value {
		t.Value[i] = j.Estimate(i)
	}
	if d.E == nil {
		t.drop(EnergyMean)
		t.drop(EnergyHeat)
	}
	if d.Symmetric {
		t.drop(OrderMean)
	}
	return t, nil
}

// drop marks a statistic as absent.
func (t *TransitionStatistics) drop(i int) {
	t.Value[i] = Estimate{math.NaN(), math.NaN()}
	for k := range transitionQuantities {
		t.Cov[i*transitionQuantities+k], t.Cov[k*transitionQuantities+i] = 0, 0
	}
}

// transitionSeries returns (m, |m|, m², m⁴, E, E²) × chains × draws; E is 0 without an energy.
func transitionSeries(d TransitionDraws) [][][]float64 {
	series := make([][][]float64, 6)
	for q := range series {
		series[q] = make([][]float64, len(d.M))
		for c, x := range d.M {
			series[q][c] = make([]float64, len(x))
		}
	}
	for c, x := range d.M {
		if d.E != nil && len(d.E[c]) != len(x) {
			panic("analysis: Transition: as many energies as values of m are needed")
		}
		for i, m := range x {
			series[0][c][i], series[1][c][i], series[2][c][i], series[3][c][i] = m, math.Abs(m), m*m, m*m*m*m
			if d.E != nil {
				series[4][c][i], series[5][c][i] = d.E[c][i], d.E[c][i]*d.E[c][i]
			}
		}
	}
	return series
}

// judge sets τ, R̂ and the length of the blocks, and refuses what is not equilibrated.
func (t *TransitionStatistics) judge(d TransitionDraws, series [][][]float64) error {
	draws := 0
	for _, x := range d.M {
		draws += len(x)
		for _, v := range x {
			if v-v != 0 {
				return &Refusal{NotFinite, "statistics of the order parameter", v, 0, "a draw of m is not a finite number"}
			}
		}
	}
	if d.Independent || draws == 0 {
		if draws < 3 {
			return &Refusal{TooShort, "statistics of the order parameter", float64(draws), 3, "fewer than three draws have no error: use more replicas"}
		}
		t.Tau = Tau{Tau: 0.5, N: draws, ESS: float64(draws), Converged: true}
		return nil
	}
	used := []int{1, 2}
	if !d.Symmetric {
		used = []int{0, 1, 2}
	}
	if d.E != nil {
		used = append(used, 4)
	}
	for n, q := range used {
		tau := AutocorrelationChains(series[q])
		if n == 0 || tau.Err == nil && tau.Tau > t.Tau.Tau {
			t.Tau = tau
		}
		if len(series[q]) > 1 && tau.Err == nil && q != 2 { // ranks of m² are those of |m|
			if r := RHat(series[q]); !(r <= t.RHat) {
				t.RHat = r
			}
		}
	}
	if t.Tau.Err != nil {
		return t.Tau.Err
	}
	if t.RHat > MaxRHat {
		return &Refusal{NotEquilibrated, "statistics of the order parameter", t.RHat, MaxRHat,
			"chains, or opposite starts, disagree (R̂): discard more of the beginning or run longer"}
	}
	judged := []int{used[0]}
	if d.E != nil {
		judged = append(judged, 4)
	}
	for _, q := range judged {
		if err := CheckEquilibration(series[q]); err != nil {
			if r, ok := Refused(err); ok && r.Reason == Constant && q != used[0] {
				continue
			}
			return fmt.Errorf("%s: %w", map[int]string{0: "m", 1: "|m|", 4: "energy"}[q], err)
		}
	}
	t.BlockSize = BlockLength(t.Tau.Tau)
	return nil
}
