package gan

import (
	"math"
	"slices"

	"machlup/internal/num"
)

// ObserveGradient writes the gradient of observable i with respect to q = [ψ | θ]. Where an
// observable has a kink (standard deviation, ρ and W₂ at 0, norms at 0) it writes zero;
// the order of the samples, on which W₂'s gradient depends, changes on a null set.
func (t *Trainer) ObserveGradient(dst []float64, i int, q []float64) {
	if len(dst) != t.n {
		panic("gan: ObserveGradient: dst has the wrong length")
	}
	t.observer.gradient(dst, t.observer.chosen[i], q)
}

func (o *observer) gradient(dst []float64, c quantity, q []float64) {
	psi, theta := o.t.Psi(dst), o.t.Theta(dst)
	clear(dst)
	switch c.kind {
	case normPsi:
		unit(psi, o.t.Psi(q))
	case normTheta:
		unit(theta, o.t.Theta(q))
	case penaltyTerm:
		o.penaltyGradient(psi, theta, q)
	case squarePsi:
		scaled(psi, 2/float64(len(psi)), o.t.Psi(q))
	case squareTheta:
		scaled(theta, 2/float64(len(theta)), o.t.Theta(q))
	case parameterValue:
		dst[c.coord] = 1
	case lossD, lossG, logitReal, logitFake:
		o.logitGradient(psi, theta, c.kind, q)
	default:
		o.evaluate(q, true, false, false)
		o.sampleCotangent(c)
		o.gen.cotangents(o.t.Theta(q), o.cx)
		o.gen.gradient(theta)
	}
}

// unit writes x/|x|.
func unit(dst, x []float64) {
	if norm := math.Sqrt(num.Norm2(x)); norm > 0 {
		scaled(dst, 1/norm, x)
	}
}

// logitGradient differentiates the mean of a function of the logits.
func (o *observer) logitGradient(psi, theta []float64, k kind, q []float64) {
	n := o.rowsD
	fakes, data := k != logitReal, k == lossD || k == logitReal
	o.evaluate(q, fakes, fakes, data)
	real, fake := o.c[:n], o.c[n:]
	switch k {
	case lossD:
		o.t.cfg.Loss.Real(nil, real, nil, o.logit[:n])
		o.t.cfg.Loss.Fake(nil, fake, nil, o.logit[n:])
	case lossG:
		o.t.cfg.Loss.Generator(nil, fake, nil, o.logit[n:])
	default:
		fill(o.c, 1)
	}
	scaled(o.c, 1/float64(n), o.c)
	c := o.c
	if !data {
		c = fake
	} else if !fakes {
		c = real
	}
	o.dis.cotangents(o.t.Psi(q), c)
	o.dis.gradient(psi)
	if !fakes {
		return
	}
	o.dis.inputCotangent(o.cx, o.t.Psi(q), len(c)-n, len(c))
	o.gen.cotangents(o.t.Theta(q), o.cx)
	o.gen.gradient(theta)
}

// sampleCotangent writes the derivative of an observable of the samples into cx[rows×d].
func (o *observer) sampleCotangent(c quantity) {
	n, d := o.rows, o.t.dim
	fake := o.x[n*d:]
	clear(o.cx)
	switch c.kind {
	case modeEntropy, imbalance:
		o.modes.cotangent(o.cx, c.kind, fake)
	case genMean:
		for i := range n {
			o.cx[i*d+c.coord] = 1 / float64(n)
		}
	case genStd:
		if s := o.std[c.coord]; s > 0 {
			for i := range n {
				o.cx[i*d+c.coord] = (fake[i*d+c.coord] - o.mean[c.coord]) / (float64(n) * s)
			}
		}
	case rho:
		if s := math.Sqrt(num.Norm2(o.std)); s > 0 {
			for i := range o.cx {
				o.cx[i] = (fake[i] - o.mean[i%d]) / (float64(n) * s * o.stdP)
			}
		}
	case wasserstein:
		o.transportCotangent(fake)
	}
}

// transportCotangent is ∂W₂/∂x_i = (x_i − Q(rank of x_i))/(N·W₂).
func (o *observer) transportCotangent(x []float64) {
	w := o.w2()
	if w == 0 {
		return
	}
	for i := range o.order {
		o.order[i] = i
	}
	slices.SortFunc(o.order, func(a, b int) int {
		switch {
		case x[a] < x[b]:
			return -1
		case x[a] > x[b]:
			return 1
		}
		return a - b
	})
	for r, i := range o.order {
		o.cx[i] = (x[i] - o.quantiles[r]) / (float64(o.rows) * w)
	}
}
