package num

import "testing"

// The arithmetic of one trainer step of the paper's GAN (batch 128, generator 16-32-1 ReLU,
// discriminator 1-32-1 LeakyReLU), without the random numbers and the bookkeeping.
const (
	stepBatch  = 128
	stepLatent = 16
	stepHidden = 32
)

// A twoLayer network with one output and its working memory.
type twoLayer struct {
	in                     int
	slope                  float64
	w1, b1, w2, b2         []float64
	h, y, dh, dx           []float64
	gw1, gb1, gw2, gb2, gy []float64
}

func newTwoLayer(in int, slope float64) *twoLayer {
	const n = stepHidden
	return &twoLayer{in: in, slope: slope, w1: random(n * in), b1: random(n), w2: random(n), b2: random(1),
		h: random(stepBatch * n), y: random(stepBatch), dh: random(stepBatch * n), dx: random(stepBatch * in),
		gw1: random(n * in), gb1: random(n), gw2: random(n), gb2: random(1), gy: random(stepBatch)}
}

func (n *twoLayer) forward(x []float64) {
	LinearLeakyReLU(n.h, x, n.w1, n.b1, stepBatch, stepHidden, n.in, n.slope)
	Linear(n.y, n.h, n.w2, n.b2, stepBatch, 1, stepHidden)
}

// backward accumulates the gradients for the cotangent gy of the output.
func (n *twoLayer) backward(x []float64, beta float64) {
	LinearGradWeights(n.gw2, n.gb2, n.gy, n.h, stepBatch, 1, stepHidden, beta)
	n.hidden()
	LinearGradWeights(n.gw1, n.gb1, n.dh, x, stepBatch, stepHidden, n.in, beta)
}

func (n *twoLayer) hidden() {
	LinearGradInputLeakyReLU(n.dh, n.gy, n.w2, n.h, stepBatch, 1, stepHidden, n.slope)
}

func (n *twoLayer) input() {
	n.hidden()
	LinearGradInput(n.dx, n.dh, n.w1, stepBatch, stepHidden, n.in)
}

func (n *twoLayer) sgd() {
	Axpy(-1e-9, n.gw1, n.w1)
	Axpy(-1e-9, n.gb1, n.b1)
	Axpy(-1e-9, n.gw2, n.w2)
	Axpy(-1e-9, n.gb2, n.b2)
}

// discriminatorStep and generatorStep do what the losses need of each player.
func discriminatorStep(g, d *twoLayer, real, z []float64) {
	d.forward(real)
	Sigmoid(d.gy, d.y)
	d.backward(real, 0)
	g.forward(z)
	d.forward(g.y)
	Sigmoid(d.gy, d.y)
	d.backward(g.y, 1)
	d.sgd()
}

func generatorStep(g, d *twoLayer, z []float64) {
	g.forward(z)
	d.forward(g.y)
	Sigmoid(d.gy, d.y)
	d.input()
}

func BenchmarkStepArithmetic(b *testing.B) {
	g, d := newTwoLayer(stepLatent, 0), newTwoLayer(1, 0.2)
	real, z := random(stepBatch), random(stepBatch*stepLatent)
	const layer1, layer2 = 2 * stepLatent * stepHidden * stepBatch, 2 * stepHidden * stepBatch
	const gForward, dForward = layer1 + layer2, 2 * layer2
	const sgdFlops = 2*dForward + 2*2*dForward + gForward + gForward + dForward + dForward + gForward + layer2
	bench(b, "sgd", sgdFlops, func() {
		discriminatorStep(g, d, real, z)
		generatorStep(g, d, z)
		copy(g.gy, d.dx)
		g.backward(z, 0)
		g.sgd()
	})
	const n = stepBatch
	ones, gram, rhs := random(n), make([]float64, n*n), random(n)
	for i := range ones {
		ones[i] = 1
	}
	const gramFlops = n * (n + 1) * (stepLatent + stepHidden + stepHidden + 1)
	bench(b, "natural", sgdFlops+gramFlops+n*n*n/3+2*n*n, func() {
		discriminatorStep(g, d, real, z)
		generatorStep(g, d, z)
		copy(rhs, d.dx)
		copy(g.gy, ones)
		g.hidden()
		Gram(gram, n, z, stepLatent, 1, g.dh, stepHidden, 1, 0)
		GramAccumulate(gram, n, g.h, stepHidden, 1, ones, 1)
		for i := range n {
			gram[i*n+i] += 1
		}
		if !Cholesky(gram, n) {
			b.Fatal("not positive definite")
		}
		CholSolve(gram, n, rhs)
		copy(g.gy, rhs)
		g.backward(z, 0)
		g.sgd()
	})
}
