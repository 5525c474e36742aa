package pathint

// A Source supplies the random numbers of a chain: independent standard normals,
// uniforms on the open interval (0,1) and integers in [0,n).
type Source interface {
	Normals(dst []float64)
	Normal() float64
	Uniform() float64
	Intn(n int) int
}
