package report

import (
	"fmt"
	"io"
	"path/filepath"
)

// Closing writes the short table at the end of a run: per section the numbers with their
// errors, then where to look.
func Closing(w io.Writer, dir string) error {
	_, err := fmt.Fprintf(w, "tables   %s\nfigures  %s\n", filepath.Join(dir, "csv"), filepath.Join(dir, "figures"))
	return err
}
