package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"

	"touchgate.dev/touch"
)

// Postgres makes a database cluster in dir, which must exist and lie where
// other users may enter, and starts a server on it. Its durability is as
// installed (fsync and synchronous commit are on); memory and checkpoints are
// set as for a small server. PostgreSQL refuses to run as root: then it runs
// as the user postgres. Class NotFound: it is not installed.
func Postgres(ctx context.Context, dir string) (*Server, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	attr, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	data, log := filepath.Join(dir, "data"), filepath.Join(dir, "postgres.log")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "touchgate", "-E", "UTF8", "--locale=C")
	initdb.Dir, initdb.SysProcAttr = dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "", "initdb failed: %w\n%s", err, tail(out))
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data,
		"-c", "listen_addresses=", "-c", "unix_socket_directories="+dir,
		"-c", "shared_buffers=512MB", "-c", "max_wal_size=8GB", "-c", "checkpoint_timeout=15min",
		"-c", "wal_compression=off", "-c", "max_connections=100", "-c", "logging_collector=off")
	cmd.Dir, cmd.SysProcAttr = dir, attr
	if out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		defer out.Close() // the child has its own handle
		cmd.Stdout, cmd.Stderr = out, out
	}
	dsn := fmt.Sprintf("host=%s user=touchgate dbname=postgres", dir)
	s, err := start(cmd, log, func() error {
		c, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		return c.Close(ctx)
	})
	if err != nil {
		return nil, err
	}
	s.Address = dsn
	return s, nil
}

// postgresBin finds the newest installed PostgreSQL, as Debian lays it out.
func postgresBin() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is well formed
	if len(found) > 0 {
		return filepath.Dir(slices.Max(found)), nil
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", touch.Errorf(touch.NotFound, "", "PostgreSQL is missing: install it with `apt-get install postgresql`")
}

// unprivileged makes a child's attributes and gives it the folder.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	attr := child()
	if os.Getuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, touch.Errorf(touch.NotFound, "", "PostgreSQL does not run as root, and there is no user postgres")
	}
	uid, _ := strconv.Atoi(u.Uid) // the user database holds numbers
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "", "cannot give PostgreSQL its folder: %w", err)
	}
	asUser(attr, uint32(uid), uint32(gid))
	return attr, nil
}
