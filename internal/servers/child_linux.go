package servers

import "syscall"

// child keeps a server from outliving us, and from getting our terminal's
// signals: we stop it when its clients have gone.
func child() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// asUser runs a child as another user, where we may.
func asUser(attr *syscall.SysProcAttr, uid, gid uint32) {
	attr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
}
