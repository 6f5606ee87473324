package testserver

import "syscall"

// childAttributes returns how the operating system starts a child process. The
// child gets a process group of its own, so that Ctrl-C in the terminal does
// not reach it before its clients have stopped, and the kernel kills it when
// this process dies, so that it never outlives us.
func childAttributes(u *user) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if u != nil {
		attr.Credential = &syscall.Credential{Uid: u.uid, Gid: u.gid}
	}
	return attr
}
