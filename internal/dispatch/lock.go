package dispatch

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"machlup/internal/record"
)

// A Holder is what a lock file says: who is at work in a directory, and how far.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	Work    string    `json:"work"`    // run, shard I/N or merge
	Process string    `json:"process"` // tells a process from a later one of the same number
	Token   string    `json:"token"`   // of this lock
	Stage   string    `json:"stage"`   // reading, computing, merging, drawing
	Done    float64   `json:"gradient_evaluations_done"`
	Total   float64   `json:"gradient_evaluations"`
	Seconds float64   `json:"seconds"` // since started

	shard Shard
	merge bool
}

func (h Holder) String() string {
	return fmt.Sprintf("process %d on %s, started %s (machlup %s)", h.PID, h.Host, h.Started.Local().Format("2006-01-02 15:04:05"), h.Work)
}

// An InUseError refuses a directory in which another live process is at work.
type InUseError struct {
	Dir  string
	Path string // of the lock
	By   Holder
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("%s is in use by %s; wait for it, stop it, or write elsewhere with --out DIR (if it is certainly gone, delete %s)", e.Dir, e.By, e.Path)
}

const (
	lockSuffix = ".lock"
	beat       = 2 * time.Second
	// A lock of another host is stale when nothing has touched it for so long: whether the
	// process is alive cannot be seen from here.
	staleAfter = 2 * time.Minute
)

// A lock is a file DIR/*.lock. Shards of one run hold one each.
type lock struct {
	dir, path string

	mu     sync.Mutex
	holder Holder
	quit   chan struct{}
	done   chan struct{}
	lost   error
}

// acquire takes the directory for a shard's work, or for merging. Locks whose process is
// gone are taken over; their holders are returned. fence, if there is one, is told of a live
// process that holds the very same work, which is fenced off: its lock is deleted in the same
// act, it notices at its next beat and stops, and what it publishes until then is as good as
// ours.
func acquire(dir string, shard Shard, merge bool, fence func(Holder)) (*lock, []Holder, error) {
	l := &lock{dir: dir, holder: newHolder(shard, merge)}
	l.path = filepath.Join(dir, lockName(shard, merge))
	unlock := guardDirectory(dir)
	defer unlock()
	if fence != nil {
		var h Holder
		if record.ReadJSON(l.path, &h) == nil {
			fence(h)
		}
		os.Remove(l.path)
	}
	held, err := readLocks(dir)
	if err != nil {
		return nil, nil, err
	}
	var stale []Holder
	for path, h := range held {
		if !h.conflicts(l.holder) {
			continue
		}
		live, err := alive(path, h)
		if err != nil {
			return nil, nil, err
		}
		if live {
			return nil, nil, &InUseError{dir, path, h}
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
		stale = append(stale, h)
	}
	return l, stale, record.WriteJSON(l.path, l.holder)
}

func newHolder(shard Shard, merge bool) Holder {
	host, _ := os.Hostname()
	var token [8]byte
	rand.Read(token[:])
	h := Holder{PID: os.Getpid(), Host: host, Started: time.Now().UTC().Truncate(time.Second), Process: processID(os.Getpid()),
		Token: hex.EncodeToString(token[:]), Stage: "reading", shard: shard, merge: merge}
	h.Work = "run"
	switch {
	case merge:
		h.Work = "merge"
	case shard.N > 1:
		h.Work = fmt.Sprintf("shard %d/%d", shard.I, shard.N)
	}
	return h
}

func lockName(shard Shard, merge bool) string {
	switch {
	case merge:
		return "merge" + lockSuffix
	case shard.N > 1:
		return fmt.Sprintf("shard-%d-of-%d%s", shard.I, shard.N, lockSuffix)
	}
	return "run" + lockSuffix
}

// conflicts tells whether two kinds of work may not go on together: a merge excludes a
// merge and a whole run, shards exclude each other when they share a task.
func (h Holder) conflicts(o Holder) bool {
	if h.merge != o.merge {
		return h.shard.N <= 1 && o.shard.N <= 1
	}
	if h.merge {
		return true
	}
	return h.shard.meets(o.shard)
}

// meets tells whether some index is ≡ I (mod N) for both.
func (s Shard) meets(o Shard) bool {
	a, b := max(s.N, 1), max(o.N, 1)
	for b != 0 {
		a, b = b, a%b
	}
	return s.I%a == o.I%a
}

// readLocks returns the lock files of a directory. One that cannot be read (a disk that was
// full) counts as held by an unknown process of another host.
func readLocks(dir string) (map[string]Holder, error) {
	paths, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*"+lockSuffix))
	if err != nil {
		return nil, err
	}
	held := map[string]Holder{}
	for _, p := range paths {
		var h Holder
		if err := record.ReadJSON(p, &h); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			h = Holder{Host: "an unknown host", Work: "run"}
		}
		h.merge = h.Work == "merge"
		if text, ok := strings.CutPrefix(h.Work, "shard "); ok {
			if h.shard, err = ParseShard(text); err != nil {
				h.shard = Shard{}
			}
		}
		held[p] = h
	}
	return held, nil
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(path)
}

// alive tells whether the holder of a lock is still at work: on this host by its process,
// on another by the age of its lock.
func alive(path string, h Holder) (bool, error) {
	if host, _ := os.Hostname(); h.Host == host && sameMachine(h.Process) {
		return processID(h.PID) == h.Process, nil
	}
	age, err := ageOf(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return age < staleAfter, err
}

// ageOf is the age of a file by the clock of its file system: hosts' clocks differ.
func ageOf(path string) (time.Duration, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	now := time.Now()
	if f, err := os.CreateTemp(filepath.Dir(path), ".clock.tmp-*"); err == nil {
		if s, err := f.Stat(); err == nil {
			now = s.ModTime()
		}
		f.Close()
		os.Remove(f.Name())
	}
	return now.Sub(info.ModTime()), nil
}

// keep shows that the process lives, until release. lost is called when another process
// has taken the lock over.
func (l *lock) keep(progress func() Progress, lost func(error)) {
	l.quit, l.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(l.done)
		t := time.NewTicker(beat)
		defer t.Stop()
		for {
			select {
			case <-l.quit:
				return
			case <-t.C:
			}
			p := progress()
			l.mu.Lock()
			l.holder.Done, l.holder.Total, l.holder.Seconds = p.Done, p.Total, p.Elapsed.Seconds()
			l.write()
			err := l.lost
			l.mu.Unlock()
			if err != nil {
				lost(err)
				return
			}
		}
	}()
}

// stage notes what the process is at.
func (l *lock) stage(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holder.Stage = name
	l.write()
}

// write renews the file if it is still ours, both in one act among the processes of a host:
// a process that has just been fenced off must not write over its successor's lock. A full
// disk must not stop the run, so the file's time is set first.
func (l *lock) write() {
	unlock := guardDirectory(l.dir)
	defer unlock()
	ours, err := l.look()
	if err != nil {
		return // no file descriptor to spare, say: nothing is known of the lock, so nothing is lost
	}
	if !ours {
		l.lost = fmt.Errorf("%s was taken over or deleted while this process held it: it stops, so that two do not write the same task", l.path)
		return
	}
	now := time.Now()
	_ = os.Chtimes(l.path, now, now)
	_ = record.WriteJSON(l.path, l.holder)
}

// taken is the error of a lock that another process has taken over.
func (l *lock) taken() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// look tells whether the lock is ours; an error says that the file could not be read, which
// is not to say that it is gone or another's.
func (l *lock) look() (bool, error) {
	var h Holder
	err := record.ReadJSON(l.path, &h)
	var damaged *record.DataError
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.As(err, &damaged) {
		return false, err
	}
	return err == nil && h.Token == l.holder.Token, nil
}

func (l *lock) ours() bool {
	ours, _ := l.look()
	return ours
}

// release gives the directory up.
func (l *lock) release() {
	if l.quit != nil {
		close(l.quit)
		<-l.done
		l.quit = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ours() {
		os.Remove(l.path)
	}
}
