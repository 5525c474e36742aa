package pathint

// A MoveEntry is a line of the catalogue of moves. New returns a pointer to the move's
// settings with their defaults, to be decoded into and passed to a Spec as it is.
type MoveEntry struct {
	Name, Doc   string
	Coordinates Coordinates
	New         func() Move
}

var moves = []MoveEntry{
	{"single-slice", "one slice at a time from the free action given its neighbours", Positions,
		func() Move { return &SingleSlice{Step: 1, Target: 0.4} }},
	{"staging", "segments of slices from the free action given the rest of the path", Positions,
		func() Move { return &Staging{Length: 8, Step: 1, Target: 0.4} }},
	{"bisection", "segments by the multilevel Lévy construction, rejected early at coarse levels", Positions,
		func() Move { return &Bisection{Levels: 3, Step: 1, Target: 0.4} }},
	{"shooting", "one-way shooting: inputs redrawn from a random step on", Innovations,
		func() Move { return &Shooting{Count: 1, Step: 1, Target: 0.4} }},
	{"pcn", "preconditioned Crank–Nicolson on the inputs", Innovations,
		func() Move { return &PCN{Step: 0.5, Target: 0.4} }},
	{"two-way-shooting", "two-way shooting from a displaced slice: reversible systems, q_0 of e^{−U/T}", Positions,
		func() Move { return &TwoWay{Count: 1, Step: 0.2} }},
	{"shifting", "the path moved along itself: reversible systems, q_0 of e^{−U/T}", Positions,
		func() Move { return &Shifting{Count: 1, Length: 8} }},
	{"normal-mode", "normal modes of the free action of a euclidean or lagrangian path", Positions,
		func() Move { return &NormalMode{Frequency: []float64{0}, Step: 0.5, Target: 0.4} }},
	{"centre-of-mass", "the whole path shifted: rings, and starts with a density", Positions,
		func() Move { return &CentreOfMass{Width: 1, Step: 0.5, Target: 0.4} }},
	{"hmc", "Hamiltonian Monte Carlo of the whole path by the exact gradient of the action", Positions,
		func() Move { return &HMC{Leapfrog: 8, Step: 0.2, Target: 0.8, Jitter: 0.2} }},
	{"mala", "Metropolis-adjusted Langevin of the whole path by the exact gradient of the action", Positions,
		func() Move { return &MALA{Step: 0.2, Target: 0.57} }},
	{"innovation-hmc", "Hamiltonian Monte Carlo on the inputs by the exact gradient of the tilt", Innovations,
		func() Move { return &InnovationHMC{Leapfrog: 8, Step: 0.2, Target: 0.8, Jitter: 0.2} }},
	{"pcn-langevin", "pCN steered by the exact gradient of the tilt", Innovations,
		func() Move { return &PCNLangevin{Step: 0.5, Target: 0.57} }},
	{"delayed", "any other move, tried first with a cheaper action (delayed acceptance)", Either,
		func() Move { return &Delayed{Move: "staging", Cheap: "linear", Rows: 32} }},
}

// Only says what a move needs besides its coordinates, in words; empty: nothing.
func (e MoveEntry) Only() string {
	switch e.Name {
	case "normal-mode":
		return "the euclidean or lagrangian action"
	case "centre-of-mass":
		return "a periodic path, or a start with a density"
	}
	return ""
}

// Moves returns the catalogue.
func Moves() []MoveEntry { return append([]MoveEntry(nil), moves...) }
