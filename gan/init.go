package gan

import (
	"fmt"
	"math"

	"machlup/internal/num"
)

// InitConfig says how a perceptron's initial parameters are drawn. Layer by layer, first the
// weight[out×in] row by row, then the bias[out]; biases are 0 and draw nothing, except with
// pytorch. Uniform weights take one uniform each, normal and orthogonal ones one normal.
//
//	init              weights                                  variance
//	pytorch           uniform on ±1/√in, biases too            1/(3·in)
//	glorot-uniform    uniform on ±gain·√(6/(in+out))           gain²·2/(in+out)
//	glorot-normal     normal                                   gain²·2/(in+out)
//	he-uniform        uniform on ±gain·√(3/in)                 gain²/in
//	he-normal         normal                                   gain²/in
//	orthogonal        gain times the Q of a normal matrix      gain²/max(in, out)
//	normal            normal                                   std²
//
// Sources: nn.Linear of PyTorch; Glorot and Bengio, AISTATS 2010; He et al., ICCV 2015; Saxe,
// McClelland and Ganguli, ICLR 2014. Orthogonal weights have WᵀW = gain²·I (out ≥ in) or
// WWᵀ = gain²·I, from the Haar law: R of the factorisation has a positive diagonal.
type InitConfig struct {
	Init string  `toml:"init" enum:"pytorch|glorot-uniform|glorot-normal|he-uniform|he-normal|orthogonal|normal" doc:"initial parameters, see machlup list inits"`
	Gain float64 `toml:"gain" range:"[0,inf)" unit:"1" doc:"factor of the initial weights for glorot-*, he-* and orthogonal; 0: √2 for he-* (made for relu), else 1"`
	Std  float64 `toml:"std" range:"[0,inf)" unit:"1" doc:"standard deviation of the initial weights for init normal; 0: 0.02"`
}

// DefaultInit is PyTorch's, the listing's.
func DefaultInit() InitConfig { return InitConfig{Init: "pytorch"} }

// An InitEntry is a line of the catalogue of initialisations. draw writes a layer's weight
// with the entry's gain or standard deviation; scale is that where none is given, and key
// the key that gives it, "" for none.
type InitEntry struct {
	Name, Doc string

	key   string
	scale float64
	draw  func(w []float64, out, in int, scale float64, src Source)
}

var inits = []InitEntry{
	{"pytorch", "weights and biases uniform on ±1/√in, as nn.Linear draws them", "", 1, func(w []float64, _, in int, _ float64, src Source) { uniforms(w, 1/math.Sqrt(float64(in)), src) }},
	{"glorot-uniform", "uniform, variance gain²·2/(in+out)", "gain", 1, func(w []float64, out, in int, gain float64, src Source) {
		uniforms(w, gain*math.Sqrt(6/float64(in+out)), src)
	}},
	{"glorot-normal", "normal, variance gain²·2/(in+out)", "gain", 1, func(w []float64, out, in int, gain float64, src Source) {
		gaussians(w, gain*math.Sqrt(2/float64(in+out)), src)
	}},
	{"he-uniform", "uniform, variance gain²/in", "gain", math.Sqrt2, func(w []float64, _, in int, gain float64, src Source) {
		uniforms(w, gain*math.Sqrt(3/float64(in)), src)
	}},
	{"he-normal", "normal, variance gain²/in", "gain", math.Sqrt2, func(w []float64, _, in int, gain float64, src Source) {
		gaussians(w, gain/math.Sqrt(float64(in)), src)
	}},
	{"orthogonal", "gain times an orthogonal matrix (rows or columns, whichever are fewer)", "gain", 1, orthogonal},
	{"normal", "normal of standard deviation std", "std", 0.02, func(w []float64, _, _ int, std float64, src Source) { gaussians(w, std, src) }},
}

// Inits returns the catalogue.
func Inits() []InitEntry { return append([]InitEntry(nil), inits...) }

// WithInit returns the network with another initialisation.
func (m *MLP) WithInit(c InitConfig) (*MLP, error) {
	if c.Init == "" {
		c.Init = "pytorch"
	}
	for _, e := range inits {
		if e.Name != c.Init {
			continue
		}
		for _, given := range []struct {
			key   string
			value float64
		}{{"gain", c.Gain}, {"std", c.Std}} {
			switch {
			case given.value == 0:
			case given.key != e.key:
				return nil, fmt.Errorf("gan: init %q has no %s, found %v; leave it out", e.Name, given.key, given.value)
			case !(given.value > 0) || math.IsInf(given.value, 0):
				return nil, fmt.Errorf("gan: %s of init %q is %v, allowed are finite numbers > 0", given.key, e.Name, given.value)
			default:
				e.scale = given.value
			}
		}
		n := *m
		n.init = e
		return &n, nil
	}
	return nil, fmt.Errorf("gan: init %q is unknown, allowed are %s", c.Init, names(inits, func(e InitEntry) string { return e.Name }))
}

// layer draws the parameters of one layer.
func (e InitEntry) layer(w, b []float64, src Source) {
	out := len(b)
	e.draw(w, out, len(w)/out, e.scale, src)
	if e.Name == "pytorch" {
		e.draw(b, out, len(w)/out, e.scale, src)
	} else {
		clear(b)
	}
}

func uniforms(w []float64, bound float64, src Source) {
	for i := range w {
		w[i] = bound * (2*src.Uniform() - 1)
	}
}

func gaussians(w []float64, std float64, src Source) {
	src.Normals(w)
	scaled(w, std, w)
}

// orthogonal draws out×in normals and orthonormalises the rows, or the columns if they are
// fewer, by Gram and Schmidt, each projected twice.
func orthogonal(w []float64, out, in int, gain float64, src Source) {
	src.Normals(w)
	rows, length := w, in
	if out > in {
		rows, length = make([]float64, len(w)), out
		transpose(rows, out, w, out, in)
	}
	for i := 0; i < len(rows); i += length {
		r := rows[i : i+length]
		for range 2 {
			for j := 0; j < i; j += length {
				q := rows[j : j+length]
				num.Axpy(-num.Dot(q, r), q, r)
			}
			scaled(r, 1/math.Sqrt(num.Norm2(r)), r)
		}
	}
	if out > in {
		transpose(w, in, rows, in, out)
	}
	scaled(w, gain, w)
}
