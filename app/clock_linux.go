package app

import (
	"syscall"
	"time"
	"unsafe"
)

// sinceBoot is the time since the machine started, with that in which it
// slept: Go's own monotonic time leaves it out, and a clock that is right
// again after a sleep would look like one that jumped.
func sinceBoot() time.Duration {
	const boottime = 7 // CLOCK_BOOTTIME
	var t syscall.Timespec
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, boottime, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		panic("clock: " + errno.Error()) // every Linux since 2.6.39 has it
	}
	return time.Duration(t.Nano())
}
