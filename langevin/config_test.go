package langevin_test

import (
	"math"
	"strings"
	"testing"

	"machlup/langevin"
)

// TestRefusals: each bad argument is refused with an error that says what was found.
func TestRefusals(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	h := harmonic(1, 2)
	for name, c := range map[string]struct {
		err  func() error
		says string
	}{
		"dim": {func() error { _, e := langevin.NewHarmonic(langevin.HarmonicConfig{Stiffness: []float64{1}}); return e }, "dim is 0"},
		"stiffness": {func() error {
			_, e := langevin.NewHarmonic(langevin.HarmonicConfig{Dim: 1, Stiffness: []float64{-1}})
			return e
		}, "-1"},
		"nan":    {func() error { _, e := langevin.NewOU(langevin.OUConfig{Dim: 1, Rate: []float64{nan}}); return e }, "NaN"},
		"length": {func() error { _, e := langevin.NewOU(langevin.OUConfig{Dim: 3, Rate: []float64{1, 2}}); return e }, "2 values"},
		"power": {func() error {
			_, e := langevin.NewSingular(langevin.SingularConfig{Dim: 1, Power: []float64{1}})
			return e
		}, "above 1"},
		"barrier": {func() error { _, e := langevin.NewDoubleWell(langevin.DoubleWellConfig{Dim: 1, Minimum: 1}); return e }, "barrier is 0"},
		"minimum": {func() error {
			_, e := langevin.NewDoubleWell(langevin.DoubleWellConfig{Dim: 1, Barrier: 1, Minimum: inf})
			return e
		}, "minimum is +Inf"},
		"tilt": {func() error {
			_, e := langevin.NewDoubleWell(langevin.DoubleWellConfig{Dim: 1, Barrier: 1, Minimum: 1, Tilt: nan})
			return e
		}, "tilt is NaN"},
		"well dim": {func() error {
			_, e := langevin.NewDoubleWell(langevin.DoubleWellConfig{Barrier: 1, Minimum: 1})
			return e
		}, "dim is 0"},
		"scale":    {func() error { _, e := langevin.NewMuellerBrown(langevin.MuellerBrownConfig{}); return e }, "scale is 0"},
		"free":     {func() error { _, e := langevin.NewFree(langevin.FreeConfig{}); return e }, "dim is 0"},
		"damping":  {func() error { _, e := langevin.NewLinearGame(langevin.LinearGameConfig{Damping: -1}); return e }, "damping is -1"},
		"rotation": {func() error { _, e := langevin.NewLinearGame(langevin.LinearGameConfig{Rotation: inf}); return e }, "rotation is +Inf"},
		"sine": {func() error {
			_, e := langevin.NewSineMetric(langevin.SineMetricConfig{Dim: 1, Amplitude: 1, Wave: 1})
			return e
		}, "amplitude is 1"},
		"sine wave":   {func() error { _, e := langevin.NewSineMetric(langevin.SineMetricConfig{Dim: 1}); return e }, "wave is 0"},
		"sine dim":    {func() error { _, e := langevin.NewSineMetric(langevin.SineMetricConfig{}); return e }, "dim is 0"},
		"eta":         {func() error { _, e := langevin.EulerMaruyamaConfig{Temperature: 1}.New(h); return e }, "learning rate 0"},
		"temperature": {func() error { _, e := langevin.EulerMaruyamaConfig{Eta: 1, Temperature: -1}.New(h); return e }, "temperature -1"},
		"temperatures": {func() error {
			_, e := langevin.EulerMaruyamaConfig{Eta: 1, Temperatures: []float64{1, 2}}.New(h)
			return e
		}, "2 values for 1 blocks"},
		"momentum": {func() error { _, e := langevin.HeavyBallConfig{Eta: 1, Momentum: 1}.New(h); return e }, "momentum 1"},
		"correction": {func() error {
			_, e := langevin.MetricSGLDConfig{Eta: 1, Correction: "Full"}.New(h, sineMetric(2))
			return e
		}, `"Full"`},
		"metric size": {func() error {
			_, e := langevin.MetricSGLDConfig{Eta: 1, Correction: "full"}.New(h, sineMetric(1))
			return e
		}, "metric of 1"},
		"no divergence": {func() error {
			_, e := langevin.MetricSGLDConfig{Eta: 1, Correction: "full"}.New(h, plainMetric{sineMetric(2)})
			return e
		}, "no exact divergence"},
		"no metric":  {func() error { _, e := langevin.NewSGLD(h, langevin.Player{Hi: 2, Eta: 1, Correction: 1}); return e }, "no metric"},
		"gap":        {func() error { _, e := langevin.NewSGLD(h, langevin.Player{Lo: 1, Hi: 2, Eta: 1}); return e }, "without gap"},
		"short":      {func() error { _, e := langevin.NewSGLD(h, langevin.Player{Hi: 1, Eta: 1}); return e }, "cover"},
		"hk":         {func() error { _, e := langevin.HanggiKlimontovichConfig{Eta: -1}.New(h, sineMetric(2)); return e }, "learning rate -1"},
		"lm":         {func() error { _, e := langevin.LeimkuhlerMatthewsConfig{Eta: nan}.New(h); return e }, "step is NaN"},
		"lm T":       {func() error { _, e := langevin.LeimkuhlerMatthewsConfig{Eta: 1, Temperature: inf}.New(h); return e }, "temperature is +Inf"},
		"letters":    {func() error { _, e := langevin.SplittingConfig{Scheme: "BAB", Step: 1, Friction: 1}.New(h); return e }, `"BAB"`},
		"lower case": {func() error { _, e := langevin.SplittingConfig{Scheme: "baoab", Step: 1, Friction: 1}.New(h); return e }, `"baoab"`},
		"friction":   {func() error { _, e := langevin.SplittingConfig{Scheme: "BAOAB", Step: 1}.New(h); return e }, "friction is 0"},
		"split step": {func() error { _, e := langevin.SplittingConfig{Scheme: "BAOAB", Friction: 1}.New(h); return e }, "step is 0"},
		"split T":    {func() error { _, e := langevin.NewSplitting(h, "BAOAB", 1, 1, 1, 2, 3); return e }, "3 temperatures"},
		"root":       {func() error { _, e := langevin.NewGaussianGradient(h, []float64{1}); return e }, "2×2"},
		"rows":       {func() error { _, e := langevin.NewQuadraticData([]float64{1, 1}, []float64{1, 2, 3}, 1); return e }, "rows of 2"},
		"batch":      {func() error { _, e := langevin.NewQuadraticData([]float64{1}, []float64{1, 2, 3}, 4); return e }, "batch is 4"},
		"part": {func() error {
			_, e := langevin.NewMinibatch(must(langevin.NewGaussianGradient(h, make([]float64, 4))), langevin.Player{Hi: 1, Eta: 1})
			return e
		}, "all 2 components"},
	} {
		if err := c.err(); err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "langevin: ") {
			t.Errorf("%s: error %v does not say %q", name, err, c.says)
		}
	}
}

// plainMetric hides the divergence.
type plainMetric struct{ langevin.Metric }

func TestCorrectionNames(t *testing.T) {
	for _, c := range []langevin.Correction{langevin.NoCorrection, langevin.HalfCorrection, langevin.FullCorrection} {
		if back, err := langevin.ParseCorrection(c.String()); err != nil || back != c || c.Target() == "" {
			t.Errorf("%v: parsed as %v, %v, target %q", c, back, err, c.Target())
		}
	}
}
