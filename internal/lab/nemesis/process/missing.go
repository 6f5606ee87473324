package process

import (
	"os/exec"
	"path/filepath"

	"touchgate.dev/touch"
)

// Missing says which server is not installed here; nil: both are.
func Missing() error {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return touch.Errorf(touch.NotFound, "", "redis-server is missing: install it with `apt-get install redis-server`")
	}
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres"); len(found) == 0 { // the pattern is well formed
		return touch.Errorf(touch.NotFound, "", "PostgreSQL is missing: install it with `apt-get install postgresql`")
	}
	return nil
}
