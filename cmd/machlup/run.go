package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"machlup/internal/build"
	"machlup/internal/dispatch"
	"machlup/internal/report"
)

// runFlags are the flags of run; plan and validate share the config ones.
type runFlags struct {
	out     string
	sets    []string
	seed    int64
	workers int
	shard   string
	maxTime time.Duration
	fresh   bool
	quiet   bool
	json    bool
	cluster shardFlags
}

func (f *runFlags) config(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.sets, "set", nil, "override `key=value` (dotted key, TOML value; repeatable)")
	c.Flags().Int64Var(&f.seed, "seed", 0, "override the seed (0 … 2⁶³−1)")
}

func (f *runFlags) load(c *cobra.Command, experiment string) (*build.Experiment, error) {
	var seed *int64
	if c.Flags().Changed("seed") {
		seed = &f.seed
	}
	exp, err := load(experiment, f.sets, seed)
	return exp, usage(err)
}

func newRun() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run EXPERIMENT",
		Short: "run an experiment (a built-in name or a TOML file); running again resumes",
		Args:  cobra.ExactArgs(1),
		RunE:  func(c *cobra.Command, args []string) error { return runExperiment(c, &f, args[0]) },

		ValidArgsFunction: completeExperiments,
	}
	f.config(c)
	c.Flags().StringVar(&f.out, "out", "", "output `directory` (default runs/NAME)")
	c.Flags().IntVar(&f.workers, "workers", runtime.NumCPU(), "parallel workers; results do not depend on it")
	c.Flags().StringVar(&f.shard, "shard", "", "run only the tasks with index ≡ I mod N, as `I/N` (0-based); merge writes csv/")
	c.Flags().DurationVar(&f.maxTime, "max-time", 0, "stop after this long (10m, 2h); running again resumes")
	c.Flags().BoolVar(&f.fresh, "fresh", false, "start over instead of resuming")
	c.Flags().BoolVar(&f.quiet, "quiet", false, "no progress and no closing table")
	c.Flags().BoolVar(&f.json, "json", false, "on stdout: progress as an object a line (none with --quiet), then the closing summary as one")
	f.cluster.flags(c)
	return c
}

func runExperiment(c *cobra.Command, f *runFlags, experiment string) error {
	exp, err := f.load(c, experiment)
	if err != nil {
		return err
	}
	opts := dispatch.Options{Dir: f.out, Workers: f.workers, Fresh: f.fresh, Revision: revision, Draw: draw, Warn: warnings(c.ErrOrStderr())}
	if opts.Dir == "" {
		opts.Dir = filepath.Join("runs", exp.Name)
	}
	if opts.Shard, err = f.check(c); err != nil {
		return usage(err)
	}
	if err := f.cluster.apply(exp, f.shard, &opts); err != nil {
		return usage(err)
	}
	switch {
	case f.quiet:
	case f.json:
		opts.Report = newProgressJSON(c.OutOrStdout())
	default:
		opts.Report = newProgress(c.ErrOrStderr())
	}
	ctx := c.Context()
	if f.maxTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.maxTime-roomToSave(f.maxTime))
		defer cancel()
	}
	res, err := dispatch.Run(ctx, exp, opts)
	if err != nil {
		return refusal(err)
	}
	return closing(c, f, exp, opts, res)
}

// roomToSave is the time before the limit in which the parts at work save their state: a
// twentieth, half a minute at most.
func roomToSave(limit time.Duration) time.Duration { return min(limit/20, 30*time.Second) }

// refusal tells a directory that must not be used, in which nothing was written, from a
// failure.
func refusal(err error) error {
	var inUse *dispatch.InUseError
	var occupied *dispatch.OccupiedError
	if errors.As(err, &inUse) || errors.As(err, &occupied) {
		return usage(err)
	}
	return failed(err)
}

// warnings prints what was mended on the way, a line each.
func warnings(w io.Writer) func(string) {
	var mu sync.Mutex
	return func(text string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(w, "machlup: warning:", text)
	}
}

// check refuses flags out of range, before anything is written.
func (f *runFlags) check(c *cobra.Command) (dispatch.Shard, error) {
	shard, err := dispatch.ParseShard(f.shard)
	switch {
	case err != nil:
		return shard, err
	case f.workers < 1:
		return shard, fmt.Errorf("--workers: found %d, allowed ≥ 1", f.workers)
	case c.Flags().Changed("max-time") && f.maxTime <= 0:
		return shard, fmt.Errorf("--max-time: found %s, allowed more than 0", f.maxTime)
	case f.fresh && shard.N > 1:
		return shard, fmt.Errorf("--fresh with --shard %s: it would delete what the other shards have done; delete the directory once, then start the shards", f.shard)
	}
	return shard, nil
}

// closing prints what came of the run and picks the exit status.
func closing(c *cobra.Command, f *runFlags, exp *build.Experiment, opts dispatch.Options, res dispatch.Result) error {
	if f.json {
		if err := json.NewEncoder(c.OutOrStdout()).Encode(dispatch.Summarise(exp, opts, res)); err != nil {
			return failed(err)
		}
	} else if !f.quiet {
		if err := printClosing(c.OutOrStdout(), opts, res); err != nil {
			return failed(err)
		}
	}
	for _, t := range res.Tasks {
		if t.Err != nil {
			fmt.Fprintf(c.ErrOrStderr(), "task %s failed: %v (details: %s)\n", t.Label, t.Err, filepath.Join(opts.Dir, "tasks", t.Hash, "failure.txt"))
		}
	}
	switch {
	case res.Failed() > 0:
		return failed(fmt.Errorf("%d of %s failed; running again tries them anew, the others are kept", res.Failed(), counted(len(res.Tasks), "task")))
	case res.Stopped:
		fmt.Fprintf(c.ErrOrStderr(), "stopped early: everything finished is saved in %s; the same command resumes\n", opts.Dir)
		f.cluster.again(c.ErrOrStderr())
		return &exitError{exitStopped, context.Canceled}
	}
	return nil
}

func finishedBefore(n int) string {
	if n == 1 {
		return "the task was"
	}
	return fmt.Sprintf("all %d tasks were", n)
}

// printClosing is the short table at the end: what was found and where to look.
func printClosing(w io.Writer, opts dispatch.Options, res dispatch.Result) error {
	if !res.Merged {
		return nil
	}
	if res.Skipped == len(res.Tasks) {
		fmt.Fprintf(w, "nothing to do: %s finished before; the tables are merged anew\n", finishedBefore(len(res.Tasks)))
	}
	return report.Closing(w, opts.Dir)
}
