package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"machlup/internal/dispatch"
	"machlup/internal/report"
)

// draw makes everything of a run's directory that follows from its tables.
func draw(dir string) error {
	if err := report.Figures(dir); err != nil {
		return err
	}
	return report.HTML(dir)
}

func newReport() *cobra.Command {
	return &cobra.Command{
		Use:   "report DIR",
		Short: "draw the figures of a run anew and write its report.html, from csv/ alone",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			opts := dispatch.Options{Dir: args[0], Draw: draw, Warn: warnings(c.ErrOrStderr())}
			if err := dispatch.Redraw(opts); err != nil {
				return refusal(err)
			}
			fmt.Fprintf(c.OutOrStdout(), "report   %s\nfigures  %s\n", filepath.Join(args[0], "report.html"), filepath.Join(args[0], "figures"))
			return nil
		},
	}
}

func newAnalyze() *cobra.Command {
	return &cobra.Command{
		Use:   "analyze DIR",
		Short: "make the tables of a run's finished tasks anew from their raw data, then csv/, figures/ and report.html; simulates nothing",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return mergeDirectory(c, args[0], dispatch.Options{Anew: true})
		},
	}
}
