package engine

import (
	"fmt"
	"slices"

	"machlup/pathint"
)

// ends returns what holds the paths of a model.
func (p PathSetup) ends(m *Model) (pathint.Ends, error) {
	e, err := p.tail(m)
	if err != nil || p.Config.Start == "fixed" {
		return e, err
	}
	density, err := p.density(m)
	return e.From(density), err
}

func (p PathSetup) tail(m *Model) (pathint.Ends, error) {
	switch p.Config.End {
	case "free":
		return pathint.FreeEnd(m.Start), nil
	case "periodic":
		return pathint.Periodic(m.Start), nil
	}
	n := len(m.Start)
	end, err := pinned("path.end_at", p.Config.EndAt, n)
	if err != nil || p.Config.End == "pinned" {
		return pathint.Pinned(m.Start, end), err
	}
	before, err := pinned("path.end_before", p.Config.EndBefore, n)
	return pathint.PinnedPair(m.Start, before, end), err
}

// pinned is a slice given by one value for all components, or one each.
func pinned(key string, at []float64, n int) ([]float64, error) {
	if len(at) != 1 && len(at) != n {
		return nil, &KeyError{key, fmt.Sprintf("%d values", len(at)), fmt.Sprintf("1 or %d (one for each component)", n)}
	}
	q := make([]float64, n)
	for i := range q {
		q[i] = at[i%len(at)]
	}
	return q, nil
}

// density is that of q_0.
func (p PathSetup) density(m *Model) (pathint.Density, error) {
	if p.Config.Start == "gaussian" {
		return pathint.NewGaussian(m.Start, p.Config.StartStd)
	}
	if m.Potential == nil {
		return nil, &KeyError{"path.start", `"boltzmann"`, `"fixed" or "gaussian": system ` + m.Kind + " has no potential"}
	}
	if u, ok := m.Potential.(interface{ Normalisable() error }); ok {
		if err := u.Normalisable(); err != nil {
			return nil, &KeyError{"path.start", `"boltzmann"`, `"fixed" or "gaussian": ` + err.Error()}
		}
	}
	t, draw := p.Config.StartTemp, m.Draw
	if t == 0 {
		t = m.Temperature
	} else if t != m.Temperature {
		draw = nil // the model's is at its own temperature
	}
	return pathint.Boltzmann(m.Potential, t, draw)
}

// pins is how many slices are fixed at the end.
func (c PathConfig) pins() int {
	return map[string]int{"pinned": 1, "pinned-pair": 2}[c.End]
}

// checkEnds refuses keys of ends that are not chosen, and a start that no move would move.
func (p PathSetup) checkEnds() error {
	c := p.Config
	switch {
	case len(c.EndAt) > 0 && c.pins() == 0:
		return &KeyError{"path.end_at", fmt.Sprint(c.EndAt), `nothing unless path.end is "pinned" or "pinned-pair"`}
	case len(c.EndBefore) > 0 && c.End != "pinned-pair":
		return &KeyError{"path.end_before", fmt.Sprint(c.EndBefore), `nothing unless path.end = "pinned-pair"`}
	case c.End == "periodic" && c.Start != "fixed":
		return &KeyError{"path.start", fmt.Sprintf("%q", c.Start), `"fixed" (the default) with path.end = "periodic": a ring has no start of its own`}
	}
	return p.startMoves(p.Moves)
}

// startMoves refuses moves none of which would change a q_0 that has a density.
func (p PathSetup) startMoves(moves []pathint.Move) error {
	if p.Config.Start == "fixed" || slices.ContainsFunc(moves, pathint.MovesStart) {
		return nil
	}
	return &KeyError{"move", "no move that changes q_0", "with path.start = \"" + p.Config.Start + "\" one of [move.single-slice] and [move.staging] in positions, or [move.pcn] and [move.shooting] in innovations"}
}

// drawable refuses what needs exact draws of the untilted law.
func (p PathSetup) drawable(m *Model) error {
	e, err := p.ends(m)
	if err != nil {
		return err
	}
	if p.Config.quantum() {
		return &KeyError{"path.action", fmt.Sprintf("%q", p.Config.Action), `"onsager-machlup" or "innovation", whose untilted law can be drawn exactly; use ti or exchange, or log-z with the strength ladder`}
	}
	if err := e.Drawable(); err != nil {
		return &KeyError{"path.start", fmt.Sprintf("%q", p.Config.Start), `"fixed" or "gaussian": ` + err.Error()}
	}
	return nil
}

// endsMeasure says in words what the ends add to the measure of Z.
func (c PathConfig) endsMeasure() string {
	m := map[string]string{"pinned": ", pinned at end_at", "pinned-pair": ", pinned at end_before and end_at", "periodic": ", periodic"}[c.End]
	if c.Start != "fixed" {
		m += ", q_0 of " + c.Start + " density"
	}
	return m
}
