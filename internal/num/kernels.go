package num

import "os"

// A kernelSet is a level of SIMD support; a higher level includes the lower ones.
type kernelSet int

const (
	generic kernelSet = iota // pure Go, the reference
	avx2                     // AVX2 and FMA
	avx512                   // AVX-512 F, VL, DQ, BW
)

var setNames = [...]string{generic: "generic", avx2: "avx2", avx512: "avx512"}

// KernelsVariable is the environment variable that overrides the choice of kernels.
const KernelsVariable = "MACHLUP_KERNELS"

// kernels is the set in use. Only tests and benchmarks change it after start.
var kernels = chosen(os.Getenv(KernelsVariable), available())

// chosen returns the set named by the user if the machine has it, else the best it has.
func chosen(name string, best kernelSet) kernelSet {
	for k := generic; k <= best; k++ {
		if setNames[k] == name {
			return k
		}
	}
	return best
}

// Kernels names the kernel set in use: "generic", "avx2" or "avx512". An override that
// the machine cannot run is ignored, so callers that report the set must ask here.
func Kernels() string { return setNames[kernels] }
