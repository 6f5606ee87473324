package app

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// serveLimited serves a handler over at most limit connections.
func serveLimited(t *testing.T, limit int, h http.Handler) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := newConnections(limit, prometheus.NewRegistry())
	srv := &http.Server{Handler: c.handler(h), ConnContext: c.context}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(c.listener(l)) }()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return l.Addr().String()
}

func dial(t *testing.T, address, begin string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, begin); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestConnectionsQuietOnesGo: strangers who open connections, or begin a head
// and leave it, do not keep out those who ask something; and a request that is
// being served keeps its connection.
func TestConnectionsQuietOnesGo(t *testing.T) {
	served, finish := make(chan bool), make(chan bool)
	address := serveLimited(t, 8, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			served <- true
			<-finish
		}
		_, _ = io.WriteString(w, "ok")
	}))
	slow := dial(t, address, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	<-served
	first := dial(t, address, "GET / HT")
	for range 40 {
		dial(t, address, "")
	}
	if n, err := io.Copy(io.Discard, first); n != 0 || err != nil {
		var netErr net.Error
		if errors.As(err, &netErr) && netErr.Timeout() {
			t.Error("the connection that was quiet longest is still open")
		}
	}
	asks := dial(t, address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if res, err := http.ReadResponse(bufio.NewReader(asks), nil); err != nil || res.StatusCode != 200 {
		t.Errorf("a request beside 40 quiet connections: %v", err)
	}
	close(finish)
	if res, err := http.ReadResponse(bufio.NewReader(slow), nil); err != nil || res.StatusCode != 200 {
		t.Errorf("the request that was served meanwhile: %v", err)
	}
}

// TestConnectionsAllBusy: when every connection serves a request, the newest
// has to go.
func TestConnectionsAllBusy(t *testing.T) {
	served, finish := make(chan bool), make(chan bool)
	address := serveLimited(t, 2, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served <- true
		<-finish
	}))
	for range 2 {
		dial(t, address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		<-served
	}
	late := dial(t, address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := http.ReadResponse(bufio.NewReader(late), nil); err == nil {
		t.Error("a third request was served")
	}
	close(finish)
}
