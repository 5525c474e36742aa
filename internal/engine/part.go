package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"

	"machlup/internal/record"
)

// partMagic starts every part file; the digit is the version of the layout, raised with
// a reader for the old one when it changes.
const partMagic = "machlup part 1\n"

// ErrCorrupt is wrapped by ReadPart for a file that is not a whole, unaltered part.
var ErrCorrupt = errors.New("not a whole part file")

// WritePart stores the result of one part: magic, SHA-256 of the payload, payload. A whole
// part that is there stays: of two executions of a task that may both be at work, the first
// wins, and what follows is made from the file.
func WritePart(path string, result any) error {
	var payload bytes.Buffer
	if err := gob.NewEncoder(&payload).Encode(result); err != nil {
		return fmt.Errorf("encoding %s: %w", path, err)
	}
	sum := sha256.Sum256(payload.Bytes())
	data := append(append([]byte(partMagic), sum[:]...), payload.Bytes()...)
	err := record.WriteFileNew(path, data)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if ReadPart(path, reflect.New(reflect.Indirect(reflect.ValueOf(result)).Type()).Interface()) == nil {
		return nil
	}
	return record.WriteFileAtomic(path, data)
}

// ReadPart loads a part into result, a pointer as NewResult gives it.
func ReadPart(path string, result any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head := len(partMagic) + sha256.Size
	if len(data) < head || string(data[:len(partMagic)]) != partMagic {
		return fmt.Errorf("%s: %w (found %d bytes that do not start with %q)", path, ErrCorrupt, len(data), partMagic)
	}
	payload := data[head:]
	if sum := sha256.Sum256(payload); !bytes.Equal(sum[:], data[len(partMagic):head]) {
		return fmt.Errorf("%s: %w (its checksum does not match)", path, ErrCorrupt)
	}
	if err := gob.NewDecoder(bytes.NewReader(payload)).Decode(result); err != nil {
		return fmt.Errorf("%s: %w (%v)", path, ErrCorrupt, err)
	}
	return nil
}
