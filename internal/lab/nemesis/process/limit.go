package process

import (
	"math"
	"syscall"
	"unsafe"

	"touchgate.dev/touch"
)

// FillDisk fails everything that the process would write to files from now on,
// until FreeDisk.
func (p *Process) FillDisk() error { return p.limitFiles(0) }

// FreeDisk lets it write again.
func (p *Process) FreeDisk() error { return p.limitFiles(math.MaxUint64) }

// limitFiles sets how long files may become by the process's writing.
func (p *Process) limitFiles(size uint64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return nil // the next start has no limit
	}
	limit := syscall.Rlimit{Cur: size, Max: math.MaxUint64}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(p.cmd.Process.Pid), syscall.RLIMIT_FSIZE,
		uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if errno != 0 {
		return touch.Errorf(touch.Unavailable, p.Name, "its files cannot be limited: %w", errno)
	}
	return nil
}
