package testserver

import (
	"os/exec"
	"path/filepath"
	"slices"

	"touchgate.dev/touch"
)

// Missing returns an error of class NotFound that names the first server which
// is not installed on this machine, and nil when both are installed.
func Missing() error {
	if _, err := redisBinary(); err != nil {
		return err
	}
	_, err := postgresBinaries()
	return err
}

// redisBinary returns the path of redis-server.
func redisBinary() (string, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", touch.Errorf(touch.NotFound, "",
			"redis-server is missing: install it with `apt-get install redis-server`")
	}
	return path, nil
}

// postgresBinaries returns the folder that holds initdb and postgres. Debian
// keeps them outside PATH, in one folder for each version: the newest is used.
func postgresBinaries() (string, error) {
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is well formed
	if len(installed) > 0 {
		return filepath.Dir(slices.Max(installed)), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", touch.Errorf(touch.NotFound, "",
		"PostgreSQL is missing: install it with `apt-get install postgresql`")
}
