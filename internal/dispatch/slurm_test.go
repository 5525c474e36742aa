package dispatch

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"machlup/internal/build"
)

// costsOf makes tasks of so many minutes, in parts of a tenth each.
func costsOf(minutes ...float64) ([]int, []Cost) {
	var tasks []int
	var costs []Cost
	for i, m := range minutes {
		tasks = append(tasks, i)
		costs = append(costs, Cost{Seconds: 60 * m, Longest: 6 * m})
	}
	return tasks, costs
}

func repeated(n int, minutes float64) []float64 {
	return slices.Repeat([]float64{minutes}, n)
}

// Elements last 10 to 60 minutes, whatever the tasks, unless there is less work in all or a
// task alone takes longer; each task is in one element.
func TestElementsLastAsLongAsAsked(t *testing.T) {
	for name, minutes := range map[string][]float64{
		"small":           repeated(1000, 0.5),
		"middling":        repeated(17, 11),
		"just below":      repeated(7, 29.9),
		"two":             {29, 2},
		"half an hour":    repeated(5, 30),
		"an hour":         repeated(3, 59),
		"mixed":           append(repeated(40, 3), 45, 20, 20, 7, 0.1),
		"a long one":      append(repeated(100, 1), 180),
		"little":          {1, 2, 3},
		"without work":    repeated(9, 0),
		"uneven":          {28, 27, 26, 1, 1, 1, 1},
		"falling by half": {25, 12.5, 6, 3, 1.5, 0.7, 0.3, 0.1},
	} {
		tasks, costs := costsOf(minutes...)
		total, seen := 0.0, map[int]int{}
		for _, m := range minutes {
			total += m
		}
		elements := Pack(tasks, costs, 1, 30*time.Minute)
		for i, e := range elements {
			long := len(e.Tasks) == 1 && costs[e.Tasks[0]].Seconds > 1800
			if e.Expected > time.Hour && !long {
				t.Errorf("%s: element %d takes %s", name, i, e.Expected)
			}
			if e.Expected < 10*time.Minute && total >= 10 {
				t.Errorf("%s: element %d takes %s only", name, i, e.Expected)
			}
			if i > 0 && e.Expected > elements[i-1].Expected {
				t.Errorf("%s: element %d is longer than the one before", name, i)
			}
			if !slices.IsSorted(e.Tasks) {
				t.Errorf("%s: element %d has tasks %v", name, i, e.Tasks)
			}
			for _, task := range e.Tasks {
				seen[task]++
			}
		}
		for _, task := range tasks {
			if seen[task] != 1 {
				t.Errorf("%s: task %d is in %d elements", name, task, seen[task])
			}
		}
		if again := Pack(tasks, costs, 1, 30*time.Minute); fmt.Sprint(again) != fmt.Sprint(elements) {
			t.Errorf("%s: packed otherwise the second time", name)
		}
	}
}

// The bounds that dealOut's comment derives, for random tasks below the target.
func TestLoadsAreBounded(t *testing.T) {
	const target = 30.0
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		weights := make([]float64, 1+r.IntN(40))
		order := make([]int, len(weights))
		scale := target * math.Pow(r.Float64(), 2)
		for i := range weights {
			weights[i], order[i] = scale*r.Float64(), i
		}
		weigh := func(i int) float64 { return weights[i] }
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(weights[b], weights[a]) })
		bins := dealOut(order, weigh, target)
		for _, b := range bins {
			if b.load >= 2*target || len(bins) > 1 && b.load < 3*target/8 {
				t.Fatalf("%v: a load of %g among %d", weights, b.load, len(bins))
			}
		}
	}
}

// More cores, longer tasks fit; no element is shorter than its longest part.
func TestCoresOfAnElement(t *testing.T) {
	tasks, costs := costsOf(repeated(16, 20)...)
	if one, four := len(Pack(tasks, costs, 1, 30*time.Minute)), len(Pack(tasks, costs, 4, 30*time.Minute)); one <= 2*four {
		t.Errorf("%d elements of one core, %d of four", one, four)
	}
	whole := []Cost{{Seconds: 3000, Longest: 3000}}
	if e := Pack([]int{0}, whole, 64, time.Hour)[0]; e.Expected < 3000*time.Second {
		t.Errorf("a single part of 50 minutes takes %s on 64 cores", e.Expected)
	}
}

// The longest-first rule never exceeds the mean by more than the largest task (Graham).
func TestLoadsAreEven(t *testing.T) {
	weights := []float64{9, 8, 8, 7, 6, 5, 5, 4, 3, 3, 2, 1, 1, 1}
	order := make([]int, len(weights))
	total := 0.0
	for i, w := range weights {
		order[i] = i
		total += w
	}
	for n := 1; n <= len(weights); n++ {
		least := 1e9
		high := 0.0
		for _, b := range longestFirst(order, func(i int) float64 { return weights[i] }, n) {
			least, high = min(least, b.load), max(high, b.load)
		}
		if high > total/float64(n)+weights[0] || high-least > weights[0] {
			t.Errorf("%d bins: loads from %g to %g, mean %g", n, least, high, total/float64(n))
		}
	}
}

func TestAPackingIsOfItsExperiment(t *testing.T) {
	exp := experiment(runners(three())...)
	path := filepath.Join(t.TempDir(), "packing.jsonl")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	good := string(packingLines(exp, []Element{{[]int{0, 2}, time.Minute}, {[]int{1}, time.Second}}))
	write(good)
	p, err := ReadPacking(path, exp, Shard{0, 2})
	if err != nil || !p.tasks[0] || p.tasks[1] || !p.tasks[2] {
		t.Fatalf("%v, %v", p, err)
	}
	lines := strings.SplitAfter(good, "\n")
	for want, text := range map[string]string{
		"found 1 shards, allowed 2":               lines[0],
		":2: found something else than shard 1":   lines[0] + lines[0],
		":1: found something else than shard 0":   "{",
		":3: found something else than shard 2":   good + "x\n",
		`found task "ffff", allowed: tasks of th`: strings.Replace(good, exp.Tasks[1].Hash, "ffff", 1),
	} {
		write(text)
		if _, err := ReadPacking(path, exp, Shard{0, 2}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	write(string(packingLines(exp, []Element{{[]int{0, 1, 2}, time.Minute}})))
	if p, err := ReadPacking(path, exp, Shard{0, 1}); p != nil || err != nil {
		t.Errorf("a packing of one shard: %v, %v", p, err)
	}
}

// Shards by packing, in any order, make the bytes of an undivided run, and leave a config
// that has grown since alone.
func TestShardsOfAPacking(t *testing.T) {
	whole, parts := t.TempDir(), t.TempDir()
	mustRun(t, experiment(runners(three())...), Options{Dir: whole})
	exp := experiment(runners(three())...)
	left, err := Prepare(exp, Options{Dir: parts})
	if err != nil || !slices.Equal(left, []int{0, 1, 2}) {
		t.Fatalf("to do: %v, %v", left, err)
	}
	grown := "name = \"synthetic\"\nseed = 9\n"
	if err := os.WriteFile(filepath.Join(parts, "config.toml"), []byte(grown), 0o666); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "packing.jsonl")
	if err := os.WriteFile(path, packingLines(exp, []Element{{[]int{0, 2}, 0}, {[]int{1}, 0}}), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{1, 0} {
		p, err := ReadPacking(path, exp, Shard{i, 2})
		if err != nil {
			t.Fatal(err)
		}
		if res := mustRun(t, exp, Options{Dir: parts, Shard: Shard{i, 2}, Packing: p}); res.Merged {
			t.Error("a shard merged")
		}
	}
	if text, _ := os.ReadFile(filepath.Join(parts, "config.toml")); string(text) != grown {
		t.Errorf("a shard replaced config.toml by %q", text)
	}
	if _, err := MergeOnly(exp, Options{Dir: parts}); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, "packed", files(t, parts, "csv"), files(t, whole, "csv"))
	if left, err := Prepare(exp, Options{Dir: parts}); err != nil || len(left) > 0 {
		t.Errorf("to do at the end: %v, %v", left, err)
	}
}

func clusterJob() ClusterJob {
	return ClusterJob{Name: "x", Dir: "/runs/x", Folder: "/runs/x/slurm/001", Program: "/bin/machlup",
		Elements: 10, Longest: 20 * time.Minute, Array: 4, CPUs: 2, Time: 90 * time.Minute, Warn: 3 * time.Minute, Requeues: 50}
}

func TestSplitAtTheSizeOfAnArray(t *testing.T) {
	j := clusterJob()
	for elements, want := range map[int]string{1: "[[0 1]]", 4: "[[0 4]]", 5: "[[0 4] [4 1]]", 10: "[[0 4] [4 4] [8 2]]"} {
		j.Elements = elements
		if got := fmt.Sprint(j.Chunks()); got != want {
			t.Errorf("%d elements: %s, want %s", elements, got, want)
		}
	}
	last := clusterJob().ArrayScript(8, 2)
	for _, want := range []string{"#SBATCH --array=0-1\n", "shard=$((8 + SLURM_ARRAY_TASK_ID))\n", `--shard "$shard/10"`} {
		if !strings.Contains(last, want) {
			t.Errorf("the last script lacks %q", want)
		}
	}
}

func TestSlurmTime(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Second: "00:01:00", time.Minute: "00:01:00", 61 * time.Second: "00:02:00",
		90 * time.Minute: "01:30:00", 24 * time.Hour: "1-00:00:00", 49*time.Hour + time.Nanosecond: "2-01:01:00"} {
		if got := slurmTime(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

// nasty are texts that a script must carry as they are.
var nasty = []string{"a b", "$(touch pwned)", "`touch pwned`", "'; touch pwned; '", `"; touch pwned; "`, "a'b\"c", "x # y", "&& touch pwned", "*", "~",
	"${HOME}", "-rf", "--", "%A_%a", "é ünï", `a\b`, `\`, `'\''`, "!", "|tee pwned", "> pwned", "a\u2028b"}

// The shell gives every word back as it was, and nothing runs.
func TestShellWords(t *testing.T) {
	dir := t.TempDir()
	for _, s := range nasty {
		cmd := exec.Command("sh", "-c", "printf %s "+ShellQuote(s))
		cmd.Dir = dir
		if out, err := cmd.Output(); err != nil || string(out) != s {
			t.Errorf("%q came out as %q (%v)", s, out, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("executed: %v", left)
	}
}

// slurmWord reads a word of an #SBATCH line as sbatch does.
func slurmWord(line string) (word, rest string) {
	quote, escaped := rune(0), false
	var b strings.Builder
	for i, r := range line {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0 && (r == ' ' || r == '#'):
			return b.String(), line[i:]
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), ""
}

func TestSbatchWords(t *testing.T) {
	for _, s := range append(nasty, "plain", "n[1-4],x", "", "4G") {
		if word, rest := slurmWord("--comment=" + sbatchQuote(s)); word != "--comment="+s || rest != "" {
			t.Errorf("%q is read as %q, then %q", s, word, rest)
		}
	}
}

// Whatever the names, a script has the same lines, runs the program once with these
// arguments, and nothing else.
func TestScriptsCarryNastyNames(t *testing.T) {
	plain := strings.Count(clusterJob().ArrayScript(0, 4), "\n")
	for _, s := range nasty {
		if strings.Contains(s, `\`) {
			continue // refused in paths, below
		}
		top := t.TempDir()
		work := filepath.Join(top, s)
		if err := os.MkdirAll(work, 0o777); err != nil {
			t.Fatal(err)
		}
		program := filepath.Join(work, "machlup")
		if err := os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\"\n"), 0o777); err != nil {
			t.Fatal(err)
		}
		j := clusterJob()
		j.Dir, j.Program, j.Partition, j.Account = filepath.Join(work, "out"), program, s, s
		j.Folder = filepath.Join(j.Dir, "slurm", "001")
		j.Extra = []string{"--comment=" + s}
		if err := j.Check(); err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		script := j.ArrayScript(4, 4)
		if n := strings.Count(script, "\n"); n != plain+3 {
			t.Errorf("%q: %d lines, want %d", s, n, plain+3)
		}
		cmd := exec.Command("bash", "-c", script)
		cmd.Dir, cmd.Env = top, append(os.Environ(), "SLURM_ARRAY_TASK_ID=2")
		out, err := cmd.CombinedOutput()
		want := strings.Join([]string{"run", j.Folder + "/config.toml", "--out", j.Dir, "--shard", "6/10", "--packing", j.Folder + "/packing.jsonl",
			"--workers", "2", "--evict", "--requeue", "50", ""}, "\n")
		if err != nil || string(out) != want {
			t.Errorf("%q: ran\n%swant\n%s(%v)", s, out, want, err)
		}
		if left, _ := filepath.Glob(filepath.Join(top, "pwned")); len(left) > 0 {
			t.Errorf("%q was executed", s)
		}
	}
}

func TestWhatNoScriptCanHold(t *testing.T) {
	for want, change := range map[string]func(*ClusterJob){
		"--out: found \"/a\\nb\"":       func(j *ClusterJob) { j.Dir = "/a\nb" },
		"without backslashes":           func(j *ClusterJob) { j.Dir = `/a\b` },
		"--partition: found":            func(j *ClusterJob) { j.Partition = "x\n#SBATCH --uid=0" },
		"--account: found":              func(j *ClusterJob) { j.Account = "a\x00b" },
		"--program: found":              func(j *ClusterJob) { j.Program = "/bin/\x1b[2J" },
		"--mem: found":                  func(j *ClusterJob) { j.Memory = "4G --wrap=x" },
		"--sbatch: found \"qos=long\"":  func(j *ClusterJob) { j.Extra = []string{"qos=long"} },
		"--sbatch: found \"--qos=a\\nb": func(j *ClusterJob) { j.Extra = []string{"--qos=a\nb"} },
		"found --wrap, which":           func(j *ClusterJob) { j.Extra = []string{"--wrap=touch pwned"} },
		"found --array, which":          func(j *ClusterJob) { j.Extra = []string{"--array=0-9"} },
		"--sbatch: found \"--q os=x\"":  func(j *ClusterJob) { j.Extra = []string{"--q os=x"} },
		"--cpus 0":                      func(j *ClusterJob) { j.CPUs = 0 },
		"--time 3m0s with --warn 3m0s":  func(j *ClusterJob) { j.Time = 3 * time.Minute },
		"--out: found \"/\\xff\"":       func(j *ClusterJob) { j.Dir = "/\xff" },
	} {
		j := clusterJob()
		change(&j)
		if err := j.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// fakeSlurm puts commands on the PATH that log their arguments and answer as told.
func fakeSlurm(t *testing.T, answers map[string]string) (log func() string) {
	t.Helper()
	dir := t.TempDir()
	for name, answer := range answers {
		script := fmt.Sprintf("#!/bin/sh\necho \"%s $*\" >>'%s/log'\n%s\n", name, dir, answer)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return func() string { data, _ := os.ReadFile(filepath.Join(dir, "log")); return string(data) }
}

// A job asks to run again when it was warned of its end, not when it is being cancelled, and
// names itself alone: the number of one element is that of the whole array.
func TestRequeue(t *testing.T) {
	for _, c := range []struct {
		name, state, restarts string
		array                 bool
		limit                 int
		want, said            string
	}{
		{"warned", "JobId=7 JobState=RUNNING Reason=None", "", false, 5, "scontrol requeue 7\n", "will run again"},
		{"warned, an element", "JobState=RUNNING Reason=None", "2", true, 5, "scontrol requeue 7_3\n", "will run again"},
		{"cancelled", "JobState=COMPLETING Reason=None", "", true, 5, "", ""},
		{"preempted", "JobState=PREEMPTED Reason=None", "", true, 5, "", ""},
		{"too often", "JobState=RUNNING", "5", true, 5, "", "not put into the queue again"},
		{"not asked to", "JobState=RUNNING", "", true, 0, "", ""},
	} {
		log := fakeSlurm(t, map[string]string{"scontrol": "echo '" + c.state + "'"})
		t.Setenv("SLURM_JOB_ID", "7")
		t.Setenv("SLURM_RESTART_COUNT", c.restarts)
		t.Setenv("SLURM_ARRAY_JOB_ID", map[bool]string{true: "7"}[c.array])
		t.Setenv("SLURM_ARRAY_TASK_ID", map[bool]string{true: "3"}[c.array])
		said := Requeue(c.limit)
		_, did, _ := strings.Cut(log(), "scontrol requeue")
		if did != "" {
			did = "scontrol requeue" + did
		}
		if did != c.want || !strings.Contains(said, c.said) || (c.said == "") != (said == "") {
			t.Errorf("%s: did %q, said %q", c.name, did, said)
		}
	}
	t.Setenv("SLURM_JOB_ID", "7; touch pwned")
	t.Setenv("SLURM_ARRAY_JOB_ID", "")
	t.Setenv("SLURM_ARRAY_TASK_ID", "")
	if said := Requeue(5); said != "" {
		t.Errorf("a job that is no number: %q", said)
	}
}

func TestMaxArray(t *testing.T) {
	fakeSlurm(t, map[string]string{"scontrol": "echo 'MaxArrayTasks = 9'; echo 'MaxArraySize            = 1001'"})
	if n, err := MaxArray(); n != 1001 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for want, answer := range map[string]string{"no array jobs": "echo 'MaxArraySize = 0'", "no MaxArraySize": "echo x", "no such host": "echo no such host >&2; exit 1"} {
		fakeSlurm(t, map[string]string{"scontrol": answer})
		if _, err := MaxArray(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := MaxArray(); err == nil || !strings.Contains(err.Error(), ErrNoSlurm.Error()) {
		t.Errorf("without Slurm: %v", err)
	}
}

// What was submitted before Slurm refused is on record.
func TestASubmissionThatStopsHalfway(t *testing.T) {
	log := fakeSlurm(t, map[string]string{"sbatch": `case "$*" in *array-1*) echo 'QOSMaxSubmitJobPerUserLimit' >&2; exit 1;; esac; echo '41;far'`,
		"squeue": `printf '41|0|RUNNING|None|n1|0:05\n41|1|PENDING|Resources||0:00\n99|N/A|RUNNING|None|n2|0:05\n'`})
	dir := t.TempDir()
	exp := experiment(runners(three())...)
	j := clusterJob()
	j.Dir, j.Elements, j.Array = dir, 3, 2
	var err error
	if j.Folder, err = NewSubmission(dir); err != nil {
		t.Fatal(err)
	}
	s, err := WriteSubmission(exp, j, []Element{{[]int{0}, 0}, {[]int{1}, 0}, {[]int{2}, 0}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Submit(); err == nil || !strings.Contains(err.Error(), "QOSMaxSubmitJobPerUserLimit") {
		t.Errorf("submitted: %v", err)
	}
	if strings.Contains(log(), "afterany") {
		t.Error("the merge was submitted although an array job is missing")
	}
	again, err := Submissions(dir)
	if err != nil || len(again) != 1 || fmt.Sprint(again[0].Arrays) != "[41]" {
		t.Fatalf("on record: %v, %v", again, err)
	}
	jobs, err := Queue(again)
	if err != nil || len(jobs) != 2 || jobs[0].Element != "0" || jobs[0].Node != "n1" || jobs[1].Reason != "Resources" {
		t.Errorf("in the queue: %+v, %v", jobs, err)
	}
	if next, err := NewSubmission(dir); err != nil || filepath.Base(next) != "002" {
		t.Errorf("the next folder: %s, %v", next, err)
	}
}

// Costs are calibrated once for each sweep point and follow the given rate.
func TestCostsFollowTheRate(t *testing.T) {
	exp := &build.Experiment{}
	for i, s := range three() {
		exp.Tasks = append(exp.Tasks, build.Task{Label: fmt.Sprint(i), Point: "p", Runner: s})
	}
	costs, err := Costs(exp, 0.5)
	if err != nil || costs[0] != (Cost{30, 15, 5}) || costs[1] != (Cost{20, 10, 5}) {
		t.Errorf("%+v, %v", costs, err)
	}
	if _, err := json.Marshal(costs); err != nil {
		t.Error(err)
	}
}

// The scripts as users read them. After a change that is meant: MACHLUP_GOLDEN=1 go test.
func TestGoldenScripts(t *testing.T) {
	j := clusterJob()
	j.Dir, j.Folder = "/scratch/o'neil/a run", "/scratch/o'neil/a run/slurm/002"
	j.Running, j.Partition, j.Account, j.Memory, j.Extra = 8, "long", "phys 1", "4G", []string{"--qos=night", "--exclusive"}
	if err := j.Check(); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"array.sbatch": j.ArrayScript(4, 4), "merge.sbatch": j.MergeScript()} {
		path := filepath.Join("testdata", "slurm", name)
		if os.Getenv("MACHLUP_GOLDEN") != "" {
			if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s:\n%s\nwant:\n%s", path, got, want)
		}
		if out, err := exec.Command("bash", "-n", path).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", path, err, out)
		}
	}
}
