package analysis

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// Programming errors panic, with the package's name; the nearest correct call does not.
func TestMisusePanics(t *testing.T) {
	identity := func(dst, m []float64) { copy(dst, m) }
	two := [][]float64{{0, 1}, {1, 0}}
	solved, err := MBAR([][]float64{{0, 0, 0}}, []int{3})
	if err != nil {
		t.Fatal(err)
	}
	h := NewHistogram(0, 1, 1)
	flat := func(float64) float64 { return 0 }
	for name, c := range map[string]struct{ wrong, right func() }{
		"NewHistogram bins":    {func() { NewHistogram(0, 1, 0) }, func() { NewHistogram(0, 1, 1) }},
		"NewHistogram range":   {func() { NewHistogram(1, 1, 3) }, func() { NewHistogram(1, 2, 3) }},
		"NewHistogram inf":     {func() { NewHistogram(0, math.Inf(1), 3) }, func() {}},
		"DensityErr":           {func() { h.DensityErr(0, 0) }, func() { h.DensityErr(0, 0.1) }},
		"JackknifeVector none": {func() { _, _ = JackknifeVector(nil, 1, identity) }, func() { _, _ = JackknifeVector([][]float64{{1}}, 1, identity) }},
		"JackknifeVector rows": {func() { _, _ = JackknifeVector([][]float64{{1}, {1, 2}}, 1, identity) }, func() {}},
		"BlockMeans size":      {func() { BlockMeans([][]float64{{1}}, 0) }, func() { BlockMeans([][]float64{{1}}, 1) }},
		"BlockMeans none":      {func() { BlockMeans(nil, 1) }, func() {}},
		"BlockMeans rows":      {func() { BlockMeans([][]float64{{1, 2}, {1}}, 1) }, func() {}},
		"BlockBootstrap":       {func() { _, _ = BlockBootstrap([]float64{1}, 0, 2, rand.NewPCG(1, 1), LogSumExp) }, func() {}},
		"LogMeanExpBlocks":     {func() { LogMeanExpBlocks([]float64{1}, 0) }, func() { LogMeanExpBlocks([]float64{1}, 1) }},
		"MBAR negative":        {func() { _, _ = MBAR(two, []int{3, -1}) }, func() { _, _ = MBAR(two, []int{2, 0}) }},
		"MBAR states":          {func() { _, _ = MBAR(two, []int{2}) }, func() {}},
		"MBAR draws":           {func() { _, _ = MBAR(two, []int{2, 1}) }, func() {}},
		"MBAR none":            {func() { _, _ = MBAR(nil, nil) }, func() {}},
		"Reweight energies":    {func() { _, _ = solved.Reweight([]float64{1}) }, func() { _, _ = solved.Reweight([]float64{0, 0, 0}) }},
		"Reweight observable":  {func() { _, _ = solved.Reweight([]float64{0, 0, 0}, []float64{1}) }, func() {}},
		"GaussLegendreNodes n": {func() { GaussLegendreNodes(0, 0, 1) }, func() { GaussLegendreNodes(1, 0, 1) }},
		"GaussLegendreNodes":   {func() { GaussLegendreNodes(3, 1, 1) }, func() {}},
		"Wilson":               {func() { Wilson(3, 2, 1) }, func() { Wilson(2, 2, 1) }},
		"Wilson negative":      {func() { Wilson(-1, 2, 1) }, func() { Wilson(0, 2, 1) }},
		"KaplanMeier":          {func() { _, _ = KaplanMeier([]float64{1}, nil) }, func() {}},
		"EscapeRate":           {func() { EscapeRate([]float64{math.NaN()}, []bool{true}) }, func() { EscapeRate([]float64{0}, []bool{true}) }},
		"WassersteinSorted":    {func() { WassersteinSorted(nil, []float64{1}) }, func() { WassersteinSorted([]float64{1}, []float64{1}) }},
		"WassersteinSorted b":  {func() { WassersteinSorted([]float64{1}, nil) }, func() {}},
		"WassersteinGaussian":  {func() { WassersteinGaussian(nil, 0, 1) }, func() { WassersteinGaussian([]float64{1}, 0, 1) }},
		"JSD":                  {func() { JSD(flat, flat, []float64{1}) }, func() { JSD(flat, flat, []float64{1, 1, 2}) }},
		"JSDGaussian":          {func() { JSDGaussian(0, 1, 0, 0) }, func() { JSDGaussian(0, 1, 0, 0.1) }},
	} {
		if message := panicOf(c.wrong); !strings.HasPrefix(message, "analysis: ") {
			t.Errorf("%s: panic %q", name, message)
		}
		if message := panicOf(c.right); message != "" {
			t.Errorf("%s, used correctly: panic %q", name, message)
		}
	}
}

func panicOf(f func()) (message string) {
	defer func() {
		if r := recover(); r != nil {
			message, _ = r.(string)
		}
	}()
	f()
	return ""
}
