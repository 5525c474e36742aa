// Package otto holds the idealised training of a GAN: flows on the Wasserstein space
// W₂(ℝ), where a network has been replaced by its density q and the discriminator by the
// optimal one, D* = p/(p+q) for data of density p.
//
// Four functionals of q, all of the form ∫ p g(q/p), with their W₂ gradient flows
// ∂q/∂t = ∇·(q∇μ), μ = δ(functional)/δq (a Flow):
//
//	saturating       C = E_p log D* + E_q log(1−D*) = 2 JSD − 2 log 2, μ = log(1−D*)
//	literal-jprime   J′ = E_q log(1−D*),                               μ = log(1−D*) + D*
//	non-saturating   2 KL(m‖p), m = (p+q)/2,                           μ = 1 − log 2D*
//	kl               KL(q‖p),                                          μ = 1 + log(q/p)
//
// A density is represented in three ways, each with the flow on it:
//
//	FiniteVolume      cell averages on a grid; conservative, positive, dissipates exactly
//	Quantile          N ordered particles, the quantile function Q(u); W₂ is flat there
//	HermiteGalerkin   displacements of a Gaussian in Hermite modes
//
// The last two are langevin.Potentials, so that every scheme and sampler runs on them; JKO
// makes the variational steps of Jordan, Kinderlehrer & Otto and Inertial the flow with
// inertia Ẍ + γẊ = −grad. Spectrum gives the relaxation rates that all of them must show.
//
// W₂ and JSD of densities are here (Grid.W2, JSD), of samples in package analysis.
//
// Statements lists what the paper (吉田英樹, 敵対的生成ネットワークにおけるゲージ理論と
// 作用原理の幾何学的描像, 2025) claims, each with the number that shows it right or wrong.
//
// Conventions: natural logarithms; states are flat []float64 owned by the caller; a value
// with scratch space serves one goroutine. Ambrosio, Gigli & Savaré, Gradient Flows
// (2008); Villani, Optimal Transport (2009); Otto, Comm. PDE 26 (2001) 101.
package otto
