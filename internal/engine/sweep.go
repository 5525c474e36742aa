package engine

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"machlup/analysis"
)

// SweepConfig says what the swept keys mean, for statistics that need several sweep points.
type SweepConfig struct {
	Control   string  `toml:"control" doc:"swept key that is the control parameter, such as \"system.ising.beta\" or \"noise.temperature_g\"; empty: sweep points are not compared"`
	Size      string  `toml:"size" doc:"swept key that changes the size; empty: one size"`
	SizeValue string  `toml:"size_value" doc:"the number that is the size: system (spins, generator parameters), or key (the value of the swept key, such as a batch)"`
	Starts    string  `toml:"starts" doc:"swept key whose values are different starts of one ensemble: their draws are pooled, and R̂ compares them"`
	Symmetric bool    `toml:"symmetric" doc:"the law is even in m: ⟨m⟩ is not estimated, and convergence is judged on |m|"`
	Offset    float64 `toml:"offset" range:"(-inf,inf)" unit:"observable" doc:"m is the observable minus this"`
	ChiNorm   string  `toml:"chi_norm" doc:"N_χ of χ = N_χ(⟨m²⟩ − ⟨|m|⟩²): one, or size"`
	Window    float64 `toml:"collapse_window" range:"[0,inf)" unit:"1" doc:"the data collapse uses points with |control − critical|·size^a up to this; 0: all"`
	Decay     float64 `toml:"collapse_correction" range:"(0,inf)" unit:"1" doc:"exponent of the corrections to scaling size^−this that the errors of a data collapse allow for; 100: none"`
	Resamples int     `toml:"resamples" range:"[10,100000]" unit:"1" doc:"bootstrap resamples for the errors of the collapse's exponents"`
}

func defaultSweep() SweepConfig {
	return SweepConfig{SizeValue: "system", ChiNorm: "one", Decay: analysis.CollapseDecay, Resamples: 100}
}

// SweptKeys are the keys that the config must sweep, by the estimator's key that names each.
func (c SweepConfig) SweptKeys() map[string]string {
	out := map[string]string{}
	for key, value := range map[string]string{"control": c.Control, "size": c.Size, "starts": c.Starts} {
		if value != "" {
			out[key] = value
		}
	}
	return out
}

func (c SweepConfig) check() error {
	switch {
	case c.SizeValue != "system" && c.SizeValue != "key":
		return &KeyError{"size_value", fmt.Sprintf("%q", c.SizeValue), "system or key"}
	case c.ChiNorm != "one" && c.ChiNorm != "size":
		return &KeyError{"chi_norm", fmt.Sprintf("%q", c.ChiNorm), "one or size"}
	case c.SizeValue == "key" && c.Size == "":
		return &KeyError{"size_value", `"key"`, "system, or key together with size"}
	case c.Control == "" && (c.Size != "" || c.Starts != ""):
		return &KeyError{"control", "nothing", "a swept key, where size or starts name one"}
	case c.Control != "" && (c.Control == c.Size || c.Control == c.Starts) || c.Size != "" && c.Size == c.Starts:
		return &KeyError{"control", fmt.Sprintf("%q", c.Control), "keys for control, size and starts that differ"}
	}
	return nil
}

// norm is N_χ for a size.
func (c SweepConfig) norm(size float64) float64 {
	if c.ChiNorm == "size" {
		return size
	}
	return 1
}

// A sweepTask is a finished task placed in its sweep.
type sweepTask struct {
	label         string // task label without the replica and the start: both are pooled
	series        string // estimator, and the swept keys that are none of control, size, starts
	control, size float64
	m, e          [][]float64 // chains × draws; e nil without an energy
	diverged      bool
}

// place puts a finished task into its sweep. size is the system's own.
func (c SweepConfig) place(t Finished, size float64) sweepTask {
	s := sweepTask{label: c.withoutStart(t), control: c.number(t, c.Control), size: size, diverged: t.Outcome.Status == Diverged}
	if c.SizeValue == "key" {
		s.size = c.number(t, c.Size)
	}
	var rest []string
	for key, value := range t.Swept {
		if key != c.Control && key != c.Size && key != c.Starts {
			rest = append(rest, shortKey(t.Swept, key)+"="+value)
		}
	}
	sort.Strings(rest)
	estimator, _, _ := strings.Cut(t.Group, "/")
	s.series = strings.Trim(estimator+"/"+strings.Join(rest, ","), "/")
	return s
}

// withoutStart is the label of a task's group less its start: a row that pools starts claims none of them.
func (c SweepConfig) withoutStart(t Finished) string {
	estimator, point, _ := strings.Cut(t.Group, "/")
	if value, swept := t.Swept[c.Starts]; swept {
		point = strings.Replace(","+point+",", ","+shortKey(t.Swept, c.Starts)+"="+value+",", ",", 1)
	}
	return strings.Trim(estimator+"/"+strings.Trim(point, ","), "/")
}

// shortKey is the last part of a swept key, and all of it where another key ends alike: the rates of two
// players are two keys.
func shortKey(swept map[string]string, key string) string {
	last := key[strings.LastIndex(key, ".")+1:]
	for other := range swept {
		if other != key && other[strings.LastIndex(other, ".")+1:] == last {
			return key
		}
	}
	return last
}

func (c SweepConfig) number(t Finished, key string) float64 {
	v, err := strconv.ParseFloat(t.Swept[key], 64)
	if err != nil || math.IsNaN(v) {
		return math.Inf(-1) // no value: an empty cell
	}
	return v
}

// A sweepPoint holds the draws of one size at one value of the control parameter.
type sweepPoint struct {
	label    string
	control  float64
	m, e     [][]float64
	diverged int
}

// A sweepSize holds the points of one size, in rising order of the control parameter.
type sweepSize struct {
	size   float64
	points []*sweepPoint
}

// gather sorts the tasks of one series by size and control parameter.
func gather(tasks []sweepTask) []*sweepSize {
	var sizes []*sweepSize
	for _, t := range tasks {
		i := sort.Search(len(sizes), func(i int) bool { return sizes[i].size >= t.size })
		if i == len(sizes) || sizes[i].size != t.size {
			sizes = append(sizes, nil)
			copy(sizes[i+1:], sizes[i:])
			sizes[i] = &sweepSize{size: t.size}
		}
		s := sizes[i]
		k := sort.Search(len(s.points), func(k int) bool { return s.points[k].control >= t.control })
		if k == len(s.points) || s.points[k].control != t.control {
			s.points = append(s.points, nil)
			copy(s.points[k+1:], s.points[k:])
			s.points[k] = &sweepPoint{label: t.label, control: t.control}
		}
		p := s.points[k]
		if t.diverged {
			p.diverged++
			continue
		}
		p.m, p.e = append(p.m, t.m...), append(p.e, t.e...)
	}
	return sizes
}
