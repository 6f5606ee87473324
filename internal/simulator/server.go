package simulator

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"touchgate.dev/touch"
)

// Server serves a Simulator on a TCP port. It is safe for concurrent use.
type Server struct {
	*Simulator
	mu   sync.Mutex
	http *http.Server
	addr string
	done chan struct{}
}

// Start makes a simulator and serves it at addr. If addr is "", it uses a free port of
// loopback. The caller must call Close. Errors are those of New and Resume.
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

// Resume listens again after Suspend, on the same port. It returns an error of class
// Unavailable if the port is not free. It does nothing if the server listens.
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

// Suspend stops listening until Resume is called, so that all vendors seem to be down.
// It closes the connections of calls in progress.
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

// URL returns the base URL of a provider.
func (s *Server) URL(provider string) string { return "http://" + s.addr + "/" + provider }

// Close stops listening, and waits for the handlers and goroutines to end.
func (s *Server) Close() {
	s.Simulator.Close()
	s.mu.Lock()
	if s.http != nil {
		// Simulator.Close has ended hanging calls. Let their handlers write their log
		// entries before Suspend closes the connections.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		s.http.Shutdown(ctx)
		cancel()
	}
	s.mu.Unlock()
	s.Suspend()
}
