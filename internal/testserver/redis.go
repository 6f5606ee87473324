package testserver

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"touchgate.dev/touch"
)

// Redis is a redis-server that stores nothing on disk.
type Redis struct {
	Process
	Socket string // the path of its unix socket
	Port   string // its port on loopback; "" when it listens on the socket only
	client *redis.Client
}

// StartRedis starts a redis-server with its files in dir/name, and with more
// arguments such as "--cluster-enabled", "yes". It listens on a unix socket
// and, when port is not empty, on that port of 127.0.0.1. It returns when the
// server answers. A unix socket's path has at most 107 bytes, so dir must be
// short. Class NotFound: redis-server is not installed.
func StartRedis(dir, name, port string, args ...string) (*Redis, error) {
	bin, err := redisBinary()
	if err != nil {
		return nil, err
	}
	home := filepath.Join(dir, name)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "", "no folder for Redis: %w", err)
	}
	r := &Redis{Socket: filepath.Join(home, "redis.sock"), Port: port}
	r.client = redis.NewClient(&redis.Options{
		Network: "unix", Addr: r.Socket, MaxRetries: -1, DialTimeout: time.Second, PoolSize: 2,
	})
	listen := []string{"--port", "0"}
	if port != "" {
		listen = []string{"--bind", "127.0.0.1", "--port", port}
	}
	r.Process = Process{
		Name: name, Log: filepath.Join(home, "redis.log"), Dir: home,
		Args: append(append([]string{
			bin, "--unixsocket", r.Socket, "--unixsocketperm", "700", "--dir", home, "--save", "", "--appendonly", "no",
			"--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0", "--repl-timeout", "5",
		}, listen...), args...),
		Ready: r.ping,
	}
	return r, r.Start(startTimeout)
}

// ping returns nil if the server answers. It asks over the socket, which is
// surely our server's: the port may belong to somebody else.
func (r *Redis) ping() error {
	// When several dials fail, the client starts a goroutine that outlives it by
	// a second. So try without it first.
	ctx := context.Background()
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "unix", r.Socket)
	if err != nil {
		return err
	}
	c.Close()
	return r.client.Ping(ctx).Err()
}

// Address returns the server's host and port.
func (r *Redis) Address() string { return "127.0.0.1:" + r.Port }

// FlushAll empties the server.
func (r *Redis) FlushAll(ctx context.Context) error { return r.client.FlushAll(ctx).Err() }

// Close stops the server for good.
func (r *Redis) Close() {
	r.client.Close()
	r.Kill()
}
