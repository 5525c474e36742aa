package langevin

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func smallRegression(t *testing.T, loss string) *Regression {
	t.Helper()
	r, err := NewRegression(RegressionConfig{Loss: loss, Points: 6, Dim: 2, Condition: 3, Noise: 0.8, Ridge: 0.3, DataSeed: 4, Batch: 2, Eta: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Gradient and Hessian against central differences, and the minimum.
func TestRegressionDerivatives(t *testing.T) {
	for _, loss := range []string{"linear", "logistic"} {
		r := smallRegression(t, loss)
		w, g, h := []float64{0.4, -0.7}, make([]float64, 2), 1e-5
		r.Gradient(g, w)
		hessian := r.Hessian(w)
		up, down := make([]float64, 2), make([]float64, 2)
		for i := range w {
			x, y := append([]float64(nil), w...), append([]float64(nil), w...)
			x[i], y[i] = x[i]+h, y[i]-h
			eu, ed := r.Gradient(up, x), r.Gradient(down, y)
			if d := (eu-ed)/(2*h) - g[i]; math.Abs(d) > 1e-8 {
				t.Errorf("%s: gradient %d off by %g", loss, i, d)
			}
			for j := range w {
				if d := (up[j]-down[j])/(2*h) - hessian[i*2+j]; math.Abs(d) > 1e-8 {
					t.Errorf("%s: Hessian %d %d off by %g", loss, i, j, d)
				}
			}
		}
		least, err := r.Minimum()
		if err != nil {
			t.Fatal(err)
		}
		if r.Gradient(g, least); math.Hypot(g[0], g[1]) > 1e-12 {
			t.Errorf("%s: gradient %v at the minimum", loss, g)
		}
	}
}

// The covariance of a batch's gradient, and for the linear loss its mean over weights that
// spread about the minimum, by enumeration of all batches.
func TestRegressionNoise(t *testing.T) {
	r := smallRegression(t, "linear")
	w, err := r.Minimum()
	if err != nil {
		t.Fatal(err)
	}
	root := []float64{0.3, 0.1, -0.2, 0.5} // δ = ±√2·columns: covariance root·rootᵀ
	var sigma mat.Dense
	sigma.Mul(mat.NewDense(2, 2, root), mat.NewDense(2, 2, root).T())
	check := func(what string, got []float64, points [][]float64) {
		want := make([]float64, 4)
		for _, at := range points {
			full, one := make([]float64, 2), make([]float64, 2)
			r.Drift(full, at)
			for i := range r.n {
				for j := range i {
					// the batch {i, j}
					for k := range 2 {
						one[k] = -r.cfg.Ridge * at[k]
						for _, p := range []int{i, j} {
							g, _ := r.slope(p, at)
							one[k] -= g * r.x[p*2+k] / 2
						}
						one[k] -= full[k]
					}
					for a := range 2 {
						for b := range 2 {
							want[a*2+b] += one[a] * one[b] / 15 / float64(len(points))
						}
					}
				}
			}
		}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-13 {
				t.Errorf("%s: entry %d is %.15g, want %.15g", what, i, got[i], want[i])
			}
		}
	}
	check("at the minimum", r.NoiseCovariance(w, nil), [][]float64{w})
	var spread [][]float64
	for j := range 2 {
		for _, sign := range []float64{math.Sqrt2, -math.Sqrt2} {
			spread = append(spread, []float64{w[0] + sign*root[j], w[1] + sign*root[2+j]})
		}
	}
	check("about the minimum", r.NoiseCovariance(w, sigma.RawMatrix().Data), spread)
}

func TestRegressionAllocatesNothing(t *testing.T) {
	r := smallRegression(t, "logistic")
	dst, xi := make([]float64, 2), []float64{0.3, -1}
	if n := testing.AllocsPerRun(50, func() { r.SampleDrift(dst, []float64{1, 2}, xi) }); n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}
