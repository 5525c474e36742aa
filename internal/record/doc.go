// Package record is how results reach the disk and come back: typed tables as CSV with a
// metadata sidecar, files that appear whole or not at all, manifests, and strict readers
// for what this program wrote and for what its users bring.
//
// One table of columns (Schema) drives everything: the header, the types that a Writer
// accepts, the sidecar, and what a Reader requires. Bytes are deterministic: LF line ends,
// shortest floats that round-trip, no clock, host or version in a CSV or its sidecar.
//
// An empty cell means "no value". NaN and ±Inf are refused, in and out: a result that does
// not exist is an empty cell, and the reason belongs in a status column.
//
// Errors in a file name file:line:column, what was found and what is allowed (*DataError).
package record
