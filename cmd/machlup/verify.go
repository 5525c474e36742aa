package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"runtime"

	"github.com/spf13/cobra"

	"machlup/internal/build"
	"machlup/internal/verify"
)

func newVerify() *cobra.Command {
	var asJSON, full bool
	var filter string
	var seed int64
	c := &cobra.Command{
		Use:   "verify",
		Short: "run the exact checks through the same code as run",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			opts := verify.Options{Full: full, Workers: runtime.NumCPU()}
			if filter != "" {
				re, err := regexp.Compile(filter)
				if err != nil {
					return usage(fmt.Errorf("--run: %w", err))
				}
				opts.Filter = re
			}
			if c.Flags().Changed("seed") {
				if seed < 0 {
					return usage(fmt.Errorf("--seed: found %d, allowed 0 … 2⁶³−1", seed))
				}
				opts.Seed = &seed
			}
			return runVerify(c, opts, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "an array of objects on stdout")
	c.Flags().BoolVar(&full, "full", false, "also the long checks")
	c.Flags().StringVar(&filter, "run", "", "only checks whose id matches the `regexp`")
	c.Flags().Int64Var(&seed, "seed", 0, "another seed for all checks")
	return c
}

func runVerify(c *cobra.Command, opts verify.Options, asJSON bool) error {
	group := ""
	if !asJSON {
		opts.Report = func(r verify.Result) {
			if r.Group != group {
				group = r.Group
				fmt.Fprintf(c.OutOrStdout(), "\n%s\n", group)
			}
			printCheck(c.OutOrStdout(), r)
		}
	}
	results, err := verify.Run(c.Context(), opts)
	if c.Context().Err() != nil {
		return &exitError{exitStopped, c.Context().Err()}
	}
	if err != nil {
		return failed(err)
	}
	if len(results) == 0 {
		return usage(fmt.Errorf("--run: no check has an id that matches; see machlup list checks"))
	}
	bad, seconds := 0, 0.0
	for _, r := range results {
		if !r.Passed {
			bad++
		}
		seconds = math.Max(seconds, r.Seconds)
	}
	if asJSON {
		enc := json.NewEncoder(c.OutOrStdout())
		enc.SetIndent("", "  ")
		if err := enc.Encode(results); err != nil {
			return failed(err)
		}
	} else {
		fmt.Fprintf(c.OutOrStdout(), "\n%d of %d checks passed\n", len(results)-bad, len(results))
	}
	if bad > 0 {
		return failed(fmt.Errorf("%d of %d checks fell short", bad, len(results)))
	}
	return nil
}

// printCheck is one line: mark, exact value, estimate with its error, z or deviation.
func printCheck(w io.Writer, r verify.Result) {
	mark := "ok  "
	if !r.Passed {
		mark = "FAIL"
	}
	switch {
	case r.Estimate == nil:
		fmt.Fprintf(w, "  %s %-72s %s\n", mark, r.Name, r.Message)
		return
	case r.Kind == verify.Exact:
		fmt.Fprintf(w, "  %s %-72s exact %-10.6g found %-10.6g deviation %.1e (≤ %.1e)", mark, r.Name, r.Exact, *r.Estimate, *r.Error, r.Tolerance)
	default:
		fmt.Fprintf(w, "  %s %-72s exact %-10.6g found %.6g ± %.2g  z = %+.2f", mark, r.Name, r.Exact, *r.Estimate, *r.StdErr, *r.Z)
	}
	if r.Message != "" {
		fmt.Fprintf(w, "  %s", r.Message)
	}
	fmt.Fprintln(w)
}

// checkEntries lists the checks for machlup list.
func checkEntries() []build.Entry {
	var out []build.Entry
	for _, c := range verify.Checks() {
		doc := c.Name
		if c.Full {
			doc += " (--full)"
		}
		out = append(out, build.Entry{Name: c.ID, Doc: doc})
	}
	return out
}
