package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"machlup/internal/build"
	"machlup/internal/dispatch"
)

// slurmFlags are the flags of slurm.
type slurmFlags struct {
	runFlags  // only those of the config
	job       dispatch.ClusterJob
	element   time.Duration
	rate      float64
	submit    bool
	timeGiven bool
}

func newSlurm() *cobra.Command {
	var f slurmFlags
	c := &cobra.Command{
		Use:   "slurm EXPERIMENT",
		Short: "write, and with --submit submit, an array job over the unfinished tasks and a merge after it",
		Long: `Packs the unfinished tasks into elements of about --element each, by the calibration that plan
uses, and writes batch scripts into DIR/slurm/NNN, with the config, plan and packing that the jobs
read: an array job (several where the cluster's MaxArraySize asks for it) and a merge that depends
on it. Running it again packs what is unfinished then. See docs/cluster.md.`,
		Args:              cobra.ExactArgs(1),
		RunE:              func(c *cobra.Command, args []string) error { return f.slurm(c, args[0]) },
		ValidArgsFunction: completeExperiments,
	}
	f.config(c)
	c.Flags().StringVar(&f.out, "out", "", "output `directory`, which all nodes see (default runs/NAME)")
	c.Flags().BoolVar(&f.submit, "submit", false, "submit the scripts")
	c.Flags().DurationVar(&f.element, "element", 30*time.Minute, "how long an element should last; between a third and twice of it")
	c.Flags().Float64Var(&f.rate, "seconds-per-evaluation", 0, "cost of a gradient evaluation on the nodes, instead of a calibration here")
	c.Flags().DurationVar(&f.job.Time, "time", 0, "time limit of an element (default: twice the longest element, 30m or more)")
	c.Flags().DurationVar(&f.job.Warn, "warn", 3*time.Minute, "how long before the limit an element saves its state and asks to run again")
	c.Flags().IntVar(&f.job.Requeues, "requeues", 50, "how often an element may ask to run again")
	c.Flags().IntVar(&f.job.CPUs, "cpus", 1, "cores of an element")
	c.Flags().StringVar(&f.job.Memory, "mem", "", "memory of an element, such as 4G")
	c.Flags().StringVar(&f.job.Partition, "partition", "", "partition")
	c.Flags().StringVar(&f.job.Account, "account", "", "account")
	c.Flags().StringArrayVar(&f.job.Extra, "sbatch", nil, "further `--option=value` of sbatch, for both scripts (repeatable)")
	c.Flags().IntVar(&f.job.Running, "max-running", 0, "elements that run at once (default: as the cluster allows)")
	c.Flags().IntVar(&f.job.Array, "max-array", 0, "elements in an array job (default: the cluster's MaxArraySize)")
	c.Flags().StringVar(&f.job.Program, "program", "", "`path` of machlup on the nodes (default: this program)")
	return c
}

func (f *slurmFlags) slurm(c *cobra.Command, experiment string) error {
	exp, err := f.load(c, experiment)
	if err != nil {
		return err
	}
	f.timeGiven = c.Flags().Changed("time")
	if err := f.resolve(exp); err != nil {
		return usage(err)
	}
	if err := f.notQueued(c.ErrOrStderr()); err != nil {
		return err
	}
	left, err := dispatch.Prepare(exp, dispatch.Options{Dir: f.job.Dir, Revision: revision, Warn: warnings(c.ErrOrStderr())})
	if err != nil {
		return refusal(err)
	}
	if len(left) == 0 {
		fmt.Fprintf(c.OutOrStdout(), "nothing to do: all %d tasks are finished; machlup merge %s makes the tables\n", len(exp.Tasks), f.out)
		return nil
	}
	costs, err := dispatch.Costs(exp, f.rate)
	if err != nil {
		return failed(err)
	}
	return f.write(c, exp, left, costs)
}

// resolve fills in what depends on the experiment and the place, and checks all of it,
// before anything is written.
func (f *slurmFlags) resolve(exp *build.Experiment) error {
	if f.out == "" {
		f.out = filepath.Join("runs", exp.Name)
	}
	j := &f.job
	j.Name = exp.Name
	var err error
	if j.Dir, err = filepath.Abs(f.out); err != nil {
		return err
	}
	if j.Program == "" {
		if j.Program, err = os.Executable(); err != nil {
			return err
		}
	}
	if !filepath.IsAbs(j.Program) {
		return fmt.Errorf("--program: found %q, allowed an absolute path: the nodes start it", j.Program)
	}
	if f.element < time.Second {
		return fmt.Errorf("--element: found %s, allowed 1s or more", f.element)
	}
	if !(f.rate >= 0) || math.IsInf(f.rate, 0) {
		return fmt.Errorf("--seconds-per-evaluation: found %g, allowed a number above 0", f.rate)
	}
	if j.Array == 0 {
		j.Array, err = dispatch.MaxArray()
		if err != nil && f.submit {
			return err
		}
		if err != nil {
			j.Array = dispatch.DefaultArray
		}
	}
	check := *j
	if !f.timeGiven {
		check.Time = time.Hour + j.Warn // comes from the packing
	}
	return check.Check()
}

// notQueued refuses to submit tasks that jobs of an earlier submission are to compute.
func (f *slurmFlags) notQueued(stderr io.Writer) error {
	earlier, err := dispatch.Submissions(f.job.Dir)
	if err != nil {
		return failed(err)
	}
	queued, err := dispatch.Queue(earlier)
	if err != nil && f.submit {
		return failed(err)
	}
	if len(queued) == 0 {
		return nil
	}
	var ids []string
	for _, q := range queued {
		ids = append(ids, q.Job)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	err = fmt.Errorf("%s: found jobs %s of an earlier submission in the queue, allowed none: wait for them or scancel them", f.out, strings.Join(ids, ", "))
	if f.submit {
		return usage(err)
	}
	fmt.Fprintln(stderr, "machlup: warning:", err)
	return nil
}

// write packs, writes and submits.
func (f *slurmFlags) write(c *cobra.Command, exp *build.Experiment, left []int, costs []dispatch.Cost) error {
	elements := dispatch.Pack(left, costs, f.job.CPUs, f.element)
	j := &f.job
	j.Elements, j.Longest = len(elements), elements[0].Expected
	if !f.timeGiven {
		j.Time = max(30*time.Minute, 2*j.Longest) + j.Warn
	}
	var err error
	if j.Folder, err = dispatch.NewSubmission(j.Dir); err != nil {
		return failed(err)
	}
	s, err := dispatch.WriteSubmission(exp, *j, elements)
	if err != nil {
		return failed(err)
	}
	w, shortest := c.OutOrStdout(), elements[len(elements)-1].Expected
	fmt.Fprintf(w, "%d of %s to do, in %s of about %s to %s, in %s\n", len(left), counted(len(exp.Tasks), "task"),
		counted(len(elements), "element"), shortest, j.Longest, counted(len(s.Scripts), "array job"))
	if j.Longest > 2*f.element {
		fmt.Fprintf(w, "a task alone takes longer than twice --element %s: it cannot be divided, but is saved and goes on after each time limit\n", f.element)
	}
	if f.timeGiven && j.Longest+j.Warn > j.Time {
		fmt.Fprintf(w, "the longest element takes more than --time %s leaves: it will save its state and run again\n", j.Time)
	}
	if !f.submit {
		return printCommands(w, s)
	}
	if err := s.Submit(); err != nil {
		if len(s.Arrays) > 0 {
			err = fmt.Errorf("%w (jobs %s are in the queue all the same: scancel them, or submit %s after them by hand)", err, strings.Join(s.Arrays, ", "), filepath.Join(s.Folder, s.Merge))
		}
		return failed(err)
	}
	_, err = fmt.Fprintf(w, "submitted: array jobs %s, then merge %s; logs in %s\n", strings.Join(s.Arrays, ", "), s.Merging, filepath.Join(s.Folder, "log"))
	return err
}

// printCommands says how to submit by hand.
func printCommands(w io.Writer, s *dispatch.Submission) error {
	fmt.Fprintf(w, "wrote %s; to submit, --submit or\n", s.Folder)
	var ids []string
	for i, name := range s.Scripts {
		fmt.Fprintf(w, "  job%d=$(sbatch --parsable %s)\n", i, dispatch.ShellQuote(filepath.Join(s.Folder, name)))
		ids = append(ids, fmt.Sprintf("$job%d", i))
	}
	_, err := fmt.Fprintf(w, "  sbatch --dependency=afterany:%s %s\n", strings.Join(ids, ":"), dispatch.ShellQuote(filepath.Join(s.Folder, s.Merge)))
	return err
}

// shardFlags are those flags of run that batch scripts use.
type shardFlags struct {
	packing string
	evict   bool
	requeue int
}

func (f *shardFlags) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.packing, "packing", "", "`file` that lists the tasks of each shard, as machlup slurm writes it, instead of index mod N")
	c.Flags().BoolVar(&f.evict, "evict", false, "fence off a process that holds this shard, even if it is alive")
	c.Flags().IntVar(&f.requeue, "requeue", 0, "under Slurm, when stopped before the time limit, ask to run again, so often at most")
}

// apply checks the flags and puts them into the options.
func (f *shardFlags) apply(exp *build.Experiment, shard string, opts *dispatch.Options) error {
	if shard == "" && (f.packing != "" || f.evict) {
		return errors.New("--packing and --evict need --shard I/N")
	}
	if f.requeue < 0 {
		return fmt.Errorf("--requeue: found %d, allowed ≥ 0", f.requeue)
	}
	opts.Evict = f.evict
	if f.packing == "" {
		return nil
	}
	var err error
	opts.Packing, err = dispatch.ReadPacking(f.packing, exp, opts.Shard)
	return err
}

// again requeues a job that was stopped.
func (f *shardFlags) again(stderr io.Writer) {
	if note := dispatch.Requeue(f.requeue); note != "" {
		fmt.Fprintln(stderr, note)
	}
}

// printQueue says what Slurm has of a run's submissions.
func printQueue(w io.Writer, jobs []dispatch.QueuedJob) {
	for _, q := range jobs {
		name := q.Job
		if q.Element != "" {
			name += "_" + q.Element
		}
		fmt.Fprintf(w, "Slurm      job %s: %s", name, strings.ToLower(q.State))
		if q.Node != "" {
			fmt.Fprintf(w, " on %s for %s", q.Node, q.Elapsed)
		} else if q.Reason != "" && q.Reason != "None" {
			fmt.Fprintf(w, " (%s)", q.Reason)
		}
		fmt.Fprintln(w)
	}
}

// missing names the tasks that a merge did not find finished, a screen of them.
func missing(w io.Writer, res dispatch.Result) {
	const most = 20
	n := 0
	for _, t := range res.Tasks {
		if t.Finished || t.Err != nil {
			continue
		}
		if n++; n <= most {
			fmt.Fprintf(w, "  missing: %s\n", t.Label)
		}
	}
	if n > most {
		fmt.Fprintf(w, "  … and %d more; machlup status lists them\n", n-most)
	}
}
