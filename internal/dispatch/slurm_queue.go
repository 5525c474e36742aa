package dispatch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// ErrNoSlurm is wrapped where a command of Slurm is not there.
var ErrNoSlurm = errors.New("the commands of Slurm are not on the PATH")

// DefaultArray is Slurm's own MaxArraySize, for where it cannot be asked.
const DefaultArray = 1001

// slurmCommand runs a command of Slurm and returns what it prints.
func slurmCommand(name string, args ...string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, ErrNoSlurm)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = withoutOverrides(os.Environ())
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// withoutOverrides drops what would overrule the lines of a script that its working depends on.
func withoutOverrides(env []string) []string {
	var out []string
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		switch name {
		case "SBATCH_ARRAY_INX", "SBATCH_SIGNAL", "SBATCH_REQUEUE", "SBATCH_NO_REQUEUE", "SBATCH_OPEN_MODE", "SBATCH_OUTPUT", "SBATCH_WAIT":
		default:
			out = append(out, e)
		}
	}
	return out
}

var jobID = regexp.MustCompile(`^[0-9]+$`)

// sbatch submits and returns the job's number.
func sbatch(args ...string) (string, error) {
	out, err := slurmCommand("sbatch", append([]string{"--parsable"}, args...)...)
	if err != nil {
		return "", err
	}
	id, _, _ := strings.Cut(strings.TrimSpace(out), ";") // ";CLUSTER" in a federation
	if !jobID.MatchString(id) {
		return "", fmt.Errorf("sbatch --parsable: found %q, allowed a job's number", out)
	}
	return id, nil
}

var maxArraySize = regexp.MustCompile(`(?m)^MaxArraySize\s*=\s*([0-9]+)\s*$`)

// MaxArray asks Slurm how many elements an array job may have.
func MaxArray() (int, error) {
	out, err := slurmCommand("scontrol", "show", "config")
	if err != nil {
		return 0, err
	}
	m := maxArraySize.FindStringSubmatch(out)
	if m == nil {
		return 0, errors.New("scontrol show config: found no MaxArraySize; say it with --max-array")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n < 1 {
		return 0, fmt.Errorf("scontrol show config: found MaxArraySize = %s: this cluster has no array jobs; use run --shard I/N, see docs/cluster.md", m[1])
	}
	return n, nil
}

// A QueuedJob is a line of squeue.
type QueuedJob struct {
	Job     string `json:"job"`
	Element string `json:"element,omitempty"`
	State   string `json:"state"`
	Reason  string `json:"reason"`
	Node    string `json:"node,omitempty"`
	Elapsed string `json:"elapsed"`
}

// Queue returns what Slurm still has of the submissions, waiting or running.
func Queue(submissions []*Submission) ([]QueuedJob, error) {
	mine := map[string]bool{}
	for _, s := range submissions {
		for _, id := range append([]string{s.Merging}, s.Arrays...) {
			mine[id] = id != ""
		}
	}
	if len(mine) == 0 {
		return nil, nil
	}
	out, err := slurmCommand("squeue", "--noheader", "--array", "--me", "--format=%F|%K|%T|%r|%N|%M")
	if err != nil {
		return nil, err
	}
	var jobs []QueuedJob
	for _, line := range strings.Split(out, "\n") {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) != 6 || !mine[f[0]] {
			continue
		}
		q := QueuedJob{Job: f[0], State: f[2], Reason: f[3], Node: f[4], Elapsed: f[5]}
		if jobID.MatchString(f[1]) {
			q.Element = f[1]
		}
		jobs = append(jobs, q)
	}
	return jobs, nil
}

// Requeue asks Slurm to run this job again, after it was warned of its end and saved its
// state. It does so for a job that runs, not for one that is being cancelled or was
// preempted: a user's will stands, and Slurm requeues the latter itself. It says what it
// did; limit is how often a job may run again.
func Requeue(limit int) string {
	id, ok := thisJob()
	if !ok || limit < 1 {
		return ""
	}
	if n, _ := strconv.Atoi(os.Getenv("SLURM_RESTART_COUNT")); n >= limit {
		return fmt.Sprintf("job %s has run %d times: it is not put into the queue again", id, n+1)
	}
	state, err := slurmCommand("scontrol", "--oneliner", "show", "job", id)
	if err != nil {
		return fmt.Sprintf("job %s is not put into the queue again: %v", id, err)
	}
	if !strings.Contains(state+" ", "JobState=RUNNING ") {
		return ""
	}
	if _, err := slurmCommand("scontrol", "requeue", id); err != nil {
		return fmt.Sprintf("job %s is not put into the queue again: %v", id, err)
	}
	return fmt.Sprintf("job %s will run again and go on from there", id)
}

// thisJob is the job that this process is, ARRAY_ELEMENT for an element: the number in
// SLURM_JOB_ID is, for one of the elements, that of the whole array.
func thisJob() (id string, ok bool) {
	id = os.Getenv("SLURM_JOB_ID")
	array, element := os.Getenv("SLURM_ARRAY_JOB_ID"), os.Getenv("SLURM_ARRAY_TASK_ID")
	if array == "" && element == "" {
		return id, jobID.MatchString(id)
	}
	return array + "_" + element, jobID.MatchString(array) && jobID.MatchString(element)
}

// queued adds what Slurm has of the run's jobs, where it can be asked.
func (s *Standing) queued() {
	if submissions, err := Submissions(s.Dir); err == nil {
		s.Slurm, _ = Queue(submissions)
	}
}
