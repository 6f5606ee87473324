package testserver

import (
	"math"
	"syscall"
	"unsafe"

	"touchgate.dev/touch"
)

// FillDisk makes every write of the running process to a file fail, as on a
// full disk, until FreeDisk is called.
func (p *Process) FillDisk() error { return p.limitFileSize(0) }

// FreeDisk lets the process write to files again.
func (p *Process) FreeDisk() error { return p.limitFileSize(math.MaxUint64) }

// limitFileSize sets the size in bytes up to which the process may write a file.
func (p *Process) limitFileSize(size uint64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return nil // the next start has no limit
	}
	limit := syscall.Rlimit{Cur: size, Max: math.MaxUint64}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(p.cmd.Process.Pid), syscall.RLIMIT_FSIZE,
		uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if errno != 0 {
		return touch.Errorf(touch.Unavailable, p.Name, "its file size cannot be limited: %w", errno)
	}
	return nil
}
