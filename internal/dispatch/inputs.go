package dispatch

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"machlup/internal/build"
	"machlup/internal/record"
)

// keepInputs copies the files that the config names into the run's directory, where the
// resolved config finds them whatever becomes of the originals.
func keepInputs(exp *build.Experiment, opts Options) error {
	dir := filepath.Join(opts.Dir, build.InputsDir)
	if len(exp.Inputs) > 0 {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	for _, in := range exp.Inputs {
		path, err := record.SafeJoin(dir, in.Name)
		if err != nil {
			return err
		}
		if sum, err := record.HashFile(path); err == nil && sum == in.SHA256 {
			continue
		}
		if err := copyInput(path, in); err != nil {
			return err
		}
	}
	if !opts.Fresh {
		return nil
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !slices.ContainsFunc(exp.Inputs, func(in build.Input) bool { return in.Name == e.Name() }) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyInput(path string, in build.Input) error {
	if in.Data != nil {
		return record.WriteFileAtomic(path, in.Data)
	}
	src, err := os.Open(in.Path)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := record.CreateAtomic(path)
	if err != nil {
		return err
	}
	defer dst.Abort()
	if _, err := io.Copy(dst, src); err != nil {
		return err
	}
	if err := dst.Commit(); err != nil {
		return err
	}
	if sum, err := record.HashFile(path); err != nil || sum != in.SHA256 {
		os.Remove(path)
		return fmt.Errorf("%s has changed since the experiment was read; run it again", in.Path)
	}
	return nil
}
