package otto_test

import (
	"fmt"

	"machlup/gan/otto"
)

// Total collapse of an ideal GAN onto one of two modes: how fast the lost mode returns.
func Example() {
	p := otto.Pair(3) // ½N(−3,1) + ½N(3,1)
	gap, _, err := otto.Gap(p, 400)
	if err != nil {
		panic(err)
	}
	for _, f := range otto.Flows() {
		fmt.Printf("%-15s %.5f\n", f, f.Weight(0)*gap)
	}
	// Output:
	// saturating      0.00716
	// literal-jprime  0.00358
	// non-saturating  0.00716
	// kl              0.01432
}
