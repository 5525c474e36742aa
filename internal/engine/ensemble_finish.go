package engine

import (
	"fmt"
	"math"
	"sort"

	"machlup/analysis"
	"machlup/internal/record"
)

// Finish writes trace, fluctuations, histogram, density, samples and summary.
func (e *ensemble) Finish(parts []any, out *Output) (Outcome, error) {
	classical := parts[0].(*EnsemblePart).Classical
	var chains []ChainPart
	classical.join(e.at, parts[1:1+e.theory])
	for _, p := range parts[1+e.theory:] {
		chains = append(chains, p.(*EnsemblePart).Chains...)
	}
	m, err := e.env.NewModel()
	if err != nil {
		return Outcome{}, err
	}
	e.writeTrace(m, chains, out)
	if len(chains) > 1 {
		for r, step := range e.at {
			for o := range e.cols {
				e.writeFluctuation(r, step, o, classical, chains, out)
			}
		}
		e.writeVerdict(out)
	}
	e.writeFinal(m, chains, out)
	return ensembleOutcome(chains, classical), nil
}

func ensembleOutcome(chains []ChainPart, classical *ClassicalPart) Outcome {
	outcome, diverged := Done(), 0
	for _, c := range chains {
		if c.DivergedStep >= 0 {
			diverged++
			if outcome.DivergedStep < 0 || c.DivergedStep < outcome.DivergedStep {
				outcome.DivergedStep = c.DivergedStep
			}
		}
	}
	if diverged == len(chains) {
		outcome.Status = Diverged
	}
	if diverged > 0 {
		outcome.Note = fmt.Sprintf("%d of %d trajectories diverged, the first at step %d", diverged, len(chains), outcome.DivergedStep)
	} else if classical != nil && classical.NoTheory != "" {
		outcome.Note = "no linear-noise prediction: " + classical.NoTheory
	}
	return outcome
}

func (e *ensemble) writeTrace(m *Model, chains []ChainPart, out *Output) {
	values := make([]float64, 1+len(e.cols))
	for c, chain := range chains {
		if len(chain.Trace) == 0 {
			continue
		}
		t := out.Table(Trace(e.cols))
		for i, step := range chain.TraceStep {
			values[0] = float64(step) * m.Eta
			copy(values[1:], chain.Trace[i])
			t.AddFloats([]int{c, i, step}, values)
		}
	}
}

// writeFluctuation compares observable o at record r with the classical trajectory.
// The chains are independent, so the effective number of draws is their number.
func (e *ensemble) writeFluctuation(r, step, o int, classical *ClassicalPart, chains []ChainPart, out *Output) {
	var values []float64
	var mom analysis.Moments
	for _, c := range chains {
		if r < len(c.Values) && !math.IsNaN(c.Values[r][o]) {
			values = append(values, c.Values[r][o])
			mom.Add(c.Values[r][o])
		}
	}
	n := float64(len(values))
	if n < 2 {
		return
	}
	mean, std, base, baseErr, ksp, predictedErr := math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN(), 0.0
	if classical != nil && r < len(classical.Mean) {
		base, baseErr = classical.Mean[r][o], classical.MeanErr[r][o]
		if classical.Std != nil {
			mean, std = base, classical.Std[r][o]
		}
		if classical.StdErr != nil {
			predictedErr = classical.StdErr[r][o]
		}
	}
	sort.Float64s(values)
	if std > 0 {
		ksp = ksOfPrediction(values, mean, std, baseErr, predictedErr)
	}
	sd, least := mom.Std(), 8.0 // fewer chains have no fourth moment worth an error bar
	stdErr := sd / 2 * math.Sqrt(math.Max(0, mom.ExcessKurtosis()+2)/n)
	if n < least {
		stdErr = math.NaN()
	}
	out.Table(Fluctuations).Add(e.cols[o].Name, step, mom.Mean(), sd, mom.Skewness(), mom.ExcessKurtosis(), mean, std, ksp, n,
		sd/math.Sqrt(n), stdErr, len(chains)-len(values), base, baseErr)
	e.compare(out, o, step, comparison{sd, stdErr, std, predictedErr, mom.Mean() - mean, sd / math.Sqrt(n), baseErr, n, float64(e.cfg.Repeats), len(chains) - len(values)})
	if sd > 0 {
		lo, hi := mom.Mean()-4*sd, mom.Mean()+4*sd
		writeHistogram(out.Table(Histogram), e.cols[o].Name, step, values, lo, hi, e.cfg.Bins, n, normalBin(mean, std))
	}
}

// ksOfPrediction is the Kolmogorov–Smirnov p of sorted draws against N(mean, std²), whose mean and std have errors
// of their own: the law is then worth m draws, those that would leave it so uncertain, and the test is that of two
// samples, with n·m/(n+m) effective draws.
func ksOfPrediction(sorted []float64, mean, std, meanErr, stdErr float64) float64 {
	n := float64(len(sorted))
	perDraw := math.Max(meanErr*meanErr, 2*stdErr*stdErr) / (std * std) // 1/m
	_, p := analysis.KS(sorted, func(x float64) float64 { return normalCDF((x - mean) / std) }, n/(1+n*perDraw))
	return p
}

// normalBin is the mean density of N(mean, std²) over a bin; NaN without a prediction.
func normalBin(mean, std float64) func(lo, hi float64) float64 {
	return func(lo, hi float64) float64 {
		if !(std > 0) {
			return math.NaN()
		}
		return (normalCDF((hi-mean)/std) - normalCDF((lo-mean)/std)) / (hi - lo)
	}
}

func normalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// writeHistogram bins sorted values; ess is their effective number.
func writeHistogram(t *Rows, name string, step int, sorted []float64, lo, hi float64, bins int, ess float64, predicted func(lo, hi float64) float64) {
	n, width := float64(len(sorted)), (hi-lo)/float64(bins)
	for b := range bins {
		a, z := lo+float64(b)*width, lo+float64(b+1)*width
		count := sort.SearchFloat64s(sorted, z) - sort.SearchFloat64s(sorted, a)
		p := float64(count) / n
		t.Add(name, step, a, z, count, p/width, math.Sqrt(p*(1-p)/ess)/width, predicted(a, z))
	}
}

// writeFinal writes the generated distribution at the end of the first trajectory.
func (e *ensemble) writeFinal(m *Model, chains []ChainPart, out *Output) {
	first := chains[0]
	sum := out.Table(Summary)
	if first.DivergedStep >= 0 {
		sum.Add("diverged_step", float64(first.DivergedStep), nil, nil, nil, "step", "diverged")
		return
	}
	if len(first.Samples) == 0 {
		return
	}
	d := m.Generator.DataDim()
	t := out.Table(Samples(d))
	for i := 0; i < min(e.cfg.KeepSample, e.cfg.Samples); i++ {
		t.AddFloats([]int{e.cfg.Steps}, first.Samples[i*d:(i+1)*d])
	}
	if d > 1 {
		return
	}
	writeDensity(m, e.env, e.cfg.Steps, first.Samples, max(e.cfg.Bins, 60), out)
	for i, name := range []string{"final_mean", "final_std", "final_w2", "final_loss"} {
		unit, status := "data", "ok"
		if name == "final_loss" {
			unit = "nat"
		}
		if math.IsNaN(first.Final[2*i]) {
			status = "the quantile function of the data is unknown"
		}
		sum.Add(name, first.Final[2*i], first.Final[2*i+1], nil, nil, unit, status)
	}
}

// writeDensity bins the generated samples over their range and the data's.
func writeDensity(m *Model, env Env, step int, samples []float64, bins int, out *Output) {
	data := make([]float64, len(samples))
	m.Generator.TargetSamples(data, env.Own("target samples"))
	sorted := append([]float64(nil), samples...)
	sort.Float64s(sorted)
	sort.Float64s(data)
	lo, hi := math.Min(sorted[0], data[0]), math.Max(sorted[len(sorted)-1], data[len(data)-1])
	width, n := (hi-lo)/float64(bins), float64(len(sorted))
	for b := range bins {
		a, z := lo+float64(b)*width, lo+float64(b+1)*width
		p := float64(sort.SearchFloat64s(sorted, z)-sort.SearchFloat64s(sorted, a)) / n
		target, ok := m.Generator.TargetDensity([]float64{(a + z) / 2})
		if !ok {
			target = math.NaN()
		}
		out.Table(Density).Add(step, (a+z)/2, p/width, math.Sqrt(p*(1-p)/n)/width, target)
	}
}

// indexOf finds a column.
func indexOf(cols []record.Column, name string) int {
	for i, c := range cols {
		if c.Name == name {
			return i
		}
	}
	return -1
}

// Bytes counts the trace, the samples and the values at recorded steps; histograms have a
// row for each bin.
func (e *ensemble) Bytes() float64 {
	n, cols := float64(e.cfg.Chains), float64(len(e.cols))
	records := n * float64(len(e.at)) * cols
	trace := 0.0
	if e.cfg.TraceEvery > 0 {
		trace = float64(min(e.cfg.TraceChain, e.cfg.Chains)) * float64(e.cfg.Steps/e.every+1) * (cols + 4)
	}
	bins := 9 * float64(e.cfg.Bins) * cols * float64(len(e.at))
	samples := float64(e.cfg.Samples)
	return partBytes*(records+trace+samples) + 2*cellBytes*(trace+bins+2*float64(min(e.cfg.KeepSample, e.cfg.Samples)))
}
