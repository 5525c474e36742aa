package pathint

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"machlup/analysis"
	"machlup/internal/rng"
	"machlup/langevin"
)

// A linear path conditioned to end above b is exactly known: E[x_j | x_K > b] is the mean
// plus Cov(x_j, x_K)/σ_K times the inverse Mills ratio. Both coordinates, all moves.
func TestPathsBetweenSets(t *testing.T) {
	const a, s, x0, steps, b = 0.9, 0.3, -0.4, 6, 0.9
	variance := func(k int) float64 { return s * s * (1 - math.Pow(a, 2*float64(k))) / (1 - a*a) }
	root := math.Sqrt(variance(steps))
	u := (b - math.Pow(a, steps)*x0) / root
	mills := math.Exp(-u*u/2) / math.Sqrt(2*math.Pi) / (1 - normalCDF(u))
	mean := func(j int) float64 {
		return math.Pow(a, float64(j))*x0 + math.Pow(a, float64(steps-j))*variance(j)/root*mills
	}
	sys := linear(a, 0, s)
	inn, err := NewInnovation(sys)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		act   Action
		moves []Move
		cap   float64
	}{
		{mustAction(t, sys), []Move{SingleSlice{Step: 1}, Staging{Length: 3, Step: 1}}, 0.01},
		{mustAction(t, sys), []Move{HMC{Leapfrog: 2, Step: 0.15}}, 0.025}, // half of its proposals leave B
		{inn, []Move{Shooting{Count: 2, Step: 0.6}, PCN{Step: 0.4}}, 0.01},
	} {
		t.Run(fmt.Sprint(c.moves[0].Name()), func(t *testing.T) {
			src := rng.New(61, i, "sets", "")
			chain := mustChain(t, Spec{Action: c.act, Ends: FreeEnd([]float64{x0}), Steps: steps, Observer: sys, Moves: c.moves,
				Sets: &Sets{A: Region{{1, false, 0}}, B: Region{{1, true, b}}, Relax: math.Inf(1)}})
			if err := chain.StartForward(1, src); err != nil {
				t.Fatal(err)
			}
			if err := chain.Reach(4000, src); err != nil {
				t.Fatal(err)
			}
			series := make([][]float64, steps+1)
			for range 30000 {
				chain.Sweep(src)
				for _, j := range []int{2, 4, steps} {
					series[j] = append(series[j], chain.Path().Slice(j)[0])
				}
			}
			for _, j := range []int{2, 4, steps} {
				r := analysis.Autocorrelation(series[j])
				within(t, fmt.Sprintf("mean of x_%d", j), r.Mean, r.StdErr, mean(j), c.cap)
			}
			if st := chain.Stats(0); st.Diverged != 0 {
				t.Errorf("%d proposals outside B counted as diverged", st.Diverged)
			}
			if n := testing.AllocsPerRun(20, func() { chain.Sweep(src) }); n != 0 {
				t.Errorf("%v allocations a sweep", n)
			}
		})
	}
}

// A rejected proposal leaves the margins as they were, visits included.
func TestMarginsFollowThePath(t *testing.T) {
	sys := coupled(0.4, false)
	src := rng.New(62, 0, "margins", "")
	chain := mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd([]float64{0.3, -0.2, 0.5, 0, 1}), Steps: 7, Observer: sys,
		Moves: []Move{SingleSlice{Step: 1}, Staging{Length: 3, Step: 0.8}, HMC{Leapfrog: 2, Step: 0.9}},
		Sets:  &Sets{B: Region{{1, true, 0.7}, {2, false, 0.4}}, Visit: true, Relax: 0.4}})
	if err := chain.StartForward(0, src); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		chain.Sweep(src)
		best := math.Inf(-1)
		for k := 1; k <= 7; k++ {
			o := make([]float64, 3)
			sys.Observe(o, chain.Path().Slice(k))
			best = max(best, min(o[1]-0.7, 0.4-o[2]))
		}
		if got := chain.Progress(); got != best || !(got > -0.4) {
			t.Fatalf("progress %v, of the path it is %v", got, best)
		}
	}
	if st := chain.Stats(0); st.Accepted == st.Proposed || st.Accepted == 0 {
		t.Errorf("accepted %d of %d: the test needs both outcomes", st.Accepted, st.Proposed)
	}
}

func TestSetsRefuse(t *testing.T) {
	obs := []langevin.Observable{{Name: "rho"}, {Name: "mode_entropy"}}
	for text, want := range map[string]string{
		"rho 0.3":       "no inequality",
		"rho <= 0.3":    "finite number",
		"rho < x":       "finite number",
		"rho < Inf":     "finite number",
		"0.1 < rho < 1": "finite number",
		"roh > 1":       "no selected observable; there are rho, mode_entropy",
	} {
		if _, err := ParseRegion([]string{text}, obs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	r, err := ParseRegion([]string{"rho > 0.7", " mode_entropy<2"}, obs)
	if err != nil || !r.Has([]float64{0.8, 1}) || r.Has([]float64{0.7, 1}) || r.Has([]float64{0.8, math.NaN()}) || r.Margin([]float64{0.8, 1.95}) > 0.06 {
		t.Errorf("%v %v", r, err)
	}
	sys := linear(0.9, 0, 0.3)
	chain := mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd([]float64{0.5}), Steps: 4, Observer: sys, Moves: []Move{SingleSlice{Step: 1}},
		Sets: &Sets{A: Region{{1, false, 0}}, B: Region{{1, true, 50}}, Relax: math.Inf(1)}})
	src := rng.New(63, 0, "refuse", "")
	if err := chain.StartForward(0, src); err == nil || !strings.Contains(err.Error(), "not in A") {
		t.Errorf("a start outside A: %v", err)
	}
	chain = mustChain(t, Spec{Action: mustAction(t, sys), Ends: FreeEnd([]float64{-0.5}), Steps: 4, Observer: sys, Moves: []Move{SingleSlice{Step: 1}},
		Sets: &Sets{B: Region{{1, true, 50}}, Relax: math.Inf(1)}})
	if err := chain.StartForward(0, src); err != nil {
		t.Fatal(err)
	}
	if err := chain.Reach(5, src); err == nil || !strings.Contains(err.Error(), "no path has reached B") {
		t.Errorf("B out of reach: %v", err)
	}
}
