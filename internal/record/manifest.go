package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"
)

// ManifestFormat is the version of Manifest's own layout.
const ManifestFormat = 1

// A Manifest says what made the files beside it. It is the one place for versions, clocks
// and hosts; no result depends on it. Embed it where more is to be kept, and use WriteJSON.
type Manifest struct {
	Format   int       `json:"format"`
	Program  string    `json:"program"`
	Version  string    `json:"version"`
	Revision string    `json:"revision"` // of the source, with "+dirty" when it was changed
	Kernels  string    `json:"kernels"`  // CPU kernel set: generic, avx2, avx512
	Go       string    `json:"go"`
	Platform string    `json:"platform"` // GOOS/GOARCH
	Name     string    `json:"name"`     // of the experiment or the task
	Seed     uint64    `json:"seed"`
	Started  time.Time `json:"started"`           // UTC, RFC 3339: of the first session
	Finished time.Time `json:"finished,omitzero"` // UTC, RFC 3339: of the last session, so far
	Seconds  float64   `json:"seconds"`           // of wall-clock time, over all sessions that ended by themselves
	Restores int       `json:"restores"`          // parts that sessions took over from earlier ones, finished or from a checkpoint

	CheckpointRestores int `json:"checkpoint_restores"` // of them, those that went on from a checkpoint

	Inputs map[string]string `json:"inputs,omitempty"` // files that the config names, below inputs/ → SHA-256

	Status  string            `json:"status"`
	Message string            `json:"message,omitempty"`
	Outputs map[string]string `json:"outputs"` // slash-separated path below the manifest's folder → SHA-256
}

// WriteManifest writes m to path atomically.
func WriteManifest(path string, m Manifest) error {
	m.Format = ManifestFormat
	return WriteJSON(path, m)
}

// ReadManifest reads what WriteManifest wrote. A missing file is errors.Is fs.ErrNotExist.
func ReadManifest(path string) (Manifest, error) {
	var m Manifest
	if err := ReadJSON(path, &m); err != nil {
		return Manifest{}, err
	}
	if m.Format != ManifestFormat {
		return Manifest{}, fmt.Errorf("%s: found manifest format %d; allowed: %d (written by another version of the program)", path, m.Format, ManifestFormat)
	}
	return m, nil
}

// WriteJSON writes v to path atomically, indented, with a last line end.
func WriteJSON(path string, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return WriteFileAtomic(path, b.Bytes())
}

// ReadJSON reads one JSON value that WriteJSON wrote into v. Unknown fields, anything after
// the value and a missing last line end (a file cut short) are errors.
func ReadJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", path, bare(err))
	}
	return decodeJSON(data, path, v)
}

func decodeJSON(data []byte, file string, v any) error {
	if len(data) == 0 || data[len(data)-1] != '\n' {
		return &DataError{File: file, Line: 1 + bytes.Count(data, []byte("\n")), Found: "no line end at the end: the file was cut short", Allowed: "a whole file"}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = errors.New("more after the value")
		}
	}
	if err != nil {
		at := data[:min(dec.InputOffset(), int64(len(data)))]
		return &DataError{File: file, Line: 1 + bytes.Count(at, []byte("\n")), Found: "broken JSON (" + err.Error() + ")", Allowed: "a file as this program writes it"}
	}
	return nil
}

// Check compares the outputs below dir with their hashes and returns the first that is
// missing, changed or outside.
func (m Manifest) Check(dir string) error {
	for _, name := range slices.Sorted(maps.Keys(m.Outputs)) {
		path, err := SafeJoin(dir, name)
		if err != nil {
			return err
		}
		hash, err := HashFile(path)
		if err != nil {
			return err
		}
		if hash != m.Outputs[name] {
			return &DataError{File: path, Found: "SHA-256 " + hash, Allowed: m.Outputs[name] + ", as the manifest has it"}
		}
	}
	return nil
}

// HashFile returns the SHA-256 of a file in hexadecimal.
func HashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %w", path, bare(err))
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("cannot read %s: %w", path, bare(err))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
