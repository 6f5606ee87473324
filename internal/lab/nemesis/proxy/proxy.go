// SPDX-License-Identifier: Apache-2.0

// Package proxy is a bad network on command: a TCP proxy on loopback that
// delays, holds, resets and cuts what passes, in each direction by itself. The
// nemesis puts one between every two parts that talk to each other.
package proxy

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"touchgate.dev/touch"
)

// Direction is one way through a proxy, or both.
type Direction uint8

// The directions, as seen by the one who dialled.
const (
	Up   Direction = 1 // towards the target
	Down Direction = 2 // back from it
	Both           = Up | Down
)

// Proxy passes connections from its own loopback port on to a target. It is
// safe for concurrent use; Close ends it and waits for what it started.
type Proxy struct {
	addr string
	dice *dice

	mu       sync.Mutex
	network  string
	target   string
	listener net.Listener // nil while cut
	up, down lane
	pairs    map[*pair]struct{}
	closed   bool
	running  sync.WaitGroup
}

// lane is how one direction is doing.
type lane struct {
	latency, jitter time.Duration
	gate            chan struct{} // closed: bytes pass
}

func openLane() lane {
	l := lane{gate: make(chan struct{})}
	close(l.gate)
	return l
}

// Start opens a proxy to a target ("tcp" and host:port, or "unix" and a path).
// The seed decides jitter.
func Start(network, target string, seed uint64) (*Proxy, error) {
	p := &Proxy{
		addr: "127.0.0.1:0", network: network, target: target, up: openLane(), down: openLane(),
		pairs: map[*pair]struct{}{}, dice: &dice{r: rand.New(rand.NewPCG(seed, 1))},
	}
	if err := p.listen(); err != nil {
		return nil, err
	}
	return p, nil
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.addr }

// Delay makes every piece of data take latency, and up to jitter more.
func (p *Proxy) Delay(d Direction, latency, jitter time.Duration) {
	p.each(d, func(l *lane) { l.latency, l.jitter = latency, jitter })
}

// Hold keeps all data of a direction back until Heal, as a network does that
// drops packets and later delivers them again: with one direction the
// connection is half open, with both it is a black hole. New connections are
// taken and stand still as well.
func (p *Proxy) Hold(d Direction) {
	p.each(d, func(l *lane) {
		select {
		case <-l.gate:
			l.gate = make(chan struct{})
		default: // held already
		}
	})
}

// Reset cuts every connection with a TCP reset; new ones are taken.
func (p *Proxy) Reset() { p.drop() }

// Cut resets every connection and refuses new ones until Heal.
func (p *Proxy) Cut() {
	p.mu.Lock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
	p.mu.Unlock()
	p.drop()
}

// Retarget sends new connections elsewhere. Those that are open stay where
// they are: a process that keeps them sees the old target.
func (p *Proxy) Retarget(network, target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.network, p.target = network, target
}

// Heal ends every fault. What was held goes on.
func (p *Proxy) Heal() error {
	p.each(Both, func(l *lane) {
		l.latency, l.jitter = 0, 0
		select {
		case <-l.gate:
		default:
			close(l.gate)
		}
	})
	return p.listen()
}

// Close resets what is open and waits until everything has ended.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Cut()
	p.running.Wait()
}

func (p *Proxy) each(d Direction, change func(*lane)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d&Up != 0 {
		change(&p.up)
	}
	if d&Down != 0 {
		change(&p.down)
	}
}

func (p *Proxy) lane(d Direction) lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d == Up {
		return p.up
	}
	return p.down
}

// listen opens the port, the same one each time; it does nothing while it is open.
func (p *Proxy) listen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil || p.closed {
		return nil
	}
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		return touch.Errorf(touch.Unavailable, "", "the proxy cannot listen: %w", err)
	}
	p.listener, p.addr = l, l.Addr().String()
	p.running.Go(func() { p.accept(l) })
	return nil
}

func (p *Proxy) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return // cut or closed
		}
		p.mu.Lock()
		if p.listener != l {
			p.mu.Unlock()
			conn.Close()
			return
		}
		ctx, cancel := context.WithCancel(context.Background())
		c := &pair{client: conn, done: ctx.Done(), cancel: cancel}
		p.pairs[c] = struct{}{}
		network, target := p.network, p.target
		p.running.Go(func() { p.serve(ctx, c, network, target) })
		p.mu.Unlock()
	}
}

func (p *Proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.pairs {
		c.cancel()
	}
}

// pair is one connection through the proxy.
type pair struct {
	client net.Conn
	done   <-chan struct{}
	cancel context.CancelFunc
}

// serve carries one connection until one side ends it or it is dropped.
func (p *Proxy) serve(ctx context.Context, c *pair, network, target string) {
	defer func() {
		c.cancel()
		p.mu.Lock()
		delete(p.pairs, c)
		p.mu.Unlock()
	}()
	if !p.pass(c, Up) { // a black hole does not even connect
		abort(c.client)
		return
	}
	server, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, target)
	if err != nil {
		abort(c.client)
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.pump(c, server, c.client, Up) })
	both.Go(func() { p.pump(c, c.client, server, Down) })
	<-c.done
	abort(c.client)
	abort(server)
	both.Wait()
}

// pump copies one direction, piece by piece.
func (p *Proxy) pump(c *pair, to io.Writer, from io.Reader, d Direction) {
	defer c.cancel()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !p.pass(c, d) {
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

// pass waits as long as the direction's lane demands; false: the pair ended.
func (p *Proxy) pass(c *pair, d Direction) bool {
	l := p.lane(d)
	if wait := l.latency + p.dice.upTo(l.jitter); wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-c.done:
			return false
		}
	}
	for {
		gate := p.lane(d).gate
		select {
		case <-gate:
			return true
		case <-c.done:
			return false
		}
	}
}

// abort closes with a reset, as a crashed peer does.
func abort(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // where it fails, the close alone cuts
	}
	c.Close()
}

// dice is a random source under a lock.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (d *dice) upTo(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(d.r.Int64N(int64(most)))
}
