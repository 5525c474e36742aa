// Package report turns the tables of a run's directory into what people look at: the
// figures below DIR/figures, the short table at the end of a run, and DIR/report.html. It
// reads csv/ only, so it works on a finished, an unfinished and a merged run alike; what a
// table does not hold is left out, never guessed.
//
// A figure is a file figure_NAME.go with a function from a run to a page, and a line of the
// catalogue in figures.go; a section of the closing table is a function and a line of
// sections in closing.go; findings are sentences made from the tables, a function of findings.go
// each. Below them:
//
//	run      the tables, row by row, and the tasks with their swept values (run.go, label.go)
//	page     a grid of panels under one legend, as PNG and SVG (page.go, ticks.go, text.go)
//	panel    axes with what is drawn in them: curves, bands, steps, points (marks.go)
//	look     how a series is drawn, in the panel and in the legend alike (style.go)
//
// The same tables give the same bytes: there is no clock, host or version in a figure, and
// text is drawn as outlines.
package report
