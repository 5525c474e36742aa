// Package num holds the numerical kernels under the hot loops: small dense matrix
// products, the Gram matrix of a network's Jacobian, Cholesky solves, activations and
// Adam's update.
//
// Matrices are flat, row major, with a leading dimension ld ≥ number of columns where
// one is given and without gaps otherwise. Triangular and symmetric matrices live in the
// lower triangle; what is above the diagonal is neither read nor written. No function
// allocates, keeps state or starts goroutines; all are safe for concurrent use on
// distinct outputs. Slices may be longer than needed: what lies beyond is not touched.
//
// Every kernel has a pure Go reference. On amd64 an AVX2+FMA and an AVX-512 version are
// chosen once at start; MACHLUP_KERNELS=generic|avx2|avx512 overrides the choice.
// Results depend on the inputs and the kernel set alone, never on addresses.
//
// NaN and infinities are propagated as IEEE arithmetic does unless a function says
// otherwise, so that a diverged run stays visible. Zeros are not skipped: 0·NaN = NaN.
package num
