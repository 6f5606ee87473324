package simulator

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"touchgate.dev/touch"
)

// Server is a Simulator on a loopback port.
type Server struct {
	*Simulator
	mu   sync.Mutex
	http *http.Server
	addr string
	done chan struct{}
}

// Start makes a simulator and serves it on loopback; addr "" is a free port.
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

// Resume takes calls again after Shut, on the same port; class Unavailable when
// the port is not free.
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
	server, done := &http.Server{Handler: s.Simulator, ReadHeaderTimeout: 10 * time.Second}, make(chan struct{})
	s.addr, s.http, s.done = l.Addr().String(), server, done
	go func() {
		defer close(done)
		_ = server.Serve(l) // always ends by Shut
	}()
	return nil
}

// Suspend refuses connections until Open: all vendors are gone. Calls under way are cut.
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

// URL is where the provider's paths begin.
func (s *Server) URL(provider string) string { return "http://" + s.addr + "/" + provider }

// Close ends everything that was started.
func (s *Server) Close() {
	s.Simulator.Close()
	s.mu.Lock()
	if s.http != nil {
		// Let handlers that Close has just released finish their records.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		s.http.Shutdown(ctx)
		cancel()
	}
	s.mu.Unlock()
	s.Suspend()
}
