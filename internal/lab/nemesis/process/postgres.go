package process

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
	"time"

	"github.com/jackc/pgx/v5"

	"touchgate.dev/touch"
)

// Postgres is a PostgreSQL server, durable as installed: fsync and synchronous
// commit are on.
type Postgres struct {
	Process
	Socket string // of its server, ".s.PGSQL.5432" in its folder
}

// StartPostgres makes a database cluster in dir/postgres and starts it; class
// NotFound when it is not installed. As root it runs as the user postgres.
func StartPostgres(ctx context.Context, dir string) (*Postgres, error) {
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is well formed
	if len(bins) == 0 {
		return nil, touch.Errorf(touch.NotFound, "", "PostgreSQL is missing: install it with `apt-get install postgresql`")
	}
	bin := slices.Max(bins)
	home := filepath.Join(dir, "postgres")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "", "no folder for PostgreSQL: %w", err)
	}
	p := &Postgres{Socket: filepath.Join(home, ".s.PGSQL.5432")}
	data := filepath.Join(home, "data")
	p.Process = Process{
		Name: "postgres", Log: filepath.Join(home, "postgres.log"), Dir: home,
		Args: []string{bin, "-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories=" + home,
			"-c", "shared_buffers=128MB", "-c", "max_connections=200", "-c", "logging_collector=off"},
		Ready: func() error {
			c, err := pgx.Connect(ctx, fmt.Sprintf("host=%s user=touchgate dbname=postgres", home))
			if err != nil {
				return err
			}
			return c.Close(ctx)
		},
	}
	initdb := exec.CommandContext(ctx, filepath.Join(filepath.Dir(bin), "initdb"), "-D", data, "-A", "trust", "-U", "touchgate", "-E", "UTF8", "--locale=C")
	initdb.Dir = home
	if os.Getuid() == 0 {
		if err := p.unprivileged(home, initdb); err != nil {
			return nil, err
		}
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "", "initdb failed: %w\n%s", err, out)
	}
	return p, p.Start(startWithin)
}

func (p *Postgres) unprivileged(home string, initdb *exec.Cmd) error {
	u, err := user.Lookup("postgres")
	if err != nil {
		return touch.Errorf(touch.NotFound, "", "PostgreSQL does not run as root, and there is no user postgres")
	}
	uid, _ := strconv.Atoi(u.Uid) // the user database holds numbers
	gid, _ := strconv.Atoi(u.Gid)
	p.User, p.Group = uint32(uid), uint32(gid)
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: p.User, Gid: p.Group}}
	// It must be able to enter its folder and the one above.
	if err := os.Chmod(filepath.Dir(home), 0o711); err != nil {
		return touch.Errorf(touch.Unavailable, "", "cannot open the folder to PostgreSQL: %w", err)
	}
	if err := os.Chown(home, uid, gid); err != nil {
		return touch.Errorf(touch.Unavailable, "", "cannot give PostgreSQL its folder: %w", err)
	}
	return nil
}

// Restart ends all sessions and starts again, in order ("fast").
func (p *Postgres) Restart() error {
	if err := p.Stop(syscall.SIGINT, startWithin); err != nil {
		return err
	}
	return p.Start(startWithin)
}

// Crash kills the server and all of its sessions at once (SIGQUIT, "immediate"):
// the next start recovers from the log.
func (p *Postgres) Crash() error { return p.Stop(syscall.SIGQUIT, 10*time.Second) }

// Close stops it.
func (p *Postgres) Close() { _ = p.Crash() }
