// Package examples holds complete programs of a user's own on the public packages. They are
// tests, so that they always compile and run; docs/extend.md goes through them.
package examples
