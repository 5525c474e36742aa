package engine

import (
	"fmt"
	"math"

	"machlup/pathint"
)

// PathSets is the table [path.sets]: paths that start in A and end in B.
type PathSets struct {
	A     []string `toml:"a" doc:"inequalities on observables, such as \"rho < 0.3\", that q_0 satisfies together; empty: any start"`
	B     []string `toml:"b" doc:"inequalities that q_K satisfies together; empty: any end"`
	Reach int      `toml:"reach" range:"[1,inf)" unit:"sweep" doc:"sweeps in which a chain must find its first path into B"`
}

// DefaultPathSets is the configuration with no key set: no condition.
func DefaultPathSets() PathSets { return PathSets{Reach: 2000} }

func (s PathSets) given() bool { return len(s.A)+len(s.B) > 0 }

// bind resolves the names of observables; nil without conditions. B starts relaxed to
// everything.
func (s PathSets) bind(m *Model) (*pathint.Sets, error) {
	if !s.given() {
		return nil, nil
	}
	sets := &pathint.Sets{Relax: math.Inf(1)}
	for _, r := range []struct {
		key    string
		list   []string
		region *pathint.Region
	}{{"path.sets.a", s.A, &sets.A}, {"path.sets.b", s.B, &sets.B}} {
		var err error
		if *r.region, err = pathint.ParseRegion(r.list, m.Observer.Observables()); err != nil {
			return nil, &KeyError{r.key, fmt.Sprintf("%q", r.list), "inequalities on the selected observables: " + err.Error()}
		}
	}
	start := make([]float64, len(m.Observer.Observables()))
	m.Observer.Observe(start, m.Start)
	if margin := sets.A.Margin(start); margin <= 0 {
		return nil, &KeyError{"path.sets.a", fmt.Sprintf("a start that misses it by %.4g", -margin), "a set that holds the fixed start, or another start"}
	}
	return sets, nil
}

// need refuses an estimator of rare paths without both sets.
func (s PathSets) need(m *Model) (*pathint.Sets, error) {
	if len(s.A) == 0 || len(s.B) == 0 {
		return nil, &KeyError{"path.sets", fmt.Sprintf("a = %q, b = %q", s.A, s.B), "both: a transition goes from A to B"}
	}
	return s.bind(m)
}

// refuse refuses an estimator to which sets mean nothing.
func (s PathSets) refuse(why string) error {
	if !s.given() {
		return nil
	}
	return &KeyError{"path.sets", fmt.Sprintf("a = %q, b = %q", s.A, s.B), "no sets: " + why}
}
