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
	{"shooting", "one-way shooting: inputs redrawn from a random step on", Innovations,
		func() Move { return &Shooting{Count: 1, Step: 1, Target: 0.4} }},
	{"pcn", "preconditioned Crank–Nicolson on the inputs", Innovations,
		func() Move { return &PCN{Step: 0.5, Target: 0.4} }},
}

// Moves returns the catalogue.
func Moves() []MoveEntry { return append([]MoveEntry(nil), moves...) }
