//go:build !linux

package testserver

import "syscall"

// childAttributes returns how the operating system starts a child process, in
// a process group of its own.
func childAttributes(u *user) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if u != nil {
		attr.Credential = &syscall.Credential{Uid: u.uid, Gid: u.gid}
	}
	return attr
}
