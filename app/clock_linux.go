package app

import (
	"syscall"
	"time"
	"unsafe"
)

// sinceBoot returns the time since the machine started, including the time when
// it was suspended. Go's own monotonic time leaves that out, so after a
// suspension a clock that is right would look like one that jumped.
func sinceBoot() time.Duration {
	const clockBoottime = 7 // CLOCK_BOOTTIME of clock_gettime(2)
	var t syscall.Timespec
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockBoottime, uintptr(unsafe.Pointer(&t)), 0)
	if errno != 0 {
		panic("clock: " + errno.Error()) // every Linux since 2.6.39 has it
	}
	return time.Duration(t.Nano())
}
