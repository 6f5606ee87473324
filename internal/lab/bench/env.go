package bench

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"go.yaml.in/yaml/v3"

	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/testserver"
	"touchgate.dev/touch"
)

// vendorCalls is how many calls may be at the vendor at once, for the target as
// for the bare client. With more of them, two cores on loopback get no more done.
const vendorCalls = 16

// vendorSecret signs the target's calls to the vendor.
func vendorSecret() string { return vendorhttp.FormatKey([]byte("a secret for loopback only")) }

// env is the environment of one measurement: the servers, the vendor and the
// target. The bench starts all of it, except for a Redis that the operator
// names, and removes it afterwards.
type env struct {
	options  Options
	batch    int    // how many messages the vendor accepts in one call
	dir      string // of everything: the servers, the configuration, SQLite
	sink     *sink
	redis    *testserver.Redis // nil: the operator's
	rdb      redis.UniversalClient
	postgres *testserver.Postgres // nil: SQLite
	pg       *pgxpool.Pool
	target   *Target // nil: the mode needs none
	client   *apiclient.Client
	stored   int // customers
	finished finishedWorks
}

// printf prints a line of progress.
func (e *env) printf(format string, args ...any) {
	fmt.Fprintf(e.options.Progress, "  "+format+"\n", args...)
}

// openEnv starts what the mode needs. On an error it closes what it started.
func openEnv(ctx context.Context, m mode, ledger string, o Options) (_ *env, err error) {
	e := &env{options: o, batch: max(1, m.batch)}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if e.dir, err = os.MkdirTemp("", "touchgate-bench-"); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "", "no temporary folder: %w", err)
	}
	if err := e.startRedis(ctx); err != nil {
		return nil, err
	}
	if e.sink, err = startSink(); err != nil {
		return nil, err
	}
	if !m.needsTarget {
		return e, nil
	}
	if ledger == "postgres" {
		if err := e.startPostgres(ctx); err != nil {
			return nil, err
		}
	}
	return e, e.startTarget(ctx)
}

func (e *env) startRedis(ctx context.Context) (err error) {
	address := e.options.Redis
	if address == "" {
		if e.redis, err = testserver.StartRedis(e.dir, "redis", ""); err != nil {
			return err
		}
		address = e.redis.Socket
	}
	e.rdb = redis.NewClient(&redis.Options{Addr: address})
	return e.rdb.Ping(ctx).Err()
}

// startPostgres starts a PostgreSQL with memory and checkpoints as on a small
// server.
func (e *env) startPostgres(ctx context.Context) (err error) {
	e.postgres, err = testserver.StartPostgres(ctx, e.dir, "shared_buffers=512MB", "max_wal_size=8GB",
		"checkpoint_timeout=15min", "wal_compression=off", "max_connections=100")
	if err != nil {
		return err
	}
	e.pg, err = pgxpool.New(ctx, e.postgres.DSN)
	return err
}

// startTarget starts the target, and stores the template of all touches.
func (e *env) startTarget(ctx context.Context) error {
	policies := filepath.Join(e.dir, "policies")
	if err := os.Mkdir(policies, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(policies, "bench.yaml"), []byte(policyDocument), 0o600); err != nil {
		return err
	}
	text, err := yaml.Marshal(e.config(policies))
	if err != nil {
		return err
	}
	path := filepath.Join(e.dir, "touchgate.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	if e.target, err = e.options.Start(ctx, path, e.options.Profile, segmentArgs(e.options.Segment)...); err != nil {
		return err
	}
	if e.client, err = apiclient.New(e.target.URL, Key); err != nil {
		return err
	}
	body := "Your bank: up to ${amount} for a new car, at a rate that is yours alone. Reply STOP to opt out."
	return e.client.Do(ctx, http.MethodPut, "/v1/templates/"+template, map[string]any{
		"variables": []map[string]string{{"name": "amount"}},
		"content":   map[string]any{"sms": map[string]string{"body": body}},
	}, nil)
}

// config returns the target's configuration.
func (e *env) config(policies string) map[string]any {
	type m = map[string]any
	store := m{"driver": "sqlite", "path": filepath.Join(e.dir, "touchgate.db")}
	if e.postgres != nil {
		store = m{"driver": "postgres", "dsn": e.postgres.DSN}
	}
	c := m{
		"data": e.dir, "ledger": store,
		"redis":    m{"mode": "single", "addresses": []string{e.rdb.(*redis.Client).Options().Addr}},
		"policies": m{"dir": policies},
		"log":      m{"level": "warn"},
		"providers": []m{{
			"name": "sink", "adapter": "sms/http", "weight": 1, "concurrency": vendorCalls,
			"config": m{"url": e.sink.url(), "secret": vendorSecret(), "max_batch": e.batch},
		}},
	}
	if e.options.Bulk > 0 {
		c["workers"] = m{"bulk": e.options.Bulk}
	}
	return c
}

// storeCustomers stores the profiles of customers 0 to n that are not stored yet.
func (e *env) storeCustomers(ctx context.Context, n int) error {
	if n <= e.stored {
		return nil
	}
	from := e.stored
	lines := &lineReader{n: n - from, line: func(b []byte, i int) []byte { return customerLine(b, from+i) }}
	failed := 0
	err := e.client.Upload(ctx, "/v1/customers", lines, func(c apiclient.Chunk) { failed += c.Failed })
	if err != nil {
		return err
	}
	if failed > 0 {
		return touch.Errorf(touch.Internal, "", "%d customers were not stored", failed)
	}
	e.stored = n
	return nil
}

func (e *env) close() {
	if e.target != nil {
		if err := e.target.Stop(); err != nil {
			e.printf("Touchgate did not stop well: %v", err)
		}
	}
	if e.sink != nil {
		e.sink.close()
	}
	if e.pg != nil {
		e.pg.Close()
	}
	if e.rdb != nil {
		e.rdb.Close()
	}
	if e.postgres != nil {
		e.postgres.Close()
	}
	if e.redis != nil {
		e.redis.Close()
	}
	os.RemoveAll(e.dir)
}
