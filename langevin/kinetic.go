package langevin

// KineticMass returns m of the kinetic temperature m⟨v²⟩ of a map whose velocity is averaged as
// mean_square_v, ok = false for a map without one mass. It is 1 for a splitting. A heavy ball's
// x − x⁻ has m = (1+β)/2η, so that m⟨v²⟩ → T as η → 0; at curvature h it is
// T/(1 − ηh/2(1+β)), from Var v = 2ηT/[(1+β)(1 − ηh/2(1+β))].
func KineticMass(m Map) (mass float64, ok bool) {
	switch m := m.(type) {
	case *Splitting:
		return 1, true
	case *SGLD:
		p := m.players[0]
		for _, q := range m.players {
			if q.Momentum == 0 || q.Momentum != p.Momentum || q.Eta != p.Eta || q.Metric != nil {
				return 0, false
			}
		}
		return (1 + p.Momentum) / (2 * p.Eta), true
	}
	return 0, false
}
