package pathint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// marshalVersion changes whenever the layout below does.
const marshalVersion = 2

var magic = [8]byte{'p', 'a', 't', 'h', 'i', 'n', 't', marshalVersion}

// MarshalBinary saves everything a chain needs to go on between sweeps: the path's
// coordinates, κ, s, step sizes and statistics. What depends on the path is recomputed on
// restoring, to the same bits. The source of random numbers is the caller's to save.
func (c *Chain) MarshalBinary() ([]byte, error) {
	if !c.started {
		return nil, errors.New("pathint: marshal: the chain has no path yet")
	}
	p := c.path
	b := append([]byte(nil), magic[:]...)
	for _, v := range []int{p.steps, p.width, p.inputs, len(c.moves), c.warmed} {
		b = putInt(b, int64(v))
	}
	b = putFloats(b, p.kappa, p.s)
	for _, row := range p.coords() {
		b = putFloats(b, row...)
	}
	for i := range c.moves {
		m := &c.moves[i]
		b = putFloats(b, m.step)
		for _, v := range m.stats.fields() {
			b = putInt(b, *v)
		}
	}
	return b, nil
}

// UnmarshalBinary restores a chain made from the same Spec, so that it continues bit for
// bit as if it had not been interrupted.
func (c *Chain) UnmarshalBinary(b []byte) error {
	p := c.path
	r := reader{b: b}
	if m := r.bytes(len(magic)); string(m) != string(magic[:]) {
		return fmt.Errorf("pathint: unmarshal: not a chain of version %d", marshalVersion)
	}
	for _, want := range []int{p.steps, p.width, p.inputs, len(c.moves)} {
		if got := r.int(); int(got) != want {
			return fmt.Errorf("pathint: unmarshal: saved chain has another shape (%d, this chain %d); restore into a chain of the same spec", got, want)
		}
	}
	if want := 8 * (1 + 2 + p.freedom() + len(c.moves)*(1+len(new(counters).fields()))); len(r.b) != want {
		return fmt.Errorf("pathint: unmarshal: %d bytes left, want %d; the file is cut short or of another chain", len(r.b), want)
	}
	c.warmed = int(r.int())
	p.setKappa(r.float())
	s := r.float()
	for _, row := range p.coords() {
		for i := range row {
			row[i] = r.float()
		}
	}
	for i := range c.moves {
		m := &c.moves[i]
		m.step = r.float()
		for _, v := range m.stats.fields() {
			*v = r.int()
		}
	}
	p.putSaved()
	p.s = s
	p.refresh()
	c.started = true
	return nil
}

func (s *counters) fields() []*int64 {
	return []*int64{&s.proposed, &s.accepted, &s.diverged, &s.cost.Drifts, &s.cost.Steps, &s.cost.Metrics, &s.cost.Cheap}
}

func putInt(b []byte, v int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(v)) }

func putFloats(b []byte, x ...float64) []byte {
	for _, v := range x {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// reader takes fields off the front; past the end it yields zeros.
type reader struct{ b []byte }

func (r *reader) bytes(n int) []byte {
	n = min(n, len(r.b))
	head := r.b[:n]
	r.b = r.b[n:]
	return head
}

func (r *reader) int() int64 {
	if h := r.bytes(8); len(h) == 8 {
		return int64(binary.LittleEndian.Uint64(h))
	}
	return 0
}

func (r *reader) float() float64 { return math.Float64frombits(uint64(r.int())) }
