package report

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// linearTicks labels the multiples of a step 1, 2 or 5 × 10ᵏ in [lo, hi], at most n of
// them, with unlabelled ticks between. The labels leave out a factor 10^exponent.
func linearTicks(lo, hi float64, n, exponent int) (ticks []plot.Tick) {
	step, minor := niceStep((hi - lo) / float64(max(1, n)))
	for math.Floor(hi/step+1e-9) < math.Ceil(lo/step-1e-9) { // no multiple in between
		step, minor = niceStep(step / 2.5)
	}
	scale := math.Pow10(-exponent)
	decimals := max(0, int(-math.Floor(math.Log10(step*scale)*(1+1e-12)+1e-9)))
	last := math.Floor(hi/minor + 1e-9)
	for i := math.Ceil(lo/minor - 1e-9); i <= last; i++ {
		v := i * minor
		t := plot.Tick{Value: v}
		if m := math.Round(v / step); math.Abs(v/step-m) < 1e-6 {
			t.Label = minus(strconv.FormatFloat(m*step*scale+0, 'f', decimals, 64))
		}
		ticks = append(ticks, t)
	}
	return ticks
}

// niceStep is the smallest of 1, 2, 5 × 10ᵏ that is at least raw, and the spacing of the
// ticks between.
func niceStep(raw float64) (step, minor float64) {
	p := math.Pow(10, math.Floor(math.Log10(raw)))
	switch f := raw / p; {
	case f <= 1+1e-9:
		return p, p / 5
	case f <= 2+1e-9:
		return 2 * p, p / 2
	case f <= 5+1e-9:
		return 5 * p, p
	}
	return 10 * p, 2 * p
}

// labelExponent is 0 for numbers that read well as they are, else a multiple of 3.
func labelExponent(largest float64) int {
	if largest == 0 || largest >= 0.01 && largest < 1e5 {
		return 0
	}
	return int(math.Floor(math.Log10(largest)/3)) * 3
}

// minus replaces the hyphen by a minus sign.
func minus(s string) string { return strings.Replace(s, "-", "−", 1) }

// power is 10ⁿ as text.
func power(n int) string { return "10^{" + minus(strconv.Itoa(n)) + "}" }

// logTicks labels powers of ten in [10^lo, 10^hi], at most about n, and where there are
// fewer than two also their multiples by 2 and 5. The ticks' values are logarithms; zero is
// where 0 is drawn, −∞ if nowhere.
func logTicks(lo, hi float64, n int, zero float64) []plot.Tick {
	from, to := int(math.Floor(lo)), int(math.Ceil(hi))
	inside := func(v float64) bool { return v > lo-1e-9 && v < hi+1e-9 && v > zero+0.3 }
	decades := 0
	for k := from; k <= to; k++ {
		if inside(float64(k)) {
			decades++
		}
	}
	every := max(1, (decades+n-1)/n)
	var ticks []plot.Tick
	if finite(zero) {
		ticks = append(ticks, plot.Tick{Value: zero, Label: "0"})
	}
	for k := from; k <= to; k++ {
		for m := 1; m < 10; m++ {
			t := plot.Tick{Value: float64(k) + math.Log10(float64(m))}
			if !inside(t.Value) || m > 1 && every > 1 {
				continue
			}
			switch {
			case decades >= 2 && m == 1 && k%every == 0:
				t.Label = power(k)
			case decades < 2 && (m == 1 || m == 2 || m == 5):
				t.Label = plainPower(m, k)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// plainPower is m × 10ᵏ as short as it gets.
func plainPower(m, k int) string {
	switch {
	case k >= -2 && k <= 3:
		return strconv.FormatFloat(float64(m)*math.Pow10(k), 'g', 6, 64)
	case m == 1:
		return power(k)
	}
	return strconv.Itoa(m) + "·" + power(k)
}
