package langevin

import "fmt"

// FreeConfig is the free particle, U = 0.
type FreeConfig struct {
	Dim int `toml:"dim" range:"[1,1000000]" unit:"1" doc:"number of coordinates"`
}

// Free is U = 0: paths are random walks.
type Free struct{ n int }

// NewFree returns the potential U = 0 in c.Dim dimensions.
func NewFree(c FreeConfig) (*Free, error) {
	if c.Dim < 1 {
		return nil, fmt.Errorf("langevin: free: dim is %d: it must be at least 1", c.Dim)
	}
	return &Free{c.Dim}, nil
}

func (u *Free) Dim() int { return u.n }

// Energy returns 0.
func (u *Free) Energy([]float64) float64 { return 0 }

// Gradient writes 0 and returns 0.
func (u *Free) Gradient(dst, _ []float64) float64 {
	clear(dst[:u.n])
	return 0
}

// HessVec writes 0.
func (u *Free) HessVec(dst, _, _ []float64) { clear(dst[:u.n]) }
