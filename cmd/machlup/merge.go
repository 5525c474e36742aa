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
			return mergeDirectory(c, args[0], dispatch.Options{})
		},
	}
}

// mergeDirectory merges what is finished in dir and prints the closing table.
func mergeDirectory(c *cobra.Command, dir string, opts dispatch.Options) error {
	exp, err := load(filepath.Join(dir, "config.toml"), nil, nil)
	if err != nil {
		return usage(err)
	}
	opts.Dir, opts.Revision, opts.Draw, opts.Warn = dir, revision, draw, warnings(c.ErrOrStderr())
	res, err := dispatch.MergeOnly(exp, opts)
	if err != nil {
		return refusal(err)
	}
	if n := res.Unfinished(); n > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "merged %d of %s; unfinished ones are missing from csv/\n", len(res.Tasks)-n, counted(len(res.Tasks), "task"))
		missing(c.ErrOrStderr(), res)
	}
	if err := report.Closing(c.OutOrStdout(), dir); err != nil {
		return failed(err)
	}
	if n := res.Failed(); n > 0 {
		return failed(fmt.Errorf("%d of %s failed; running them again tries them anew", n, counted(len(res.Tasks), "task")))
	}
	return nil
}
