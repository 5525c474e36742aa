package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// SafeJoin returns the path of name, slash-separated, below dir. It refuses names that
// lead elsewhere: absolute, with "..", empty elements or control characters, or through a
// symbolic link that leaves dir or leads nowhere. What does not exist yet is fine. It looks
// once: whoever may write to dir meanwhile is trusted.
func SafeJoin(dir, name string) (string, error) {
	refuse := func(why string) (string, error) {
		return "", fmt.Errorf("found the file name %q (%s); allowed: a relative path that stays below %s", name, why, dir)
	}
	if name == "" || strings.HasPrefix(name, "/") || filepath.IsAbs(name) {
		return refuse("empty or absolute")
	}
	if i := strings.IndexFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }); i >= 0 {
		return refuse("a control character or a backslash")
	}
	parts := strings.Split(name, "/")
	for _, p := range parts {
		if p == "" || p == "." || p == ".." {
			return refuse("an element that is empty, \".\" or \"..\"")
		}
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return refuse("not local")
	}
	path := dir
	for _, p := range parts {
		path = filepath.Join(path, p)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("cannot look at %s: %w", path, bare(err))
		}
		if info.Mode()&fs.ModeSymlink != 0 && !staysBelow(dir, path) {
			return refuse("a symbolic link that leaves it")
		}
	}
	return filepath.Join(dir, filepath.FromSlash(name)), nil
}

// staysBelow reports whether path, links resolved, exists below dir, links resolved.
func staysBelow(dir, path string) bool {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(root, target)
	return err == nil && filepath.IsLocal(rel)
}
