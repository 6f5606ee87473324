// SPDX-License-Identifier: Apache-2.0

// Package postgres is the ledger over PostgreSQL, for several nodes and large
// volumes. It needs version 13 or later.
package postgres

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqlstore"
	"touchgate.dev/touch"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options are the parts that a caller may inject.
type Options struct {
	Now func() time.Time // nil is time.Now
	// Conns bounds the connections; 0 is 16.
	Conns int
}

// Open connects to the database that dsn names, in any form that libpq knows,
// and brings it to the newest form; nodes that start together migrate one
// after the other. Class Invalid: dsn cannot be read; Unavailable: no answer.
func Open(ctx context.Context, dsn string, o Options) (*ledger.Ledger, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// The cause would quote the dsn, which holds a password.
		return nil, touch.Errorf(touch.Invalid, "dsn", "not a PostgreSQL connection string")
	}
	// Columns of numbers arrive as arrays of thousands: caching plans pays,
	// describing statements anew each time does not.
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	for name, value := range planning {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	if o.Conns == 0 {
		o.Conns = 16
	}
	config.MaxConns = int32(o.Conns)
	if err := migrate(ctx, config.ConnConfig); err != nil {
		return nil, unavailable(err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, unavailable(err)
	}
	return sqlstore.New(newDatabase(pool), o.Now), nil
}

func unavailable(err error) error {
	return &touch.Error{Class: touch.Unavailable, Message: "the ledger's database cannot be opened", Cause: err}
}

// planning holds for our connections, unless the dsn says otherwise. A plan is
// kept until its tables are analyzed. One made while a table was nearly empty
// would read the table whole, and go on to do so with a million rows in it: so
// whatever an index can find is found by it. Then a plan does not depend on
// what it looks for, and is made once. Nothing here is worth compiling.
var planning = map[string]string{"enable_seqscan": "off", "plan_cache_mode": "force_generic_plan", "jit": "off"}

func migrate(ctx context.Context, config *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*config)
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}
