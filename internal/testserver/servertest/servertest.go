// SPDX-License-Identifier: Apache-2.0

// Package servertest gives each test private servers: they are empty, they
// listen on a unix socket or on a random port of loopback, and they end with
// the test. A test whose server is not installed is skipped, or fails where the
// environment variable REQUIRE_TEST_SERVERS is set.
package servertest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"touchgate.dev/internal/testserver"
	"touchgate.dev/touch"
)

// Missing skips the test because a server is missing. It fails the test where
// servers are required: `make test` has installed them.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("REQUIRE_TEST_SERVERS") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Redis starts a redis-server that stores nothing on disk, with more arguments,
// and returns its address.
func Redis(t testing.TB, args ...string) (address string) {
	t.Helper()
	return startRedis(t, args...).Address()
}

// RedisCluster starts a Redis Cluster of three masters without replicas, and
// returns their addresses.
func RedisCluster(t testing.TB) (addresses []string) {
	t.Helper()
	const masters = 3
	var nodes []*testserver.Redis
	for range masters {
		n := startRedis(t, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000")
		nodes = append(nodes, n)
		addresses = append(addresses, n.Address())
	}
	if err := testserver.FormCluster(t.Context(), nodes, masters, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	return addresses
}

// Postgres starts a PostgreSQL server and returns a connection string for its
// empty database. The server is as durable as in production.
func Postgres(t testing.TB) (dsn string) {
	t.Helper()
	p, err := testserver.StartPostgres(t.Context(), shortDir(t),
		"shared_buffers=256MB", "max_wal_size=2GB", "max_connections=100", "wal_compression=on")
	if p != nil {
		t.Cleanup(p.Close)
	}
	check(t, err)
	return p.DSN
}

func startRedis(t testing.TB, args ...string) *testserver.Redis {
	t.Helper()
	dir := shortDir(t)
	var err error
	// Somebody else may take the free port before the server does: try again.
	for i := range 5 {
		port, portErr := testserver.FreePort()
		check(t, portErr)
		r, startErr := testserver.StartRedis(dir, fmt.Sprintf("redis-%d", i), port, args...)
		if startErr == nil {
			t.Cleanup(r.Close)
			return r
		}
		if r != nil {
			r.Close()
		}
		err = startErr
		if touch.ClassOf(err) == touch.NotFound {
			break
		}
	}
	check(t, err)
	return nil
}

// check ends the test on an error: it is skipped if a server is missing.
func check(t testing.TB, err error) {
	t.Helper()
	if touch.ClassOf(err) == touch.NotFound {
		Missing(t, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// shortDir makes a temporary folder. The path of a unix socket in it must not
// be longer than 107 bytes, which t.TempDir does not promise.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "tgtest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
