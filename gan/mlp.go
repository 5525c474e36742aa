package gan

import (
	"fmt"
	"slices"
)

// A Source supplies the random numbers of a construction: initial parameters, quenched and
// evaluation batches. A stream of the program satisfies it; so does any generator of iid
// standard normals and uniforms of (0,1).
type Source interface {
	Normals(dst []float64)
	Uniform() float64
}

// An MLP is the shape of a fully connected network: linear layers with a nonlinearity
// after each but the last. Its parameters live in a flat slice in PyTorch's order: for each
// layer weight[out×in] row-major, then bias[out].
type MLP struct {
	dims   []int // widths, input first
	act    Activation
	init   InitEntry
	offset []int // of each layer's weight
	n      int
}

// NewMLP returns the network in → hidden… → out; hidden may be empty (a linear map).
func NewMLP(in int, hidden []int, out int, act Activation) (*MLP, error) {
	dims := append(append([]int{in}, hidden...), out)
	for i, d := range dims {
		if d < 1 {
			return nil, fmt.Errorf("gan: layer %d of the network has width %d, allowed are widths ≥ 1", i, d)
		}
	}
	if act == nil && len(hidden) > 0 {
		return nil, fmt.Errorf("gan: a network with hidden layers needs an activation")
	}
	m := &MLP{dims: dims, act: act, init: inits[0]}
	for l := range m.layers() {
		m.offset = append(m.offset, m.n)
		m.n += dims[l+1]*dims[l] + dims[l+1]
	}
	return m, nil
}

// In is the input dimension.
func (m *MLP) In() int { return m.dims[0] }

// Out is the output dimension.
func (m *MLP) Out() int { return m.dims[len(m.dims)-1] }

// Params is the number of parameters.
func (m *MLP) Params() int { return m.n }

// Widths returns the widths of all layers, input first.
func (m *MLP) Widths() []int { return slices.Clone(m.dims) }

// Activation returns the nonlinearity of the hidden layers (nil if there are none).
func (m *MLP) Activation() Activation { return m.act }

// Init draws initial parameters: PyTorch's default of nn.Linear, or those of WithInit.
func (m *MLP) Init(params []float64, src Source) {
	if len(params) != m.n {
		panic("gan: Init: wrong number of parameters")
	}
	for l := range m.layers() {
		w, b := m.layer(params, l)
		m.init.layer(w, b, src)
	}
}

func (m *MLP) layers() int { return len(m.dims) - 1 }

// layer returns the weight[out×in] and bias[out] of layer l.
func (m *MLP) layer(params []float64, l int) (w, b []float64) {
	in, out := m.dims[l], m.dims[l+1]
	w = params[m.offset[l] : m.offset[l]+out*in]
	return w, params[m.offset[l]+out*in : m.offset[l]+out*in+out]
}
