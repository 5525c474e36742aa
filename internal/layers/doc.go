// Package layers holds the tests of how the packages hang together: imports go down only,
// gan and pathint meet in internal/build alone, and an outside program can name every type
// of the public packages. It has no code of its own.
package layers
