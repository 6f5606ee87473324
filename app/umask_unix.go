//go:build unix

package app

import "syscall"

// PrivateFiles makes every file that this process creates private to its user:
// the ledger, its log, exports, profiles. Call it at the start of a command.
func PrivateFiles() { syscall.Umask(0o077) }
