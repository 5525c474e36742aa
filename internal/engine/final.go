package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"machlup/internal/record"
)

// finalMagic starts a file of final states; the digit is the version of the layout.
const finalMagic = "machlup final states 1\n"

// FinalFile is the name of the file in a task's directory.
const FinalFile = "final-states"

// maxFinal bounds the numbers that a task keeps: whole configurations of its first chains,
// of the first one at any rate.
const maxFinal = 1 << 16

// keepFinal tells whether chain c's last configuration, of n components, is kept.
func keepFinal(c, n int) bool { return c == 0 || (c+1)*n <= maxFinal }

// A FinalState is the configuration in which a trajectory ended, without optimizer memory.
type FinalState struct {
	Chain int
	Q     []float64
}

// Trained is implemented by results of parts that ran trajectories to their end.
type Trained interface{ FinalStates() []FinalState }

// FinalStates are those of a task, with the shape of the system they belong to.
type FinalStates struct {
	Shape  string
	States []FinalState
}

type finalHeader struct {
	Shape  string `json:"shape"`
	Chains []int  `json:"chains"`
	Dim    int    `json:"components"`
}

// CollectFinal gathers the final states of a task's parts, nil if it has none.
func CollectFinal(shape string, parts []any) *FinalStates {
	f := &FinalStates{Shape: shape}
	for _, p := range parts {
		if t, ok := p.(Trained); ok {
			f.States = append(f.States, t.FinalStates()...)
		}
	}
	if len(f.States) == 0 {
		return nil
	}
	return f
}

// Encode returns the bytes of the file: magic, SHA-256 of the rest, header as a line of JSON,
// configurations as little-endian IEEE 754 doubles.
func (f *FinalStates) Encode() []byte {
	h := finalHeader{Shape: f.Shape, Dim: len(f.States[0].Q)}
	var numbers []byte
	for _, s := range f.States {
		h.Chains = append(h.Chains, s.Chain)
		for _, v := range s.Q {
			numbers = binary.LittleEndian.AppendUint64(numbers, math.Float64bits(v))
		}
	}
	line, err := json.Marshal(h)
	if err != nil {
		panic("engine: a header of final states that cannot be encoded")
	}
	body := append(append(line, '\n'), numbers...)
	sum := sha256.Sum256(body)
	return append(append([]byte(finalMagic), sum[:]...), body...)
}

// ErrFinal is wrapped for a file that is not a whole, unaltered one of final states.
var ErrFinal = errors.New("not a whole file of final states")

// DecodeFinal reads what Encode wrote.
func DecodeFinal(data []byte) (*FinalStates, error) {
	head := len(finalMagic) + sha256.Size
	if len(data) < head || string(data[:len(finalMagic)]) != finalMagic {
		return nil, fmt.Errorf("%w (found %d bytes that do not start with %q)", ErrFinal, len(data), finalMagic)
	}
	body := data[head:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], data[len(finalMagic):head]) {
		return nil, fmt.Errorf("%w (its checksum does not match)", ErrFinal)
	}
	line, numbers, ok := bytes.Cut(body, []byte("\n"))
	var h finalHeader
	if !ok || json.Unmarshal(line, &h) != nil || len(h.Chains) == 0 || h.Dim < 1 || len(numbers)/8/len(h.Chains) != h.Dim || len(numbers) != 8*h.Dim*len(h.Chains) {
		return nil, fmt.Errorf("%w (its header does not fit its contents)", ErrFinal)
	}
	f := &FinalStates{Shape: h.Shape}
	for _, c := range h.Chains {
		s := FinalState{Chain: c, Q: make([]float64, h.Dim)}
		for i := range s.Q {
			s.Q[i] = math.Float64frombits(binary.LittleEndian.Uint64(numbers))
			numbers = numbers[8:]
		}
		if !finite(s.Q) {
			return nil, fmt.Errorf("%w (chain %d is not finite)", ErrFinal, c)
		}
		f.States = append(f.States, s)
	}
	return f, nil
}

// WriteFinal stores the final states at path.
func WriteFinal(path string, f *FinalStates) error { return record.WriteFileAtomic(path, f.Encode()) }

// ReadFinal reads the final states at path. A missing file is errors.Is fs.ErrNotExist.
func ReadFinal(path string) (*FinalStates, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := DecodeFinal(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Chain is the final state of one chain alone.
func (f *FinalStates) Chain(c int) (*FinalStates, error) {
	i := slices.IndexFunc(f.States, func(s FinalState) bool { return s.Chain == c })
	if i < 0 {
		var have []string
		for _, s := range f.States[:min(len(f.States), 12)] {
			have = append(have, fmt.Sprint(s.Chain))
		}
		if len(f.States) > 12 {
			have = append(have, "… to "+fmt.Sprint(f.States[len(f.States)-1].Chain))
		}
		return nil, fmt.Errorf("found no final state of chain %d (it diverged, or too many were run to keep all); allowed: %s", c, strings.Join(have, ", "))
	}
	return &FinalStates{f.Shape, f.States[i : i+1]}, nil
}
