package analysis

import "math"

// CrossingLevel is how many errors two curves must lie apart on either side of a crossing.
const CrossingLevel = 2.0

// A Crossed pair of curves: where, and the common value there.
type Crossed struct {
	At, Value Estimate
	Lo, Hi    float64 // points of the grid next to it
	Index     int     // of Lo
}

// Crossing finds where the curves a and b, given at rising x, cross: the one change of sign of
// d = b − a between points where |d| exceeds CrossingLevel errors. Curves that approach each
// other without such a change do not cross, as far as the data tell (Disagreement would be
// too strong a word: the refusal is NotConverged); more than one change is refused too.
//
// Within the bracket the zero of d is interpolated linearly. Where points are independent
// (smooth false) the error is that of the interpolation between the two; for a smooth curve
// (reweighted; errors of neighbours are equal) it is σ_d/|slope|. a and b must be
// independent of each other.
func Crossing(x []float64, a, b []Estimate, smooth bool) (Crossed, error) {
	if len(x) < 2 {
		return Crossed{}, &Refusal{TooShort, "crossing", float64(len(x)), 2, "one point of the control parameter has no crossing: sweep it"}
	}
	d, s := make([]float64, len(x)), make([]float64, len(x))
	last, changes, from, to := 0, 0, 0, 0
	for i := range x {
		d[i], s[i] = b[i].Value-a[i].Value, math.Hypot(a[i].StdErr, b[i].StdErr)
		if d[i]-d[i] != 0 || s[i]-s[i] != 0 {
			return Crossed{}, &Refusal{NotFinite, "crossing", d[i], 0, "a point has no value or no error"}
		}
		if math.Abs(d[i]) <= CrossingLevel*s[i] {
			continue
		}
		if sign := int(math.Copysign(1, d[i])); sign != last {
			if last != 0 {
				changes++
				to = i
			}
			last = sign
		}
		if changes == 0 {
			from = i
		}
	}
	if changes != 1 {
		advice := "the curves do not lie apart by two errors, with opposite signs, on both sides: widen the sweep or draw longer"
		if changes > 1 {
			advice = "the curves cross more than once beyond their errors: look at them"
		}
		return Crossed{}, &Refusal{NotConverged, "crossing (changes of sign)", float64(changes), 1, advice}
	}
	i := bracket(d, from, to)
	return interpolate(x, a, b, d, s, i, smooth), nil
}

// Uncrossed says whether two curves are known not to cross between the first point and the last,
// which is more than that no crossing was seen: they lie apart by 3 errors somewhere and
// nowhere the other way round by CrossingLevel errors, or are the same everywhere
// to within errors of 0.02 (U₄ of independent parts is 0 at every size).
func Uncrossed(a, b []Estimate) bool {
	above, below, apart, same := false, false, false, true
	for i := range a {
		d, s := b[i].Value-a[i].Value, math.Hypot(a[i].StdErr, b[i].StdErr)
		above = above || d > CrossingLevel*s
		below = below || d < -CrossingLevel*s
		apart = apart || math.Abs(d) > 3*s
		same = same && math.Abs(d) <= 3*s && s < 0.02
	}
	return apart && above != below || same
}

// CrossingWithin is Crossing where the curves are known to cross between the first and the last
// point: of a finer grid around a crossing that was found.
func CrossingWithin(x []float64, a, b []Estimate, smooth bool) Crossed {
	d, s := make([]float64, len(x)), make([]float64, len(x))
	for i := range x {
		d[i], s[i] = b[i].Value-a[i].Value, math.Hypot(a[i].StdErr, b[i].StdErr)
	}
	return interpolate(x, a, b, d, s, bracket(d, 0, len(x)-1), smooth)
}

// bracket is the change of sign between from and to; of several, which noise makes, the one in
// the middle.
func bracket(d []float64, from, to int) int {
	var at []int
	for i := from; i < to; i++ {
		if (d[i] > 0) != (d[i+1] > 0) {
			at = append(at, i)
		}
	}
	return at[len(at)/2]
}

func interpolate(x []float64, a, b []Estimate, d, s []float64, i int, smooth bool) Crossed {
	h, slope := x[i+1]-x[i], d[i+1]-d[i]
	t := -d[i] / slope
	c := Crossed{Lo: x[i], Hi: x[i+1], Index: i}
	c.At.Value = x[i] + t*h
	var sd float64 // of d at the crossing
	if smooth {
		sd = (1-t)*s[i] + t*s[i+1]
	} else {
		sd = math.Hypot((1-t)*s[i], t*s[i+1])
	}
	c.At.StdErr = sd * h / math.Abs(slope)
	// The value at the crossing from both curves; its error includes that of the place.
	weight := func(v []Estimate) (value, variance, slope float64) {
		slope = v[i+1].Value - v[i].Value
		value = v[i].Value + t*slope
		if smooth {
			e := (1-t)*v[i].StdErr + t*v[i+1].StdErr
			return value, e * e, slope
		}
		e := math.Hypot((1-t)*v[i].StdErr, t*v[i+1].StdErr)
		return value, e * e, slope
	}
	va, ea, sa := weight(a)
	_, eb, sb := weight(b)
	// With δa, δb the errors of the curves, the value moves by (sb·δa − sa·δb)/(sb − sa).
	c.Value = Estimate{va, math.Sqrt(sb*sb*ea+sa*sa*eb) / math.Abs(sb-sa)}
	return c
}
