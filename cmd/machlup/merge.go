package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"machlup/internal/dispatch"
	"machlup/internal/report"
)

func newMerge() *cobra.Command {
	return &cobra.Command{
		Use:   "merge DIR",
		Short: "merge the finished tasks of a run (all shards) into csv/ and figures/",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			exp, err := load(filepath.Join(args[0], "config.toml"), nil, nil)
			if err != nil {
				return usage(err)
			}
			opts := dispatch.Options{Dir: args[0], Revision: revision, Draw: report.Figures, Warn: warnings(c.ErrOrStderr())}
			res, err := dispatch.MergeOnly(exp, opts)
			if err != nil {
				return refusal(err)
			}
			if n := res.Unfinished(); n > 0 {
				fmt.Fprintf(c.ErrOrStderr(), "merged %d of %s; unfinished ones are missing from csv/\n", len(res.Tasks)-n, counted(len(res.Tasks), "task"))
				missing(c.ErrOrStderr(), res)
			}
			if err := report.Closing(c.OutOrStdout(), opts.Dir); err != nil {
				return failed(err)
			}
			if n := res.Failed(); n > 0 {
				return failed(fmt.Errorf("%d of %s failed; running them again tries them anew", n, counted(len(res.Tasks), "task")))
			}
			return nil
		},
	}
}
