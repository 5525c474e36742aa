package pathint

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// mutants are classic mistakes, each a patch of one line: "pick(MUTANT, wrong, right)" is
// the wrong value when that mutant is alive. run names tests that must then fail.
var mutants = []struct{ name, file, right, wrong, run string }{
	{"square missing on the noise", "onsager.go", "(blk.Noise * blk.Noise)\n\tr := a.res",
		"pick(MUTANT, blk.Noise, blk.Noise*blk.Noise)\n\tr := a.res", "TestFluxes/staging"},
	{"factor 2 in the action", "onsager.go", "half := 0.5 /",
		"half := pick(MUTANT, 1.0, 0.5) /", "TestO1/momentum"},
	{"sign of the drift", "onsager.go", "r := after - now - beta*(now-before) - v",
		"r := after - now - beta*(now-before) - pick(MUTANT, -v, v)", "TestGaussianPaths/tilted"},
	{"post-point instead of mixed configuration", "onsager.go", "copy(a.mix[:cut], p.Slice(k + 1)[:cut])",
		"copy(a.mix[:cut], p.Slice(pick(MUTANT, k, k+1))[:cut])", "TestO10/first-order"},
	{"log-determinant missing", "onsager.go", "a.terms[len(a.terms)-1].Fixed = -0.5",
		"a.terms[len(a.terms)-1].Fixed = pick(MUTANT, 0, -0.5)", "TestDeltaIsFullDifference"},
	{"log-determinant tempered", "path.go", "p.coef[c] = t.Scaled*kappa + t.Fixed",
		"p.coef[c] = t.Scaled*kappa + t.Fixed*pick(MUTANT, kappa, 1)", "TestDeltaIsFullDifference"},
	{"metric of the proposals forgotten", "reference.go", "num.CholSolveLT(f.chol, width, row)",
		"pick(MUTANT, func([]float64, int, []float64) {}, num.CholSolveLT)(f.chol, width, row)", "TestInvariance/metric"},
	{"guide steers the wrong way", "free.go", "axpy(-1-f.beta, at(k), row)",
		"axpy(pick(MUTANT, 1.0, -1.0)*(1+f.beta), at(k), row)", "TestInvariance/first-order"},
	{"momentum's second neighbour forgotten", "onsager.go", "hi = c.Hi + 1",
		"hi = c.Hi + pick(MUTANT, 0, 1)", "TestInvariance/momentum"},
	{"drift not restored", "path.go", "copy(p.cache[t.k0*p.cached:], t.cache)",
		"copy(p.cache[t.k0*p.cached:], pick(MUTANT, nil, t.cache))", "TestDeltaIsFullDifference"},
	{"drift of step 0 never computed", "path.go", "c := Change{Lo: 0, Hi: p.steps + 1,",
		"c := Change{Lo: pick(MUTANT, 1, 0), Hi: p.steps + 1,", "TestO10/first-order"},
	{"density of the start forgotten", "path.go", "d += p.first - t.first",
		"d += pick(MUTANT, 0.0, p.first-t.first)", "TestDeltaOfMovingStart"},
	{"tilt counts slice 0", "path.go", "if t.q0 == 0 { // which O leaves out",
		"if t.q0 == pick(MUTANT, -1, 0) { // which O leaves out", "TestDeltaOfMovingStart"},
	{"momentum's link of a start that moves forgotten", "free.go", "precision += f.beta * f.beta",
		"precision += pick(MUTANT, 0.0, 1.0) * f.beta * f.beta", "TestInvariance/free-start-momentum"},
	{"density of the start restored wrong", "path.go", "p.first = t.first",
		"p.first = pick(MUTANT, p.first, t.first)", "TestDeltaOfMovingStart"},
	{"seam of a ring forgotten", "path.go", "if p.ends.ring && t.q1 > p.steps { // the first step",
		"if pick(MUTANT, false, p.ends.ring) && t.q1 > p.steps { // the first step", "TestRingMoves/ring"},
	{"ring left open", "path.go", "if p.ends.ring && end > p.steps {",
		"if pick(MUTANT, false, p.ends.ring) && end > p.steps {", "TestRingMoves/ring"},
	{"literal action with +V", "euclidean.go", `{Name: "potential", Scaled: sign}`,
		`{Name: "potential", Scaled: pick(MUTANT, 1, sign)}`, "TestImaginaryLogZ"},
	{"step missing on the potential", "euclidean.go", "terms[potentialTerm] = a.spec.Dt *",
		"terms[potentialTerm] = pick(MUTANT, 1, a.spec.Dt) *", "TestRingMoves/ring"},
	{"ring's bridge not held at its end", "beads.go", "return hi - p.steps",
		"return pick(MUTANT, -1, hi-p.steps)", "TestRingMoves/ring"},
	{"proposal ratio of normal modes forgotten", "normal_mode.go", "ratio += (now*now",
		"ratio += pick(MUTANT, 0.0, 1.0) * (now*now", "TestRingMoves/ring"},
	{"modes of a free end are those of a fixed one", "normal_mode.go", "case p.ends.pins > 0:\n\t\t\tangle",
		"case pick(MUTANT, true, p.ends.pins > 0):\n\t\t\tangle", "TestNormalModesAccept"},
	{"zero mode of the free ring overlooked", "horizon.go", "case !ends.ring || g.Confining:",
		"case !ends.ring || pick(MUTANT, true, g.Confining):", "TestImaginaryRefuses"},
	{"horizon of a free end is that of a fixed one", "horizon.go", "q.diag[n-1] -= stiff",
		"q.diag[n-1] -= pick(MUTANT, 0.0, 1.0) * stiff", "TestImaginaryLogZ"},
	{"last slice of a ring waits for nobody", "ringlet.go", "wait = 1",
		"wait = pick(MUTANT, 0, 1)", "TestRingletIsGeneral"},
	{"sign of the ladder's slope", "strength.go", "d += s.act.sign*t[potentialTerm]",
		"d += pick(MUTANT, 1, s.act.sign)*t[potentialTerm]", "TestStrength/literal"},
	{"fresh noise in the acceptance test", "chain.go", "if Metropolis(ratio-delta, exponential) {",
		"if pick(MUTANT, noisy, Metropolis)(ratio-delta, exponential) {", "TestFluxes/staging"},
	{"proposal ratio forgotten", "path.go", "return p.weigh(p.ref)",
		"return pick(MUTANT, 0, p.weigh(p.ref))", "TestFluxes/single-slice"},
	{"sign of the tilt", "path.go", "d += p.s * do",
		"d += pick(MUTANT, -p.s, p.s) * do", "TestInvariance/first-order"},
	{"slice 0 in the time integral", "path.go", "for k := 1; k <= p.steps; k++ {\n\t\tt += p.Observe(k)[i]",
		"for k := pick(MUTANT, 0, 1); k <= p.steps; k++ {\n\t\tt += p.Observe(k)[i]", "TestAnnealingIsUnbiased"},
	{"Metropolis too generous", "move.go", "return logRatio > -exponential",
		"return pick(MUTANT, 0.9, 1)*logRatio > -exponential", "TestMetropolis"},
	{"no square root in pCN", "pcn.go", "keep, gain := math.Sqrt(1-b*b),",
		"keep, gain := pick(MUTANT, 1-b, math.Sqrt(1-b*b)),", "TestFluxes/pcn"},
	{"pCN refreshes at the wrong temperature", "pcn.go", "b/math.Sqrt(p.kappa)",
		"b/math.Sqrt(pick(MUTANT, 1, p.kappa))", "TestO1/innovation"},
	{"free end treated as the interior", "free.go", "l := f.factor(n, min(2, p.steps-(j+n-1)))",
		"l := f.factor(n, pick(MUTANT, 2, min(2, p.steps-(j+n-1))))", "TestFluxes/staging"},
	{"staging mixes towards zero, not the mean", "free.go", "u[i] = (1-keep)*x + b*sigma*z[i]",
		"u[i] = pick(MUTANT, 1, 1-keep)*x + b*sigma*z[i]", "TestInvariance/first-order"},
	{"wrong end of bisection", "bisection.go", "beyond := min(2, p.steps-(hi-1))",
		"beyond := pick(MUTANT, 2, min(2, p.steps-(hi-1)))", "TestFluxes/bisection"},
	{"coarse levels of bisection forgotten in the last", "bisection.go", "return p.Reference() + before",
		"return p.Reference() + pick(MUTANT, 0, before)", "TestGaussianPaths/.*bisection"},
	{"second stage of delayed acceptance without the first's ratio", "delayed.go", "	return delta\n",
		"	return pick(MUTANT, p.Reference(), delta)\n", "TestFluxes/delayed"},
	{"first stage of delayed acceptance left out of the second", "delayed.go", "if !Metropolis(ratio-delta, exp",
		"if !Metropolis(pick(MUTANT, 0, ratio-delta), exp", "TestFluxes/delayed"},
	{"cheaper path does not follow a rejection", "delayed.go", "d.path.keep()\n	} else {\n		d.path.restore()",
		"d.path.keep()\n	} else {\n		pick(MUTANT, d.path.keep, d.path.restore)()", "TestDelayedFollows"},
	{"determinant of the midpoint missing", "midpoint.go", "a.terms[logDetTerm].Fixed = -1",
		"a.terms[logDetTerm].Fixed = pick(MUTANT, 0.0, -1.0)", "TestFluxes/staging"},
	{"pre-point instead of midpoint", "onsager.go", "a.mix[i] = 0.5 * (x + p.Slice(k + 1)[i])",
		"a.mix[i] = 0.5 * (x + p.Slice(k + pick(MUTANT, 0, 1))[i])", "TestMidpointOU"},
	{"sign of the log ratio swapped", "chain.go", "(ratio-delta, exponential) {",
		"(pick(MUTANT, delta-ratio, ratio-delta), exponential) {", "TestFluxes/shooting"},
	{"missing √½ in one dimension", "scalar_first.go", "math.Sqrt2/2*o.gain",
		"pick(MUTANT, 1, math.Sqrt2/2)*o.gain", "TestScalarIsGeneral"},
	{"free end of a bridge in one dimension", "scalar_first.go", "math.Sqrt(float64(hi-lo))",
		"math.Sqrt(pick(MUTANT, 1, float64(hi-lo)))", "TestScalarIsGeneral"},
	{"second colour repeats the first", "tiling.go", "s -= t.count - 1 + t.count%2",
		"s -= t.count - pick(MUTANT, 0, 1) + t.count%2", "TestTilingCovers"},
	{"sign of the work in annealing", "ais.go", "logw -= l.Work(lambda)\n\t\tl.SetLambda(lambda)\n\t\tif i+1",
		"logw -= pick(MUTANT, -1.0, 1.0) * l.Work(lambda)\n\t\tl.SetLambda(lambda)\n\t\tif i+1", "TestAnnealingIsUnbiased"},
	{"annealing sweeps leave the old law invariant", "ais.go", "l.Work(lambda)\n\t\tl.SetLambda(lambda)\n\t\tif i+1",
		"l.Work(lambda)\n\t\tl.SetLambda(pick(MUTANT, 0, lambda))\n\t\tif i+1", "TestAnnealingIsUnbiased"},
	{"proposal ratio of MALA forgotten", "potentials.go", "(forth-back)/(4*l.step)",
		"pick(MUTANT, 0, forth-back)/(4*l.step)", "TestHarmonicFreeEnergy"},
	{"sign of the integral", "ti.go", "e.LogZ, e.StatErr, e.QuadErr = -sign*v.Value,",
		"e.LogZ, e.StatErr, e.QuadErr = pick(MUTANT, sign, -sign)*v.Value,", "TestHarmonicFreeEnergy"},
	{"step size lost on restart", "marshal.go", "m.step = r.float()",
		"m.step = pick(MUTANT, m.step, r.float())", "TestAllocationsAndRestart"},
	{"kinetic energy forgotten", "hmc.go", "return 0.5 * (kinetic",
		"return pick(MUTANT, 0.0, 0.5) * (kinetic", "TestFluxes/hmc"},
	{"whole kicks", "hmc.go", "axpy(-h/2, m.g, m.w)\n\t\tfor",
		"axpy(-pick(MUTANT, h, h/2), m.g, m.w)\n\t\tfor", "TestHamiltonian"},
	{"reference kicked as well", "hmc.go", "g[i] = d/root - y[i]",
		"g[i] = d/root - pick(MUTANT, 0.0, 1.0)*y[i]", "TestHamiltonian"},
	{"adjoint without the drift", "gradient.go", "axpy(-1, a.back[lo:], at(k)[lo:])",
		"axpy(-pick(MUTANT, 0.0, 1.0), a.back[lo:], at(k)[lo:])", "TestGradient"},
	{"adjoint of a step in the order of its blocks", "gradient.go", "b := len(a.blocks) - 1; b >= 0; b--",
		"b := pick(MUTANT, 0, len(a.blocks)-1); b >= 0 && b < len(a.blocks); b += pick(MUTANT, 1, -1)", "TestGradient"},
	{"densities of both halves forgotten", "twoway.go", "return fresh - old\n}\n\ntype shifting",
		"return pick(MUTANT, 0, fresh-old)\n}\n\ntype shifting", "TestInvariance/reversible/two-way"},
	{"sign of the proposal ratio", "twoway.go", "return fresh - old\n\t}\n\told = m.forwards",
		"return pick(MUTANT, old-fresh, fresh-old)\n\t}\n\told = m.forwards", "TestReversibleMovesBetweenSets/shifting"},
	{"backward drift at the wrong point", "twoway.go", "p.Slice(k), p.Cache(k+1), 0)",
		"p.Slice(k), p.Cache(pick(MUTANT, k, k+1)), 0)", "TestReversibleMovesBetweenSets/two-way-shooting"},
	{"drifts not shifted with the path", "twoway.go", "copy(p.cache[by*n:], t.cache[:(steps-by)*n])",
		"copy(p.cache[by*n:], pick(MUTANT, nil, t.cache[:(steps-by)*n]))", "TestReversibleMovesBetweenSets/shifting"},
	{"two-way shooting of what is not reversible", "twoway.go", "worst > 1e-6",
		"worst > pick(MUTANT, 1e6, 1e-6)", "TestReversibleMovesRefuse"},
	{"sign of an inequality", "sets.go", "if b.Above {",
		"if pick(MUTANT, !b.Above, b.Above) {", "TestSetsRefuse"},
	{"ends not tested", "sets.go", "return m.progress() > -m.Relax ||",
		"return pick(MUTANT, true, m.progress() > -m.Relax) ||", "TestPathsBetweenSets/single-slice"},
	{"B tested at the slice before the end", "sets.go", "return m.margin[last]",
		"return m.margin[pick(MUTANT, last-1, last)]", "TestPathsBetweenSets/shooting"},
	{"margins not restored", "sets.go", "t.margin = save(t.margin, m.margin, t.q0, t.q1, 1)",
		"t.margin = pick(MUTANT, t.margin, save(t.margin, m.margin, t.q0, t.q1, 1))", "TestMarginsFollowThePath"},
	{"reference's share of the whitened gradient", "minimum.go", "floats.Add(d.g, y)",
		"floats.Add(d.g, pick(MUTANT, d.g, y))", "TestMinimumActionOU"},
	{"determinant of the Hessian with the wrong sign", "saddle.go", "math.Log(2*math.Pi) - s.l.logDet()/2",
		"math.Log(2*math.Pi) - pick(MUTANT, -0.5, 0.5)*s.l.logDet()", "TestLaplaceIsExactForGaussians"},
	{"momentum couples neighbours only", "laplace.go", "far = l - k\n",
		"far = pick(MUTANT, 1, l-k)\n", "TestHessianBand"},
	{"half the energy of the Gaussian forgotten", "saddle.go", "half := num.Norm2(z) / 2",
		"half := pick(MUTANT, 0.0, 0.5) * num.Norm2(z)", "TestLaplaceIsExactForGaussians"},
	{"draws of the inverse precision", "saddle.go", "s.l.backward(z)\n\t\tcopy(x",
		"pick(MUTANT, (*banded).forward, (*banded).backward)(s.l, z)\n\t\tcopy(x", "TestLaplaceIsExactForGaussians"},
	{"weights kept after resampling", "smc.go", "c.logw[i] = 0\n\t}\n\tc.state, c.spare",
		"c.logw[i] *= pick(MUTANT, 1.0, 0.0)\n\t}\n\tc.state, c.spare", "TestSMCIsUnbiased"},
	{"mean weight lost in resampling", "smc.go", "logZ += cloud.resample(src)",
		"logZ += pick(MUTANT, 0.0, 1.0) * cloud.resample(src)", "TestSMCIsUnbiased"},
	{"SMC moves at the next stage's law", "smc.go", "l.SetLambda(s.Schedule[j])\n",
		"l.SetLambda(s.Schedule[j+pick(MUTANT, 1, 0)])\n", "TestSMCIsUnbiased"},
	{"multinomial offset of systematic resampling", "smc.go", "float64(at)+u < sum",
		"float64(at)+pick(MUTANT, 0.999, u) < sum", "TestSystematicResampling"},
	{"lineages lose their history", "smc.go", "spare[i], logw[i] = total[p], 0",
		"spare[i], logw[i] = total[pick(MUTANT, i, p)], 0", "TestParticleFilterIsUnbiased"},
	{"filter ignores ħ", "smc.go", "scale := math.Sqrt(orOne(f.Hbar))",
		"scale := math.Sqrt(pick(MUTANT, 1, orOne(f.Hbar)))", "TestParticleFilterIsUnbiased"},
	{"noise of a finer step not scaled", "euler.go", "noise += z[i]",
		"noise += pick(MUTANT, math.Sqrt(float64(steps))*z[i], z[i])", "TestEulerRefinement"},
	{"exchanged ladders keep their level", "exchange.go", "r.at[l], r.at[l+1] = r.at[l+1], r.at[l]",
		"r.at[l], r.at[l+1] = pick(MUTANT, r.at[l], r.at[l+1]), r.at[l]", "TestExchangeOfLadders"},
	{"step sizes travel with the path", "exchange.go", "if r.chains != nil {",
		"if r.chains != nil && pick(MUTANT, false, true) {", "TestStepSizesStayAtTheirLevel"},
	{"backward sweep runs forward", "chain.go", "i = n - 1 - j\n\t\t}\n\t\tm.try",
		"i = pick(MUTANT, j, n-1-j)\n\t\t}\n\t\tm.try", "TestDetailedBalance/single-slice"},
	{"reversed step with the drift of the forward one", "reversal.go", "sum += r.action(b, r.mix(after, x, cut), beyond",
		"sum += r.action(b, r.mix(pick(MUTANT, x, after), x, cut), beyond", "TestEntropyProduction"},
	{"sign of the entropy production", "reversal.go", "sum -= r.action(", "sum -= pick(MUTANT, -1.0, 1.0) * r.action(", "TestEntropyProduction"},
	{"log-determinant missing in the reversal", "reversal.go", "- 0.5*logDet", "- pick(MUTANT, 0, 0.5)*logDet", "TestReversalIsDensityRatio"},
	{"reversed momentum not reversed", "reversal.go", "cut), beyond, after, x)", "cut), pick(MUTANT, x, beyond), after, x)", "TestIntegralFluctuationTheorem"},
	{"density ratio missing in the fluctuation theorem", "reversal.go", "- r.logDensity(start, path[0])",
		"- pick(MUTANT, r.logDensity(end, path[len(path)-1]), r.logDensity(start, path[0]))", "TestIntegralFluctuationTheorem"},
	{"reversal keeps the order of the players", "reversal.go", "sum += r.action(b, r.mix(",
		"if pick(MUTANT, true, false) {\n\t\t\tsum += r.action(b, r.mix(x, after, r.a.blocks[b].Lo), beyond, after, x)\n\t\t\tcontinue\n\t\t}\n\t\tsum += r.action(b, r.mix(", "TestPotentialProducesNoEntropy"},
}

const picker = `package pathint

import (
	"math"
	"os"
)

var alive = os.Getenv("PATHINT_MUTANT")

func pick[T any](mutant string, wrong, right T) T {
	if alive == mutant {
		return wrong
	}
	return right
}

// noisy adds noise that is fresh in every decision.
func noisy(logRatio, exponential float64) bool {
	return Metropolis(logRatio+math.Sin(1e9*exponential), exponential)
}
`

// Every mutant is killed. One test binary holds them all, built from patched files by
// go test -overlay; the environment says which is alive.
func TestMutants(t *testing.T) {
	if os.Getenv("PATHINT_MUTANT") != "" {
		return // this is the mutated binary
	}
	t.Parallel()
	binary := buildMutants(t)
	fails := func(mutant, run string) (bool, string) {
		cmd := exec.Command(binary, "-test.run", "^"+strings.Replace(run, "/", "$/", 1), "-test.failfast")
		cmd.Env = append(os.Environ(), "PATHINT_MUTANT="+mutant)
		out, err := cmd.CombinedOutput()
		return err != nil && strings.Contains(string(out), "--- FAIL"), string(out)
	}
	work := make(chan int)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := range work {
				if killed, out := fails(fmt.Sprint(i), mutants[i].run); !killed {
					t.Errorf("mutant %d lives: %s\n%.500s", i, mutants[i].name, out)
				}
			}
		})
	}
	for i := range mutants {
		work <- i
	}
	close(work)
	wg.Wait()
	if failed, out := fails("none", "TestScalarIsGeneral"); failed || !strings.Contains(out, "PASS") {
		t.Errorf("the patched program fails without a mutant:\n%.500s", out)
	}
}

// buildMutants patches all mutants into copies of their files and compiles the tests.
func buildMutants(t *testing.T) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	source := map[string]string{}
	for i, m := range mutants {
		text, ok := source[m.file]
		if !ok {
			b, err := os.ReadFile(m.file)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		if strings.Count(text, m.right) != 1 {
			t.Fatalf("mutant %q: %d places in %s match %q, want 1", m.name, strings.Count(text, m.right), m.file, m.right)
		}
		source[m.file] = strings.Replace(text, m.right, strings.ReplaceAll(m.wrong, "MUTANT", fmt.Sprintf("%q", fmt.Sprint(i))), 1)
	}
	source["mutant_pick.go"] = picker
	replace := map[string]string{}
	for name, text := range source {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(here, name)] = file
	}
	overlay, _ := json.Marshal(map[string]any{"Replace": replace})
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o666); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "mutants.test")
	if out, err := exec.Command("go", "test", "-c", "-overlay", list, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("building the mutants: %v\n%s", err, out)
	}
	return binary
}
