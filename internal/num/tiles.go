package num

// A strip is the argument of the matrix kernel: C = act(α·A·B + bias, ×X, + β·C) for a
// strip of one to three vectors' width and any number of rows. The assembly reads the
// fields by their offsets, which TestAssemblyLayout holds. Strides are in bytes.
type strip struct {
	a           *float64 // element (i,q) at a + i·rowA + q·colA; a block of rows ends, the next begins at a + blockA
	rowA, colA  int
	blockA      int
	k           int
	b           *float64 // row q at b + q·rowB, whole vectors readable
	rowB        int
	c           *float64
	rowC        int
	m           int // rows
	mode        int // which of the following are used
	alpha, beta float64
	bias        *float64
	x           *float64 // modeTimes: factors; modeMask: signs
	rowX        int
	last        int        // columns of the last vector, 1 … lanes
	slope       [4]float64 // as the vectors AVX2 reads
	keep        [4]uint64  // all ones, or 0 when slope is 0: what slope·c is and-ed with
}

const (
	modeScale = 1 << iota // times α
	modeBias              // plus bias
	modeTimes             // times X, element by element
	modeAdd               // plus β·C
	modeLeaky             // slope·c where c < 0
	modeMask              // slope·c unless X > 0
)

// stripWidth returns how many vectors wide the next strip is, cols columns before the
// matrix ends. Four go as two and two: a lone vector keeps the multipliers waiting.
func stripWidth(cols, lanes int) int {
	n := (cols + lanes - 1) / lanes
	if n == 4 {
		return 2
	}
	return min(n, 3)
}

// Blocks of the right-hand matrix (kBlock×nBlock) and of the left-hand one (mBlock×kBlock)
// that are packed fit the second-level cache together.
const (
	nBlock = 480
	mBlock = 192
)

// tiles computes a product by strips, packing what the strips could not read well.
func (p *product) tiles() {
	lanes := lanes()
	kb := min(p.k, kBlock)
	packB := p.colB != 1 || p.n%lanes != 0 || kb*p.rowB > 4096
	packA := p.n > 64 && p.m > 32 && kb*p.m > 4096
	var s *scratch
	var bufA, bufB []float64
	if packA || packB {
		s = borrow(kb*(min(p.n, nBlock)+lanes) + kb*(min(p.m, mBlock)+lanes))
		bufB, bufA = s.cut(kb*(min(p.n, nBlock)+lanes)), s.cut(kb*(min(p.m, mBlock)+lanes))
	}
	for j0 := 0; j0 < p.n; j0 += nBlock {
		nb := min(nBlock, p.n-j0)
		for q0 := 0; q0 == 0 || q0 < p.k; q0 += kBlock {
			kb := min(kBlock, p.k-q0)
			if packB {
				p.packB(bufB, q0, kb, j0, nb, lanes)
			}
			for i0 := 0; i0 < p.m; i0 += mBlock {
				mb := min(mBlock, p.m-i0)
				st := p.strip(q0, kb)
				if packA {
					p.packA(bufA, i0, mb, q0, kb, lanes)
					st.a, st.rowA, st.colA, st.blockA = &bufA[0], 8, 8*lanes, 8*lanes*kb
				} else if kb > 0 {
					st.a = &p.a[i0*p.rowA+q0*p.colA]
				}
				p.strips(&st, bufB, packB, i0, mb, q0, kb, j0, nb, lanes)
			}
		}
	}
	if s != nil {
		s.giveBack()
	}
}

// strip returns what is common to the strips of a block of terms.
func (p *product) strip(q0, kb int) strip {
	st := strip{rowA: 8 * p.rowA, colA: 8 * p.colA, blockA: 8 * lanes() * p.rowA, k: kb, rowB: 8 * p.rowB,
		rowC: 8 * p.ldc, alpha: p.alpha, beta: p.beta, rowX: 8 * p.n}
	if q0 > 0 {
		st.beta = 1
	}
	if p.alpha != 1 {
		st.mode |= modeScale
	}
	if st.beta != 0 {
		st.mode |= modeAdd
	}
	if q0 == 0 && p.bias != nil {
		st.mode |= modeBias
	}
	if q0+kb == p.k && p.act != noActivation {
		for i := range st.slope {
			st.slope[i] = p.slope
			if p.slope != 0 {
				st.keep[i] = ^uint64(0)
			}
		}
		switch p.act {
		case leaky:
			st.mode |= modeLeaky
		case leakyMask:
			st.mode |= modeMask
		}
	}
	return st
}

// strips runs the strips of one block of C, rows i0…i0+mb, columns j0…j0+nb.
func (p *product) strips(st *strip, bufB []float64, packed bool, i0, mb, q0, kb, j0, nb, lanes int) {
	outer := p.k == 1 && !packed && outerMode(st.mode)
	for j := j0; j < j0+nb; {
		vecs := stripWidth(j0+nb-j, lanes)
		if outer {
			vecs = min(4, (j0+nb-j)/lanes)
		}
		w := vecs * lanes
		cols := min(w, j0+nb-j)
		switch {
		case kb == 0:
		case packed:
			st.b, st.rowB = &bufB[(j-j0)*kb], 8*w
		default:
			st.b = &p.b[q0*p.rowB+j]
		}
		st.c, st.m, st.last = &p.c[i0*p.ldc+j], mb, cols-w+lanes
		a := st.a
		if st.mode&modeBias != 0 {
			st.bias = &p.bias[j]
		}
		if st.mode&modeMask != 0 {
			st.x = &p.mask[i0*p.n+j]
		}
		if outer {
			runOuter(st, vecs)
		} else {
			runStrip(st, vecs)
		}
		st.a = a
		j += cols
	}
}

// outerMode reports whether runOuter can do a mode.
func outerMode(mode int) bool {
	return mode == 0 || mode == modeBias || mode == modeBias|modeLeaky || mode == modeMask
}

// packB copies rows q0…q0+kb, columns j0…j0+nb of B, strip after strip, each strip row by
// row and padded with zeros to whole vectors.
func (p *product) packB(dst []float64, q0, kb, j0, nb, lanes int) {
	for j := j0; j < j0+nb; {
		w := stripWidth(j0+nb-j, lanes) * lanes
		cols := min(w, j0+nb-j)
		out := dst[(j-j0)*kb:]
		if p.colB == 1 {
			for q := range kb {
				copy(out[q*w:], p.b[(q0+q)*p.rowB+j:][:cols])
			}
		} else {
			transpose(out, w, p.b[j*p.colB+q0:], p.colB, cols, kb)
		}
		padColumns(out, w, kb, cols)
		j += cols
	}
}

// packA copies rows i0…i0+mb, columns q0…q0+kb of A in blocks of as many rows as a vector
// has lanes, each block column by column.
func (p *product) packA(dst []float64, i0, mb, q0, kb, lanes int) {
	for i := 0; i < mb; i += lanes {
		rows := min(lanes, mb-i)
		out := dst[i*kb:]
		if p.colA == 1 {
			transpose(out, lanes, p.a[(i0+i)*p.rowA+q0:], p.rowA, rows, kb)
			continue
		}
		for q := range kb {
			copy(out[q*lanes:], p.a[(q0+q)*p.colA+i0+i:][:rows])
		}
	}
}

// padColumns zeroes columns cols…w of a k×w matrix. Nothing computed from them is kept, but
// what old memory holds could be slow to compute with (denormals).
func padColumns(a []float64, w, k, cols int) {
	if cols == w {
		return
	}
	for q := range k {
		clear(a[q*w+cols : q*w+w])
	}
}

// transpose writes dst[j·ldd + i] = src[i·lds + j] for i < rows, j < cols.
func transpose(dst []float64, ldd int, src []float64, lds, rows, cols int) {
	if rows == 0 || cols == 0 {
		return
	}
	_, _ = dst[(cols-1)*ldd+rows-1], src[(rows-1)*lds+cols-1]
	lanes := lanes()
	r, c := rows&^(lanes-1), cols&^(lanes-1)
	if r == 0 || c == 0 {
		r, c = 0, 0
	} else {
		transposeSIMD(&dst[0], 8*ldd, &src[0], 8*lds, r, c)
	}
	if r > 0 && c < cols {
		transposeScalar(dst[c*ldd:], ldd, src[c:], lds, r, cols-c)
	}
	if r < rows {
		transposeScalar(dst[r:], ldd, src[r*lds:], lds, rows-r, cols)
	}
}

func transposeScalar(dst []float64, ldd int, src []float64, lds, rows, cols int) {
	for i := range rows {
		for j, v := range src[i*lds:][:cols] {
			dst[j*ldd+i] = v
		}
	}
}

// leadingDimension returns an ld ≥ n for working matrices: whole vectors, and an odd number
// of cache lines so that the rows of a column spread over all sets of the cache.
func leadingDimension(n int) int {
	lines := (n + lineWords - 1) / lineWords
	return (lines | 1) * lineWords
}
