// SPDX-License-Identifier: Apache-2.0

// Package pgtest starts a private PostgreSQL server for a test: its own data,
// its own socket, durable as in production, and gone with the test.
package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"touchgate.dev/internal/testserver"
)

// Start starts a server and gives a connection string for its empty database.
// It skips the test where PostgreSQL is not installed.
func Start(t testing.TB) (dsn string) {
	t.Helper()
	bin := binaries(t)
	dir, err := os.MkdirTemp("/tmp", "pgtest") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	run := asOwner(t, dir)
	data := filepath.Join(dir, "data")
	if out, err := run(filepath.Join(bin, "initdb"), "-D", data, "-U", "touchgate", "-A", "trust", "-E", "UTF8", "--locale=C", "-N").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	// No TCP: the socket's folder is the server's address.
	server := run(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "shared_buffers=256MB",
		"-c", "max_wal_size=2GB", "-c", "max_connections=100", "-c", "wal_compression=on")
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // how it ended is in its log
		close(ended)
	}()
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT) // end at once, in order
		<-ended
		log.Close()
	})
	dsn = fmt.Sprintf("host=%s user=touchgate dbname=postgres sslmode=disable", dir)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := pgx.Connect(t.Context(), dsn)
		if err == nil {
			c.Close(t.Context())
			return dsn
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("PostgreSQL does not answer: %v\n%s", err, text)
		}
	}
}

// binaries finds the newest installed server.
func binaries(t testing.TB) string {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		testserver.Missing(t, "needs PostgreSQL: apt-get install postgresql")
	}
	return filepath.Dir(found[len(found)-1])
}

// asOwner runs commands as the folder's owner: PostgreSQL refuses to run as
// root, so then the owner is the user postgres.
func asOwner(t testing.TB, dir string) func(string, ...string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		return exec.Command
	}
	owner, err := user.Lookup("postgres")
	if err != nil {
		testserver.Missing(t, "needs the user postgres: apt-get install postgresql")
	}
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	// Root without its usual powers cannot look into another's folder.
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chown(dir, uid, gid)); err != nil {
		t.Fatal(err)
	}
	return func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		return cmd
	}
}
