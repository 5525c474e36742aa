package gan

import (
	"fmt"
	"math"
)

// OptimalConfig is the exact discriminator of one-dimensional data,
//
//	D*(x) = p_h(x)/(p_h(x) + q_h(x)),
//
// of the densities of data and fakes convolved with N(0, h²): instance noise of variance h²
// on both, integrated out. p_h is the exact convolution of the target (Components), q_h the
// kernel density of the generator's batch.
//
// Integrals are sums over a lattice of spacing Δ (trapezoidal rule of an analytic
// integrand on the whole line: it converges geometrically in h/Δ; GridError estimates it).
type OptimalConfig struct {
	Bandwidth float64 `toml:"bandwidth" range:"(0,inf)" unit:"1" doc:"h, standard deviation of the Gaussian kernel both densities are convolved with"`
	Points    int     `toml:"points" range:"[0,1000000]" unit:"1" doc:"points of the grid from low to high; 0: spacing h/8. A spacing above h/2 is refused"`
	Low       float64 `toml:"low" range:"(-inf,inf)" unit:"1" doc:"lower end of the grid; low = high: 9 standard deviations around every mode of the smoothed target"`
	High      float64 `toml:"high" range:"(-inf,inf)" unit:"1" doc:"upper end of the grid"`
	Latents   string  `toml:"latents" enum:"random|quantiles" doc:"quenched latents: drawn, or (one-dimensional latent) the normal quantiles at (i+½)/B, which no seed changes"`
}

// DefaultOptimal is the exact discriminator with no key set.
func DefaultOptimal() OptimalConfig { return OptimalConfig{Bandwidth: 0.25, Latents: "random"} }

// reach is where kernels and smoothed modes are cut, in standard deviations: e^{−reach²/2} is
// 3·10⁻¹⁸ of the top.
const reach = 9

// maximalOutside is the mass of p_h that a grid chosen by the user may leave out.
const maximalOutside = 1e-10

// An OptimalDiscriminator is D* on its grid together with the functional that the generator
// descends. It is immutable and may be shared by goroutines.
type OptimalDiscriminator struct {
	h, low, step float64
	sites        int // of the grid: low + g·step, 0 ≤ g < sites
	target       *smoothedTarget
	functional   densityFunctional
	p, logp      []float64 // [sites] p_h and its logarithm
	kernel       []float64 // K_h(j·step), j ≥ 0, up to reach
	outside      float64   // mass of p_h beyond the grid
	quantiles    bool
}

// Discriminator returns D* for a target and the loss whose functional the generator
// descends: saturating (or minimax) C_h, non-saturating 2 KL(m_h‖p_h). It refuses targets
// that are not mixtures of normals on the line, other losses, and grids that do not resolve
// the kernel or do not hold the target.
func (c OptimalConfig) Discriminator(target Target, loss Loss) (*OptimalDiscriminator, error) {
	m, ok := target.(MixtureTarget)
	if !ok || target.Dim() != 1 {
		return nil, fmt.Errorf("gan: the optimal discriminator needs a target on the line whose smoothed density is known (gaussian, mixture, samples of one column), found %q of dimension %d", target.Name(), target.Dim())
	}
	if err := checkPositive("bandwidth of the optimal discriminator", c.Bandwidth); err != nil {
		return nil, err
	}
	if c.Latents != "random" && c.Latents != "quantiles" {
		return nil, fmt.Errorf("gan: latents of the optimal discriminator are %q, allowed are random, quantiles", c.Latents)
	}
	d := &OptimalDiscriminator{h: c.Bandwidth, target: newSmoothedTarget(m, c.Bandwidth), quantiles: c.Latents == "quantiles"}
	if d.functional, ok = densityFunctionals[loss.Name()]; !ok {
		return nil, fmt.Errorf("gan: the optimal discriminator has no functional for the loss %q, allowed are saturating (C_h = E log D* + E log(1−D*)) and non-saturating (2 KL(m‖p))", loss.Name())
	}
	if err := d.grid(c); err != nil {
		return nil, err
	}
	for g := range d.sites {
		d.logp = append(d.logp, d.target.logDensity(d.low+float64(g)*d.step))
		d.p = append(d.p, math.Exp(d.logp[g]))
	}
	for j := 0; float64(j)*d.step <= reach*d.h; j++ {
		d.kernel = append(d.kernel, normalDensity(float64(j)*d.step/d.h)/d.h)
	}
	return d, nil
}

// grid chooses the lattice and refuses one that is too coarse or too short.
func (d *OptimalDiscriminator) grid(c OptimalConfig) error {
	low, high := c.Low, c.High
	switch {
	case low == high:
		low, high = d.target.span()
	case !(low < high) || math.IsInf(high-low, 0):
		return fmt.Errorf("gan: the grid goes from %v to %v, allowed is low < high (equal: chosen by the target)", low, high)
	}
	n := c.Points
	if n == 0 {
		n = int(math.Ceil((high-low)/(d.h/8))) + 1
	}
	if n > maximalSites {
		return fmt.Errorf("gan: a grid from %v to %v at bandwidth %v takes %d points, allowed are %d; raise the bandwidth", low, high, d.h, n, maximalSites)
	}
	d.low, d.sites, d.step = low, n, (high-low)/float64(max(n-1, 1))
	if d.step > d.h/2 {
		return fmt.Errorf("gan: %d points from %v to %v are %.3g apart, allowed is at most half the bandwidth %v; take %d points or more", n, low, high, d.step, d.h, int(math.Ceil((high-low)/(d.h/2)))+1)
	}
	if d.outside = d.target.outside(low, high); d.outside > maximalOutside {
		l, h := d.target.span()
		return fmt.Errorf("gan: %.3g of the smoothed target lies outside the grid from %v to %v, allowed is %g; take %.4g to %.4g", d.outside, low, high, maximalOutside, l, h)
	}
	return nil
}

// maximalSites bounds the grid, maximalExtension how far beyond it samples may take it.
const (
	maximalSites     = 1 << 20
	maximalExtension = 1 << 17
)

// Bandwidth returns h.
func (d *OptimalDiscriminator) Bandwidth() float64 { return d.h }

// Grid returns the ends and the number of points of the grid.
func (d *OptimalDiscriminator) Grid() (low, high float64, points int) {
	return d.low, d.low + float64(d.sites-1)*d.step, d.sites
}

// Functional returns what the generator descends: the loss whose it is, and its symbol.
func (d *OptimalDiscriminator) Functional() (loss, symbol string) {
	return d.functional.name, d.functional.symbol
}

// TruncationBound bounds what the part of the line beyond the grid would add to C_h,
// wherever the samples are: with P the mass of p_h out there it is P(1 + log(1 + 1/P)),
// because −f ≤ p log(1+q/p) + p and log is concave. For 2 KL(m_h‖p_h) samples that leave the
// grid extend it, and what is left out is below P log 2.
func (d *OptimalDiscriminator) TruncationBound() float64 {
	if d.outside == 0 {
		return 0
	}
	return d.outside * (1 + math.Log1p(1/d.outside))
}
