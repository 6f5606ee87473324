package app

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/redis/go-redis/v9"

	"touchgate.dev/internal/redisembed"
	"touchgate.dev/touch"
)

// redisStore is a client of Redis, with its server if that is embedded. It is
// safe for concurrent use.
type redisStore struct {
	client redis.UniversalClient
	server *redisembed.Server // nil: a server of its own
}

// embedded reports whether Redis runs in this process and serves it alone.
func (r *redisStore) embedded() bool { return r.server != nil }

// openRedis makes a client as the configuration says. It does not wait for the
// server, because a process works without Redis, too.
func openRedis(ctx context.Context, cfg RedisConfig) (*redisStore, error) {
	if cfg.Mode == "embedded" {
		server, err := redisembed.Start(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		return &redisStore{client: redis.NewClient(server.Options()), server: server}, nil
	}
	o := &redis.UniversalOptions{
		Addrs:         cfg.Addresses,
		Username:      cfg.Username,
		Password:      cfg.Password.Reveal(),
		DB:            cfg.DB,
		IsClusterMode: cfg.Mode == "cluster",
		// Short, so that a Redis that hangs does not hold up what works without it.
		DialTimeout:           time.Second,
		ReadTimeout:           2 * time.Second,
		WriteTimeout:          2 * time.Second,
		MaxRetries:            1,
		ContextTimeoutEnabled: true,
	}
	if cfg.TLS {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &redisStore{client: redis.NewUniversalClient(o)}, nil
}

// refuseEvicting returns an error of class Invalid if Redis drops keys when it
// is full. A contact log that forgets a contact breaks caps, while one that
// refuses to write only delays touches. It returns nil if Redis does not answer
// or does not tell its policy.
func (r *redisStore) refuseEvicting(ctx context.Context) error {
	if r.embedded() {
		return nil
	}
	settings, err := r.client.ConfigGet(ctx, "maxmemory-policy").Result()
	if policy := settings["maxmemory-policy"]; err == nil && policy != "" && policy != "noeviction" {
		return touch.Errorf(touch.Invalid, "redis",
			"its maxmemory-policy is %q, so it forgets contacts when it is full: set noeviction", policy)
	}
	return nil
}

// ping returns an error of class Unavailable if Redis does not answer.
func (r *redisStore) ping(ctx context.Context) error {
	if err := r.client.Ping(ctx).Err(); err != nil {
		return touch.Errorf(touch.Unavailable, "redis", "does not answer: %w", err)
	}
	return nil
}

// close closes the client, and the server if it is embedded.
func (r *redisStore) close() error {
	err := r.client.Close()
	if r.embedded() {
		return r.server.Close()
	}
	return err
}
