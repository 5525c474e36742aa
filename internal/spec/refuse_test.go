package spec

import (
	"strings"
	"testing"
)

// Every kind of mistake, with the whole line that the user sees.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"unknown key", "[trainer]\nbatch = 2\n\nbtach = 3\n",
			`x.toml:4:1: trainer.btach: found an unknown key; allowed: generator, batch, damping, widths, pair, schedule; did you mean "batch"?`},
		{"unknown key of a nested table", "[trainer.generator]\n  etta = 1.0\n",
			`x.toml:2:3: trainer.generator.etta: found an unknown key; allowed: optimizer, eta, betas; did you mean "eta"?`},
		{"unknown key in an inline table", "[trainer]\ngenerator = {eta = 1.0, bettas = [0, 0]}\n",
			`x.toml:2:25: trainer.generator.bettas: found an unknown key; allowed: optimizer, eta, betas; did you mean "betas"?`},
		{"unknown dotted key", "trainer.generator.ets = 1.0\n",
			`x.toml:1:19: trainer.generator.ets: found an unknown key; allowed: optimizer, eta, betas; did you mean "eta"?`},
		{"key in the wrong table", "[run]\nbatch = 2\n",
			`x.toml:2:1: run.batch: found an unknown key; allowed: checkpoint_every, grace, common_random_numbers, workers, tags, centers; "batch" belongs in [trainer]`},
		{"wrong case", "[trainer]\nBatch = 2\n",
			`x.toml:2:1: trainer.Batch: found an unknown key; allowed: generator, batch, damping, widths, pair, schedule; did you mean "batch"?`},
		{"unknown table", "seed = 1\n[trianer]\nbatch = 2\n",
			`x.toml:2:2: trianer: found an unknown table; allowed: name, seed, trainer, run, move, sweep; did you mean "trainer"?`},
		{"unknown empty table", "[outptu]\n",
			`x.toml:1:2: outptu: found an unknown table; allowed: name, seed, trainer, run, move, sweep`},
		{"unknown plug-in", "[move.stagin]\nlength = 3\n",
			`x.toml:1:7: move.stagin: unknown move; did you mean "staging"?`},
		{"plug-in with an odd name", "[move.\"my move\"]\n",
			`x.toml:1:7: move."my move": unknown move; did you mean ""?`},
		{"scalar in a table of plug-ins", "[move]\nlength = 3\n",
			`x.toml:2:1: move.length: found an unknown key; allowed: nothing here`},
		{"unknown key of a plug-in", "[move.pcn]\nbeta = 3\n",
			`x.toml:2:1: move.pcn.beta: found an unknown key; allowed: nothing here`},
		{"scalar for a table", "trainer = 3\n",
			`x.toml:1:1: trainer: found the integer 3; allowed: a table`},
		{"scalar for a nested table", "[trainer]\ngenerator = \"sgd\"\n",
			`x.toml:2:1: trainer.generator: found the string "sgd"; allowed: a table`},
		{"table for a scalar", "[trainer.batch]\n",
			`x.toml:1:10: trainer.batch: found a table; allowed: an integer in [1, inf)`},
		{"table for a list", "[trainer.widths]\n",
			`x.toml:1:10: trainer.widths: found a table; allowed: a list of integers in [1, 4096]`},

		{"exponent for an integer", "[trainer]\nbatch = 1e3\n",
			`x.toml:2:1: trainer.batch: found the float 1e3; allowed: an integer in [1, inf); write 1000`},
		{"whole float for an integer", "[trainer]\nbatch = 1.0\n",
			`x.toml:2:1: trainer.batch: found the float 1.0; allowed: an integer in [1, inf); write 1`},
		{"fraction for an integer", "[trainer]\nbatch = 1.5\n",
			`x.toml:2:1: trainer.batch: found the float 1.5; allowed: an integer in [1, inf)`},
		{"string for an integer", "[trainer]\nbatch = \"12\"\n",
			`x.toml:2:1: trainer.batch: found the string "12"; allowed: an integer in [1, inf); write it without quotes`},
		{"date for an integer", "[trainer]\nbatch = 1979-05-27 07:32:00 # then\n",
			`x.toml:2:1: trainer.batch: found the date or time 1979-05-27 07:32:00; allowed: an integer in [1, inf)`},
		{"zero batch", "[trainer]\nbatch = 0\n",
			`x.toml:2:1: trainer.batch: found the integer 0; allowed: an integer in [1, inf)`},
		{"negative unsigned", "[run]\nworkers = -1\n",
			`x.toml:2:1: run.workers: found the integer -1; allowed: an integer in [0, inf)`},
		{"negative seed", "seed = -1\n",
			`x.toml:1:1: seed: found the integer -1; allowed: an integer in [0, inf)`},
		{"seed beyond 63 bits", "seed = 9223372036854775808\n",
			`x.toml:1:8: seed: found invalid TOML: 9223372036854775808 is out of range for int64`},

		{"nan", "[trainer.generator]\neta = nan\n",
			`x.toml:2:1: trainer.generator.eta: found the float nan; allowed: a finite number in (0, inf)`},
		{"infinity", "[trainer.generator]\neta = +inf\n",
			`x.toml:2:1: trainer.generator.eta: found the float +inf; allowed: a finite number in (0, inf)`},
		{"infinity without a range", "[run]\ncenters = [[1, -inf]]\n",
			`x.toml:2:16: run.centers[0][1]: found the float -inf; allowed: a finite number`},
		{"float overflow", "[trainer.generator]\neta = 1e400\n",
			`x.toml:2:7: trainer.generator.eta: found invalid TOML: 1e400 is out of range for float64`},
		{"float underflow", "[trainer.generator]\neta = 1e-400\n",
			`x.toml:2:1: trainer.generator.eta: found the float 1e-400; allowed: a finite number in (0, inf)`},
		{"open end", "[trainer.generator]\neta = 0\n",
			`x.toml:2:1: trainer.generator.eta: found the integer 0; allowed: a finite number in (0, inf)`},
		{"negative", "[trainer]\ndamping = -1e-3\n",
			`x.toml:2:1: trainer.damping: found the float -1e-3; allowed: a finite number in [0, inf)`},
		{"boolean for a float", "[trainer.generator]\neta = true\n",
			`x.toml:2:1: trainer.generator.eta: found true; allowed: a finite number in (0, inf)`},
		{"integer too big for a float", "[trainer.generator]\neta = 9007199254740993\n",
			`x.toml:2:1: trainer.generator.eta: found the integer 9007199254740993; allowed: a finite number in (0, inf); an integer of this size is not exact as a float: write it as one, 9.007199254740992e+15`},

		{"enum", "[trainer.generator]\noptimizer = \"adma\"\n",
			`x.toml:2:1: trainer.generator.optimizer: found the string "adma"; allowed: "sgd", "adam", "natural"; did you mean "adam"?`},
		{"enum by case", "[trainer.generator]\noptimizer = \"SGD\"\n",
			`x.toml:2:1: trainer.generator.optimizer: found the string "SGD"; allowed: "sgd", "adam", "natural"; did you mean "sgd"?`},
		{"bare word", "[trainer.generator]\noptimizer = adam\n",
			`x.toml:2:13: trainer.generator.optimizer: found invalid TOML: expected value but found "adam" instead`},
		{"number for a string", "name = 3\n",
			`x.toml:1:1: name: found the integer 3; allowed: a string; write "3"`},
		{"string for a boolean", "[run]\ncommon_random_numbers = \"true\"\n",
			`x.toml:2:1: run.common_random_numbers: found the string "true"; allowed: true or false; write it without quotes`},
		{"integer for a boolean", "[run]\ncommon_random_numbers = 1\n",
			`x.toml:2:1: run.common_random_numbers: found the integer 1; allowed: true or false`},

		{"list for a scalar", "[trainer]\nbatch = [1]\n",
			`x.toml:2:1: trainer.batch: found a list; allowed: an integer in [1, inf)`},
		{"scalar for a list", "[trainer]\nwidths = 3\n",
			`x.toml:2:1: trainer.widths: found the integer 3; allowed: a list of integers in [1, 4096]; write [3]`},
		{"element out of range, lines down", "[trainer]\nwidths = [1, # one\n  2,\n\n  0]\n",
			`x.toml:5:3: trainer.widths[2]: found the integer 0; allowed: an integer in [1, 4096]`},
		{"mixed list", "[trainer]\nwidths = [1, \"2\"]\n",
			`x.toml:2:14: trainer.widths[1]: found the string "2"; allowed: an integer in [1, 4096]; write it without quotes`},
		{"list too long", "[trainer.generator]\nbetas = [0, 0, 0]\n",
			`x.toml:2:1: trainer.generator.betas: found a list of length 3; allowed: a list of finite numbers in [0, 1), of length 2`},
		{"open upper end", "[trainer.generator]\nbetas = [0.999, 1]\n",
			`x.toml:2:17: trainer.generator.betas[1]: found the integer 1; allowed: a finite number in [0, 1)`},
		{"inside an inline table from outside", "trainer = {generator.eta = 1}\ntrainer.generator.optimizer = \"sgd\"\n",
			`x.toml:2:1: trainer: found keys added to what is already a finished table (first at line 1); allowed: each table in one piece`},
		{"array too short", "[trainer]\npair = [0]\n",
			`x.toml:2:1: trainer.pair: found a list of length 1; allowed: a list of integers, of length 2`},
		{"enum in a list", "[run]\ntags = [\"a\", \"c\"]\n",
			`x.toml:2:14: run.tags[1]: found the string "c"; allowed: "a", "b"; did you mean "a"?`},

		{"duration as a number", "[run]\ncheckpoint_every = 60\n",
			`x.toml:2:1: run.checkpoint_every: found the integer 60; allowed: a duration such as "60s" or "100ms", in [1ms, inf); write "60s" for seconds`},
		{"duration without a unit", "[run]\ncheckpoint_every = \"60\"\n",
			`x.toml:2:1: run.checkpoint_every: found the string "60"; allowed: a duration such as "60s" or "100ms", in [1ms, inf)`},
		{"duration out of range", "[run]\ncheckpoint_every = \"0s\"\n",
			`x.toml:2:1: run.checkpoint_every: found the string "0s"; allowed: a duration such as "60s" or "100ms", in [1ms, inf)`},
		{"negative duration", "[run]\ngrace = \"-1s\"\n",
			`x.toml:2:1: run.grace: found the string "-1s"; allowed: a duration such as "60s" or "100ms", in [0s, inf)`},

		{"duplicate key", "seed = 1\nname = \"a\"\nseed = 2\n",
			`x.toml:3:1: seed: found a second definition (first at line 1); allowed: each key once`},
		{"duplicate by case", "seed = 1\nSeed = 2\n",
			`x.toml:2:1: Seed: found a name that differs only by case from "seed" (first at line 1); allowed: one of the two; names are case-exact`},
		{"duplicate table by case", "[run]\n[trainer]\n[RUN]\n",
			`x.toml:3:2: RUN: found a name that differs only by case from "run" (first at line 1); allowed: one of the two; names are case-exact`},
		{"duplicate table", "[run]\n[trainer]\n[run]\n",
			`x.toml:3:2: run: found a second definition (first at line 1); allowed: each key once`},
		{"dotted key and table", "trainer.generator.eta = 1.0\n[trainer.generator]\noptimizer = \"sgd\"\n",
			`x.toml:2:10: trainer.generator: found a second definition (first at line 1); allowed: each key once`},
		{"table reopened by a dotted key", "[trainer.generator]\neta = 1.0\n[trainer]\ngenerator.optimizer = \"sgd\"\n",
			`x.toml:4:1: trainer.generator: found keys added to what is already a finished table (first at line 1); allowed: each table in one piece`},
		{"inline table reopened", "trainer = {batch = 1}\n[trainer.generator]\n",
			`x.toml:2:2: trainer: found keys added to what is already a finished table (first at line 1); allowed: each table in one piece`},
		{"value as a table", "seed = 1\n[seed.x]\n",
			`x.toml:2:2: seed: found keys added to what is already a finished value (first at line 1); allowed: each table in one piece`},
		{"duplicate in an inline table", "trainer = {batch = 1, batch = 2}\n",
			`x.toml:1:23: trainer.batch: found a second definition (first at line 1); allowed: each key once`},
		{"quoted duplicate", "seed = 1\n\"s\\u0065ed\" = 2\n",
			`x.toml:2:1: seed: found a second definition (first at line 1); allowed: each key once`},

		{"array of tables", "[[move]]\nlength = 2\n",
			`x.toml:1:1: move: found an array of tables [[move]]; allowed: named tables; write [move] or [move.NAME]`},
		{"nested array of tables", "seed = 1\n[[move.staging]]\nlength = 2\n",
			`x.toml:2:1: move.staging: found an array of tables [[move.staging]]; allowed: named tables; write [move.staging] or [move.staging.NAME]`},
		{"inline array of tables", "move = [{length = 2}]\n",
			`x.toml:1:9: move: found an array of tables; allowed: named tables; write [move.NAME]`},
		{"deep array of tables", "[run]\ncenters = [[1], [{a = 2}]]\n",
			`x.toml:2:18: run.centers: found an array of tables; allowed: named tables; write [run.centers.NAME]`},

		{"syntax", "[run\nworkers = 1\n",
			`x.toml:1:5: found invalid TOML: expected '.' or ']' to end table name, but got '\n' instead`},
		{"not UTF-8", "name = \"é\"\nseed = 1 # \xff\n",
			`x.toml:2:12: found the byte 0xff; allowed: UTF-8`},
		{"odd key", "[trainer]\ngenerator = {optimizer = \"adam\", \"é\" = 1, x = 2}\n",
			`x.toml:2:34: trainer.generator."é": found an unknown key; allowed: optimizer, eta, betas`},
		{"column in characters", "\"é\".x = 1\n",
			`x.toml:1:1: "é": found an unknown table; allowed: name, seed, trainer, run, move, sweep`},
		{"column after other scripts", "[trainer]\ngenerator = {optimizer = \"ünknöwn\", x = 2}\n",
			`x.toml:2:14: trainer.generator.optimizer: found the string "ünknöwn"; allowed: "sgd", "adam", "natural"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(c.src)
			if err == nil {
				t.Fatalf("accepted\n%s", c.src)
			}
			if err.Error() != c.want {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
			if _, ok := err.(*Error); !ok {
				t.Errorf("%T", err)
			}
		})
	}
}

func TestSetRefusals(t *testing.T) {
	const src = "seed = 1\n[trainer]\nbatch = 2\n"
	for _, c := range []struct{ key, value, want string }{
		{"trainer.btach", "3", `--set trainer.btach: trainer.btach: found an unknown key; allowed: generator, batch, damping, widths, pair, schedule; did you mean "batch"?`},
		{"trainer.batch", "-1", `--set trainer.batch: trainer.batch: found the integer -1; allowed: an integer in [1, inf)`},
		{"trainer.batch", "1e3", `--set trainer.batch: trainer.batch: found the float 1e3; allowed: an integer in [1, inf); write 1000`},
		{"trainer.widths", "[1,0]", `--set trainer.widths: trainer.widths[1]: found the integer 0; allowed: an integer in [1, 4096]`},
		{"trainer.generator.eta", "nan", `--set trainer.generator.eta: trainer.generator.eta: found the float nan; allowed: a finite number in (0, inf)`},
		{"trainer.generator.eta", "NaN", `--set trainer.generator.eta: trainer.generator.eta: found the string "NaN"; allowed: a finite number in (0, inf)`},
		{"trainer.Batch", "3", `--set trainer.Batch: trainer.Batch: found a name that differs only by case from "batch" (first at line 3); allowed: one of the two; names are case-exact`},
		{"seed.x", "3", `--set seed.x: seed: cannot set seed.x: seed is not a table (first at line 1)`},
		{"name", "data/x.csv", `--set name: found "data/x.csv"; allowed: one value in TOML syntax; strings need quotes that the shell leaves alone: --set 'name="data/x.csv"'`},
		{"name", "", `--set name: found ""; allowed: one value in TOML syntax; strings need quotes that the shell leaves alone: --set 'name="…"'`},
		{"seed", "1\nname = 2", `--set seed: found "1\nname = 2"; allowed: one value in TOML syntax; strings need quotes that the shell leaves alone: --set 'seed="…"'`},
		{"seed", "1\n[run]", `--set seed: found "1\n[run]"; allowed: one value in TOML syntax; strings need quotes that the shell leaves alone: --set 'seed="…"'`},
		{"a..b", "1", `--set a..b: found the key "a..b"; allowed: a dotted key such as trainer.generator.eta`},
		{"", "1", `--set : found the key ""; allowed: a dotted key such as trainer.generator.eta`},
		{"move", "[{a=1}]", `--set move: move: found an array of tables; allowed: named tables; write [move.NAME]`},
		{"trainer", "{batch=1, batch=2}", `--set trainer: trainer.batch: found a second definition (first in --set trainer); allowed: each key once`},
		{"trainer", "3", `--set trainer: trainer: found the integer 3; allowed: a table`},
	} {
		_, err := load(src, Setting{c.key, c.value})
		if err == nil || err.Error() != c.want {
			t.Errorf("--set %s=%s\ngot  %v\nwant %s", c.key, c.value, err, c.want)
		}
	}
}

func TestErrorIsOneLine(t *testing.T) {
	_, err := load("[trainer]\nbatch = \"\"\"\na\tb\nc\"\"\"\n")
	if err == nil || strings.ContainsAny(err.Error(), "\n\t") {
		t.Errorf("%q", err)
	}
	_, err = load("[\"a\\nb\"]\n")
	if err == nil || strings.ContainsAny(err.Error(), "\n\t") {
		t.Errorf("%q", err)
	}
}

func TestRequired(t *testing.T) {
	d, err := Parse("x.toml", []byte("[data]\n"))
	if err != nil {
		t.Fatal(err)
	}
	var cfg struct {
		File string `toml:"file" required:"true"`
	}
	err = d.Table("data").Decode(&cfg)
	if want := `x.toml:1:2: data.file: found nothing; allowed: a string (there is no default)`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	err = d.Table("other").Decode(&cfg)
	if want := `x.toml: other.file: found nothing; allowed: a string (there is no default)`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestErrorfPlaces(t *testing.T) {
	d, err := Parse("x.toml", []byte("[a.b]\nc = 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ table, key, want string }{
		{"a.b", "c", "x.toml:2:1: a.b.c: must be even, is 1"},
		{"a.b", "d", "x.toml:1:4: a.b.d: must be even, is 1"},
		{"a.b", "", "x.toml:1:4: a.b: must be even, is 1"},
		{"z", "d", "x.toml: z.d: must be even, is 1"},
		{"", "d", "x.toml: d: must be even, is 1"},
	} {
		if err := d.Table(c.table).Errorf(c.key, "must be even, is %d", 1); err.Error() != c.want {
			t.Errorf("got %s, want %s", err, c.want)
		}
	}
}

func TestBadTagsPanic(t *testing.T) {
	for name, v := range map[string]any{
		"no tag": &struct{ A int }{},
		"bad range": &struct {
			A int `toml:"a" range:"1..2"`
		}{},
		"reversed range": &struct {
			A int `toml:"a" range:"[2,1]"`
		}{},
		"range of string": &struct {
			A string `toml:"a" range:"[1,2]"`
		}{},
		"enum of int": &struct {
			A int `toml:"a" enum:"1|2"`
		}{},
		"len of int": &struct {
			A int `toml:"a" len:"[1,2]"`
		}{},
		"map": &struct {
			A map[string]int `toml:"a"`
		}{},
		"list of tables": &struct {
			A []struct{} `toml:"a"`
		}{},
		"float32": &struct {
			A float32 `toml:"a"`
		}{},
		"twice": &struct {
			A int `toml:"a"`
			B int `toml:"A"`
		}{},
		"not a pointer": struct{}{},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			d, _ := Parse("x.toml", nil)
			_ = d.Table("").Decode(v)
		})
	}
}
