// Package exact holds answers that are known without simulation, in discrete time: what
// a scheme, a path sampler or an estimator must reproduce at its own finite step, not
// only as the step goes to zero.
//
// It depends on no simulator. Closed forms name their source; the rest is deterministic
// numerics (Lyapunov equations, transition kernels and generators on a grid) that is
// accurate to about 1e−12 where the docstring says "spectral". Matrices are flat,
// row-major and n × n. Functions panic where a closed form does not exist (an unstable
// step, a horizon that is passed), since a test that asks for it is wrong; each says when.
package exact

// positive panics unless every argument is positive.
func positive(what string, x ...float64) {
	for _, v := range x {
		if !(v > 0) {
			panic("exact: " + what + " must be positive")
		}
	}
}
