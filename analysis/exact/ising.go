package exact

import (
	"math"
	"math/bits"
	"sort"
)

// Ising enumerates the 2^(L²) states of the ferromagnet E = −Σ_⟨ij⟩ s_i s_j on an L×L
// torus, L ≤ 4 (for L = 2 each bond counts twice, for L = 1 the two bonds of the single
// spin to itself give E = −2), and returns a function of β. It panics unless 1 ≤ L ≤ 4.
func Ising(l int) func(beta float64) Thermal {
	if l < 1 || l > 4 {
		panic("exact: Ising enumerates 1 ≤ L ≤ 4")
	}
	n := l * l
	counts := map[[2]int]int{}
	for state := uint32(0); state < 1<<n; state++ {
		counts[[2]int{isingEnergy(state, l), 2*bits.OnesCount32(state) - n}]++
	}
	var levels []level
	for em, c := range counts {
		levels = append(levels, level{math.Log(float64(c)), float64(em[0]), float64(em[1])})
	}
	sort.Slice(levels, func(i, j int) bool { // fixed order of summation
		if levels[i].energy != levels[j].energy {
			return levels[i].energy < levels[j].energy
		}
		return levels[i].magnetisation < levels[j].magnetisation
	})
	return func(beta float64) Thermal { return canonical(levels, n, beta) }
}

func isingEnergy(state uint32, l int) int {
	spin := func(i, j int) int { return 2*int(state>>((i%l)*l+j%l)&1) - 1 }
	e := 0
	for i := 0; i < l; i++ {
		for j := 0; j < l; j++ {
			e -= spin(i, j) * (spin(i+1, j) + spin(i, j+1))
		}
	}
	return e
}
