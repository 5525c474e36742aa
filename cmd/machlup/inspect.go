package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"machlup/internal/build"
	"machlup/internal/dispatch"
	"machlup/internal/engine"
	"machlup/internal/num"
	"machlup/internal/spec"
)

// revision is set by the Makefile.
var revision = "unknown"

func newShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show EXPERIMENT",
		Short: "print the TOML of a built-in experiment",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			_, text, err := source(args[0])
			if err != nil {
				return usage(err)
			}
			_, err = c.OutOrStdout().Write(text)
			return err
		},
		ValidArgsFunction: completeExperiments,
	}
}

func newValidate() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "validate FILE",
		Short: "check an experiment without running or writing anything",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			exp, err := f.load(c, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s: valid, %s\n", args[0], counted(len(exp.Tasks), "task"))
			return nil
		},
		ValidArgsFunction: completeExperiments,
	}
	f.config(c)
	return c
}

func newPlan() *cobra.Command {
	var f runFlags
	var freeze string
	c := &cobra.Command{
		Use:   "plan EXPERIMENT",
		Short: "list the tasks with their cost, without running them; --out DIR freezes the list there",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			exp, err := f.load(c, args[0])
			if err != nil {
				return err
			}
			if err := printPlan(c, exp); err != nil || freeze == "" {
				return err
			}
			done, err := dispatch.Freeze(exp, dispatch.Options{Dir: freeze})
			if err != nil {
				return failed(err)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "frozen in %s: %d of %s finished there, %d to compute\n",
				filepath.Join(freeze, "plan.jsonl"), done, counted(len(exp.Tasks), "task"), len(exp.Tasks)-done)
			return err
		},
		ValidArgsFunction: completeExperiments,
	}
	f.config(c)
	c.Flags().StringVar(&freeze, "out", "", "freeze the expanded list and the resolved config in this run directory")
	return c
}

// planRows is how many tasks plan prints one by one.
const planRows = 100

// printPlan lists tasks and estimates core-hours from a short calibration of each model.
func printPlan(c *cobra.Command, exp *build.Experiment) error {
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "task\tparts\tgradient evaluations\tcore-seconds\t")
	costs, err := dispatch.Costs(exp, 0)
	if err != nil {
		return failed(err)
	}
	var evaluations, seconds, bytes float64
	for i, t := range exp.Tasks {
		bytes += engine.BytesOf(t.Runner)
		evaluations, seconds = evaluations+costs[i].Evaluations, seconds+costs[i].Seconds
		if i < planRows {
			fmt.Fprintf(w, "%s\t%d\t%.0f\t%.3g\t\n", t.Label, t.Runner.Parts(), costs[i].Evaluations, costs[i].Seconds)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if more := len(exp.Tasks) - planRows; more > 0 {
		fmt.Fprintf(c.OutOrStdout(), "… %d more; all are in plan.jsonl of --out DIR\n", more)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "\n%s, %.3g gradient evaluations, about %.2g core-hours (calibrated now on this machine), about %s on disk\n",
		counted(len(exp.Tasks), "task"), evaluations, seconds/3600, size(bytes))
	return err
}

// size is a number of bytes in two digits.
func size(bytes float64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for ; bytes >= 1000 && i < len(units)-1; i++ {
		bytes /= 1000
	}
	if bytes >= 100 {
		return fmt.Sprintf("%.0f %s", bytes, units[i])
	}
	return fmt.Sprintf("%.2g %s", bytes, units[i])
}

func newList() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:       "list [KIND]",
		Short:     "list what can be named in a config: " + strings.Join(append(build.Kinds(), "experiments", "checks"), ", "),
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: append(build.Kinds(), "experiments", "checks"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return printKinds(c)
			}
			entries, err := listing(args[0])
			if err != nil {
				return usage(err)
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(entries)
			}
			return printListing(c, entries)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

// printKinds is an overview: how many there are of each kind, and the first of their names.
func printKinds(c *cobra.Command) error {
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, kind := range append(build.Kinds(), "experiments", "checks") {
		entries, err := listing(kind)
		if err != nil {
			return err
		}
		var names []string
		width := 0
		for _, e := range entries {
			if width += len(e.Name) + 2; width > 90 {
				names = append(names, "…")
				break
			}
			names = append(names, e.Name)
		}
		fmt.Fprintf(w, "%s\t%d\t%s\n", kind, len(entries), strings.Join(names, ", "))
	}
	return w.Flush()
}

func listing(kind string) ([]build.Entry, error) {
	switch kind {
	case "experiments":
		return experimentEntries()
	case "checks":
		return checkEntries(), nil
	}
	if kind == "games" { // as the literature calls them; every one is a system
		kind = "systems"
	}
	if e := build.List(kind); e != nil {
		return e, nil
	}
	kinds, hint := append(build.Kinds(), "experiments", "checks"), ""
	if n := spec.NearestName(kind, kinds); n != "" {
		hint = fmt.Sprintf("; did you mean %q?", n)
	}
	return nil, fmt.Errorf("list: found %q, allowed %s%s", kind, strings.Join(kinds, ", "), hint)
}

func printListing(c *cobra.Command, entries []build.Entry) error {
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, e := range entries {
		fmt.Fprintf(w, "%s\t%s%s\n", e.Name, e.Doc, unit(e.Unit))
		for _, f := range e.Fields {
			fmt.Fprintf(w, "  %s = %s\t%s%s\n", f.Key, f.Default, f.Doc, bracket(f))
		}
	}
	return w.Flush()
}

// unit is shown where there is one.
func unit(u string) string {
	if u == "" || u == "1" {
		return ""
	}
	return " [" + u + "]"
}

// bracket is the part of a field's line that says what it may be.
func bracket(f spec.Field) string {
	var parts []string
	for _, s := range []string{f.Type, f.Allowed, f.Unit} {
		if s != "" && s != "1" {
			parts = append(parts, s)
		}
	}
	return " [" + strings.Join(parts, ", ") + "]"
}

// about is what the program says of itself.
type about struct {
	Program  string `json:"program"`
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Kernels  string `json:"kernels"`
	Schema   int    `json:"schema"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersion() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "print the version, the kernel set and the Go version",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			a := about{"machlup", build.Version, revision, num.Kernels(), build.SchemaVersion, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(a)
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "machlup %s  revision %s  kernels %s  schema %d  %s %s\n",
				a.Version, a.Revision, a.Kernels, a.Schema, a.Go, a.Platform)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func completeExperiments(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return builtinNames(), cobra.ShellCompDirectiveDefault
}
