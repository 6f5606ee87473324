package bench

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"go.yaml.in/yaml/v3"

	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/testserver"
	"touchgate.dev/touch"
)

// House is a running Touchgate.
type House struct {
	URL  string
	PID  int
	Stop func() error // asks it to end, and waits
}

// vendorCalls is how many calls are with the vendor at once, ours as the bare
// client's: more than keep two cores busy on loopback only wait for each other.
const vendorCalls = 16

// vendorSecret signs our calls to the vendor.
func vendorSecret() string { return vendorhttp.FormatKey([]byte("a secret for loopback only")) }

// env is everything that one measurement runs in. All of it is our own, a
// given Redis apart, and gone afterwards.
type env struct {
	o        Options
	ledger   string
	batch    int
	dir      string // of everything: the servers, the configuration, SQLite
	sink     *sink
	redis    *testserver.Redis
	rdb      redis.UniversalClient
	postgres *testserver.Postgres
	sql      *pgxpool.Pool
	house    *House
	client   *apiclient.Client
	known    int // customers stored
	past     past
}

func (e *env) say(format string, args ...any) {
	fmt.Fprintf(e.o.Progress, "  "+format+"\n", args...)
}

// open starts what the mode needs. On an error all is closed again.
func open(ctx context.Context, m mode, ledger string, o Options) (_ *env, err error) {
	e := &env{o: o, ledger: ledger, batch: max(1, m.batch)}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	if e.dir, err = os.MkdirTemp("", "touchgate-bench-"); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "", "no temporary folder: %w", err)
	}
	if err := e.openRedis(ctx); err != nil {
		return nil, err
	}
	if e.sink, err = startSink(); err != nil {
		return nil, err
	}
	if !m.house {
		return e, nil
	}
	if ledger == "postgres" {
		if err := e.openPostgres(ctx); err != nil {
			return nil, err
		}
	}
	return e, e.openHouse(ctx)
}

func (e *env) openRedis(ctx context.Context) (err error) {
	address := e.o.Redis
	if address == "" {
		if e.redis, err = testserver.StartRedis(e.dir, "redis", ""); err != nil {
			return err
		}
		address = e.redis.Socket
	}
	e.rdb = redis.NewClient(&redis.Options{Addr: address})
	return e.rdb.Ping(ctx).Err()
}

// openPostgres starts a PostgreSQL with memory and checkpoints as on a small
// server.
func (e *env) openPostgres(ctx context.Context) (err error) {
	e.postgres, err = testserver.StartPostgres(ctx, e.dir, "shared_buffers=512MB", "max_wal_size=8GB",
		"checkpoint_timeout=15min", "wal_compression=off", "max_connections=100")
	if err != nil {
		return err
	}
	e.sql, err = pgxpool.New(ctx, e.postgres.DSN)
	return err
}

// openHouse writes a configuration, starts the house by it and tells it what
// every measurement needs.
func (e *env) openHouse(ctx context.Context) error {
	policies := filepath.Join(e.dir, "policies")
	if err := os.Mkdir(policies, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(policies, "bench.yaml"), []byte(rules), 0o600); err != nil {
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
	if e.house, err = e.o.Start(ctx, path, e.o.Profile, segmentArgs(e.o.Segment)...); err != nil {
		return err
	}
	if e.client, err = apiclient.New(e.house.URL, Key); err != nil {
		return err
	}
	return e.client.Do(ctx, http.MethodPut, "/v1/templates/"+template, map[string]any{
		"variables": []map[string]string{{"name": "amount"}},
		"content":   map[string]any{"sms": map[string]string{"body": "Your bank: up to ${amount} for a new car, at a rate that is yours alone. Reply STOP to opt out."}},
	}, nil)
}

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
	if e.o.Bulk > 0 {
		c["workers"] = m{"bulk": e.o.Bulk}
	}
	return c
}

// customers stores profiles of customers 0 up to n, those not stored yet.
func (e *env) customers(ctx context.Context, n int) error {
	if n <= e.known {
		return nil
	}
	from := e.known
	var failed int
	err := e.client.Upload(ctx, "/v1/customers", &lines{line: func(b []byte, i int) []byte { return customerLine(b, from+i) }, n: n - from},
		func(c apiclient.Chunk) { failed += c.Failed })
	if err != nil {
		return err
	}
	if failed > 0 {
		return touch.Errorf(touch.Internal, "", "%d customers were not stored", failed)
	}
	e.known = n
	return nil
}

func (e *env) close() {
	if e.house != nil {
		if err := e.house.Stop(); err != nil {
			e.say("the house did not end well: %v", err)
		}
	}
	if e.sink != nil {
		e.sink.close()
	}
	if e.sql != nil {
		e.sql.Close()
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

// stamp makes names of one run unlike those of any other.
func stamp(mode string, round int) string {
	return fmt.Sprintf("%s-%d-%d", mode, time.Now().UnixMilli(), round)
}
