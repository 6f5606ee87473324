package proxy

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// connection is one connection through the proxy.
type connection struct {
	proxy  *Proxy
	client net.Conn
	done   <-chan struct{} // closed when the connection must end
	cancel context.CancelFunc
}

// serve forwards data until one side ends the connection or the proxy resets it.
func (c *connection) serve(ctx context.Context, network, target string) {
	defer func() {
		c.cancel()
		c.proxy.mu.Lock()
		delete(c.proxy.open, c)
		c.proxy.mu.Unlock()
	}()
	if !c.wait(Up) { // a black hole does not even connect to the target
		abort(c.client)
		return
	}
	server, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, target)
	if err != nil {
		abort(c.client)
		return
	}
	var copying sync.WaitGroup
	copying.Go(func() { c.copy(server, c.client, Up) })
	copying.Go(func() { c.copy(c.client, server, Down) })
	<-c.done
	abort(c.client)
	abort(server)
	copying.Wait()
}

// copy forwards one direction, piece by piece.
func (c *connection) copy(to io.Writer, from io.Reader, d Direction) {
	defer c.cancel()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !c.wait(d) {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// wait waits as long as the direction's conditions demand. It returns false if
// the connection has ended.
func (c *connection) wait(d Direction) bool {
	now := c.proxy.conditionsOf(d)
	if delay := now.latency + c.proxy.jitter.below(now.jitter); delay > 0 {
		t := time.NewTimer(delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-c.done:
			return false
		}
	}
	select {
	case <-c.proxy.conditionsOf(d).pass:
		return true
	case <-c.done:
		return false
	}
}

// abort closes a connection by a TCP reset, as a crashed peer does.
func abort(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // if it fails, the peer sees an ordinary close
	}
	c.Close()
}
