package dispatch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"machlup/internal/build"
	"machlup/internal/record"
)

// A Submission is a folder DIR/slurm/NNN: what its jobs read, frozen when it was made, and
// which jobs these are.
type Submission struct {
	Folder  string   `json:"-"`
	Scripts []string `json:"scripts"` // array jobs, in order of their shards
	Merge   string   `json:"merge_script"`
	Arrays  []string `json:"array_jobs,omitempty"` // numbers that Slurm gave
	Merging string   `json:"merge_job,omitempty"`
}

const (
	submissionsDir = "slurm"
	submissionFile = "jobs.json"
)

// Prepare creates the run's directory as Run does, computing nothing, and returns the tasks
// that are not finished.
func Prepare(exp *build.Experiment, opts Options) ([]int, error) {
	hold, err := claim(exp, opts)
	if err != nil {
		return nil, err
	}
	defer hold.release()
	if err := ownDirectory(opts.Dir, submissionsDir); err != nil {
		return nil, err
	}
	if err := prepare(exp, opts); err != nil {
		return nil, err
	}
	var left []int
	for i, t := range exp.Tasks {
		dir := taskDir(opts.Dir, t)
		if outcome, ok := finished(dir, t); !ok || !pooled(dir, t, outcome) {
			left = append(left, i)
		}
	}
	return left, nil
}

// sameExperiment tells whether the directory has its config and plan, so that a job with a
// frozen copy leaves them alone: the sweep may have grown since.
func sameExperiment(dir string) bool {
	for _, name := range []string{"config.toml", "plan.jsonl", "tasks"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// NewSubmission makes the next folder DIR/slurm/NNN.
func NewSubmission(dir string) (string, error) {
	parent := filepath.Join(dir, submissionsDir)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		folder := filepath.Join(parent, fmt.Sprintf("%03d", n))
		err := os.Mkdir(folder, 0o777)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		return folder, err
	}
}

// WriteSubmission writes the frozen config, plan and packing, and the scripts.
func WriteSubmission(exp *build.Experiment, job ClusterJob, elements []Element) (*Submission, error) {
	s := &Submission{Folder: job.Folder, Merge: "merge.sbatch"}
	if err := os.MkdirAll(filepath.Join(job.Folder, "log"), 0o777); err != nil {
		return nil, err
	}
	if err := keepInputs(exp, Options{Dir: job.Folder}); err != nil {
		return nil, err
	}
	files := map[string][]byte{
		"config.toml":   []byte(exp.Resolved),
		"plan.jsonl":    planLines(exp),
		"packing.jsonl": packingLines(exp, elements),
		s.Merge:         []byte(job.MergeScript()),
	}
	for i, c := range job.Chunks() {
		s.Scripts = append(s.Scripts, fmt.Sprintf("array-%d.sbatch", i))
		files[s.Scripts[i]] = []byte(job.ArrayScript(c[0], c[1]))
	}
	for name, data := range files {
		if err := record.WriteFileAtomic(filepath.Join(job.Folder, name), data); err != nil {
			return nil, err
		}
	}
	return s, s.write()
}

func (s *Submission) write() error {
	return record.WriteJSON(filepath.Join(s.Folder, submissionFile), s)
}

// Submit hands the scripts to Slurm. After an error, Arrays are the jobs it has all the same.
func (s *Submission) Submit() error {
	for _, name := range s.Scripts {
		id, err := sbatch(filepath.Join(s.Folder, name))
		if err != nil {
			return err
		}
		s.Arrays = append(s.Arrays, id)
		if err := s.write(); err != nil {
			return err
		}
	}
	var err error
	if s.Merging, err = sbatch("--dependency=afterany:"+strings.Join(s.Arrays, ":"), filepath.Join(s.Folder, s.Merge)); err != nil {
		return err
	}
	return s.write()
}

// Submissions reads the folders of a run's directory, oldest first.
func Submissions(dir string) ([]*Submission, error) {
	files, err := filepath.Glob(filepath.Join(escapeGlob(dir), submissionsDir, "*", submissionFile))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var out []*Submission
	for _, f := range files {
		s := &Submission{Folder: filepath.Dir(f)}
		if err := record.ReadJSON(f, s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
