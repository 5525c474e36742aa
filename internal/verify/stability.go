package verify

import (
	"fmt"
	"math"
	"math/cmplx"
)

// eigenvalueCheck compares one number of the estimator stability with its exact value.
func eigenvalueCheck(id, name, text, quantity string, value, tolerance float64) Check {
	return Check{ID: id, Group: "Stability", Name: name + ": " + quantity, Kind: Exact, Experiment: text, Exact: value, Tolerance: tolerance,
		Cell: Cell{Table: "summary", Row: map[string]string{"quantity": quantity}, Column: "value"}}
}

// leading are the eigenvalues of a 2×2 matrix of this trace and determinant, the larger in
// modulus first and of a pair that with the positive imaginary part.
func leading(trace, det float64) (first, second complex128) {
	root := cmplx.Sqrt(complex(trace*trace/4-det, 0))
	first, second = complex(trace/2, 0)+root, complex(trace/2, 0)-root
	if cmplx.Abs(second) > cmplx.Abs(first) {
		return second, first
	}
	return first, second
}

// pairChecks are the real and imaginary parts of both eigenvalues.
func pairChecks(id, name, text string, trace, det, tolerance float64) []Check {
	first, second := leading(trace, det)
	var checks []Check
	for i, v := range []complex128{first, second} {
		for _, part := range []struct {
			name  string
			value float64
		}{{"real", real(v)}, {"imaginary", imag(v)}} {
			quantity := fmt.Sprintf("eigenvalue %d: %s", i+1, part.name)
			checks = append(checks, eigenvalueCheck(fmt.Sprintf("%s/%d-%s", id, i+1, part.name), name, text, quantity, part.value, tolerance))
		}
	}
	return checks
}

// stabilityChecks are eigenvalues of a step known in closed form.
func stabilityChecks() []Check {
	const eta, a, b = 0.1, 0.4, 1.3
	var checks []Check
	for _, alternating := range []bool{false, true} {
		name := map[bool]string{false: "simultaneous", true: "alternating"}[alternating]
		text := fmt.Sprintf(`name = "verify-stability-%s"
[system]
kind = "linear-game"
[system.linear-game]
damping = %v
rotation = %v
alternating = %v
[trainer]
scheme = "euler-maruyama"
[trainer.euler-maruyama]
eta = %v
[estimator.stability]
`, name, a, b, alternating, eta)
		trace, det := 2*(1-eta*a), math.Pow(1-eta*a, 2)
		if alternating {
			trace -= eta * eta * b * b
		} else {
			det += eta * eta * b * b
		}
		checks = append(checks, pairChecks("stability/linear-game/"+name, "linear game, "+name, text, trace, det, 1e-13)...)
	}
	return checks
}
