package engine

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"machlup/langevin"
)

// rotor is the linear game as a model.
func rotor(momentum float64, temperatures ...float64) (*Model, error) {
	f, err := langevin.NewLinearGame(langevin.LinearGameConfig{Damping: 1, Rotation: 1, Alternating: len(temperatures) > 1})
	if err != nil {
		return nil, err
	}
	s, err := langevin.HeavyBallConfig{Eta: 0.1, Momentum: momentum, Temperatures: temperatures}.New(f)
	if err != nil {
		return nil, err
	}
	return &Model{Kind: "linear-game", Map: s, Recurrence: s, Observer: langevin.NewCoordinates(2, nil), Size: 2, Eta: 0.1, Quenched: true, Start: make([]float64, 2)}, nil
}

func rotorEnv(momentum float64, temperatures ...float64) Env {
	return Env{Seed: 9, NewModel: func() (*Model, error) { return rotor(momentum, temperatures...) }}
}

// The field of currents is that of the linear game: density times ε(bJ-rotation), in each cell
// where there are steps enough, and its circulation agrees with the area rate.
func TestCurrentField(t *testing.T) {
	m, err := rotor(0, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultNonEquilibrium()
	cfg.Windows, cfg.Runs, cfg.Field, cfg.Bins = 1000, 0, []string{"x0", "x1"}, 6
	cfg.Low, cfg.High = []float64{-1.5, -1.5}, []float64{1.5, 1.5}
	r, err := NewNonEquilibrium(cfg, rotorEnv(0, 0.5), m)
	if err != nil {
		t.Fatal(err)
	}
	dir, outcome := finish(t, r, "t", runAll(t, r))
	if outcome.Status != OK {
		t.Fatal(outcome.Note)
	}
	// Stationary x is N(0, σ²), x' = Mx + sξ: at the midpoint y = (x + x')/2 the mean
	// displacement is Cov(x'−x, y) Var(y)⁻¹ y, with the antisymmetric part of Cov(x', x) alone.
	const eta, a, b = 0.1, 1.0, 1.0
	sigma2 := 0.5 / (a - eta*(a*a+b*b)/2)
	antisymmetric := eta * b * sigma2                       // −Cov(x'_1, x_0)
	varY := sigma2 * (1 + (1 - eta*a)) / 2                  // (2σ² + 2(1−ηa)σ²)/4
	rate := antisymmetric / varY                            // ⟨dx⟩ = rate·(y₁, −y₀)
	chi2, n, edge := 0.0, 0.0, (cfg.High[0]-cfg.Low[0])/6/2 // half a cell
	for _, row := range readRows(t, dir, "currents") {
		cell := rows{row}
		x, y, errX := cell.number(t, "x"), cell.number(t, "y"), cell.number(t, "current_x_stderr")
		if cell.number(t, "count") < 500 {
			continue
		}
		// The cell's mean of the density times y, by integration over the cell.
		along := func(u float64) (p, first float64) {
			g := func(v float64) float64 { return math.Exp(-v*v/(2*varY)) / math.Sqrt(2*math.Pi*varY) }
			lo, hi := u-edge, u+edge
			p = (math.Erf(hi/math.Sqrt(2*varY)) - math.Erf(lo/math.Sqrt(2*varY))) / 2 / (2 * edge)
			return p, varY * (g(lo) - g(hi)) / (2 * edge)
		}
		px, _ := along(x)
		_, fy := along(y)
		z := (cell.number(t, "current_x") - rate*px*fy) / errX
		chi2, n = chi2+z*z, n+1
	}
	if n < 20 || math.Abs(chi2-n) > 4*math.Sqrt(2*n)+0.1*n {
		t.Errorf("χ² = %.1f of %v cells", chi2, n)
	}
	area := readRows(t, dir, "nonequilibrium").where("quantity", "area rate", "observable", "x0", "other", "x1")
	if z := (area.number(t, "value") + antisymmetric) / area.number(t, "stderr"); math.Abs(z) > 4 {
		t.Errorf("area rate: z = %.2f", z)
	}
}

// The slope by likelihood is right, and its error bar too: R ~ N(μ, 2μ) obeys the theorem.
func TestDetailedSlope(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	const repeats, mu = 300, 0.8
	sum, sum2 := 0.0, 0.0
	for range repeats {
		r := make([]float64, 400)
		for i := range r {
			r[i] = mu + math.Sqrt(2*mu)*random.NormFloat64()
		}
		slope, stderr, _ := detailedSlope(r)
		z := (slope - 1) / stderr
		sum, sum2 = sum+z, sum2+z*z
	}
	mean := sum / repeats
	if sd := math.Sqrt(sum2/repeats - mean*mean); sd < 0.85 || sd > 1.15 || math.Abs(mean) > 0.3 {
		t.Errorf("pulls have mean %.3f and standard deviation %.3f", mean, sd)
	}
}

func TestNonEquilibriumRefuses(t *testing.T) {
	m, err := rotor(0, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*NonEquilibriumConfig, *Model)
		want   string
	}{
		{func(c *NonEquilibriumConfig, _ *Model) { c.Spread = 1 }, "√steps"},
		{func(c *NonEquilibriumConfig, _ *Model) { c.Field = []string{"x0"} }, "two different observables"},
		{func(c *NonEquilibriumConfig, _ *Model) { c.Field = []string{"x0", "y"} }, "selected observables"},
		{func(c *NonEquilibriumConfig, _ *Model) { c.Field = []string{"x0", "x1"} }, "not guessed"},
		{func(_ *NonEquilibriumConfig, m *Model) { m.Recurrence, m.NoRecurrence = nil, errTest }, "here paths have none: a reason"},
		{func(_ *NonEquilibriumConfig, m *Model) { m.NoStationary = errTest }, "a reason"},
	} {
		cfg, model := DefaultNonEquilibrium(), *m
		c.change(&cfg, &model)
		if _, err := NewNonEquilibrium(cfg, rotorEnv(0, 0.5), &model); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

type testError string

func (e testError) Error() string { return string(e) }

const errTest = testError("a reason")

// Players that take turns have no detailed theorem within one ensemble, and are told so.
func TestDetailedNeedsOneBlock(t *testing.T) {
	m, err := rotor(0, 0.5, 0.2)
	if err != nil {
		t.Fatal(err)
	}
	cfg := DefaultNonEquilibrium()
	cfg.Chains, cfg.Windows, cfg.Runs = 1, 20, 200
	r, err := NewNonEquilibrium(cfg, rotorEnv(0, 0.5, 0.2), m)
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := finish(t, r, "t", runAll(t, r))
	row := readRows(t, dir, "nonequilibrium").where("quantity", "detailed fluctuation theorem: slope")
	if len(row) != 1 || row[0]["value"] != "" || !strings.Contains(row[0]["status"], "in turn") {
		t.Errorf("got %v", row)
	}
}
