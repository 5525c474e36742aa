package engine

import "machlup/internal/record"

// Columns shared by many tables.
var (
	colTask       = record.Column{Name: "task", Doc: "task label, joins to tasks.csv", Type: record.String}
	colChain      = record.Column{Name: "chain", Unit: "1", Doc: "trajectory or Markov chain within the task", Type: record.Int}
	colStep       = record.Column{Name: "step", Unit: "step", Doc: "training step k", Type: record.Int}
	colObservable = record.Column{Name: "observable", Doc: "observable, see machlup list observables", Type: record.String}
	colTau        = record.Column{Name: "tau_int", Unit: "draw", Doc: "integrated autocorrelation time ½ + Σρ (Γ-method, Wolff 2004, S = 1.5)", Type: record.Float}
	colESS        = record.Column{Name: "ess", Unit: "1", Doc: "effective number of independent draws", Type: record.Float}
	colZ          = record.Column{Name: "z", Unit: "1", Doc: "(estimate − reference) / standard error; the reference's own error is included where it has one", Type: record.Float}
	colStatus     = record.Column{Name: "status", Doc: "ok, or why the number must not be used", Type: record.String}
)

func float(name, unit, doc string) record.Column {
	return record.Column{Name: name, Unit: unit, Doc: doc, Type: record.Float}
}

// reference is the column of known values, in the unit of the estimate beside it.
func reference(unit string) record.Column {
	return float("reference", unit, "exact or reference value of the same quantity")
}

func integer(name, unit, doc string) record.Column {
	return record.Column{Name: name, Unit: unit, Doc: doc, Type: record.Int}
}

func text(name, doc string) record.Column {
	return record.Column{Name: name, Doc: doc, Type: record.String}
}

// The result tables. trace, samples and tasks get their variable columns from the config.
var (
	Fluctuations = record.Schema{Name: "fluctuations", Doc: "fluctuations of observables around the classical trajectory, over the chains of a task",
		Columns: []record.Column{colTask, colObservable, colStep,
			float("mean", "observable", "mean over chains"),
			float("std", "observable", "standard deviation over chains"),
			float("skewness", "1", "third standardised moment"),
			float("excess_kurtosis", "1", "fourth standardised moment − 3"),
			float("predicted_mean", "observable", "the observable on the classical trajectory; empty where there is no linear theory"),
			float("predicted_std", "observable", "linear-noise theory about the classical trajectory (tangent-linear law, exact adjoint); empty where there is none"),
			float("ks_p", "1", "Kolmogorov–Smirnov p of the chains against N(predicted_mean, predicted_std²), whose own errors count"),
			colESS,
			float("mean_stderr", "observable", "standard error of mean"),
			float("std_stderr", "observable", "standard error of std"),
			integer("diverged", "1", "chains left out because they had diverged by this step"),
			float("classical", "observable", "the observable on the classical trajectory (injected noise: same fixed batch, no noise; minibatch: averaged map)"),
			float("classical_stderr", "observable", "standard error of classical (0 where it is exact)")}}

	Histogram = record.Schema{Name: "histogram", Doc: "histograms over chains (fluctuations) or draws (actions)",
		Columns: []record.Column{colTask, colObservable, colStep,
			float("bin_low", "observable", "lower edge"), float("bin_high", "observable", "upper edge"),
			integer("count", "1", "draws in the bin"),
			float("density", "1/observable", "count / (total · width)"),
			float("density_stderr", "1/observable", "binomial standard error with the effective number of draws"),
			float("predicted_density", "1/observable", "mean density of the predicted law over the bin; empty where there is none")}}

	Paths = record.Schema{Name: "paths", Doc: "Metropolis sampling of exp(−S) over trajectories, a row per move and chain",
		Columns: []record.Column{colTask, text("move", "table of the move, see machlup list moves"), colChain,
			text("parameter", "name of the ladder parameter of the chain (s: the tilt)"), float("value", "1", "its value"),
			integer("proposed", "1", "proposals after warm-up"), integer("accepted", "1", "accepted of them"),
			float("action_mean", "1", "mean of the quadratic action S_quad (onsager-machlup) or of ½Σ|ξ|² (innovation)"),
			float("action_stderr", "1", "its autocorrelation-corrected standard error"), colTau,
			float("gradient_evaluations", "1", "cost after warm-up; one D and one G gradient is 1"),
			float("acceptance", "1", "accepted / proposed"),
			float("step_size", "1", "step b of the move after warm-up adaptation"),
			float("cost_per_ess", "gradient evaluation", "gradient evaluations per effectively independent draw of the action"),
			text("statistics_of", "moves whose sweeps gave action_mean, tau_int and cost_per_ess (all moves of the chain together)")}}

	Slices = record.Schema{Name: "slices", Doc: "law of observables along sampled trajectories",
		Columns: []record.Column{colTask, text("move", "moves of the chains"), colObservable,
			integer("slice", "step", "slice k"), integer("other", "step", "slice l of the covariance: k itself, or the middle one"),
			float("mean", "observable", "mean of o(q_k)"), float("stderr", "observable", "its autocorrelation-corrected standard error"),
			float("covariance", "observable²", "Cov(o(q_k), o(q_l))"), float("covariance_stderr", "observable²", "its standard error"),
			colTau, float("tau_stderr", "draw", "standard error of tau_int"), colESS}}

	Partition = record.Schema{Name: "partition", Doc: "partition functions and exact certificates",
		Columns: []record.Column{colTask, text("quantity", "log_z_ratio: ln Z(value)/Z(0) of the tilt, or Z(value)/Z(path.hbar); log_z_profile: the same at levels between; mean_tilt_observable: the integrand ⟨O⟩ at s = value; O1, O6, O10, spectrum: certificates, the certified number named in parameter"),
			text("estimator", "estimator; for certificates the sampler's own"),
			text("parameter", "ladder parameter, or the certified number"), float("value", "1", "value of the ladder parameter"),
			text("reference_measure", "the measure Z is relative to"),
			float("log_z", "1", "the estimate (natural logarithm for partition functions)"),
			float("stderr", "1", "its standard error, statistical and quadrature in quadrature"),
			float("stat_error", "1", "statistical part"), float("quadrature_error", "1", "quadrature part"),
			reference("1"), colZ, colESS,
			float("overlap", "1", "smallest overlap of neighbouring ensembles, where the estimator has one"), colStatus}}

	Ladder = record.Schema{Name: "ladder", Doc: "levels of replica exchange",
		Columns: []record.Column{colTask, text("parameter", "of the ladder: s or hbar"), float("value", "1", "its value"),
			float("mean", "1", "mean of what the parameter multiplies: O of the tilt, or the quadratic action"), float("stderr", "1", "its autocorrelation-corrected standard error"),
			colTau, colESS, float("rhat", "1", "rank-normalised split R̂ over ladders"),
			float("acceptance", "1", "accepted exchanges with the next level, of those offered"),
			float("overlap", "1", "element of MBAR's overlap matrix with the next level"),
			integer("round_trips", "1", "times that a chain came back to the first level from the last, over all levels"), colStatus}}

	Overlap = record.Schema{Name: "overlap", Doc: "MBAR's overlap matrix of a ladder: the probability that a draw of one level was made by another; rows sum to 1",
		Columns: []record.Column{colTask, text("parameter", "of the ladder: s or hbar"), float("value", "1", "its value at one level"),
			float("other", "1", "its value at the other"), float("overlap", "1", "element of the matrix")}}

	Phase = record.Schema{Name: "phase", Doc: "order parameters and their statistics per point",
		Columns: []record.Column{colTask, float("size", "1", "system size of the point: number of generator parameters unless swept; steps of a tilted path; cells of a flow"),
			colObservable, float("mean", "observable", "mean; empty where chains have not come to rest: the note in tasks.csv says why"), float("stderr", "observable", "standard error (jackknife over replicas, or autocorrelation-corrected); empty for what is deterministic"),
			colTau, colESS, float("rhat", "1", "rank-normalised split R̂ over chains; empty for replicas without stationary draws")}}

	Survival = record.Schema{Name: "survival", Doc: "fraction of replicas that have not left the collapsed state (Kaplan–Meier)",
		Columns: []record.Column{colTask, colStep,
			float("survival", "1", "Kaplan–Meier estimate"), float("survival_stderr", "1", "Greenwood's standard error"),
			integer("at_risk", "1", "replicas that had collapsed and not yet left or been censored")}}

	ModeTable = record.Schema{Name: "modes", Doc: "metrics of mode collapse: the generator along training, a perfect sampler and a uniform box at the same sample size",
		Columns: []record.Column{colTask, text("sampler", "generator; perfect: draws of the target itself; uniform: draws of a box"),
			integer("step", "step", "training step k; empty for perfect and uniform, which do not train"),
			text("metric", "modes_covered, quality, mode_entropy, reverse_kl, forward_kl, mode_jsd, rho, w2 or sliced_w2, precision, recall"),
			float("value", "see unit", "mean over the draws"),
			float("stderr", "see unit", "standard error over the draws (of quality: binomial, of all samples); empty where all draws agree"),
			float("spread", "see unit", "standard deviation over draws: the error of a single draw of n samples"),
			float("reference", "see unit", "expectation at the same n: of perfect and uniform their own, exact; of the generator the perfect sampler's, exact or measured; empty where unknown"),
			colZ, float("ess", "1", "draws that gave a value"), text("unit", "unit of value"), colStatus}}

	Density = record.Schema{Name: "density", Doc: "density of generated samples by histogram (and of the data)",
		Columns: []record.Column{colTask, colStep, float("x", "data", "bin centre"),
			float("density", "1/data", "density of the generated samples"),
			float("density_stderr", "1/data", "binomial standard error"),
			float("target_density", "1/data", "density of the data; empty where unknown")}}

	Summary = record.Schema{Name: "summary", Doc: "headline numbers per task",
		Columns: []record.Column{colTask, text("quantity", "what is quoted"), float("value", "see unit", "value"),
			float("stderr", "see unit", "standard error"), reference("see unit"), colZ, text("unit", "unit of value"), colStatus}}
)

// ResultTables are the tables that estimators write, in the order in which they are read
// about; observables are the variable columns of trace.csv.
func ResultTables(observables []record.Column) []record.Schema {
	return []record.Schema{Summary, Partition, Paths, Slices, Fluctuations, Histogram, Trace(observables),
		Ladder, Overlap, Density, Samples(2), Phase, Survival, ArrheniusTable, Transition, TransitionCovariance, Reweighted,
		Crossings, Scaling, ScalingPoints, OrderLawTable, VerdictTable, HysteresisTable, HysteresisArea, ModeTable, Occupancy(2), FlowTable, FlowModesTable, JKOTable, CorrelationTable, MinimumPath(observables), Committor(observables),
		LinearNoiseTable, GradientNoiseTable, CorrelatorTable,
		NonEquilibrium, Currents, Escape, ExtrapolationTable, SGDInference}
}

// Trace is the schema of trace.csv for the selected observables.
func Trace(observables []record.Column) record.Schema {
	return record.Schema{Name: "trace", Doc: "observables along trajectories",
		Columns: append([]record.Column{colTask, colChain,
			integer("draw", "1", "index of the record within the chain"), colStep,
			float("time", "kη", "flow time k·η of the generator")}, observables...)}
}

// Occupancy is the schema of occupancy.csv for data of dimension d.
func Occupancy(d int) record.Schema {
	s := record.Schema{Name: "occupancy", Doc: "high-quality samples of each mode of the target, all draws together",
		Columns: []record.Column{colTask, text("sampler", "as in modes.csv"),
			integer("step", "step", "training step k; empty for perfect and uniform"), integer("mode", "1", "index of the mode"),
			float("weight", "1", "weight of the mode in the target"), float("std", "data", "its standard deviation in every direction"),
			float("fraction", "1", "high-quality samples of the mode over all samples"), float("stderr", "1", "binomial standard error"),
			float("reference", "1", "exact probability, of perfect and uniform; empty where unknown"), colZ,
			float("ess", "1", "samples of all draws"), float("covered", "1", "fraction of the draws that cover the mode"),
			float("mean", "data", "first coordinate of its mean")}}
	for i := 1; i < d; i++ {
		s.Columns = append(s.Columns, float("mean_"+string(rune('0'+i)), "data", "a further coordinate"))
	}
	return s
}

// Samples is the schema of samples.csv for data of dimension d.
func Samples(d int) record.Schema {
	s := record.Schema{Name: "samples", Doc: "generated samples at the end of trajectories",
		Columns: []record.Column{colTask, colStep, float("sample", "data", "first coordinate of a generated sample")}}
	for i := 1; i < d; i++ {
		s.Columns = append(s.Columns, float("sample_"+string(rune('0'+i)), "data", "a further coordinate"))
	}
	return s
}
