package spec

import "testing"

// The plan of a sweep: a Doc, its structs and its fold for every point.
func BenchmarkPoint(b *testing.B) {
	d, err := Parse("x.toml", []byte("[trainer]\nbatch = 8\n[move.staging]\n[sweep.grid]\n\"trainer.generator.eta\" = {linspace = [0.001, 0.1, 10000]}\n"))
	if err != nil {
		b.Fatal(err)
	}
	points, err := d.Points()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at, err := d.With(points[i%len(points)])
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := build(at); err != nil {
			b.Fatal(err)
		}
		d.Fold(at)
		_ = at.NonDefault("trainer", "move")
	}
}
