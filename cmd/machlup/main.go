// Command machlup simulates the stochastic training of GANs: Langevin ensembles,
// Metropolis sampling of exp(−S) over whole training trajectories, partition functions
// and the statistics of collapse. See README.md and docs/.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"machlup/internal/spec"
)

// Exit statuses, part of the interface.
const (
	exitDone    = 0
	exitFailed  = 1 // a task failed or a verification fell short
	exitUsage   = 2 // usage or config error, before anything is written
	exitStopped = 3 // stopped early, everything needed to resume saved
)

// An exitError carries the exit status of an error.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUsage, err}
}

func failed(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitFailed, err}
}

func main() { os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr)) }

// Main runs the program and returns its exit status.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := interruptible(stderr)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var e *exitError
	if !errors.As(err, &e) {
		e = &exitError{exitUsage, err} // cobra's own: unknown flag, wrong number of arguments
	}
	if e.status != exitStopped {
		fmt.Fprintln(stderr, "machlup:", e.err)
	}
	return e.status
}

// interruptible ends the context at the first SIGINT or SIGTERM and the process at the
// second.
func interruptible(stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	signal.Ignore(syscall.SIGXFSZ) // a limit on file sizes is an error of the write, not the end
	go func() {
		if _, ok := <-signals; !ok {
			return
		}
		cancel()
		fmt.Fprintln(stderr, "\nstopping: what is computed is saved (interrupt again to force)")
		if _, ok := <-signals; ok {
			os.Exit(exitStopped)
		}
	}()
	return ctx, func() { signal.Stop(signals); close(signals); cancel() }
}

// flagName finds the flags in their usage.
var flagName = regexp.MustCompile(`(?m)^ +(?:-[a-z], )? *--([a-z-]+)`)

// nearestFlag hints at the flag that an unknown one may stand for.
func nearestFlag(c *cobra.Command, err error) string {
	name, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return ""
	}
	var names []string
	for _, m := range flagName.FindAllStringSubmatch(c.Flags().FlagUsages(), -1) {
		names = append(names, m[1])
	}
	if n := spec.NearestName(name, names); n != "" {
		return fmt.Sprintf("; did you mean --%s?", n)
	}
	return ""
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "machlup",
		Short:         "stochastic path integrals and Langevin simulation of GAN training",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(fmt.Errorf("%w%s; see machlup %s --help", err, nearestFlag(c, err), c.Name()))
	})
	root.AddCommand(newRun(), newPlan(), newMerge(), newAnalyze(), newReport(), newStatus(), newSlurm(), newVerify(), newList(), newShow(), newValidate(), newVersion())
	return root
}
