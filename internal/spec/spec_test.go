package spec

import (
	"strings"
	"testing"
	"time"
)

type optimizer struct {
	Name  string    `toml:"optimizer" doc:"update rule" enum:"sgd|adam|natural"`
	Eta   float64   `toml:"eta" doc:"learning rate" unit:"1" range:"(0,inf)"`
	Betas []float64 `toml:"betas" range:"[0,1)" len:"[2,2]"`
}

type trainer struct {
	Batch     int       `toml:"batch" range:"[1,inf)"`
	Generator optimizer `toml:"generator"`
	Damping   *float64  `toml:"damping" range:"[0,inf)"`
}

type runConfig struct {
	Every   time.Duration `toml:"checkpoint_every" range:"[1ms,inf)"`
	Common  bool          `toml:"common_random_numbers"`
	Workers uint          `toml:"workers"`
}

type top struct {
	Name string `toml:"name"`
	Seed int64  `toml:"seed" range:"[0,inf)"`
}

type staging struct {
	Length int `toml:"length" range:"[2,inf)"`
}

// decodeAll is what a builder does with a Doc.
func decodeAll(d *Doc) error {
	if err := d.Table("").Decode(&top{}); err != nil {
		return err
	}
	tr := trainer{Batch: 128, Generator: optimizer{Name: "sgd", Eta: 0.01, Betas: []float64{0.5, 0.999}}}
	if d.Table("trainer.generator").Has("optimizer") {
		var pick struct {
			Name string `toml:"optimizer" enum:"sgd|adam|natural"`
		}
		if err := d.Table("trainer.generator").Decode(&pick); err != nil {
			return err
		}
		if pick.Name == "adam" {
			tr.Generator.Eta = 1e-3
		}
	}
	if err := d.Table("trainer").Decode(&tr); err != nil {
		return err
	}
	if err := d.Table("run").Decode(&runConfig{Every: time.Minute}); err != nil {
		return err
	}
	for _, name := range d.Names("move") {
		t := d.Table("move").Table(name)
		switch name {
		case "staging":
			if err := t.Decode(&staging{Length: 8}); err != nil {
				return err
			}
		case "pcn":
			if err := t.Decode(&struct{}{}); err != nil {
				return err
			}
		default:
			return t.Errorf("", "unknown move; did you mean %q?", NearestName(name, []string{"staging", "pcn"}))
		}
	}
	return nil
}

func load(src string) (*Doc, error) {
	d, err := Parse("x.toml", []byte(src))
	if err != nil {
		return nil, err
	}
	if err := decodeAll(d); err != nil {
		return nil, err
	}
	return d, d.Unknown()
}

func TestResolvedIsAFixedPoint(t *testing.T) {
	d, err := load("seed = 3\n[move.pcn]\n[move.staging]\nlength = 4\n[trainer]\ngenerator.eta = 1\n[sweep.grid]\n\"trainer.batch\" = [1, 2]\n")
	if err != nil {
		t.Fatal(err)
	}
	one := d.Resolved()
	d2, err := load(one)
	if err != nil {
		t.Fatal(err)
	}
	if two := d2.Resolved(); two != one {
		t.Errorf("resolved again:\n%s\nfirst:\n%s", two, one)
	}
	for _, want := range []string{"eta = 1.0\n", "checkpoint_every = \"1m\"", "[move.pcn]\n\n[move.staging]"} {
		if !strings.Contains(one, want) {
			t.Errorf("no %q in\n%s", want, one)
		}
	}
}

func TestPoints(t *testing.T) {
	d, err := Parse("x.toml", []byte("[sweep.grid]\n\"trainer.batch\" = [1, 2]\n\"trainer.generator.eta\" = {logspace = [1e-3, 0.1, 3]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	points, err := d.Points()
	if err != nil {
		t.Fatal(err)
	}
	var labels []string
	for _, p := range points {
		labels = append(labels, p.Label())
		pd, err := d.With(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := decodeAll(pd); err != nil {
			t.Fatal(err)
		}
		d.Fold(pd)
	}
	if got, want := strings.Join(labels, " "), "trainer.batch=1,trainer.generator.eta=0.001 trainer.batch=1,trainer.generator.eta=0.01 "; !strings.HasPrefix(got, want) || len(points) != 6 {
		t.Errorf("got %s", got)
	}
	if err := d.Unknown(); err != nil {
		t.Error(err)
	}
	t.Log(d.Resolved())
}
