// SPDX-License-Identifier: Apache-2.0

// Package redisembed runs a Redis inside this process (miniredis): for the demo,
// for tests, and for one small branch office. It keeps nothing on disk. That is
// enough, because everything in Redis can be made again from the ledger.
package redisembed

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// Server is a running embedded Redis on a loopback port of its own. A random
// password keeps other users of the machine out. It is safe for concurrent use.
type Server struct {
	options redis.Options
	clock   *loop.Group
}

// Start starts a server. It runs until ctx ends or Close is called. An error is
// of class Unavailable.
func Start(ctx context.Context) (*Server, error) {
	mini := miniredis.NewMiniRedis()
	password := rand.Text()
	mini.RequireAuth(password)
	if err := mini.Start(); err != nil {
		return nil, &touch.Error{Class: touch.Unavailable, Message: "the embedded Redis does not start", Cause: err}
	}
	s := &Server{
		options: redis.Options{
			Addr:     mini.Addr(),
			Password: password,
			// miniredis supports neither of these, and they cost round trips.
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
			DisableIdentity:          true,
		},
		clock: loop.NewGroup(ctx),
	}
	s.clock.Go(func(ctx context.Context) {
		runClock(ctx, mini.FastForward)
		mini.Close()
	})
	return s, nil
}

// Options returns how a client reaches the server; each call returns a new copy.
func (s *Server) Options() *redis.Options {
	o := s.options
	return &o
}

// Close stops the server and waits until it has stopped. Its data is gone.
func (s *Server) Close() error {
	s.clock.Stop()
	return nil
}

// runClock moves the clock by which keys expire, until ctx ends. The clock of
// miniredis stands still, or else walks over all keys at every command. Here
// the keys are walked once a step, and a step takes twenty times as long as a
// walk, so walking costs at most a twentieth of the time. A key may expire up to
// one step early: nothing may depend on the time to live of a key.
func runClock(ctx context.Context, fastForward func(time.Duration)) {
	const shortest = 100 * time.Millisecond
	step := shortest
	last := time.Now()
	for loop.Sleep(ctx, step) {
		now := time.Now()
		fastForward(now.Sub(last))
		last = now
		step = max(shortest, 20*time.Since(now))
	}
}
