package build

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"machlup/internal/engine"
	"machlup/internal/spec"
)

// modelAt builds the model of a point with another value of one number, without the [start]
// steps.
func modelAt(doc *spec.Doc, env engine.Env, key string, value float64) (*engine.Model, error) {
	text := strconv.FormatFloat(value, 'g', -1, 64)
	if !strings.ContainsAny(text, ".eE") {
		text += ".0"
	}
	refused := &engine.KeyError{Key: "key", Found: fmt.Sprintf("%q", key), Allowed: "the dotted key of a real number of the system, its trainer or its noise"}
	if table, _, _ := strings.Cut(key, "."); table == "estimator" || table == "run" || table == "sweep" || table == "output" {
		return nil, refused
	}
	d, err := doc.With(spec.Point{{Key: key, Value: text}})
	if err != nil {
		return nil, refused
	}
	sys, err := decodeSystem(d)
	if err != nil {
		var e *spec.Error
		if errors.As(err, &e) {
			refused.Found = fmt.Sprintf("%q = %s, which gives: %v", key, text, err)
		}
		return nil, refused
	}
	matters := slices.ContainsFunc(sys.paths, func(p string) bool { return key == p || strings.HasPrefix(key, p+".") })
	if !d.Known(key) || !matters {
		return nil, refused
	}
	return sys.model(env)
}

// checkSwept refuses keys that an estimator wants to be swept and that are not.
func checkSwept(doc *spec.Doc, e estimator, t Task) error {
	r, ok := t.Runner.(engine.SweepReader)
	if !ok {
		return nil
	}
	for name, key := range r.SweptKeys() {
		if _, ok := t.Swept[key]; ok {
			continue
		}
		var swept []string
		for _, s := range t.point {
			swept = append(swept, s.Key)
		}
		allowed := "nothing, since nothing is swept: add a [sweep.grid]"
		if len(swept) > 0 {
			allowed = "a swept key: " + strings.Join(swept, ", ")
		}
		return doc.Table(join("estimator", e.name)).Errorf(name, "found %q, allowed %s", key, allowed)
	}
	return nil
}
