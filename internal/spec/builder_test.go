package spec

import (
	"fmt"
	"time"
)

// A miniature of what a builder does: defaults, a choice that changes a default, plug-ins.

type optimizer struct {
	Name  string    `toml:"optimizer" doc:"update rule" enum:"sgd|adam|natural"`
	Eta   float64   `toml:"eta" doc:"learning rate" unit:"1" range:"(0,inf)"`
	Betas []float64 `toml:"betas" doc:"decay rates" range:"[0,1)" len:"[2,2]"`
}

type schedule struct {
	Every time.Duration `toml:"every" range:"[1ms,1h]"`
}

type trainer struct {
	Batch     int       `toml:"batch" doc:"batch size" range:"[1,inf)"`
	Generator optimizer `toml:"generator"`
	Damping   *float64  `toml:"damping" doc:"metric damping" range:"[0,inf)"`
	Widths    []int     `toml:"widths" range:"[1,4096]"`
	Pair      [2]int    `toml:"pair"`
	Schedule  *schedule `toml:"schedule"`
}

type runConfig struct {
	Every   time.Duration `toml:"checkpoint_every" doc:"time between checkpoints" range:"[1ms,inf)"`
	Grace   time.Duration `toml:"grace"`
	Common  bool          `toml:"common_random_numbers"`
	Workers uint          `toml:"workers"`
	Tags    []string      `toml:"tags" enum:"a|b"`
	Centers [][]float64   `toml:"centers"`
}

type top struct {
	Name string `toml:"name"`
	Seed int64  `toml:"seed" range:"[0,inf)"`
}

type staging struct {
	Length int `toml:"length" range:"[2,inf)"`
}

func defaultTrainer() trainer {
	return trainer{Batch: 128, Widths: []int{32}, Generator: optimizer{Name: "sgd", Eta: 0.01, Betas: []float64{0.5, 0.999}}}
}

func build(d *Doc) (tr trainer, run runConfig, err error) {
	tr, run = defaultTrainer(), runConfig{Every: time.Minute}
	fail := func(err error) (trainer, runConfig, error) { return tr, run, err }
	if err := d.Table("").Decode(&top{}); err != nil {
		return fail(err)
	}
	pick := struct {
		Name string `toml:"optimizer" enum:"sgd|adam|natural"`
	}{"sgd"}
	if err := d.Table("trainer.generator").Decode(&pick); err != nil {
		return fail(err)
	}
	if pick.Name == "adam" {
		tr.Generator.Eta = 1e-3
	}
	if err := d.Table("trainer").Decode(&tr); err != nil {
		return fail(err)
	}
	if err := d.Table("run").Decode(&run); err != nil {
		return fail(err)
	}
	for _, name := range d.Names("move") {
		t := d.Table("move." + name)
		switch name {
		case "staging":
			err = t.Decode(&staging{Length: 8})
		case "pcn":
			err = t.Decode(&struct{}{})
		default:
			err = t.Errorf("", "unknown move; did you mean %q?", NearestName(name, []string{"staging", "pcn"}))
		}
		if err != nil {
			return fail(err)
		}
	}
	return tr, run, nil
}

// load builds every point of the sweep, as a plan does.
func load(src string, settings ...Setting) (*Doc, error) {
	d, err := Parse("x.toml", []byte(src))
	if err != nil {
		return nil, err
	}
	for _, s := range settings {
		if err := d.Set(s.Key, s.Value); err != nil {
			return nil, err
		}
	}
	points, err := d.Points()
	if err != nil {
		return nil, err
	}
	for _, p := range points {
		at, err := d.With(p)
		if err != nil {
			return nil, err
		}
		if _, _, err := build(at); err != nil {
			return nil, err
		}
		d.Fold(at)
	}
	return d, d.Unknown()
}

func mustLoad(t interface {
	Helper()
	Fatal(...any)
}, src string, settings ...Setting) *Doc {
	t.Helper()
	d, err := load(src, settings...)
	if err != nil {
		t.Fatal(fmt.Errorf("%w\nin\n%s", err, src))
	}
	return d
}
