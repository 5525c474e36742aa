package exact

import (
	"math"
	"sort"
)

// maxPartitions bounds the levels of Potts.
const maxPartitions = 2000000

// Potts returns the law of n spins of q colours with E = −Σn_a²/2n, by a sum over the partitions
// of n into at most q parts. M/n is m = (q max n_a/n − 1)/(q − 1); the levels are sorted by it. It
// panics unless n ≥ 1, q ≥ 2 and the partitions are at most two million.
func Potts(n, q int) SpinLaw {
	if n < 1 || q < 2 || partitions(n, q) > maxPartitions {
		panic("exact: Potts needs n ≥ 1, q ≥ 2 and at most 2 000 000 partitions of n into q parts")
	}
	logFactorial := make([]float64, max(n, q)+1)
	for k := 2; k < len(logFactorial); k++ {
		logFactorial[k] = logFactorial[k-1] + math.Log(float64(k))
	}
	s := SpinLaw{N: n}
	// Parts fall; run is how often the last one was taken.
	var fill func(left, parts, most, run int, logG, square float64)
	top := 0
	fill = func(left, parts, most, run int, logG, square float64) {
		if left == 0 { // the other parts are 0
			s.M = append(s.M, float64(q*top-n)/float64(q-1))
			s.E = append(s.E, -square/(2*float64(n)))
			s.LogG = append(s.LogG, logG-logFactorial[parts])
			return
		}
		if parts == 0 {
			return
		}
		for k := min(left, most); k*parts >= left; k-- {
			again := 1
			if k == most {
				again = run + 1
			}
			if parts == q {
				top = k
			}
			// q! over the multiplicities of equal parts, one factor at a time
			fill(left-k, parts-1, k, again, logG-logFactorial[k]-math.Log(float64(again)), square+float64(k)*float64(k))
		}
	}
	fill(n, q, n+1, 0, logFactorial[n]+logFactorial[q], 0)
	sort.Sort(byM(s))
	return s
}

// PottsBeta is where the phases of the infinite system coexist; 2 for q = 2, a critical point.
func PottsBeta(q int) float64 {
	if q == 2 {
		return 2
	}
	return 2 * float64(q-1) * math.Log(float64(q-1)) / float64(q-2)
}

// partitions counts those of n into at most q parts, which are those into parts of at most q.
func partitions(n, q int) int {
	count := make([]int, n+1)
	count[0] = 1
	for part := 1; part <= q; part++ {
		for k := part; k <= n; k++ {
			count[k] = min(count[k]+count[k-part], maxPartitions+1)
		}
	}
	return count[n]
}

// byM sorts levels.
type byM SpinLaw

func (s byM) Len() int           { return len(s.M) }
func (s byM) Less(i, j int) bool { return s.M[i] < s.M[j] }
func (s byM) Swap(i, j int) {
	s.M[i], s.M[j] = s.M[j], s.M[i]
	s.E[i], s.E[j] = s.E[j], s.E[i]
	s.LogG[i], s.LogG[j] = s.LogG[j], s.LogG[i]
}
