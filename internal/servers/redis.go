package servers

import (
	"context"
	"os/exec"
	"path/filepath"

	"github.com/redis/go-redis/v9"

	"touchgate.dev/touch"
)

// Redis starts a redis-server without persistence, with its files in dir,
// which must exist. Class NotFound: it is not installed.
func Redis(ctx context.Context, dir string) (*Server, error) {
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, touch.Errorf(touch.NotFound, "", "redis-server is missing: install it with `apt-get install redis-server`")
	}
	socket, log := filepath.Join(dir, "redis.sock"), filepath.Join(dir, "redis.log")
	cmd := exec.Command(bin, "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700",
		"--dir", dir, "--logfile", log, "--save", "", "--appendonly", "no")
	cmd.SysProcAttr = child()
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, MaxRetries: -1})
	defer client.Close()
	s, err := start(cmd, log, func() error { return client.Ping(ctx).Err() })
	if err != nil {
		return nil, err
	}
	s.Address = socket
	return s, nil
}
