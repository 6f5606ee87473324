// SPDX-License-Identifier: Apache-2.0

// Package redisembed runs a Redis inside this process (miniredis), for the
// demo, for tests and for one small branch: it keeps nothing on disk. That is
// enough because Redis is derived here: the ledger is the truth.
package redisembed

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"touchgate.dev/touch"
)

// Server is a running embedded Redis on a loopback port of its own, closed to
// others by a random password. It is safe for concurrent use.
type Server struct {
	options redis.Options
	stop    context.CancelFunc
	ticking sync.WaitGroup
	closing sync.Once
}

// Start starts a server. It runs until ctx ends or Close is called.
func Start(ctx context.Context) (*Server, error) {
	mini, password := miniredis.NewMiniRedis(), rand.Text()
	mini.RequireAuth(password)
	if err := mini.Start(); err != nil {
		return nil, &touch.Error{Class: touch.Unavailable, Message: "the embedded Redis does not start", Cause: err}
	}
	s := &Server{options: redis.Options{
		Addr: mini.Addr(), Password: password,
		// miniredis knows neither of these, and they cost round trips.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		DisableIdentity:          true,
	}}
	ctx, s.stop = context.WithCancel(ctx)
	s.ticking.Go(func() {
		keepTime(ctx, mini.FastForward)
		mini.Close()
	})
	return s, nil
}

// Options is how a client reaches the server. Each call gives a fresh copy.
func (s *Server) Options() *redis.Options {
	o := s.options
	return &o
}

// Close stops the server and waits until it has stopped. What it held is gone.
func (s *Server) Close() error {
	s.closing.Do(s.stop)
	s.ticking.Wait()
	return nil
}

// keepTime moves the clock by which keys expire, until ctx ends. By itself
// miniredis's clock stands still, and the clock that it offers walks over all
// keys at every command; here they are walked once a step, and the steps grow
// with the time that a walk takes, so that walking costs at most a twentieth.
// A key may die up to one step early: nothing may be judged by a TTL.
func keepTime(ctx context.Context, fastForward func(time.Duration)) {
	const shortest = 100 * time.Millisecond
	timer := time.NewTimer(shortest)
	defer timer.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			now := time.Now()
			fastForward(now.Sub(last))
			last = now
			timer.Reset(max(shortest, 20*time.Since(now)))
		}
	}
}
