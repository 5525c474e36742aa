package spec

import (
	"strings"
	"testing"
)

// Options that only one choice of a swept plug-in has are accepted, kept, and not demanded
// of the other points.
func TestFoldOfOptionsOfOneChoice(t *testing.T) {
	plan := func(src string) (*Doc, error) {
		d, err := Parse("x.toml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		points, err := d.Points()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			at, err := d.With(p)
			if err != nil {
				t.Fatal(err)
			}
			var pick struct {
				Rule string `toml:"rule" enum:"sgd|adam" required:"true"`
			}
			adam := struct {
				Beta float64 `toml:"beta"`
				Eps  float64 `toml:"eps"`
			}{0.9, 1e-8}
			if err := at.Table("trainer").Decode(&pick); err != nil {
				t.Fatal(err)
			}
			if pick.Rule == "adam" {
				if err := at.Table("trainer").Decode(&adam); err != nil {
					t.Fatal(err)
				}
			}
			d.Fold(at)
		}
		if err := d.Table("run").Decode(&struct { // what no point decodes: the base does
			Workers int `toml:"workers"`
		}{2}); err != nil {
			t.Fatal(err)
		}
		return d, d.Unknown()
	}
	const src = "[trainer]\nbeta = 0.5\n[sweep.grid]\n\"trainer.rule\" = [\"sgd\", \"adam\"]\n"
	d, err := plan(src)
	if err != nil {
		t.Fatal(err)
	}
	const want = "[trainer]\nbeta = 0.5\n\n[run]\nworkers = 2\n\n[sweep.grid]\n\"trainer.rule\" = [\"sgd\", \"adam\"]\n"
	if got := d.Resolved(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if again, err := plan(want); err != nil || again.Resolved() != want {
		t.Errorf("%v\n%s", err, again.Resolved())
	}
	if _, err := plan(strings.Replace(src, ", \"adam\"", "", 1)); err == nil || err.Error() != "x.toml:2:1: trainer.beta: found an unknown key; allowed: rule" {
		t.Errorf("beta without adam: %v", err)
	}
	if _, err := plan(src + "\"trainer.eps\" = [0.1, 0.2]\n"); err != nil { // of use to adam alone
		t.Error(err)
	}
}
