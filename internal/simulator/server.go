package simulator

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"touchgate.dev/touch"
)

// Server serves a Simulator on a port of loopback. It is safe for concurrent use.
type Server struct {
	*Simulator
	mu   sync.Mutex
	http *http.Server
	addr string
	done chan struct{}
}

// Start makes a simulator and serves it at addr; "" is any free port of loopback.
// The caller must Close it.
func Start(addr string, o Options) (*Server, error) {
	sim, err := New(o)
	if err != nil {
		return nil, err
	}
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	s := &Server{Simulator: sim, addr: addr}
	if err := s.Resume(); err != nil {
		sim.Close()
		return nil, err
	}
	return s, nil
}

// Resume listens again after Suspend, on the same port; class Unavailable if the
// port is not free.
func (s *Server) Resume() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return nil
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return touch.Errorf(touch.Unavailable, "", "the simulator cannot listen: %w", err)
	}
	server := &http.Server{Handler: s.Simulator, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	s.addr = l.Addr().String()
	s.http = server
	s.done = done
	go func() {
		defer close(done)
		_ = server.Serve(l) // returns when the server is closed
	}()
	return nil
}

// Suspend refuses connections until Resume, as if all vendors were down. It cuts
// calls that are under way.
func (s *Server) Suspend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http == nil {
		return
	}
	s.http.Close()
	<-s.done
	s.http = nil
}

// URL returns the address under which the provider's paths begin.
func (s *Server) URL(provider string) string { return "http://" + s.addr + "/" + provider }

// Close stops listening, and waits for everything that was started.
func (s *Server) Close() {
	s.Simulator.Close()
	s.mu.Lock()
	if s.http != nil {
		// Let handlers that Close has just released write their log entries.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		s.http.Shutdown(ctx)
		cancel()
	}
	s.mu.Unlock()
	s.Suspend()
}
