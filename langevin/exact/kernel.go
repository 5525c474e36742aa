package exact

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// A Kernel is the transition density of a one-dimensional recurrence on a uniform grid:
// the exact law of the discrete scheme, with no limit η → 0. It is spectrally accurate
// when the noise of a step is at least about two grid spacings wide and the law vanishes
// at both ends.
type Kernel struct {
	x []float64
	p *mat.Dense // p_ij = spacing × density(x_j | x_i)
}

// NewGaussianKernel is the kernel of x' = mean(x) + sd(x)·ξ.
func NewGaussianKernel(mean, sd func(x float64) float64, lo, hi float64, n int) *Kernel {
	k := &Kernel{grid(lo, hi, n), mat.NewDense(n, n, nil)}
	h := (hi - lo) / float64(n-1)
	for i, x := range k.x {
		m, s := mean(x), sd(x)
		for j, y := range k.x {
			z := (y - m) / s
			k.p.Set(i, j, h*math.Exp(-z*z/2)/(s*math.Sqrt(2*math.Pi)))
		}
	}
	return k
}

// NewMapKernel is the kernel of x' = step(x, ξ), ξ standard normal, whatever the law of
// x': the average over ξ of the band-limited delta function at x', by a trapezoidal rule
// in ξ. The step of a real scheme can be passed, so that the law of the code itself is
// computed without sampling.
func NewMapKernel(step func(x, xi float64) float64, lo, hi float64, n int) *Kernel {
	const reach, nodes = 9.0, 181
	k := &Kernel{grid(lo, hi, n), mat.NewDense(n, n, nil)}
	h := (hi - lo) / float64(n-1)
	xi := grid(-reach, reach, nodes)
	row := make([]float64, n)
	for i, x := range k.x {
		clear(row)
		for _, z := range xi {
			w := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) * 2 * reach / (nodes - 1)
			addSinc(row, w, (step(x, z)-lo)/h)
		}
		k.p.SetRow(i, row)
	}
	return k
}

// addSinc adds w·sinc(at − j) to each row[j], with one sine for all.
func addSinc(row []float64, w, at float64) {
	near := math.Round(at)
	s := math.Sin(math.Pi*(at-near)) * w / math.Pi
	if int64(near)%2 != 0 {
		s = -s
	}
	for j := range row {
		d := at - float64(j)
		if math.Abs(d) < 1e-9 {
			row[j] += w
		} else {
			row[j] += s / d
		}
		s = -s
	}
}

// Stationary is the stationary law, by repeated squaring. Panics if it does not converge.
func (k *Kernel) Stationary() Law {
	n := len(k.x)
	law := Law{k.x, make([]float64, n)}
	before := make([]float64, n)
	p := mat.DenseCopyOf(k.p)
	for range 60 {
		var next mat.Dense
		next.Mul(p, p)
		p.Copy(&next)
		mat.Row(law.P, n/2, p)
		law.normalise()
		if law.Distance(Law{k.x, before}) < 1e-14 {
			return law
		}
		copy(before, law.P)
	}
	panic("exact: the kernel has no stationary law on this grid")
}

// After is the law after steps from the point x0, which must be a node of the grid.
func (k *Kernel) After(x0 float64, steps int) Law {
	n := len(k.x)
	h := (k.x[n-1] - k.x[0]) / float64(n-1)
	i := int(math.Round((x0 - k.x[0]) / h))
	if i < 0 || i >= n || math.Abs(k.x[i]-x0) > 1e-9*h || steps < 1 {
		panic("exact: Kernel.After needs a start on a node of the grid, and at least one step")
	}
	row := mat.NewVecDense(n, mat.Row(nil, i, k.p))
	for range steps - 1 {
		var next mat.VecDense
		next.MulVec(k.p.T(), row)
		row.CopyVec(&next)
	}
	law := Law{k.x, make([]float64, n)}
	for j := range law.P {
		law.P[j] = row.AtVec(j) / h
	}
	return law
}

// Eigenvalues are the largest count moduli of the kernel's eigenvalues, descending; the
// first is 1. −ln λ₂/η is the relaxation rate of the discrete scheme, to compare with
// the gap of the generator.
func (k *Kernel) Eigenvalues(count int) []float64 {
	var e mat.Eigen
	if !e.Factorize(k.p, mat.EigenNone) {
		panic("exact: the eigenvalues of the kernel did not converge")
	}
	var out []float64
	for _, v := range e.Values(nil) {
		out = append(out, math.Hypot(real(v), imag(v)))
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out[:count]
}

// GeneratorRates are the lowest count eigenvalues of minus the generator
// L = −U'∂ + T∂² of overdamped Langevin dynamics, ascending; the first is 0 (its value
// shows the accuracy), the second is the spectral gap. They are those of the
// Schrödinger operator −T∂² + U'²/4T − U”/2 in a sinc basis on n nodes of [lo, hi],
// spectrally accurate for a smooth U that confines within the interval.
// Risken, The Fokker–Planck Equation, sec. 5.4; Colbert & Miller, J. Chem. Phys. 96 (1992) 1982.
func GeneratorRates(gradient, curvature func(x float64) float64, temperature, lo, hi float64, n, count int) []float64 {
	x := grid(lo, hi, n)
	h := (hi - lo) / float64(n-1)
	m := mat.NewSymDense(n, nil)
	for i := range n {
		u := gradient(x[i])
		m.SetSym(i, i, temperature*math.Pi*math.Pi/(3*h*h)+u*u/(4*temperature)-curvature(x[i])/2)
		for j := range i {
			t := 2 * temperature / (h * h * float64((i-j)*(i-j)))
			if (i-j)%2 != 0 {
				t = -t
			}
			m.SetSym(i, j, t)
		}
	}
	var e mat.EigenSym
	if !e.Factorize(m, false) {
		panic("exact: the eigenvalues of the generator did not converge")
	}
	return e.Values(nil)[:count]
}

// Expect is E[f(x_steps) | x_0] at every node.
func (k *Kernel) Expect(f func(x float64) float64, steps int) []float64 {
	v := mat.NewVecDense(len(k.x), nil)
	for i, x := range k.x {
		v.SetVec(i, f(x))
	}
	for range steps {
		var next mat.VecDense
		next.MulVec(k.p, v)
		v.CopyVec(&next)
	}
	return v.RawVector().Data
}

// Tilted is log E[exp(−Σ_{k=1..steps} o(x_k)) | x_0] at every node: log Z of the tilt o on free paths
// from there.
func (k *Kernel) Tilted(o func(x float64) float64, steps int) []float64 {
	n := len(k.x)
	v, log := mat.NewVecDense(n, nil), 0.0
	for i := range n {
		v.SetVec(i, 1)
	}
	for range steps {
		largest := 0.0
		for i, x := range k.x {
			v.SetVec(i, v.AtVec(i)*math.Exp(-o(x)))
		}
		var next mat.VecDense
		next.MulVec(k.p, v)
		for i := range n {
			largest = math.Max(largest, next.AtVec(i))
		}
		next.ScaleVec(1/largest, &next)
		log += math.Log(largest)
		v.CopyVec(&next)
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = log + math.Log(v.AtVec(i))
	}
	return out
}

// Committor is the probability, at every node and from the next step on, of being in B before
// A. The sets are given by weights: 1 inside, 0 outside, ½ for a node on the edge.
func (k *Kernel) Committor(a, b func(x float64) float64) []float64 {
	n := len(k.x)
	m, rhs := mat.NewDense(n, n, nil), mat.NewVecDense(n, nil)
	for i := range n {
		sum := 0.0
		for j, x := range k.x {
			p := k.p.At(i, j)
			sum += p * b(x)
			m.Set(i, j, -p*(1-a(x)-b(x)))
		}
		m.Set(i, i, 1+m.At(i, i))
		rhs.SetVec(i, sum)
	}
	var q mat.VecDense
	if err := q.SolveVec(m, rhs); err != nil {
		panic("exact: neither set is reached: " + err.Error())
	}
	return q.RawVector().Data
}

// Nodes are the points of the grid.
func (k *Kernel) Nodes() []float64 { return k.x }
