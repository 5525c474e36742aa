package verify

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/mat"

	"machlup/langevin/exact"
)

// playerChecks are the players of a linear game at two temperatures under the schemes that move both
// at once: the spread of each against the discrete Lyapunov equation of the scheme, written out letter
// by letter.
func playerChecks() []Check {
	const a, b, hot, cold = 1.0, 1.0, 0.9, 0.3
	drift := mat.NewDense(2, 2, []float64{-a, b, -b, -a})
	const steps = 200
	var checks []Check
	for _, c := range []struct {
		scheme, settings string
		law              gaussianMap
	}{
		{"heun", "eta = 0.2\n", heunMap(drift, 0.2, []float64{hot, cold})},
		{"leimkuhler-matthews", "eta = 0.2\n", leimkuhlerMatthewsMap(drift, 0.2, []float64{hot, cold})},
		{"splitting", "scheme = \"BAOAB\"\nstep = 0.5\nfriction = 3.0\n", splittingMap(drift, "BAOAB", 0.5, 3, []float64{hot, cold})},
		{"sghmc", "eta = 0.05\nfriction = 0.7\n", sghmcMap(drift, 0.05, 0.7, []float64{hot, cold})},
	} {
		text := fmt.Sprintf(`name = "verify-players-%s"
seed = 67
[system]
kind = "linear-game"
[system.linear-game]
damping = %v
rotation = %v
[trainer]
scheme = %q
[trainer.%s]
%stemperatures = [%v, %v]
[observables]
names = ["x0", "x1"]
[estimator.ensemble]
chains = 12000
steps = %d
at = [%d]
`, c.scheme, a, b, c.scheme, c.scheme, c.settings, hot, cold, steps, steps)
		sigma := c.law.stationary()
		for i, player := range []string{"x0", "x1"} {
			std := math.Sqrt(sigma.At(i, i))
			checks = append(checks, Check{ID: "players/" + c.scheme + "/" + player, Group: "Two temperatures", Kind: MonteCarlo,
				Name:       fmt.Sprintf("linear game at T = %v and %v, %s: std of %s, discrete Lyapunov equation", hot, cold, c.scheme, player),
				Experiment: text, Exact: std, Tolerance: 0.009 * std,
				Cell: Cell{Table: "fluctuations", Row: map[string]string{"observable": player, "step": fmt.Sprint(steps)}, Column: "std", StdErr: "std_stderr", ESS: "ess"}})
		}
	}
	return checks
}

// A gaussianMap is z' = Mz + Lξ.
type gaussianMap struct{ m, l *mat.Dense }

// stationary solves Σ = MΣMᵀ + LLᵀ.
func (g gaussianMap) stationary() *mat.Dense {
	n, _ := g.m.Dims()
	var q mat.Dense
	q.Mul(g.l, g.l.T())
	return mat.NewDense(n, n, exact.StationaryCovariance(g.m.RawMatrix().Data, q.RawMatrix().Data, n))
}

// then follows g by z' = Az + Bξ of fresh noise; a nil B is none.
func (g gaussianMap) then(a, b mat.Matrix) gaussianMap {
	var m, l mat.Dense
	m.Mul(a, g.m)
	if g.l != nil {
		l.Mul(a, g.l)
	}
	switch {
	case b == nil && g.l == nil:
		return gaussianMap{&m, nil}
	case b == nil:
		return gaussianMap{&m, &l}
	case g.l == nil:
		return gaussianMap{&m, mat.DenseCopyOf(b)}
	}
	var both mat.Dense
	both.Augment(&l, b)
	return gaussianMap{&m, &both}
}

// blocks is [[p, q], [r, s]] of matrices of order 2, nil for zero.
func blocks(p, q, r, s mat.Matrix) *mat.Dense {
	out := mat.NewDense(4, 4, nil)
	for k, b := range []mat.Matrix{p, q, r, s} {
		if b == nil {
			continue
		}
		out.Slice(2*(k/2), 2*(k/2)+2, 2*(k%2), 2*(k%2)+2).(*mat.Dense).Copy(b)
	}
	return out
}

func one() *mat.Dense { return mat.NewDense(2, 2, []float64{1, 0, 0, 1}) }

func times(c float64, m mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Scale(c, m)
	return &out
}

func plus(a, b mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Add(a, b)
	return &out
}

// noise is the diagonal matrix of √(c·T).
func noise(c float64, t []float64) *mat.Dense {
	return mat.NewDense(2, 2, []float64{math.Sqrt(c * t[0]), 0, 0, math.Sqrt(c * t[1])})
}

// heunMap is x' = (1 + ηA + ½η²A²)x + (1 + ½ηA)√(2ηT)ξ.
func heunMap(a *mat.Dense, eta float64, t []float64) gaussianMap {
	var square, l mat.Dense
	square.Mul(a, a)
	l.Mul(plus(one(), times(eta/2, a)), noise(2*eta, t))
	return gaussianMap{plus(plus(one(), times(eta, a)), times(eta*eta/2, &square)), &l}
}

// leimkuhlerMatthewsMap is that of (x, ξ).
func leimkuhlerMatthewsMap(a *mat.Dense, eta float64, t []float64) gaussianMap {
	half := noise(eta/2, t)
	l := mat.NewDense(4, 2, nil)
	l.Slice(0, 2, 0, 2).(*mat.Dense).Copy(half)
	l.Slice(2, 4, 0, 2).(*mat.Dense).Copy(one())
	return gaussianMap{blocks(plus(one(), times(eta, a)), half, nil, nil), l}
}

// splittingMap is that of (x, v), a letter at a time.
func splittingMap(a *mat.Dense, scheme string, delta, gamma float64, t []float64) gaussianMap {
	g := gaussianMap{m: blocks(one(), nil, nil, one())}
	for _, letter := range scheme {
		h := delta / float64(strings.Count(scheme, string(letter)))
		switch letter {
		case 'A':
			g = g.then(blocks(one(), times(h, one()), nil, one()), nil)
		case 'B':
			g = g.then(blocks(one(), nil, times(h, a), one()), nil)
		case 'O':
			l := mat.NewDense(4, 2, nil)
			l.Slice(2, 4, 0, 2).(*mat.Dense).Copy(noise(1-math.Exp(-2*gamma*h), t))
			g = g.then(blocks(one(), nil, nil, times(math.Exp(-gamma*h), one())), l)
		}
	}
	return g
}

// sghmcMap is v' = (1−α)v + ηAx + √(2αηT)ξ, x' = x + v'.
func sghmcMap(a *mat.Dense, eta, alpha float64, t []float64) gaussianMap {
	l := mat.NewDense(4, 2, nil)
	l.Slice(2, 4, 0, 2).(*mat.Dense).Copy(noise(2*alpha*eta, t))
	g := gaussianMap{m: blocks(one(), nil, nil, one())}
	g = g.then(blocks(one(), nil, times(eta, a), times(1-alpha, one())), l)
	return g.then(blocks(one(), one(), nil, one()), nil)
}
