package langevin

// A StateObserver is a Map that names numbers of a state's memory: velocity, acceptance.
// They are of the state after a step; what Init writes is no measurement. A map without
// such memory returns none.
type StateObserver interface {
	StateObservables() []Observable
	ObserveState(dst, state []float64) // len(dst) = len(StateObservables())
}

var meanSquareV = Observable{"mean_square_v", "1", "mean square of the velocity's components: p of a splitting, v of SGHMC, x − x⁻ of a heavy ball"}

// StateObservables is the velocity.
func (m *Splitting) StateObservables() []Observable { return []Observable{meanSquareV} }

// ObserveState writes ⟨p²⟩ over the components.
func (m *Splitting) ObserveState(dst, state []float64) {
	dst[0] = meanSquare(state[m.n : 2*m.n])
}

// StateObservables is the velocity x − x⁻ of a recurrence all of whose blocks have momentum,
// nothing otherwise.
func (m *SGLD) StateObservables() []Observable {
	if m.dim != 2*m.n {
		return nil
	}
	return []Observable{meanSquareV}
}

// ObserveState writes ⟨(x − x⁻)²⟩ over the components.
func (m *SGLD) ObserveState(dst, state []float64) { observeVelocity(dst, state, m.n) }

// StateObservables is the velocity x − x⁻, if there is momentum.
func (m *Minibatch) StateObservables() []Observable {
	if m.player.Momentum == 0 {
		return nil
	}
	return []Observable{meanSquareV}
}

// ObserveState writes ⟨(x − x⁻)²⟩ over the components.
func (m *Minibatch) ObserveState(dst, state []float64) { observeVelocity(dst, state, m.n) }

func observeVelocity(dst, state []float64, n int) {
	sum := 0.0
	for i, x := range state[:n] {
		v := x - state[n+i]
		sum += v * v
	}
	dst[0] = sum / float64(n)
}

func meanSquare(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return sum / float64(len(x))
}
