//go:build !linux

package num

import "time"

var started = time.Now()

// processorTime is wall-clock time where the process's own is not at hand.
func processorTime() time.Duration { return time.Since(started) }
