package process

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"touchgate.dev/touch"
)

const startWithin = 30 * time.Second

// Redis is a redis-server that keeps nothing on disk.
type Redis struct {
	Process
	Socket string
	Port   string // on loopback, for replication; set by whoever chose it
	client *redis.Client
}

// StartRedis starts a redis-server with its files in dir/name; class NotFound
// when it is not installed. Replication runs over a loopback port when one is given.
func StartRedis(dir, name string, args ...string) (*Redis, error) {
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, touch.Errorf(touch.NotFound, "", "redis-server is missing: install it with `apt-get install redis-server`")
	}
	home := filepath.Join(dir, name)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "", "no folder for Redis: %w", err)
	}
	r := &Redis{Socket: filepath.Join(home, "redis.sock")}
	r.client = redis.NewClient(&redis.Options{Network: "unix", Addr: r.Socket, MaxRetries: -1, DialTimeout: time.Second, PoolSize: 2})
	r.Process = Process{
		Name: name, Log: filepath.Join(home, "redis.log"), Dir: home,
		Args: append([]string{
			bin, "--unixsocket", r.Socket, "--dir", home, "--save", "", "--appendonly", "no",
			"--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0", "--repl-timeout", "5",
		}, args...),
		Ready: func() error { return r.client.Ping(context.Background()).Err() },
	}
	return r, r.Start(startWithin)
}

// Forget empties it (FLUSHALL).
func (r *Redis) Forget(ctx context.Context) error { return r.client.FlushAll(ctx).Err() }

// Follow makes it a replica of the server at host and port.
func (r *Redis) Follow(ctx context.Context, host, port string) error {
	return r.client.ReplicaOf(ctx, host, port).Err()
}

// Lead makes it a master of its own.
func (r *Redis) Lead(ctx context.Context) error { return r.client.ReplicaOf(ctx, "NO", "ONE").Err() }

// InSync waits until it follows its master closely.
func (r *Redis) InSync(ctx context.Context, within time.Duration) error {
	for deadline := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		info, err := r.client.InfoMap(ctx, "replication").Result()
		if err == nil && info["Replication"]["master_link_status"] == "up" {
			return nil
		}
		if time.Now().After(deadline) {
			return touch.Errorf(touch.Unavailable, r.Name, "does not follow its master")
		}
	}
}

// Close stops it.
func (r *Redis) Close() {
	r.client.Close()
	r.Kill()
}
