package record

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// tmpInfix marks a file that is still being written. Such names are ours alone.
const tmpInfix = ".tmp-"

// IsTemporary reports whether a file name is that of an AtomicFile not committed: what a
// killed process leaves behind. It is never a result.
func IsTemporary(name string) bool {
	base := filepath.Base(name)
	return strings.HasPrefix(base, ".") && strings.Contains(base, tmpInfix)
}

// An AtomicFile is written under a temporary name in the directory of its final path and
// takes that path, whole and on disk, only at Commit. Two writers of one path do not mix:
// the last to commit wins.
type AtomicFile struct {
	f    *os.File
	path string
	err  error // first failed Write; Commit refuses
	done bool
}

// CreateAtomic starts a file that will appear at path. The directory must exist. Follow it
// by defer f.Abort(), which does nothing after Commit.
func CreateAtomic(path string) (*AtomicFile, error) {
	var suffix [8]byte
	rand.Read(suffix[:])
	dir, base := filepath.Split(path)
	tmp := filepath.Join(dir, "."+base[:min(len(base), 100)]+tmpInfix+hex.EncodeToString(suffix[:]))
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", path, bare(err))
	}
	return &AtomicFile{f: f, path: path}, nil
}

// Write appends to the file.
func (a *AtomicFile) Write(p []byte) (int, error) {
	n, err := a.f.Write(p)
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("cannot write %s: %w", a.path, bare(err))
	}
	return n, a.err
}

// Name returns the final path.
func (a *AtomicFile) Name() string { return a.path }

// Commit flushes to the disk, renames to the final path and flushes the directory. When it
// fails, what was at the path before is still there.
func (a *AtomicFile) Commit() error { return a.commit(os.Rename) }

// CommitNew is Commit for a path that holds nothing yet: of several writers the first wins,
// for good, and the others get an error that is fs.ErrExist. On a file system without hard
// links it is Commit.
func (a *AtomicFile) CommitNew() error {
	return a.commit(func(tmp, path string) error {
		err := os.Link(tmp, path)
		if err == nil || errors.Is(err, fs.ErrExist) {
			os.Remove(tmp)
			return err
		}
		return os.Rename(tmp, path)
	})
}

func (a *AtomicFile) commit(place func(tmp, path string) error) error {
	if a.done {
		panic("record: Commit of a finished AtomicFile")
	}
	a.done = true
	err := a.err
	if err == nil {
		err = a.f.Sync()
	}
	if e := a.f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = place(a.f.Name(), a.path)
	}
	if err != nil {
		os.Remove(a.f.Name())
		if err == a.err {
			return err
		}
		return fmt.Errorf("cannot write %s: %w", a.path, bare(err))
	}
	if err := SyncDir(filepath.Dir(a.path)); err != nil {
		return fmt.Errorf("cannot write %s: %w", a.path, bare(err))
	}
	return nil
}

// Abort drops the file. It does nothing after Commit.
func (a *AtomicFile) Abort() {
	if a.done {
		return
	}
	a.done = true
	a.f.Close()
	os.Remove(a.f.Name())
}

// WriteFileAtomic writes data to path, whole or not at all.
func WriteFileAtomic(path string, data []byte) error {
	f, err := CreateAtomic(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Commit()
}

// WriteFileNew is WriteFileAtomic for a path that holds nothing yet: see CommitNew.
func WriteFileNew(path string, data []byte) error {
	f, err := CreateAtomic(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.CommitNew()
}

// SyncDir flushes a directory's entries (renames, new files) to the disk. File systems that
// cannot do so are taken at their word.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// bare strips the temporary path from an error: users know the final one.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
