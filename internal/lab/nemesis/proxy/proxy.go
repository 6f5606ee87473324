// SPDX-License-Identifier: Apache-2.0

// Package proxy simulates a bad network: a TCP proxy on loopback that delays,
// holds, resets or refuses connections, each direction independently. The
// nemesis puts one between every two parts that talk to each other.
package proxy

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"touchgate.dev/touch"
)

// Direction is one direction through a proxy, or both.
type Direction uint8

// The directions, as seen by the client that connects to the proxy.
const (
	Up   Direction = 1 // to the target
	Down Direction = 2 // back from the target
	Both           = Up | Down
)

// Proxy forwards connections from its own port on loopback to a target. It is
// safe for concurrent use. Close ends it and waits for its goroutines.
type Proxy struct {
	address string
	jitter  *lockedRand

	mu       sync.Mutex
	network  string // of the target
	target   string
	listener net.Listener // nil while connections are refused
	up       conditions
	down     conditions
	open     map[*connection]struct{}
	closed   bool
	running  sync.WaitGroup
}

// conditions is how one direction behaves.
type conditions struct {
	latency time.Duration // each piece of data waits this long
	jitter  time.Duration // and up to this much longer
	pass    chan struct{} // closed: data may pass
}

func goodConditions() conditions {
	c := conditions{pass: make(chan struct{})}
	close(c.pass)
	return c
}

// Start starts a proxy for a target: "tcp" with host and port, or "unix" with a
// path. The seed determines the jitter.
func Start(network, target string, seed uint64) (*Proxy, error) {
	p := &Proxy{
		address: "127.0.0.1:0",
		jitter:  &lockedRand{r: rand.New(rand.NewPCG(seed, 1))},
		network: network,
		target:  target,
		up:      goodConditions(),
		down:    goodConditions(),
		open:    map[*connection]struct{}{},
	}
	if err := p.listen(); err != nil {
		return nil, err
	}
	return p, nil
}

// Addr returns the host and port on which the proxy listens.
func (p *Proxy) Addr() string { return p.address }

// Delay makes every piece of data wait for latency, and up to jitter longer.
func (p *Proxy) Delay(d Direction, latency, jitter time.Duration) {
	p.change(d, func(c *conditions) {
		c.latency = latency
		c.jitter = jitter
	})
}

// Hold stops all data of a direction until Heal, as a network that drops
// packets and delivers them again later. With one direction the connection is
// half open, with both the target is a black hole. New connections are accepted
// and held as well.
func (p *Proxy) Hold(d Direction) {
	p.change(d, func(c *conditions) {
		select {
		case <-c.pass:
			c.pass = make(chan struct{})
		default: // already held
		}
	})
}

// Reset ends every connection by a TCP reset. New ones are accepted.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.cancel()
	}
}

// Cut resets every connection and refuses new ones until Heal.
func (p *Proxy) Cut() {
	p.mu.Lock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
	p.mu.Unlock()
	p.Reset()
}

// Retarget forwards new connections to another target. Open connections stay at
// the old one, as a client's pooled connections do after a failover.
func (p *Proxy) Retarget(network, target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.network = network
	p.target = target
}

// Heal ends every fault. Data that was held passes.
func (p *Proxy) Heal() error {
	p.change(Both, func(c *conditions) {
		c.latency = 0
		c.jitter = 0
		select {
		case <-c.pass:
		default:
			close(c.pass)
		}
	})
	return p.listen()
}

// Close resets every connection and waits until all goroutines have ended.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Cut()
	p.running.Wait()
}

func (p *Proxy) change(d Direction, f func(*conditions)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d&Up != 0 {
		f(&p.up)
	}
	if d&Down != 0 {
		f(&p.down)
	}
}

func (p *Proxy) conditionsOf(d Direction) conditions {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d == Up {
		return p.up
	}
	return p.down
}

// listen opens the port, the same one each time. It does nothing while the port
// is open.
func (p *Proxy) listen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil || p.closed {
		return nil
	}
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		return touch.Errorf(touch.Unavailable, "", "the proxy cannot listen: %w", err)
	}
	p.listener = l
	p.address = l.Addr().String()
	p.running.Go(func() { p.accept(l) })
	return nil
}

func (p *Proxy) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return // cut or closed
		}
		p.mu.Lock()
		if p.listener != l {
			p.mu.Unlock()
			client.Close()
			return
		}
		ctx, cancel := context.WithCancel(context.Background())
		c := &connection{proxy: p, client: client, done: ctx.Done(), cancel: cancel}
		p.open[c] = struct{}{}
		network, target := p.network, p.target
		p.running.Go(func() { c.serve(ctx, network, target) })
		p.mu.Unlock()
	}
}

// lockedRand is a source of random numbers that is safe for concurrent use.
type lockedRand struct {
	mu sync.Mutex
	r  *rand.Rand
}

// below returns a random duration from 0 up to limit.
func (r *lockedRand) below(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Duration(r.r.Int64N(int64(limit)))
}
