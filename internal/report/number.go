package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// number formats a number that may be missing.
func number(format string, value float64) string {
	if !finite(value) {
		return "–"
	}
	return minus(fmt.Sprintf(format, value))
}

// withError writes a value and its standard error, rounded to two significant digits of the
// error: 1.234(56), or 1.23(45)e−07 far from one. Without an error the value has four digits.
func withError(value, err float64) string {
	switch {
	case !finite(value):
		return "–"
	case !(err > 0) || !finite(err):
		return minus(strconv.FormatFloat(value, 'g', 4, 64))
	}
	largest := math.Max(math.Abs(value), err)
	if e := int(math.Floor(math.Log10(largest))); e < -3 || e > 5 {
		return parenthesis(value*math.Pow10(-e), err*math.Pow10(-e)) + "e" + minus(strconv.Itoa(e))
	}
	return parenthesis(value, err)
}

// parenthesis writes the error's digits behind the value's last ones.
func parenthesis(value, err float64) string {
	decimals := 1 - int(math.Floor(math.Log10(err)))
	if math.Round(err*math.Pow10(decimals)) >= 100 { // 0.0996 rounds to 0.10
		decimals--
	}
	if decimals <= 0 { // the error reaches left of the point
		unit := math.Pow10(-decimals)
		return minus(strconv.FormatFloat(math.Round(value/unit)*unit, 'f', 0, 64)) + "(" + strconv.FormatFloat(math.Round(err/unit)*unit, 'f', 0, 64) + ")"
	}
	v := strconv.FormatFloat(value, 'f', decimals, 64)
	if strings.Trim(v, "-0.") == "" {
		v = strings.TrimPrefix(v, "-")
	}
	digits := strconv.FormatFloat(err, 'f', decimals, 64)
	if err < 1 {
		digits = strings.TrimLeft(digits, "0.")
	}
	return minus(v) + "(" + digits + ")"
}
