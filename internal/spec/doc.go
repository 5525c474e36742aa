// Package spec reads experiment files: strict TOML with positions, sweeps, and the resolved
// text that reproduces a run.
//
// A file becomes a Doc: a tree of keys that knows where each one stands. Nothing is decoded
// until a plug-in asks for its table with a struct of its own, prefilled with its defaults:
//
//	doc, err := spec.Parse("exp.toml", src)
//	err = doc.Set("trainer.generator.eta", "0.02")       // --set
//	cfg := Staging{Length: 8}                            // defaults
//	err = doc.Table("move.staging").Decode(&cfg)         // types, ranges, enums
//	err = doc.Unknown()                                  // what nothing decoded
//
// A sweep expands into Points; With gives the Doc of one point, and Fold tells the base Doc
// what a point decoded, so that Unknown and Resolved of the base cover all points. Resolved
// leaves out defaults that differ between points (an optimizer's own learning rate when the
// optimizer is swept): written out, they would override what they follow from.
//
// The TOML library parses syntax and values. Positions, duplicates, case and structure come
// from a scanner of our own, since the library has no positions for unknown keys, folds
// case, wraps −1 into unsigned fields and merges arrays of tables.
//
// Refusals are *Error: one line with file:line:column, the key, what was found, what is
// allowed, the nearest valid name. Mistakes in struct tags panic.
//
// Struct tags: `toml:"eta" doc:"learning rate" unit:"1" range:"(0,inf)"`, `enum:"a|b|c"`,
// `len:"[1,4]"` for lists, `required:"true"`. Types: string, bool, integers, float64, lists
// of these, nested structs (sub-tables), time.Duration ("60s"; never negative unless its
// range says so), pointers to these (optional, absent when nil). Ranges and enums apply to
// the elements of lists. Embedded structs count as if written out.
package spec
