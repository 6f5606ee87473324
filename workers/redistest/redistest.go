// SPDX-License-Identifier: Apache-2.0

// Package redistest gives tests a redis-server of their own, on a random
// loopback port, with its files in the test's temporary folder. It never
// touches a server that it did not start.
package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"touchgate.dev/internal/testserver"
)

// Start starts a redis-server without persistence and gives its address. It is
// stopped when the test ends. Without redis-server on PATH the test is skipped.
func Start(t testing.TB, args ...string) (addr string) {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		testserver.Missing(t, "redis-server is missing: install it with `apt-get install redis-server`")
	}
	dir := t.TempDir()
	// A port found free may be taken before the server binds it: try again.
	for range 5 {
		if addr, ok := launch(t, bin, dir, args); ok {
			return addr
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, "redis.log"))
	t.Fatalf("redis-server does not start:\n%s", log)
	return ""
}

// StartCluster starts a Redis Cluster of three masters without replicas, waits
// until every slot is served, and gives the masters' addresses.
func StartCluster(t testing.TB) (addrs []string) {
	t.Helper()
	for range 3 {
		addrs = append(addrs, Start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000"))
	}
	ctx := t.Context()
	nodes := make([]*redis.Client, len(addrs))
	for i, addr := range addrs {
		nodes[i] = redis.NewClient(&redis.Options{Addr: addr})
		defer nodes[i].Close()
		lo, hi := i*16384/3, (i+1)*16384/3-1
		must(t, nodes[i].ClusterAddSlotsRange(ctx, lo, hi).Err())
		must(t, nodes[i].Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
	}
	for _, addr := range addrs[1:] {
		host, port, _ := net.SplitHostPort(addr)
		must(t, nodes[0].ClusterMeet(ctx, host, port).Err())
	}
	deadline := time.Now().Add(20 * time.Second)
	for slices.ContainsFunc(nodes, func(n *redis.Client) bool { return !serves(ctx, n) }) {
		if time.Now().After(deadline) {
			t.Fatal("the Redis Cluster does not come up")
		}
		time.Sleep(20 * time.Millisecond)
	}
	return addrs
}

// serves says whether a node sees the whole cluster and all of its slots.
func serves(ctx context.Context, n *redis.Client) bool {
	info, err := n.ClusterInfo(ctx).Result()
	if err != nil {
		return false
	}
	shards, err := n.ClusterShards(ctx).Result()
	serving := 0
	for _, s := range shards {
		if len(s.Slots) > 0 {
			serving++
		}
	}
	return err == nil && serving == 3 && strings.HasPrefix(info, "cluster_state:ok")
}

// launch starts one server and waits until it answers; false: it ended first.
func launch(t testing.TB, bin, dir string, args []string) (string, bool) {
	t.Helper()
	port := freePort(t)
	cmd := exec.Command(bin, append([]string{
		"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--logfile", "redis.log",
		"--save", "", "--appendonly", "no", "--cluster-config-file", fmt.Sprintf("nodes-%d.conf", port),
	}, args...)...)
	must(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // killed by us, or failed: the caller sees that it ended
		close(ended)
	}()
	stop := func() {
		_ = cmd.Process.Kill() // an error says that it has ended already
		<-ended
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	client := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	defer client.Close()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		select {
		case <-ended:
			return "", false
		default:
		}
		// Only our own server has our folder: another one may own the port.
		if got, err := client.ConfigGet(t.Context(), "dir").Result(); err == nil && sameDir(got["dir"], dir) {
			t.Cleanup(stop)
			return addr, true
		}
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	return "", false
}

func sameDir(a, b string) bool {
	ra, err := filepath.EvalSymlinks(a)
	if err != nil {
		return false
	}
	rb, err := filepath.EvalSymlinks(b)
	return err == nil && ra == rb
}

// freePort finds a port whose cluster bus port (10,000 above) exists as well.
func freePort(t testing.TB) int {
	t.Helper()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		port := l.Addr().(*net.TCPAddr).Port
		must(t, l.Close())
		if port < 55000 {
			return port
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
