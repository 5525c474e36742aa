package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts of testdata run this program; its command lines are the tests.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"machlup": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               shareExperiments,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":   cmdStatus,
			"signal":   cmdSignal,
			"same":     cmdSame,
			"sidecars": cmdSidecars,
			"manifest": cmdManifest,
			"cells":    cmdCells,
			"refuse":   cmdRefuse,
			"corrupt":  cmdCorrupt,
			"inuse":    cmdInuse,
			"watched":  cmdWatched,
		},
	})
}

// shareExperiments puts the experiments that several scripts use into each work directory.
func shareExperiments(env *testscript.Env) error {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(env.WorkDir, filepath.Base(f)), data, 0o666); err != nil {
			return err
		}
	}
	return nil
}
