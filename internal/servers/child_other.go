//go:build !linux

package servers

import "syscall"

func child() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

func asUser(*syscall.SysProcAttr, uint32, uint32) {}
