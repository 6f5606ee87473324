package app

import (
	"errors"
	"io/fs"
	"os"
	"runtime"

	"touchgate.dev/touch"
)

// privateFile makes a file that only its owner reads and writes, or takes the
// rights of all others away if it is there. The ledger's file holds texts,
// numbers and consents: on a folder that was mounted, its own mode is all that
// keeps other users of the machine out.
func privateFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return takeRights(path)
}

// takeRights takes the rights of all but the owner away. A file that is not
// there needs none. Where the file system keeps modes of its own, as some
// mounts do, only a file that all may write is an error.
func takeRights(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.Mode().Perm()&0o077 == 0 || runtime.GOOS == "windows" {
		return err
	}
	err = os.Chmod(path, info.Mode().Perm()&^0o077)
	if err != nil && info.Mode().Perm()&0o002 == 0 {
		return nil
	}
	return err
}

// privateSQLite makes the files of an embedded ledger private: those that are
// there, and with the first one those that SQLite will make, as it gives them
// the same mode.
func privateSQLite(path string) error {
	err := privateFile(path)
	for _, part := range []string{"-wal", "-shm"} {
		if err == nil {
			err = takeRights(path + part)
		}
	}
	if err != nil {
		return touch.Errorf(touch.Unavailable, "ledger.path", "cannot make the ledger's files private: %w", err)
	}
	return nil
}

// errOthersWrite: whoever can write the configuration can name another ledger,
// and a secret that somebody else has written is none.
var errOthersWrite = errors.New("other users may write this file: chmod o-w")

// checkNotWritable returns errOthersWrite when users who are neither the owner
// nor in the group may write the file. Reading is not checked: mounts of
// Kubernetes and Docker are readable by all in their container.
func checkNotWritable(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o002 != 0 && runtime.GOOS != "windows" {
		return errOthersWrite
	}
	return nil // what cannot be read says so when it is read
}
