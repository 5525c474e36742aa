package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"machlup/internal/record"
)

// checkpointMagic starts every checkpoint; the digit is the version of the layout.
const checkpointMagic = "machlup checkpoint 1\n"

// An Identity says what a checkpoint belongs to. Another one's is not used.
type Identity struct {
	Version string `json:"version"` // of the program
	Schema  int    `json:"schema"`
	Task    string `json:"task"`   // hash
	Config  string `json:"config"` // what the hash covers
	Part    int    `json:"part"`
}

// A Session is what a part knows of the run around it: where to save its state, and whom to
// tell how it goes. A nil Session saves nothing.
type Session struct {
	id       Identity
	path     string
	every    time.Duration
	warn     func(string)
	last     time.Time     // of the last save, or the start
	cost     time.Duration // of the last save
	resumed  func()        // called when the part goes on from a checkpoint
	restored bool
	saved    int
	accepted atomic.Int64 // parts per million, 1 + the last reported; 0 for none
}

// NewSession makes the session of a part whose checkpoints are path and path.previous,
// written every so often, at most a twentieth of the time. warn is told what goes wrong,
// resumed that a part goes on from a checkpoint.
func NewSession(path string, id Identity, every time.Duration, warn func(string), resumed func()) *Session {
	return &Session{id: id, path: path, every: every, warn: warn, resumed: resumed, last: time.Now()}
}

type sessionKey struct{}

// WithSession gives the parts that run under ctx a session.
func WithSession(ctx context.Context, s *Session) context.Context {
	return context.WithValue(ctx, sessionKey{}, s)
}

// SessionOf is the session of a part, nil if it has none.
func SessionOf(ctx context.Context) *Session {
	s, _ := ctx.Value(sessionKey{}).(*Session)
	return s
}

// Restored tells whether the part went on from a checkpoint.
func (s *Session) Restored() bool { return s != nil && s.restored }

// Saved counts the checkpoints written.
func (s *Session) Saved() int { return s.saved }

// Accept tells the fraction of proposals that was accepted lately.
func (s *Session) Accept(fraction float64) {
	if s != nil && fraction >= 0 && fraction <= 1 {
		s.accepted.Store(1 + int64(fraction*1e6))
	}
}

// Accepted is the fraction last told, ok = false for none.
func (s *Session) Accepted() (fraction float64, ok bool) {
	n := s.accepted.Load()
	return float64(n-1) / 1e6, n > 0
}

// Offer is called where the part's state is whole, every few milliseconds. It returns the
// error with which the part must stop, nil to go on; state is called, and saved, when it is
// time or the part must stop. It returns plain data that encoding/gob takes.
func (s *Session) Offer(ctx context.Context, state func() any) error {
	err := ctx.Err()
	if s == nil {
		return err
	}
	if err != nil {
		if errors.Is(context.Cause(ctx), err) { // otherwise the directory is no longer ours
			s.save(state())
		}
		return err
	}
	if time.Since(s.last) >= max(s.every, 20*s.cost) {
		s.save(state())
	}
	return nil
}

// save keeps the last checkpoint as the previous one. A checkpoint that cannot be written
// does not stop the part.
func (s *Session) save(state any) {
	start := time.Now()
	if err := writeCheckpoint(s.path, s.id, state); err != nil {
		s.tell("%v: the part goes on, without that checkpoint", err)
	} else {
		s.saved++
	}
	s.last = time.Now()
	s.cost = s.last.Sub(start)
}

func (s *Session) tell(format string, args ...any) {
	if s.warn != nil {
		s.warn(fmt.Sprintf(format, args...))
	}
}

// Restore decodes the newest usable checkpoint into state, a pointer to plain data, and
// reports whether there was one. What is damaged is passed over for the previous one, what
// belongs to something else is set aside; both are told.
func (s *Session) Restore(state any) bool {
	if s == nil {
		return false
	}
	for _, path := range []string{s.path, s.path + previous} {
		fresh := reflect.New(reflect.TypeOf(state).Elem())
		err := readCheckpoint(path, s.id, fresh.Interface())
		var foreign *foreignError
		switch {
		case err == nil:
			reflect.ValueOf(state).Elem().Set(fresh.Elem())
			if !s.restored && s.resumed != nil {
				s.resumed()
			}
			s.restored = true
			return true
		case errors.Is(err, fs.ErrNotExist):
			continue
		case errors.As(err, &foreign):
			s.tell("%v; it is not used (kept as %s)", err, path+refused)
			_ = os.Rename(path, path+refused)
		default:
			s.tell("%v; falling back to %s", err, map[bool]string{true: "the previous one", false: "the beginning of the part"}[path == s.path])
		}
	}
	return false
}

// Drop deletes the checkpoints of a finished part.
func (s *Session) Drop() {
	for _, path := range []string{s.path, s.path + previous} {
		_ = os.Remove(path)
	}
}

const (
	previous = ".previous"
	refused  = ".refused"
)

// A StaleError is the error of a part whose checkpoint was whole but does not fit. The part
// is to be run again without.
type StaleError struct{ Err error }

func (e *StaleError) Error() string { return "the checkpoint does not fit: " + e.Err.Error() }
func (e *StaleError) Unwrap() error { return e.Err }

// Refuse sets aside the checkpoints that turned out not to fit.
func (s *Session) Refuse(err error) {
	s.restored = false
	for _, path := range []string{s.path, s.path + previous} {
		if os.Rename(path, path+refused) == nil {
			s.tell("%s: %v; it is not used (kept as %s)", path, err, path+refused)
		}
	}
}

// checkpointHeader precedes the state.
type checkpointHeader struct {
	Identity
	State string `json:"state"` // layout of the state's type
}

// writeCheckpoint stores magic, SHA-256 of the rest, header as a line of JSON, state.
func writeCheckpoint(path string, id Identity, state any) error {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(checkpointHeader{id, layout(reflect.TypeOf(state))}); err != nil {
		panic("engine: a checkpoint's header that cannot be encoded")
	}
	if err := gob.NewEncoder(&body).Encode(state); err != nil {
		panic("engine: a state that cannot be encoded: " + err.Error())
	}
	sum := sha256.Sum256(body.Bytes())
	f, err := record.CreateAtomic(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	for _, b := range [][]byte{[]byte(checkpointMagic), sum[:], body.Bytes()} {
		if _, err := f.Write(b); err != nil {
			return err
		}
	}
	if err := os.Rename(path, path+previous); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.Commit()
}

// ErrCheckpoint is wrapped for a file that is not a whole, unaltered checkpoint.
var ErrCheckpoint = errors.New("not a whole checkpoint")

// A foreignError refuses a whole checkpoint of something else.
type foreignError struct{ path, found, allowed string }

func (e *foreignError) Error() string {
	return fmt.Sprintf("%s: found a checkpoint of %s; allowed: %s", e.path, e.found, e.allowed)
}

func readCheckpoint(path string, id Identity, state any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	header, body, err := parseCheckpoint(data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if found, allowed := header.differs(checkpointHeader{id, layout(reflect.TypeOf(state).Elem())}); found != "" {
		return &foreignError{path, found, allowed}
	}
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(state); err != nil {
		return fmt.Errorf("%s: %w (%v)", path, ErrCheckpoint, err)
	}
	return nil
}

// parseCheckpoint checks magic and checksum and splits the rest.
func parseCheckpoint(data []byte) (header checkpointHeader, body []byte, err error) {
	head := len(checkpointMagic) + sha256.Size
	if len(data) < head || string(data[:len(checkpointMagic)]) != checkpointMagic {
		return header, nil, fmt.Errorf("%w (found %d bytes that do not start with %q)", ErrCheckpoint, len(data), checkpointMagic)
	}
	rest := data[head:]
	if sum := sha256.Sum256(rest); !bytes.Equal(sum[:], data[len(checkpointMagic):head]) {
		return header, nil, fmt.Errorf("%w (its checksum does not match)", ErrCheckpoint)
	}
	line, body, ok := bytes.Cut(rest, []byte("\n"))
	if !ok || json.Unmarshal(line, &header) != nil {
		return header, nil, fmt.Errorf("%w (its header cannot be read)", ErrCheckpoint)
	}
	return header, body, nil
}

// differs says what a checkpoint is of, and what is allowed; empty if it fits.
func (h checkpointHeader) differs(want checkpointHeader) (found, allowed string) {
	switch {
	case h.Version != want.Version || h.Schema != want.Schema:
		return fmt.Sprintf("version %s, schema %d", h.Version, h.Schema), fmt.Sprintf("version %s, schema %d", want.Version, want.Schema)
	case h.Config != want.Config:
		a, b := differingLines(h.Config, want.Config)
		return "another config (" + a + ")", "this task's (" + b + ")"
	case h.Task != want.Task || h.Part != want.Part:
		return fmt.Sprintf("task %s, part %d", h.Task, h.Part), fmt.Sprintf("task %s, part %d", want.Task, want.Part)
	case h.State != want.State:
		return "a state with the fields " + h.State, want.State
	}
	return "", ""
}

// differingLines are the lines that only one of two texts has.
func differingLines(a, b string) (onlyA, onlyB string) {
	only := func(x, y string) string {
		has := map[string]bool{}
		for _, l := range strings.Split(y, "\n") {
			has[l] = true
		}
		var out []string
		for _, l := range strings.Split(x, "\n") {
			if l = strings.TrimSpace(l); l != "" && !has[l] {
				out = append(out, l)
			}
		}
		if len(out) == 0 {
			return "defaults"
		}
		return strings.Join(out, "; ")
	}
	return only(a, b), only(b, a)
}

// layout describes the fields of a type, so that a state of before a change of the program
// is told from one of after.
func layout(t reflect.Type) string {
	if t.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()) {
		return t.String()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return layout(t.Elem())
	case reflect.Slice:
		return "[]" + layout(t.Elem())
	case reflect.Struct:
		var fields []string
		for i := range t.NumField() {
			fields = append(fields, t.Field(i).Name+" "+layout(t.Field(i).Type))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	return t.String()
}
