// SPDX-License-Identifier: Apache-2.0

// Package servers starts a redis-server or a PostgreSQL of our own for a
// measurement: in a folder of its own, reachable by a unix socket in it and by
// nothing else, and gone with it. It never touches a server that it did not
// start.
package servers

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"touchgate.dev/touch"
)

// Server is a running server. Its PID is that of its first process; PostgreSQL
// has children of it.
type Server struct {
	// Address is the socket's path (Redis) or the connection string (PostgreSQL).
	Address string
	PID     int
	cmd     *exec.Cmd
	ended   chan struct{}
}

// Stop asks the server to end, waits, and insists after ten seconds.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGINT) // an error says that it has ended
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

// start runs cmd until ready answers nil.
func start(cmd *exec.Cmd, log string, ready func() error) (*Server, error) {
	if err := cmd.Start(); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "", "%s does not start: %w", cmd.Path, err)
	}
	s := &Server{PID: cmd.Process.Pid, cmd: cmd, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(s.ended)
	}()
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		select {
		case <-s.ended:
			said, _ := os.ReadFile(log)
			return nil, touch.Errorf(touch.Unavailable, "", "%s ended at once:\n%s", cmd.Path, tail(said))
		default:
		}
		if err = ready(); err == nil {
			return s, nil
		}
	}
	s.Stop()
	return nil, fmt.Errorf("%s does not answer: %w", cmd.Path, err)
}

func tail(b []byte) []byte { return b[max(0, len(b)-2000):] }
