//go:build !unix

package dispatch

import "os"

// guardDirectory does nothing where there is no flock.
func guardDirectory(string) (unlock func()) { return func() {} }

// processID identifies a running process, as far as can be told.
func processID(pid int) string {
	if pid == os.Getpid() {
		return "here"
	}
	return ""
}

// sameMachine is false: whether a process lives shows in its lock's age alone.
func sameMachine(string) bool { return false }
