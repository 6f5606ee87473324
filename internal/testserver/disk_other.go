//go:build !linux

package testserver

import "touchgate.dev/touch"

// FillDisk is not possible on this operating system.
func (p *Process) FillDisk() error {
	return touch.Errorf(touch.Unavailable, p.Name, "a full disk can be simulated on Linux only")
}

// FreeDisk does nothing: no disk was filled.
func (p *Process) FreeDisk() error { return nil }
