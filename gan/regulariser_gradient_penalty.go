package gan

import (
	"fmt"
	"math"

	"machlup/internal/num"
)

// A gradientPenalty adds w·mean(|∇ₓD| − k)² to the discriminator's loss, D being the logit
// (the critic's output) and the mean over one point for each of the discriminator's rows of
// the batch. With packing a point is a whole row: the gradient is that by all its samples.
// The generator's loss does not contain it.
type gradientPenalty struct {
	name   string
	w, k   float64
	points points
}

// points says where a slope is penalised.
type points interface {
	// normals is the number of inputs a point of the given width takes.
	normals(width int) int
	// place writes the points x[rows×width].
	place(x []float64, v *view, width int)
	// share is the derivative of point i by fake i, a multiple of the identity.
	share(v *view, i int) float64
}

func (g gradientPenalty) Name() string { return g.name }

func (g gradientPenalty) bind(t *Trainer) (regularisation, error) {
	return newSlopes(g, t.dis.net, t.rowsD), nil
}

// slopes is a gradientPenalty at work.
type slopes struct {
	unregularised
	gradientPenalty
	*slopePenalty
	batch int       // rows of a batch
	grad  []float64 // [n_D]
	dx    []float64 // [rows×d]
	dx2   []float64 // [rows×d]
	rough error     // why product is not exact; nil if it is
}

func newSlopes(g gradientPenalty, net Network, rows int) *slopes {
	s := &slopes{gradientPenalty: g, slopePenalty: newSlopePenalty(net, rows, g.w, g.k), batch: rows, grad: make([]float64, net.Params())}
	s.dx, s.dx2 = make([]float64, rows*s.d), make([]float64, rows*s.d)
	s.mixed, s.rough = mixedOf(s.p)
	return s
}

func (s *slopes) normals(player int) int {
	if player == 1 {
		return 0
	}
	return s.batch * s.points.normals(s.d)
}

func (s *slopes) value(v *view) float64 {
	if v.player == 1 {
		return 0
	}
	s.points.place(s.x[:v.rows*s.d], v, s.d)
	return s.evaluate(v.psi, v.rows)
}

func (s *slopes) gradient(dst []float64, v *view) {
	if v.player == 1 {
		return
	}
	s.value(v)
	s.slopePenalty.gradient(s.grad, v.psi)
	num.Axpy(1, s.grad, dst)
	if v.cfake != nil {
		s.pointGradient(s.dx, v.psi)
		s.pull(v.cfake, s.dx, v)
	}
}

func (s *slopes) product(v *view, r *directional) {
	if v.player == 1 {
		return
	}
	s.value(v)
	var dx []float64
	if r.fake != nil {
		dx = s.dx[:v.rows*s.d]
		clear(dx)
		s.pull(dx, r.fake, v)
	}
	s.slopePenalty.product(s.grad, v.psi, r.psi, dx)
	if r.hPsi != nil {
		num.Axpy(1, s.grad, r.hPsi)
	}
	if r.cfake == nil {
		return
	}
	s.pointGradient(s.dx2, v.psi)
	s.pull(v.cfake, s.dx2, v)
	s.pointProduct(s.dx2, v.psi)
	s.pull(r.cfake, s.dx2, v)
}

// pull adds to dst, row by row, each point's share of the fake times src. The shares are
// scalars, so it serves tangents and cotangents alike.
func (s *slopes) pull(dst, src []float64, v *view) {
	for i := range v.rows {
		if share := s.points.share(v, i); share != 0 {
			num.Axpy(share, s.row(src, i), s.row(dst, i))
		}
	}
}

func (s *slopes) smooth() error { return s.rough }

// checkWeight checks a coefficient of a regulariser.
func checkWeight(what string, x float64) error {
	if !(x >= 0) || math.IsInf(x, 0) {
		return fmt.Errorf("gan: %s is %v, allowed are finite numbers ≥ 0", what, x)
	}
	return nil
}

// atData are the data of the batch.
type atData struct{}

func (atData) normals(int) int                   { return 0 }
func (atData) place(x []float64, v *view, _ int) { copy(x, v.real) }
func (atData) share(*view, int) float64          { return 0 }

// atFakes are the generated samples of the batch.
type atFakes struct{}

func (atFakes) normals(int) int                   { return 0 }
func (atFakes) place(x []float64, v *view, _ int) { copy(x, v.fake) }
func (atFakes) share(*view, int) float64          { return 1 }
