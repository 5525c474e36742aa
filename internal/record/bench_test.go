package record

import (
	"io"
	"testing"
)

// A row of the size of trace.csv's: a label, three integers, four floats with all their
// digits. CONTRACT: a million rows a second on one core.
func BenchmarkWriter(b *testing.B) {
	s := Schema{Name: "trace", Columns: []Column{
		{Name: "task", Type: String}, {Name: "chain", Type: Int}, {Name: "draw", Type: Int}, {Name: "step", Type: Int},
		{Name: "time", Type: Float}, {Name: "mean", Type: Float}, {Name: "std", Type: Float}, {Name: "loss", Type: Float},
	}}
	w := NewWriter(io.Discard, s)
	x := 0.123456789
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		x = 3.9 * x * (1 - x) // the logistic map: no two rows alike
		w.String("trainer.generator.optimizer=sgd")
		w.Int(3)
		w.Int(i)
		w.Int(i % 6001)
		w.Float(float64(i) * 0.01)
		w.Float(8 + x)
		w.Float(1.25 * x)
		w.Float(-x / 3)
		if err := w.EndRow(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
