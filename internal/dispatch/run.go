// Package dispatch turns an experiment into files: it runs the tasks' parts on a pool
// of workers, resumes what an earlier run left, merges the tables in task order and
// writes the manifest. Results do not depend on the number of workers.
package dispatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"machlup/analysis"
	"machlup/internal/build"
	"machlup/internal/engine"
	"machlup/internal/record"
)

// Options of a run. The zero value uses one worker and reports nothing.
type Options struct {
	Dir     string
	Workers int
	Fresh   bool // start over: drop what an earlier run left
	Shard   Shard
	Packing *Packing               // which tasks are the shard's, instead of index mod N
	Evict   bool                   // fence off a process that holds this shard, alive or not
	Anew    bool                   // MergeOnly: make the tables of finished tasks anew from their parts
	Draw    func(dir string) error // makes figures and the report of the merged tables
	Report  func(Progress)         // called from one goroutine, a few times a second
	Warn    func(string)           // called with what went wrong and was mended; any goroutine

	Revision string // of the program, for the manifest
}

func (o Options) warn(format string, args ...any) {
	if o.Warn != nil {
		o.Warn(fmt.Sprintf(format, args...))
	}
}

// A Shard is the tasks with index ≡ I (mod N). The zero value is everything.
type Shard struct{ I, N int }

func (s Shard) has(index int) bool { return s.N <= 1 || index%s.N == s.I }

// Progress of a run, in gradient evaluations.
type Progress struct {
	Done, Total    float64
	Tasks, Left    int // tasks of this shard, unfinished ones among them
	Skipped        int // finished by an earlier run
	Elapsed        time.Duration
	Final          bool
	LastTask, Note string

	Accepted float64            // fraction of proposals of the chains at work; NaN if none
	LogZ     *analysis.Estimate // the last, nil if none
}

// A Result is what a run left behind.
type Result struct {
	Tasks    []TaskState
	Skipped  int
	Stopped  bool // ended early; running again resumes
	Merged   bool
	Restores int // parts taken over from an earlier run, and those of Checkpoints

	Checkpoints int // parts that went on from a checkpoint
	Started     time.Time
	Elapsed     time.Duration
}

// TaskState is how a task stands.
type TaskState struct {
	build.Task
	Finished bool
	Outcome  engine.Outcome
	Err      error // the task failed; it is tried again next time
}

// Failed counts tasks that ended with an error.
func (r Result) Failed() int {
	n := 0
	for _, t := range r.Tasks {
		if t.Err != nil {
			n++
		}
	}
	return n
}

// Run computes the unfinished tasks of the experiment in opts.Dir, then merges. When ctx
// ends, running parts are abandoned, everything finished is kept, and Stopped is set.
func Run(ctx context.Context, exp *build.Experiment, opts Options) (Result, error) {
	start := time.Now()
	hold, err := claim(exp, opts)
	if err != nil {
		return Result{}, err
	}
	defer hold.release()
	if err := prepare(exp, opts); err != nil {
		return Result{}, err
	}
	r := &run{exp: exp, opts: opts, start: start, base: opts.earlier(), sessions: map[unit]*engine.Session{},
		fenced: func() bool { hold.stage("computing"); return hold.taken() != nil }}
	if err := r.survey(); err != nil {
		return Result{}, err
	}
	if err := r.note(); err != nil {
		return Result{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	hold.stage("computing")
	hold.keep(func() Progress { return r.progress(start, false) }, cancel)
	r.work(ctx)
	res := r.result()
	if err := hold.taken(); err != nil {
		return res, err
	}
	res.Stopped = ctx.Err() != nil && r.unfinished() > 0
	if opts.Shard.N <= 1 && !res.Stopped {
		hold.stage("merging")
		if err := Merge(exp, opts.Dir, res.Tasks); err != nil {
			return res, err
		}
		res.Merged = true
		if err := opts.finish(hold); err != nil {
			return res, err
		}
	}
	res.Elapsed = time.Since(start)
	return res, writeManifest(exp, opts, r.base, res, status(res))
}

// result is how the run stands.
func (r *run) result() Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Result{Tasks: r.states, Skipped: r.skipped, Restores: r.restores + r.checkpoints, Checkpoints: r.checkpoints, Started: r.start, Elapsed: time.Since(r.start)}
}

// note writes a manifest that says that the run is going on, so that what it took over is
// counted even if it is killed.
func (r *run) note() error {
	return writeManifest(r.exp, r.opts, r.base, r.result(), "running")
}

// finish draws what follows from the merged tables, while the directory is still ours.
func (o Options) finish(hold *lock) error {
	if o.Draw == nil {
		return nil
	}
	hold.stage("drawing")
	if err := o.Draw(o.Dir); err != nil {
		return fmt.Errorf("figures and report: %w", err)
	}
	return nil
}

// claim checks that the directory may be used and takes it.
func claim(exp *build.Experiment, opts Options) (*lock, error) {
	if err := checkDirectory(exp, opts); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(opts.Dir, 0o777); err != nil {
		return nil, err
	}
	var fence func(Holder)
	if opts.Evict {
		fence = func(h Holder) {
			opts.warn("%s was held by %s: it is fenced off, going on from what it saved", opts.Dir, h)
		}
	}
	hold, stale, err := acquire(opts.Dir, opts.Shard, false, fence)
	if err != nil {
		return nil, err
	}
	for _, h := range stale {
		opts.warn("%s was left by %s, which is gone: going on from what it saved", opts.Dir, h)
	}
	return hold, nil
}

// MergeOnly merges what is finished in opts.Dir, computing nothing.
func MergeOnly(exp *build.Experiment, opts Options) (Result, error) {
	for _, sub := range []string{"tasks", "csv", "figures"} {
		if err := ownDirectory(opts.Dir, sub); err != nil {
			return Result{}, err
		}
	}
	hold, _, err := acquire(opts.Dir, Shard{}, true, nil)
	if err != nil {
		return Result{}, err
	}
	defer hold.release()
	for _, sub := range []string{"csv", "figures"} { // only merges and whole runs write there
		sweepTemporaries(filepath.Join(opts.Dir, sub))
	}
	res := Result{Started: time.Now(), Merged: true}
	for _, t := range exp.Tasks {
		s := TaskState{Task: t}
		dir := taskDir(opts.Dir, t)
		if s.Outcome, s.Finished = finished(dir, t); !s.Finished {
			s.Err = earlierFailure(dir)
		} else if opts.Anew {
			if s.Outcome, s.Err = refinish(dir, t, s.Outcome); s.Err != nil {
				s.Finished = false
			}
		}
		res.Tasks = append(res.Tasks, s)
	}
	hold.stage("merging")
	if err := Merge(exp, opts.Dir, res.Tasks); err != nil {
		return res, err
	}
	if err := opts.finish(hold); err != nil {
		return res, err
	}
	return res, writeManifest(exp, opts, opts.earlier(), res, status(res))
}

// Redraw makes figures and report of opts.Dir anew from csv/, and records their hashes.
func Redraw(opts Options) error {
	if _, err := os.Stat(filepath.Join(opts.Dir, "csv", "tasks.csv")); err != nil {
		return &OccupiedError{opts.Dir, "no csv/tasks.csv", "the directory of a run with tables; machlup merge DIR makes those of finished tasks"}
	}
	for _, sub := range []string{"csv", "figures"} {
		if err := ownDirectory(opts.Dir, sub); err != nil {
			return err
		}
	}
	hold, _, err := acquire(opts.Dir, Shard{}, true, nil)
	if err != nil {
		return err
	}
	defer hold.release()
	if err := opts.finish(hold); err != nil {
		return err
	}
	path := filepath.Join(opts.Dir, "manifest.json")
	m, err := record.ReadManifest(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	m.Outputs = map[string]string{}
	if err := hashOutputs(opts.Dir, m.Outputs); err != nil {
		return err
	}
	return record.WriteManifest(path, m)
}

// Freeze writes the resolved config and the plan of an experiment to opts.Dir, as a run does
// at its beginning, and returns how many of the plan's tasks are finished there. It computes
// nothing.
func Freeze(exp *build.Experiment, opts Options) (done int, err error) {
	hold, err := claim(exp, opts)
	if err != nil {
		return 0, err
	}
	defer hold.release()
	if err := prepare(exp, opts); err != nil {
		return 0, err
	}
	for _, t := range exp.Tasks {
		if _, ok := finished(taskDir(opts.Dir, t), t); ok {
			done++
		}
	}
	return done, nil
}

// Unfinished counts tasks that are neither finished nor failed.
func (r Result) Unfinished() int {
	n := 0
	for _, t := range r.Tasks {
		if !t.Finished && t.Err == nil {
			n++
		}
	}
	return n
}

// prepare creates the directory, the resolved config and the plan.
func prepare(exp *build.Experiment, opts Options) error {
	if opts.Fresh {
		for _, name := range belongings {
			if name == build.InputsDir {
				continue // the config may stand in the directory and name them
			}
			if err := os.RemoveAll(filepath.Join(opts.Dir, name)); err != nil {
				return err
			}
		}
	}
	if opts.Shard.N <= 1 {
		for _, sub := range []string{"", "csv", "figures"} {
			sweepTemporaries(filepath.Join(opts.Dir, sub))
		}
	}
	if opts.Packing != nil && sameExperiment(opts.Dir) {
		return nil
	}
	if err := keepInputs(exp, opts); err != nil {
		return err
	}
	if err := record.WriteFileAtomic(filepath.Join(opts.Dir, "config.toml"), []byte(exp.Resolved)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(opts.Dir, "tasks"), 0o777); err != nil {
		return err
	}
	return record.WriteFileAtomic(filepath.Join(opts.Dir, "plan.jsonl"), planLines(exp))
}

// run is the state of one Run.
type run struct {
	exp      *build.Experiment
	opts     Options
	states   []TaskState
	pending  []*pending // by task, nil when finished
	queue    []unit
	skipped  int
	restores int
	base     record.Manifest // as the session before left it
	start    time.Time
	fenced   func() bool // another process has taken over: what fails here is no failure of a task

	mu          sync.Mutex
	done        float64
	sum         float64
	last        string
	checkpoints int // parts that went on from one
	sessions    map[unit]*engine.Session
	logZ        *analysis.Estimate // the last
}

// pending counts the parts of a task that are still to come.
type pending struct {
	left     int
	failed   bool
	diverged *engine.Divergence // the earliest, nil if none
}

// unit is one part to compute.
type unit struct{ task, part int }

// survey finds what is finished and queues the rest, in task order.
func (r *run) survey() error {
	r.states = make([]TaskState, len(r.exp.Tasks))
	r.pending = make([]*pending, len(r.exp.Tasks))
	for i, t := range r.exp.Tasks {
		r.states[i].Task = t
		if !r.opts.has(i) {
			continue
		}
		dir := taskDir(r.opts.Dir, t)
		if err := ownDirectory(filepath.Dir(dir), t.Hash); err != nil {
			return err
		}
		if outcome, ok := finished(dir, t); ok && pooled(dir, t, outcome) {
			r.states[i].Finished, r.states[i].Outcome = true, outcome
			r.skipped++
			sweepStages(dir)
			sweepTemporaries(dir)
			continue
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		sweepTemporaries(dir)
		sweepStages(dir)
		p := &pending{}
		for part := 0; part < t.Runner.Parts(); part++ {
			if engine.ReadPart(partPath(dir, part), t.Runner.NewResult()) == nil {
				r.restores++
				continue
			}
			r.queue = append(r.queue, unit{i, part})
			r.sum += t.Runner.Work(part)
			p.left++
		}
		r.pending[i] = p
	}
	r.longestFirst()
	return nil
}

// longestFirst orders the queue by falling work, so that no worker is left with a long
// part at the end. Results do not depend on the order.
func (r *run) longestFirst() {
	slices.SortStableFunc(r.queue, func(a, b unit) int {
		return cmp.Compare(r.exp.Tasks[b.task].Runner.Work(b.part), r.exp.Tasks[a.task].Runner.Work(a.part))
	})
}

func (r *run) unfinished() int {
	n := 0
	for i, s := range r.states {
		if r.opts.has(i) && !s.Finished && s.Err == nil {
			n++
		}
	}
	return n
}

// work runs the queue on the workers and the progress ticker.
func (r *run) work(ctx context.Context) {
	for i, p := range r.pending {
		if p != nil && p.left == 0 { // all parts were there, only Finish was missing
			r.finish(i)
		}
	}
	units := make(chan unit)
	var wg sync.WaitGroup
	for range max(1, r.opts.Workers) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for u := range units {
				r.compute(ctx, u)
			}
		}()
	}
	stop := r.ticker()
feed:
	for _, u := range r.queue {
		select {
		case units <- u:
		case <-ctx.Done():
			break feed
		}
	}
	close(units)
	wg.Wait()
	stop()
}

// ticker reports progress until the returned function is called.
func (r *run) ticker() (stop func()) {
	if r.opts.Report == nil {
		return func() {}
	}
	start, quit, done := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(250 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				r.opts.Report(r.progress(start, false))
			case <-quit:
				r.opts.Report(r.progress(start, true))
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

func (r *run) progress(start time.Time, final bool) Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := Progress{Done: r.done, Total: r.sum, Skipped: r.skipped, Elapsed: time.Since(start), Final: final, LastTask: r.last, LogZ: r.logZ, Accepted: math.NaN()}
	sum, n := 0.0, 0
	for _, s := range r.sessions {
		if a, ok := s.Accepted(); ok {
			sum, n = sum+a, n+1
		}
	}
	if n > 0 {
		p.Accepted = sum / float64(n)
	}
	for i, s := range r.states {
		if r.opts.has(i) {
			p.Tasks++
			if !s.Finished {
				p.Left++
			}
		}
	}
	return p
}

// compute runs one part and, when it was the task's last, finishes the task.
func (r *run) compute(ctx context.Context, u unit) {
	t := r.exp.Tasks[u.task]
	session := r.session(u)
	r.mu.Lock()
	r.sessions[u] = session
	r.mu.Unlock()
	reported := 0.0
	progress := func(work float64) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if reported == 0 && session.Restored() { // what an earlier session has done is no work of this one
			r.sum -= work
		} else {
			r.done += work - reported
		}
		reported = work
	}
	err := r.prepare(ctx, u)
	var result any
	if err == nil {
		result, err = r.part(engine.WithSession(ctx, session), u, session, progress)
	}
	r.mu.Lock()
	delete(r.sessions, u)
	r.mu.Unlock()
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return
	}
	var diverged *engine.Divergence
	switch {
	case err == nil:
		err = engine.WritePart(partPath(taskDir(r.opts.Dir, t), u.part), result)
	case errors.As(err, &diverged):
		err = nil
	}
	if err != nil && r.fenced() {
		return
	}
	if err == nil {
		session.Drop()
	}
	progress(t.Runner.Work(u.part))
	r.mu.Lock()
	p := r.pending[u.task]
	p.left--
	if diverged != nil {
		p.diverged = diverged.Earlier(p.diverged)
	}
	if err != nil {
		p.failed = true
		r.states[u.task].Err = fmt.Errorf("part %d: %w", u.part, err)
		writeFailure(taskDir(r.opts.Dir, t), r.exp, t, r.states[u.task].Err)
	}
	last := p.left == 0 && !p.failed
	r.last = t.Label
	r.mu.Unlock()
	if last {
		r.finish(u.task)
	}
}

// session is the part's, among those that run.
func (r *run) session(u unit) *engine.Session {
	t := r.exp.Tasks[u.task]
	id := engine.Identity{Version: build.Version, Schema: build.SchemaVersion, Task: t.Hash, Config: t.Config, Part: u.part}
	every := r.exp.CheckpointEvery
	if every <= 0 {
		every = time.Minute
	}
	return engine.NewSession(checkpointPath(taskDir(r.opts.Dir, t), u.part), id, every,
		func(text string) { r.opts.warn("task %s: %s", t.Label, text) }, r.resumed)
}

// prepare trains the task's start, where it has one, with a checkpoint of its own.
func (r *run) prepare(ctx context.Context, u unit) error {
	t := r.exp.Tasks[u.task]
	if t.Prepare == nil {
		return nil
	}
	session := r.session(unit{u.task, startPart})
	for {
		_, err := guard(func() (any, error) { return nil, t.Prepare(engine.WithSession(ctx, session)) })
		var stale *engine.StaleError
		if !errors.As(err, &stale) || !session.Restored() {
			return err
		}
		session.Refuse(stale)
	}
}

// resumed counts a part that goes on from a checkpoint, at once: the run may be killed. The
// manifest can wait for a fuller disk.
func (r *run) resumed() {
	r.mu.Lock()
	r.checkpoints++
	r.mu.Unlock()
	_ = r.note()
}

// part computes a part; if its checkpoint turns out not to fit, again without.
func (r *run) part(ctx context.Context, u unit, session *engine.Session, progress func(float64)) (any, error) {
	for {
		result, err := guard(func() (any, error) { return r.exp.Tasks[u.task].Runner.Run(ctx, u.part, progress) })
		var stale *engine.StaleError
		if !errors.As(err, &stale) || !session.Restored() {
			return result, err
		}
		session.Refuse(stale)
		r.mu.Lock()
		r.checkpoints--
		r.mu.Unlock()
	}
}

// finish makes the task's tables from its parts and records that it is done.
func (r *run) finish(i int) {
	t := r.exp.Tasks[i]
	outcome, err := finishTask(taskDir(r.opts.Dir, t), t, r.pending[i].diverged)
	if err != nil && r.fenced() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.states[i].Err = err
		writeFailure(taskDir(r.opts.Dir, t), r.exp, t, err)
		return
	}
	r.states[i].Finished, r.states[i].Outcome = true, outcome
	if outcome.Status == engine.Diverged {
		writeReplay(taskDir(r.opts.Dir, t), r.exp, t)
	}
	if outcome.LogZ != nil {
		r.logZ = outcome.LogZ
	}
}

// A panicError is a panic of a task, with its stack for failure.txt.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// guard turns a panic into an error, so that other tasks go on.
func guard(f func() (any, error)) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p, debug.Stack()}
		}
	}()
	return f()
}
