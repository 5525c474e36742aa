package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"machlup/internal/dispatch"
)

func newStatus() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status DIR",
		Short: "how the run in a directory stands, finished or at work; writes nothing",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := dispatch.Status(args[0])
			if err != nil {
				return usage(err)
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(s)
			}
			return printStatus(c.OutOrStdout(), s)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON, every task listed")
	return c
}

// statuses are the words for tasks in the order of a summary.
var statuses = []string{"ok", "no-estimate", "diverged", "failed", "unfinished"}

func printStatus(w io.Writer, s dispatch.Standing) error {
	fmt.Fprintf(w, "%s in %s: %s\n", s.Name, s.Dir, s.State)
	fmt.Fprintf(w, "tasks      %d", len(s.Tasks))
	for _, word := range statuses {
		if n := s.Counts[word]; n > 0 {
			fmt.Fprintf(w, "  %d %s", n, word)
		}
	}
	fmt.Fprintf(w, "\nparts      %d of %d", s.PartsDone, s.Parts)
	if s.Total > 0 {
		fmt.Fprintf(w, "  (%.0f %% of the gradient evaluations)", 100*s.Done/s.Total)
	}
	fmt.Fprintln(w)
	for _, h := range s.Holders {
		if !h.Alive {
			fmt.Fprintf(w, "was left   %s; the next run goes on from what it saved\n", h.Holder)
			continue
		}
		fmt.Fprintf(w, "at work    %s: %s", h.Holder, h.Stage)
		if h.Total > 0 {
			fmt.Fprintf(w, ", %.0f %% of this session", 100*h.Done/h.Total)
		}
		fmt.Fprintln(w)
	}
	printQueue(w, s.Slurm)
	if s.Left > 0 {
		fmt.Fprintf(w, "time left  about %s\n", seconds(s.Left))
	}
	if m := s.Manifest; m != nil {
		fmt.Fprintf(w, "sessions   since %s, %s in all, %s taken over\n", m.Started.Local().Format("2006-01-02 15:04"), seconds(m.Seconds), counted(m.Restores, "part"))
	}
	if err := printOpen(w, s.Tasks); err != nil {
		return err
	}
	if s.State == "unfinished" || s.State == "failed" {
		fmt.Fprintf(w, "\nmachlup run %s/config.toml --out %s goes on\n", s.Dir, s.Dir)
	}
	return nil
}

// printOpen lists the tasks that are not done, a screen of them.
func printOpen(w io.Writer, tasks []dispatch.TaskStanding) error {
	const most = 20
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	open := 0
	for _, task := range tasks {
		if task.Status != "unfinished" && task.Status != "failed" {
			continue
		}
		if open++; open > most {
			continue
		}
		saved := ""
		if task.Checkpoints > 0 {
			saved = fmt.Sprintf("%s, the latest %s old", counted(task.Checkpoints, "checkpoint"), seconds(task.Age))
		}
		if open == 1 {
			fmt.Fprintln(t)
		}
		fmt.Fprintf(t, "%s\t%s\t%d of %s\t%s%s\n", task.Task, task.Status, task.PartsDone, counted(task.Parts, "part"), saved, task.Note)
	}
	if open > most {
		fmt.Fprintf(t, "… and %d more\n", open-most)
	}
	return t.Flush()
}

func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// counted is "1 task", "2 tasks".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
