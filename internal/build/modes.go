package build

import (
	"fmt"
	"strings"

	"machlup/analysis"
	"machlup/gan"
)

// Modes returns the modes of the data; it implements engine.ModeGenerator.
func (g generator) Modes() (*analysis.Modes, error) {
	t, ok := g.target.(gan.ModeTarget)
	if !ok {
		return nil, fmt.Errorf("found target %s, which has no modes to count; allowed %s", g.target.Name(), strings.Join(modeTargets(), ", "))
	}
	weight, mean, std := t.Modes()
	return analysis.NewModes(g.target.Dim(), weight, mean, std)
}

// modeTargets are the targets that have modes.
func modeTargets() []string {
	var out []string
	for _, e := range gan.Targets() {
		if t, err := e.New().Target(); err == nil {
			if _, ok := t.(gan.ModeTarget); ok {
				out = append(out, e.Name)
			}
		}
	}
	return out
}
