package otto

import "flag"

// Property tests draw the same cases every time; -rapid.seed on the command line draws
// others.
func init() {
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err)
	}
}
