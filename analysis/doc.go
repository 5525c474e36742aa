// Package analysis turns samples into numbers with error bars that have been tested, or
// into a Refusal that says which number cannot be given and why.
//
// Topics, one file each: autocorrelation (Γ-method), convergence (R̂, ESS), moments,
// histogram, goodness (KS, Anderson–Darling), jackknife, bootstrap, order (⟨|m|⟩, χ, U₄),
// weights (log-mean-exp, PSIS), bar, mbar, integral (thermodynamic integration), survival,
// wasserstein, divergence, modes and mode_cells (coverage of a mixture, and what a perfect
// and a uniform sampler score), transport (exact W₂ to a mixture, sliced W₂),
// precision_recall, agreement, refusal. Exactly solvable lattice models to test
// against are in analysis/exact.
//
// Conventions
//
//   - τ = ½ + Σ_{d≥1} ρ(d) in units of the spacing of the series, so that
//     StdErr² = 2τ·Var/N and ESS = N/(2τ); τ = ½ for independent draws.
//   - Natural logarithms; free energies and works in units of k_B T.
//   - An error bar that the data cannot provide is +Inf (one block, one weight), never 0.
//   - Where an answer does not exist (τ of a constant series, R̂ of constant chains) the
//     full-result function returns a *Refusal in an error, and the plain float64 function
//     documents the value it returns instead.
//   - Series and samples are borrowed, never changed, unless a comment says so.
//   - Random numbers come from a math/rand/v2.Source that the caller owns.
//
// Every error bar of the package is calibrated in its tests: the pulls (estimate−exact)/stderr
// of at least 200 independent repeats have a standard deviation in [0.85, 1.15].
package analysis
