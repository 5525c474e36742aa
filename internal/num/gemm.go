package num

import "math"

// kBlock is the length of a running sum in matrix products: longer sums are cut into
// blocks of kBlock terms whose sums are added in order. 256 was the fastest of 96 … 256
// for large matrices and makes no difference to small ones.
const kBlock = 256

// Gemm computes C = α·op(A)·op(B) + β·C for row-major matrices: op(A) is m×k, op(B) is
// k×n, C is m×n, op transposes where its flag is set. So A is stored m×k (k×m if transA)
// with leading dimension lda, and so on. β = 0 never reads C; α = 0 or k = 0 never reads
// A and B. C must not overlap A or B.
func Gemm(transA, transB bool, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int, beta float64, c []float64, ldc int) {
	checkMatrix(c, m, n, ldc)
	if m == 0 || n == 0 {
		return
	}
	if alpha == 0 || k == 0 {
		for i := range m {
			scale(c[i*ldc:i*ldc+n], beta)
		}
		return
	}
	checkOp(a, m, k, lda, transA)
	checkOp(b, k, n, ldb, transB)
	p := product{m: m, n: n, k: k, alpha: alpha, a: a, rowA: lda, colA: 1, b: b, rowB: ldb, colB: 1, beta: beta, c: c, ldc: ldc}
	if transA {
		p.rowA, p.colA = 1, lda
	}
	if transB {
		p.rowB, p.colB = 1, ldb
	}
	p.run()
}

// A product is C = act(α·A·B + bias + β·C), with element (i,q) of A at a[i·rowA + q·colA]
// and one of rowA, colA equal to 1; likewise B. β is 0 and C without gaps where there is a
// bias or an activation.
type product struct {
	m, n, k    int
	alpha      float64
	a          []float64
	rowA, colA int
	b          []float64
	rowB, colB int
	beta       float64
	c          []float64
	ldc        int

	bias  []float64 // of the columns; nil is zero
	act   activation
	slope float64
	mask  []float64 // m×n without gaps, for leakyMask
}

type activation int

const (
	noActivation activation = iota
	leaky                   // c where c ≥ 0, slope·c elsewhere
	leakyMask               // c where mask > 0, slope·c elsewhere
)

// run takes the path that suits the shape; which one depends on nothing else, so that a
// product gives the same bits wherever its operands lie.
func (p *product) run() {
	switch {
	case p.n == 1 && p.colA == 1:
		p.matVec(p.a, p.rowA, p.b, p.rowB, p.m, p.ldc)
	case p.m == 1 && p.rowB == 1:
		p.matVec(p.b, p.colB, p.a, p.colA, p.n, 1)
	case p.m == 1:
		vecMat(p.c, p.a, p.colA, p.b, p.rowB, p.n, p.k, p.alpha, p.beta)
		p.finishVector()
	case p.n == 1 && p.ldc == 1:
		vecMat(p.c, p.b, p.rowB, p.a, p.colA, p.m, p.k, p.alpha, p.beta)
		p.finishVector()
	case kernels == generic:
		p.generic()
	default:
		p.tiles()
	}
}

// generic is the reference: for each element of C, fused multiply-adds in order of p
// within each block of kBlock.
func (p *product) generic() {
	var sums [64]float64
	for i := range p.m {
		for j0 := 0; j0 < p.n; j0 += len(sums) {
			s := sums[:min(len(sums), p.n-j0)]
			row := p.c[i*p.ldc+j0:][:len(s)]
			for p0 := 0; p0 == 0 || p0 < p.k; p0 += kBlock {
				p.rowSums(s, i, j0, p0, min(p0+kBlock, p.k))
				beta := 1.0
				if p0 == 0 {
					beta = p.beta
					p.addBias(s, j0)
				}
				addScaled(row, s, beta)
			}
			p.activate(row, i, j0)
		}
	}
}

// rowSums sets s[j] = α·Σ A(i,q)·B(q,j0+j) over p0 ≤ q < p1, four sums at a time.
func (p *product) rowSums(s []float64, i, j0, p0, p1 int) {
	clear(s)
	a := p.a[min(i*p.rowA+p0*p.colA, len(p.a)):]
	j := 0
	for ; j+4 <= len(s); j += 4 {
		if o := p0*p.rowB + (j0+j)*p.colB; p.colB == 1 {
			fourSumsAcross((*[4]float64)(s[j:]), a, p.colA, p.b, o, p.rowB, p1-p0)
		} else {
			fourSumsAlong((*[4]float64)(s[j:]), a, p.colA, p.b, o, p.colB, p1-p0)
		}
	}
	for ; j < len(s); j++ {
		for q := range p1 - p0 {
			s[j] = math.FMA(a[q*p.colA], p.b[(p0+q)*p.rowB+(j0+j)*p.colB], s[j])
		}
	}
	if p.alpha != 1 {
		for j := range s {
			s[j] *= p.alpha
		}
	}
}

// fourSumsAcross adds a[q·sa]·b[o + q·ld + j] to s[j] for q < k.
func fourSumsAcross(s *[4]float64, a []float64, sa int, b []float64, o, ld, k int) {
	s0, s1, s2, s3 := s[0], s[1], s[2], s[3]
	for q := range k {
		x, y := a[q*sa], b[o:o+4]
		s0 = math.FMA(x, y[0], s0)
		s1 = math.FMA(x, y[1], s1)
		s2 = math.FMA(x, y[2], s2)
		s3 = math.FMA(x, y[3], s3)
		o += ld
	}
	s[0], s[1], s[2], s[3] = s0, s1, s2, s3
}

// fourSumsAlong adds a[q·sa]·b[o + j·ld + q] to s[j] for q < k.
func fourSumsAlong(s *[4]float64, a []float64, sa int, b []float64, o, ld, k int) {
	b0, b1, b2, b3 := b[o:][:k], b[o+ld:][:k], b[o+2*ld:][:k], b[o+3*ld:][:k]
	s0, s1, s2, s3 := s[0], s[1], s[2], s[3]
	for q := range k {
		x := a[q*sa]
		s0 = math.FMA(x, b0[q], s0)
		s1 = math.FMA(x, b1[q], s1)
		s2 = math.FMA(x, b2[q], s2)
		s3 = math.FMA(x, b3[q], s3)
	}
	s[0], s[1], s[2], s[3] = s0, s1, s2, s3
}

func (p *product) addBias(s []float64, j0 int) {
	if p.bias != nil {
		for j, b := range p.bias[j0:][:len(s)] {
			s[j] += b
		}
	}
}

func (p *product) activate(row []float64, i, j0 int) {
	switch p.act {
	case leaky:
		for j, v := range row {
			if v < 0 {
				row[j] = leak(p.slope, v)
			}
		}
	case leakyMask:
		for j, v := range p.mask[i*p.n+j0:][:len(row)] {
			if !(v > 0) {
				row[j] = leak(p.slope, row[j])
			}
		}
	}
}

// addScaled computes y = s + β·y without reading y when β = 0.
func addScaled(y, s []float64, beta float64) {
	if beta == 0 {
		copy(y, s)
		return
	}
	for j, v := range s {
		y[j] = math.FMA(beta, y[j], v)
	}
}

// scale computes x = β·x without reading x when β = 0.
func scale(x []float64, beta float64) {
	switch beta {
	case 0:
		clear(x)
	case 1:
	default:
		for i := range x {
			x[i] *= beta
		}
	}
}

func checkOp(a []float64, rows, cols, ld int, trans bool) {
	if trans {
		rows, cols = cols, rows
	}
	checkMatrix(a, rows, cols, ld)
}

// checkMatrix panics unless a holds a rows×cols matrix of leading dimension ld.
func checkMatrix(a []float64, rows, cols, ld int) {
	if rows < 0 || cols < 0 {
		panic("num: negative dimension")
	}
	if ld < cols {
		panic("num: leading dimension shorter than a row")
	}
	if rows > 0 && len(a) < (rows-1)*ld+cols {
		panic("num: matrix longer than its slice")
	}
}
