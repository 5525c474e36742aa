package dispatch

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"machlup/internal/build"
)

// A ClusterJob is what the batch scripts of a submission say. Paths are absolute. Nothing in
// it is trusted: Check refuses what cannot be quoted, the scripts quote the rest.
type ClusterJob struct {
	Name     string        // of the experiment
	Dir      string        // the run's directory
	Folder   string        // of the submission, below Dir: config.toml, inputs, packing.jsonl, scripts, log
	Program  string        // machlup, at the same path on every node
	Elements int           // shards
	Longest  time.Duration // expected, of an element
	Array    int           // elements in an array job at most
	CPUs     int
	Time     time.Duration // limit, rounded up to minutes
	Warn     time.Duration // TERM comes so long before the limit
	Requeues int           // times that an element may ask to run again

	Running            int // elements at once, 0: no limit
	Partition, Account string
	Memory             string
	Extra              []string // further options of sbatch, --name=value or --name
}

// memory is what sbatch takes.
var memory = regexp.MustCompile(`^[0-9]+[KMGT]?$`)

// extraOption is --name or --name=value.
var extraOption = regexp.MustCompile(`^--([a-z][a-z0-9-]*)(?:=(?s:(.*)))?$`)

// ownOptions are written by the scripts themselves.
var ownOptions = []string{"account", "array", "chdir", "cpus-per-task", "dependency", "error", "job-name", "mem", "nodes", "no-requeue",
	"ntasks", "open-mode", "output", "parsable", "partition", "requeue", "signal", "time", "wait", "wrap"}

// Check refuses values that no script can hold, or that contradict each other.
func (j ClusterJob) Check() error {
	for _, v := range []struct{ flag, value string }{{"--out", j.Dir}, {"--program", j.Program}, {"--partition", j.Partition}, {"--account", j.Account}} {
		if err := oneLine(v.flag, v.value); err != nil {
			return err
		}
	}
	if strings.Contains(j.Dir, `\`) {
		return fmt.Errorf("--out: found %q, allowed a path without backslashes: Slurm reads one in the name of a log as its own sign", j.Dir)
	}
	if j.Memory != "" && !memory.MatchString(j.Memory) {
		return fmt.Errorf("--mem: found %q, allowed a number with K, M, G or T, such as 4G", j.Memory)
	}
	if j.CPUs < 1 || j.Running < 0 || j.Array < 1 || j.Requeues < 0 {
		return fmt.Errorf("found --cpus %d, --max-running %d, --max-array %d, --requeues %d, allowed ≥ 1, ≥ 0, ≥ 1, ≥ 0", j.CPUs, j.Running, j.Array, j.Requeues)
	}
	if j.Warn < time.Second || j.Time < j.Warn+30*time.Second {
		return fmt.Errorf("--time %s with --warn %s: allowed 1s or more of warning, and at least 30s before it: nothing would be computed", j.Time, j.Warn)
	}
	for _, e := range j.Extra {
		m := extraOption.FindStringSubmatch(e)
		if m == nil {
			return fmt.Errorf("--sbatch: found %q, allowed --name or --name=value, such as --qos=long", e)
		}
		if slices.Contains(ownOptions, m[1]) {
			return fmt.Errorf("--sbatch: found --%s, which the scripts set themselves; machlup slurm --help lists what can be chosen", m[1])
		}
		if err := oneLine("--sbatch", e); err != nil {
			return err
		}
	}
	return nil
}

// oneLine refuses text that a line of a script cannot hold.
func oneLine(flag, value string) error {
	if !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return fmt.Errorf("%s: found %q, allowed text without control characters and line ends", flag, value)
	}
	return nil
}

// Chunks splits the elements at the size of an array job: first element and number of each.
func (j ClusterJob) Chunks() [][2]int {
	var out [][2]int
	for first := 0; first < j.Elements; first += j.Array {
		out = append(out, [2]int{first, min(j.Array, j.Elements-first)})
	}
	return out
}

// ArrayScript is the batch script of elements first … first+n−1.
func (j ClusterJob) ArrayScript(first, n int) string {
	var b script
	b.line("#!/bin/bash")
	b.comment("Elements %d to %d of %d of the experiment %s. Written by machlup %s.", first, first+n-1, j.Elements, j.Name, build.Version)
	b.line("#")
	b.option("job-name", "machlup-"+j.Name)
	array := fmt.Sprintf("0-%d", n-1)
	if j.Running > 0 {
		array += fmt.Sprintf("%%%d", j.Running)
	}
	b.option("array", array)
	b.comment("By calibration the longest element takes %s.", j.Longest.Round(time.Second))
	j.common(&b, j.CPUs, "%A_%a.out")
	b.comment("TERM comes to this process before the time limit: it saves its state and asks to run again.")
	b.option("signal", fmt.Sprintf("B:TERM@%d", int(j.Warn.Seconds())))
	b.line("")
	b.line("export GOMAXPROCS=%d", j.CPUs)
	b.line("shard=$((%d + SLURM_ARRAY_TASK_ID))", first)
	b.comment("exec: the program itself gets the signals, and no process outlives it.")
	b.comment("--packing: the tasks of each shard. --evict: a process that a lost node still runs stops.")
	b.line("exec %s run %s \\", ShellQuote(j.Program), ShellQuote(filepath.Join(j.Folder, "config.toml")))
	b.line("\t--out %s \\", ShellQuote(j.Dir))
	b.line("\t--shard \"$shard/%d\" \\", j.Elements)
	b.line("\t--packing %s \\", ShellQuote(filepath.Join(j.Folder, "packing.jsonl")))
	b.line("\t--workers %d --evict --requeue %d", j.CPUs, j.Requeues)
	return b.String()
}

// MergeScript is the batch script that merges what is finished.
func (j ClusterJob) MergeScript() string {
	var b script
	b.line("#!/bin/bash")
	b.comment("Merges what is finished of the experiment %s and says what is missing. Written by machlup %s.", j.Name, build.Version)
	b.comment("Submit with --dependency=afterany: on the array jobs.")
	b.line("#")
	b.option("job-name", "machlup-"+j.Name+"-merge")
	j.common(&b, 1, "merge-%j.out")
	b.line("")
	b.line("exec %s merge %s", ShellQuote(j.Program), ShellQuote(j.Dir))
	return b.String()
}

// common are the options of both scripts.
func (j ClusterJob) common(b *script, cpus int, log string) {
	b.option("time", slurmTime(j.Time))
	b.option("nodes", "1")
	b.option("ntasks", "1")
	b.option("cpus-per-task", fmt.Sprint(cpus))
	if j.Memory != "" {
		b.option("mem", j.Memory)
	}
	if j.Partition != "" {
		b.option("partition", j.Partition)
	}
	if j.Account != "" {
		b.option("account", j.Account)
	}
	for _, e := range j.Extra {
		m := extraOption.FindStringSubmatch(e)
		if strings.Contains(e, "=") {
			b.option(m[1], m[2])
		} else {
			b.line("#SBATCH --%s", m[1])
		}
	}
	b.option("output", strings.ReplaceAll(filepath.Join(j.Folder, "log"), "%", "%%")+"/"+log)
	b.option("open-mode", "append")
	b.comment("After a node fails or the job is preempted it runs again, from its checkpoints.")
	b.line("#SBATCH --requeue")
}

// script is a batch script on its way.
type script struct{ strings.Builder }

func (b *script) line(format string, args ...any)    { fmt.Fprintf(b, format+"\n", args...) }
func (b *script) comment(format string, args ...any) { b.line("# "+format, args...) }
func (b *script) option(name, value string)          { b.line("#SBATCH --%s=%s", name, sbatchQuote(value)) }

// ShellQuote makes one word of any text, for a POSIX shell.
func ShellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// plainWord is what sbatch takes as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:,@%+=-]+$`)

// sbatchQuote makes one word of any line, for #SBATCH lines, which sbatch parses itself:
// spaces end a word and # starts a comment outside quotes; a backslash escapes.
func sbatchQuote(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// slurmTime is days-hours:minutes:seconds, in whole minutes, as Slurm counts.
func slurmTime(d time.Duration) string {
	m := int((d + time.Minute - 1) / time.Minute)
	if days := m / (24 * 60); days > 0 {
		return fmt.Sprintf("%d-%02d:%02d:00", days, m/60%24, m%60)
	}
	return fmt.Sprintf("%02d:%02d:00", m/60, m%60)
}
