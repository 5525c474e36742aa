package pathint

// A Source supplies the random numbers of a chain: independent standard normals,
// uniforms on the open interval (0,1) and integers in [0,n). One that also has
//
//	Exponentials(dst []float64) // independent, of mean 1
//
// is asked for the exponentials that decide proposals; otherwise each is made of two normals.
type Source interface {
	Normals(dst []float64)
	Normal() float64
	Uniform() float64
	Intn(n int) int
}
