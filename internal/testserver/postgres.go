package testserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"touchgate.dev/touch"
)

// Postgres is a PostgreSQL server. It is as durable as PostgreSQL is when it is
// installed: fsync and synchronous commit are on. It listens on a unix socket
// only.
type Postgres struct {
	Process
	DSN    string // a connection string for its empty database
	Socket string // the path of its unix socket
}

// StartPostgres creates a database cluster in dir/postgres and starts a server
// on it, with settings such as "max_connections=100". It returns when the
// server answers. A unix socket's path has at most 107 bytes, so dir must be
// short. Class NotFound: PostgreSQL is not installed.
func StartPostgres(ctx context.Context, dir string, settings ...string) (*Postgres, error) {
	bin, err := postgresBinaries()
	if err != nil {
		return nil, err
	}
	owner, err := postgresUser()
	if err != nil {
		return nil, err
	}
	home := filepath.Join(dir, "postgres")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "", "no folder for PostgreSQL: %w", err)
	}
	if owner != nil {
		if err := owner.own(dir, home); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(home, "data")
	if err := initDatabase(ctx, filepath.Join(bin, "initdb"), home, data, owner); err != nil {
		return nil, err
	}

	p := &Postgres{
		DSN:    fmt.Sprintf("host=%s user=touchgate dbname=postgres sslmode=disable", home),
		Socket: filepath.Join(home, ".s.PGSQL.5432"),
	}
	p.Process = Process{
		Name:  "postgres",
		Args:  []string{filepath.Join(bin, "postgres"), "-D", data},
		Dir:   home,
		Log:   filepath.Join(dir, "postgres.log"),
		user:  owner,
		Ready: func() error { return connect(ctx, p.DSN) },
	}
	settings = append([]string{"listen_addresses=", "unix_socket_directories=" + home, "logging_collector=off"}, settings...)
	for _, s := range settings {
		p.Args = append(p.Args, "-c", s)
	}
	return p, p.Start(startTimeout)
}

// initDatabase creates a database cluster. It is not flushed to the disk
// (--no-sync): a trial that is interrupted begins with a new one.
func initDatabase(ctx context.Context, initdb, home, data string, owner *user) error {
	cmd := exec.CommandContext(ctx, initdb, "-D", data, "-U", "touchgate", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	cmd.Dir = home
	cmd.SysProcAttr = childAttributes(owner)
	if out, err := cmd.CombinedOutput(); err != nil {
		return touch.Errorf(touch.Unavailable, "", "initdb failed: %w\n%s", err, out)
	}
	return nil
}

func connect(ctx context.Context, dsn string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return c.Close(ctx)
}

// Restart ends all sessions, shuts the server down in order ("fast" mode) and
// starts it again.
func (p *Postgres) Restart() error {
	if err := p.Stop(syscall.SIGINT, startTimeout); err != nil {
		return err
	}
	return p.Start(startTimeout)
}

// Crash ends the server and all of its sessions at once ("immediate" mode): the
// next start recovers from the write-ahead log.
func (p *Postgres) Crash() error { return p.Stop(syscall.SIGQUIT, 10*time.Second) }

// Close stops the server for good.
func (p *Postgres) Close() { _ = p.Crash() } // one that has to be killed is gone as well
