package app

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"touchgate.dev/internal/redisembed"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/postgres"
	"touchgate.dev/ledger/sqlite"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// postgresWriters is how many shared transactions go at once: enough to keep
// the log busy while one of them waits for it.
const postgresWriters = 4

// OpenLedger opens the driver that the configuration names, with group commit
// before it.
func OpenLedger(ctx context.Context, cfg *Config, now func() time.Time) (*ledger.Ledger, error) {
	if cfg.Ledger.Driver == "postgres" {
		l, err := postgres.Open(ctx, cfg.Ledger.DSN.Reveal(), postgres.Options{Now: now})
		if err != nil {
			return nil, err
		}
		return ledger.GroupCommit(l, postgresWriters), nil
	}
	path := sqlitePath(cfg)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "data", "cannot make the data folder: %w", err)
	}
	l, err := sqlite.Open(ctx, path, sqlite.Options{Now: now})
	if err != nil {
		return nil, err
	}
	return ledger.GroupCommit(l, 1), nil // SQLite has one writer
}

// OpenExistingLedger opens a ledger that is there already: whoever reads one by the
// wrong configuration must not be told that a new and empty one is sound.
func OpenExistingLedger(ctx context.Context, cfg *Config, now func() time.Time) (*ledger.Ledger, error) {
	if path := sqlitePath(cfg); cfg.Ledger.Driver != "postgres" {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, usageError("there is no ledger at %s: name the configuration by --config, or the folder by TOUCHGATE_DATA", path)
		}
	}
	return OpenLedger(ctx, cfg, now)
}

func sqlitePath(cfg *Config) string {
	if cfg.Ledger.Path != "" {
		return cfg.Ledger.Path
	}
	return filepath.Join(cfg.Data, "touchgate.db")
}

// redisStore is a client, and the server too where it is embedded.
type redisStore struct {
	client redis.UniversalClient
	server *redisembed.Server
}

// openRedis connects as the configuration says; it does not wait for the
// server, since work goes on without one.
func openRedis(ctx context.Context, cfg RedisConfig) (*redisStore, error) {
	if cfg.Mode == "embedded" {
		server, err := redisembed.Start(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		return &redisStore{client: redis.NewClient(server.Options()), server: server}, nil
	}
	o := &redis.UniversalOptions{
		Addrs: cfg.Addresses, Username: cfg.Username, Password: cfg.Password.Reveal(), DB: cfg.DB,
		IsClusterMode: cfg.Mode == "cluster",
		// A Redis that stands still must not hold up what can go on without it.
		DialTimeout: time.Second, ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second, MaxRetries: 1, ContextTimeoutEnabled: true,
	}
	if cfg.TLS {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &redisStore{client: redis.NewUniversalClient(o)}, nil
}

// refuseEvicting is an error of class Invalid where Redis would drop keys when
// it is full: a contact log that silently forgets a contact breaks caps, while
// one that refuses to write only delays. A Redis that does not answer, or does
// not say, is not refused.
func (r *redisStore) refuseEvicting(ctx context.Context) error {
	if r.server != nil {
		return nil
	}
	policy, err := r.client.ConfigGet(ctx, "maxmemory-policy").Result()
	if p := policy["maxmemory-policy"]; err == nil && p != "" && p != "noeviction" {
		return touch.Errorf(touch.Invalid, "redis", "its maxmemory-policy is %q, by which it forgets contacts when it is full: set noeviction", p)
	}
	return nil
}

func (r *redisStore) close() error {
	err := r.client.Close()
	if r.server != nil {
		return r.server.Close()
	}
	return err
}

// rehydrate reads what the contact log must know of customers out of the
// ledger: the one place where a ledger's contact becomes a log's entry. A
// contact whose touch named no address went to the customer's own.
func rehydrate(l *ledger.Ledger) func(ctx context.Context, customers []string, since time.Time) (map[string][]contactlog.Entry, error) {
	return func(ctx context.Context, customers []string, since time.Time) (map[string][]contactlog.Entry, error) {
		past, err := l.Contacts.Since(ctx, customers, since)
		if err != nil {
			return nil, err
		}
		known, err := l.Customers.Get(ctx, slices.Collect(maps.Keys(past)))
		if err != nil {
			return nil, err
		}
		logs := make(map[string][]contactlog.Entry, len(past))
		for customer, contacts := range past {
			entries := make([]contactlog.Entry, len(contacts))
			for i, c := range contacts {
				if c.Address == "" {
					c.Address = known[customer].AddressOn(c.Channel)
				}
				entries[i] = contactlog.Entry{
					ID: touch.DispatchID(c.Touch, c.Leg), Pending: c.Pending, At: c.At, Kind: contactlog.KindOf(c.Kind),
					Channel: c.Channel, Category: c.Category, Subject: contactlog.Hash(c.Subject),
					Campaign: contactlog.Hash(c.Campaign), Caller: contactlog.Hash(c.Caller), Address: contactlog.Hash(c.Address),
					Template: contactlog.Hash(c.Template),
				}
			}
			logs[customer] = entries
		}
		return logs, nil
	}
}
