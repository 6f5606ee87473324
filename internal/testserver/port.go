package testserver

import (
	"net"
	"strconv"

	"touchgate.dev/touch"
)

// maxRedisPort leaves room for a cluster's bus port, which lies 10,000 above.
const maxRedisPort = 55000

// FreePort returns a port of 127.0.0.1 that nobody uses, for a redis-server.
// Somebody else may take it before the server does; then its start fails.
func FreePort() (string, error) {
	for range 1000 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", touch.Errorf(touch.Unavailable, "", "no free port: %w", err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		if port < maxRedisPort {
			return strconv.Itoa(port), nil
		}
	}
	return "", touch.Errorf(touch.Unavailable, "", "no free port below %d", maxRedisPort)
}
