package gan

import (
	"fmt"

	"machlup/langevin"
)

// Subsample returns a trainer of the same game and noise on the first rows samples of the
// quenched batch: a cheaper drift that resembles this one, with working storage of its own and
// without observables. It refuses minibatches, which have no fixed batch, and regularisers that
// draw numbers of their own.
func (t *Trainer) Subsample(rows int) (langevin.Map, error) {
	switch {
	case !t.quenched():
		return nil, fmt.Errorf("gan: noise kind %q has no quenched batch to take a part of; its inputs fix the batch", t.cfg.Noise.Kind)
	case rows < 1 || rows >= t.rows:
		return nil, fmt.Errorf("gan: a part of %d of the %d samples of the quenched batch; want at least 1 and fewer than all", rows, t.rows)
	case t.regNormals != [2]int{}:
		return nil, fmt.Errorf("gan: a regulariser draws random numbers of its own for the quenched batch, which have no part that belongs to a part of it")
	case rows%t.cfg.pack() != 0:
		return nil, fmt.Errorf("gan: packing puts %d samples in a row of the discriminator, which does not divide %d", t.cfg.pack(), rows)
	}
	cfg := t.cfg
	cfg.Noise.Quenched, cfg.Observables = rows, nil
	s := &Trainer{cfg: cfg, rows: rows}
	if err := s.allocate(); err != nil {
		return nil, err
	}
	n := rows * t.latent
	s.z = append(append([]float64(nil), t.zD[:n]...), t.zG[:n]...)
	s.zD, s.zG = s.z[:n], s.z[n:]
	copy(s.x[:rows*t.dim], t.x)
	return s, nil
}
