//go:build race

package num

// Under the race detector sync.Pool forgets a part of what it is given, so kernels allocate.
const poolForgets = true
