package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"machlup/internal/record"
)

// figure is one picture of a run: one file of this package and one line of the catalogue.
type figure struct {
	name    string // file stem
	caption string // what is shown, for readers that do not see it
	draw    func(*run) *page
}

// catalogue lists the figures in the order in which one looks at them. A draw function
// returns nil where the run has no data for it.
var catalogue = []figure{
	{"loss", "Losses of generator and discriminator along training", lossFigure},
	{"order-parameter", "Order parameter ρ = std(q)/std(p) along training, a line per replica", orderParameterFigure},
	{"orbit", "Parameters θ_0 and ψ_0 of a small game along training, a panel per sweep point", orbitFigure},
	{"density", "Final density of the generated samples against the data", densityFigure},
	{"samples", "Generated samples on the plane at the end, over the modes of the target", samplesFigure},
	{"modes", "Modes covered, high-quality fraction, reverse KL and W₂ along training, with the levels of a perfect sampler and of a uniform box", modesFigure},
	{"fluctuations", "Fluctuations of observables around the classical trajectory against linear-noise theory", fluctuationsFigure},
	{"linear-noise", "Measured over predicted standard deviation of observables along training", linearNoiseFigure},
	{"noise-spectrum", "Leading eigenvalues of the covariance of minibatch gradients", spectrumFigure},
	{"action", "Distribution of the sampled action against its exact law", actionFigure},
	{"log-z", "Partition function against the tilt: integrand, integral, and the estimators compared", logZFigure},
	{"spectrum", "Effective frequencies of imaginary-time correlators, with the exact spectrum", correlatorFigure},
	{"certificates", "z of the exact certificates, with the band of acceptance", certificatesFigure},
	{"phase", "Order parameters and their statistics against the swept key", phaseFigure},
	{"rho-histogram", "Distribution of the order parameter over replicas", orderHistogramFigure},
	{"transition", "Order parameter, susceptibility, Binder cumulant and heat capacity against the control parameter, with reweighted curves", transitionFigure},
	{"crossings", "Crossings of the Binder cumulants of different sizes, and their drift with the size", crossingsFigure},
	{"scaling", "Data collapse of all sizes in scaled variables", scalingFigure},
	{"order-law", "−log P of the order parameter at the values of the control parameter, a panel per size", orderLawFigure},
	{"hysteresis", "Hysteresis loops at several rates of a ramp, and their area against the rate", hysteresisFigure},
	{"arrhenius", "Logarithm of the escape rate against the inverse temperature", arrheniusFigure},
	{"phase-diagram", "Statistics over two swept numbers as maps of cells, uncertain cells crossed out", phaseDiagramFigure},
	{"rare-paths", "Transition function C(t), committor along transition paths and path of least action", rareFigure},
	{"flows", "Ideal flows on Wasserstein space: functional, dissipation, distance to the data, mass of the first mode, JKO steps", flowsFigure},
	{"trajectory-transition", "Partition function of tilted paths of several lengths and its derivatives", trajectoryFigure},
	{"strip", "Path of least action as a strip of density snapshots, with its action", stripFigure},
	{"survival", "Fraction of replicas still collapsed (Kaplan–Meier)", survivalFigure},
}

// Figures writes DIR/figures/NAME.png and NAME.svg, each whole or not at all, for every
// figure whose data are in DIR/csv, and removes those of an earlier run whose data are
// gone. The same tables give the same bytes. A table that cannot be read is an error that
// names file, line and column.
func Figures(dir string) error {
	into := filepath.Join(dir, "figures")
	if err := os.MkdirAll(into, 0o777); err != nil {
		return err
	}
	for _, f := range catalogue {
		r := open(dir)
		p := f.draw(r)
		if r.err != nil {
			return r.err
		}
		if err := f.write(p, filepath.Join(into, f.name)); err != nil {
			return fmt.Errorf("figure %s: %w", f.name, err)
		}
	}
	return nil
}

// write puts both formats at stem, or removes them if there is nothing to show.
func (f figure) write(p *page, stem string) error {
	if p == nil {
		return errors.Join(remove(stem+".png"), remove(stem+".svg"))
	}
	png, err := p.png()
	if err != nil {
		return err
	}
	svg, err := p.svg(f.caption)
	if err != nil {
		return err
	}
	if err := record.WriteFileAtomic(stem+".png", png); err != nil {
		return err
	}
	return record.WriteFileAtomic(stem+".svg", svg)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
