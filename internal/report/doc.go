// Package report turns the tables of a run's directory into what people look at: the
// figures below DIR/figures and the short table at the end of a run. It reads csv/ only,
// so it works on a finished, an unfinished and a merged run alike; what a table does not
// hold is left out, never guessed.
package report
