package gan

import (
	"fmt"
	"math"
)

// Noise kind minibatch-gaussian replaces the gradient of a minibatch by the normal variable of
// the same mean and covariance. Mean and covariance are those of B rows drawn with replacement
// from the N rows of the quenched batch, C/B with C = (1/N)Σ(g_i − ḡ)(g_i − ḡ)ᵀ, the real and
// the fake rows of the discriminator each with their own, at the current point, and for a
// natural player F⁻¹CF⁻ᵀ/B with F on the quenched batch. It is drawn without forming C, as a
// sum of centred gradients weighted by normals,
//
//	ĝ = (1/N) Σ_i (1 + ω_i) g_i,   ω_i = √(N/B)(ξ_i − ξ̄),
//
// which is one backward pass with the cotangents times 1 + ω. The rank is below N, so where
// there are more parameters than that the law of a step has no density on all of them.

// gaussianRows are the populations of rows that the players' weights are for: real and fake of
// the discriminator, fakes of the generator.
func (t *Trainer) gaussianRows(b int) int {
	if b == 0 {
		return 2 * t.rowsD
	}
	return t.rowsD
}

// checkGaussian refuses what the covariance of the rows' gradients does not describe.
func (t *Trainer) checkGaussian() error {
	if !t.cfg.Noise.gaussian() {
		return nil
	}
	switch name := t.cfg.dynamics().Name(); name {
	case "consensus", "sga":
		return fmt.Errorf("gan: noise kind %q with dynamics %q: the adjusted gradient is no mean over rows, so C(x)/B is not its covariance; use alternating, simultaneous or extragradient", t.cfg.Noise.Kind, name)
	}
	for i := range t.regs {
		switch name := t.regs[i].name; name {
		case "weight-decay", "weight-clipping", "instance-noise":
		default:
			return fmt.Errorf("gan: noise kind %q with regulariser %q: the covariance of the penalty's gradients is not measured; use kind minibatch, or weight-decay, weight-clipping or instance-noise", t.cfg.Noise.Kind, name)
		}
	}
	return nil
}

// weigh makes the players' weights 1 + ω from the inputs of a step, the j-th of the
// discriminator's.
func (t *Trainer) weigh(xi []float64, j int) {
	for b := range t.omega {
		n := t.gaussianRows(b)
		at := t.gauss[b] + j*n
		if b == 1 {
			at = t.gauss[b]
		}
		w := t.omega[b]
		copy(w, xi[at:at+n])
		for lo := 0; lo < n; lo += t.rowsD {
			t.centre(w[lo : lo+t.rowsD])
		}
		for i := range w {
			w[i]++
		}
	}
	t.weighted = true
}

// centre turns ξ into ω, and, being symmetric, the cotangent of ω into that of ξ.
func (t *Trainer) centre(xi []float64) {
	mean := 0.0
	for _, z := range xi {
		mean += z
	}
	mean /= float64(len(xi))
	scale := math.Sqrt(float64(t.rows) / float64(t.cfg.Batch))
	for i, z := range xi {
		xi[i] = scale * (z - mean)
	}
}

// weights writes 1 + ω times the cotangents c of player b's rows into its working storage and
// returns them; c itself without such noise.
func (t *Trainer) weights(b int, c []float64) []float64 {
	if !t.weighted {
		return c
	}
	out := t.cw[:len(c)]
	for i, w := range t.omega[b] {
		out[i] = w * c[i]
	}
	return out
}

// gaussianTangent adds to dst the direction that inputs xi give, linearised at ξ = 0:
// F⁻¹Jᵀ(ω∘c).
func (lz *linearizer) gaussianTangent(dst []float64, b int, at configuration, xi []float64) {
	lz.slope.follow(b, at)
	mean := append(lz.scratch[:0], lz.player(b).dir...)
	lz.weigh(xi, 0)
	lz.slope.follow(b, at)
	lz.weighted = false
	for i, y := range lz.player(b).dir { // directions are affine in ω
		dst[i] += y - mean[i]
	}
	lz.scratch = mean
}

// gaussianAdjoint writes the cotangents of player b's inputs for the cotangent w of its
// direction: by row, c·Ja with a = F⁻¹w, then centred.
func (lz *linearizer) gaussianAdjoint(dst []float64, b int, at configuration, w []float64) {
	t, pl, r := lz.Trainer, lz.player(b), lz.rowsD
	lz.slope.follow(b, at)
	a := append(lz.scratch[:0], w...)
	if pl.metric != nil {
		pl.metric.solve(a, at.of(b), w)
		lz.slope.follow(b, at) // solve leaves other tangents and cotangents behind
	}
	lz.scratch = a
	u := dst[t.gauss[b] : t.gauss[b]+t.gaussianRows(b)]
	if b == 0 {
		pl.p.forward(t.logit, at.psi, pl.p.inputs(), 2*r) // what a direction runs may keep the inputs only
		pl.p.tangent(lz.slope.h.rlogit, at.psi, a, nil)
		for i := range u {
			u[i] = t.c[i] * lz.slope.h.rlogit[i]
		}
	} else {
		fakes, m := lz.slope.h.rcx, t.rows/r*t.dim
		pl.p.tangent(fakes, at.theta, a, nil)
		for i := range u {
			u[i] = 0
			for k := i * m; k < (i+1)*m; k++ {
				u[i] += t.cx[k] * fakes[k]
			}
		}
	}
	for lo := 0; lo < len(u); lo += r {
		t.centre(u[lo : lo+r])
	}
}

// weightedFakes is weights of the generator: its samples have the weights of their rows.
func (t *Trainer) weightedFakes(cx []float64) []float64 {
	if !t.weighted {
		return cx
	}
	m := t.rows / t.rowsD * t.dim
	for i, w := range t.omega[1] {
		scaled(t.cxw[i*m:(i+1)*m], w, cx[i*m:(i+1)*m])
	}
	return t.cxw
}
