package num

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is what this process has used, so that others do not count.
func processorTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
