package engine

import (
	"fmt"
	"math"

	"machlup/gan/otto"
	"machlup/internal/record"
)

// W2FlowJKOConfig sets the steps of Jordan, Kinderlehrer and Otto beside the flows.
type W2FlowJKOConfig struct {
	Particles int       `toml:"jko_particles" range:"[0,20000]" unit:"1" doc:"particles that make JKO steps from the same start, needs system.kind = \"quantile\"; 0: none"`
	Tau       []float64 `toml:"jko_tau" range:"(0,inf)" unit:"time" doc:"lengths τ of JKO steps, a run each; every·step must be a multiple of each"`
}

// JKOTable is the schema of flow_jko.csv.
var JKOTable = record.Schema{Name: "flow_jko", Doc: "steps of Jordan, Kinderlehrer and Otto beside the flows",
	Columns: []record.Column{colTask, text("flow", "saturating, literal-jprime, non-saturating or kl: the functional that each step makes small"),
		float("tau", "time", "τ, length of a JKO step"), float("time", "time", "time kτ"),
		float("functional", "1", "of the particles"), float("mean", "data", "mean of the particles"), float("std", "data", "their standard deviation"),
		float("w2_to_flow", "data", "Wasserstein-2 distance to the flow on the grid at that time: of first order in τ, and of the particles' number")}}

// JKORecord is a row of flow_jko.csv.
type JKORecord struct{ Tau, Time, Functional, Mean, Std, Distance float64 }

// checkJKO wants data with derivatives, and records at whole numbers of steps.
func (c W2FlowJKOConfig) checkJKO(between float64, m *Model) error {
	if c.Particles == 0 {
		return nil
	}
	if c.Particles < 2 {
		return &KeyError{"jko_particles", fmt.Sprint(c.Particles), "0, or two or more: one particle has no density"}
	}
	if _, ok := m.Potential.(interface{ Data() otto.Density }); !ok {
		return &KeyError{"jko_particles", fmt.Sprint(c.Particles), "0 for system " + m.Kind + ": JKO steps need data whose density has known derivatives, system.kind = \"quantile\""}
	}
	if len(c.Tau) == 0 {
		return &KeyError{"jko_tau", "no value", "one or more lengths of a JKO step"}
	}
	for _, tau := range c.Tau {
		if n := between / tau; !(math.Abs(n-math.Round(n)) < 1e-9*n) || math.Round(n) < 1 {
			return &KeyError{"jko_tau", fmt.Sprint(tau), fmt.Sprintf("a divisor of every·step = %v, so that both are known at the same times", between)}
		}
	}
	return nil
}

// A jkoRun is particles on their way.
type jkoRun struct {
	q     *otto.Quantile
	steps *otto.JKO
	tau   float64
	k     int
	x     []float64
}

func (c W2FlowJKOConfig) startJKO(m *Model, s *flowSetup, f otto.Flow) ([]*jkoRun, error) {
	if c.Particles == 0 {
		return nil, nil
	}
	data := m.Potential.(interface{ Data() otto.Density }).Data()
	var out []*jkoRun
	for _, tau := range c.Tau {
		r := &jkoRun{tau: tau, x: gridQuantiles(s.grid, s.q, c.Particles)}
		var err error
		if r.q, err = otto.NewQuantile(data, f, c.Particles, nil); err != nil {
			return nil, err
		}
		if r.steps, err = otto.NewJKO(r.q, tau); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// follow makes steps up to a time and compares with the flow's density there.
func (r *jkoRun) follow(time float64, g otto.Grid, q []float64, result *W2FlowPart) error {
	for float64(r.k+1)*r.tau < time*(1+1e-9) {
		if err := r.steps.Step(r.x, r.x); err != nil {
			return err
		}
		r.k++
	}
	n := float64(len(r.x))
	var sum, square, distance float64
	for i, at := range gridQuantiles(g, q, len(r.x)) {
		sum, square, distance = sum+r.x[i], square+r.x[i]*r.x[i], distance+(r.x[i]-at)*(r.x[i]-at)
	}
	mean := sum / n
	result.JKO = append(result.JKO, JKORecord{r.tau, time, r.q.Functional(r.x), mean, math.Sqrt(math.Max(0, square/n-mean*mean)), math.Sqrt(distance / n)})
	return nil
}

// gridQuantiles are the quantiles at (i+½)/n of a density that is constant in each cell.
func gridQuantiles(g otto.Grid, q []float64, n int) []float64 {
	total := 0.0
	for _, v := range q {
		total += v
	}
	out, below, cell := make([]float64, n), 0.0, 0
	for i := range out {
		target := (float64(i) + 0.5) / float64(n) * total
		for cell < len(q)-1 && below+q[cell] < target {
			below += q[cell]
			cell++
		}
		out[i] = g.Edge(cell) + g.Width()*math.Min(1, (target-below)/q[cell])
	}
	return out
}

// jkoAcross is what distances of N particles to a flow are held against.
const jkoAcross = "W2 of one JKO particle carried across the data"

// writeJKO writes flow_jko.csv and, for each τ, the largest distance to the flow.
func writeJKO(p *W2FlowPart, particles int, out *Output) {
	var taus []float64
	worst := map[float64]float64{}
	for _, r := range p.JKO {
		out.Table(JKOTable).Add(p.Flow, r.Tau, r.Time, r.Functional, r.Mean, r.Std, r.Distance)
		if _, known := worst[r.Tau]; !known {
			taus = append(taus, r.Tau)
		}
		worst[r.Tau] = math.Max(worst[r.Tau], r.Distance)
	}
	for _, tau := range taus {
		out.Table(Summary).Add(fmt.Sprintf("largest W2 of JKO at tau = %g to the flow, %s", tau, p.Flow), worst[tau], nil, 0.0, nil, "data",
			fmt.Sprintf("of first order in τ, and in 1/N of the %d particles, once both are small", particles))
	}
}
