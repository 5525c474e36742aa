//go:build unix

package dispatch

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// guardDirectory makes looking for locks and taking one a single act among the processes of
// a host. File systems without flock do without; there the first rename wins.
func guardDirectory(dir string) (unlock func()) {
	d, err := os.Open(dir)
	if err != nil {
		return func() {}
	}
	for {
		if err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	return func() { d.Close() }
}

// processID identifies a process: of this boot and, where /proc tells, this start; empty if
// there is none.
func processID(pid int) string {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) || pid <= 0 {
		return ""
	}
	start := ""
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		// After the name, in parentheses, come state (field 3) … starttime (22).
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 19 {
			if fields[0] == "Z" || fields[0] == "X" {
				return "" // dead, not yet waited for
			}
			start = fields[19]
		}
	}
	return machineID() + "/" + start
}

// machineID is the boot and the process namespace: numbers of processes mean nothing beyond.
func machineID() string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, _ := os.Readlink("/proc/self/ns/pid")
	return strings.TrimSpace(string(boot)) + "/" + space
}

// sameMachine tells whether the numbers of that process are ours to look up. After a reboot,
// or on a namesake host, they are not.
func sameMachine(process string) bool { return strings.HasPrefix(process, machineID()+"/") }
