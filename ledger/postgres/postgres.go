// SPDX-License-Identifier: Apache-2.0

// Package postgres is the ledger in PostgreSQL, for several nodes and large
// volumes. It needs PostgreSQL 13 or later.
package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqlstore"
	"touchgate.dev/touch"
)

// Options are the parts that a caller may replace. The zero value has defaults.
type Options struct {
	Now   func() time.Time // tells the time; nil is time.Now
	Conns int              // bounds the connections; 0 is 16
}

// Open connects to the database that dsn names, in any form that libpq
// understands, and migrates it to the newest schema. Nodes that start together
// migrate one after the other. Class Invalid: dsn cannot be parsed; class
// Unavailable: the server does not answer.
func Open(ctx context.Context, dsn string, o Options) (*ledger.Ledger, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		// The cause would quote the dsn, which holds a password.
		return nil, touch.Errorf(touch.Invalid, "dsn", "not a PostgreSQL connection string")
	}
	// Parameters are arrays of thousands of values. Preparing a statement once
	// saves planning it each time; describing it each time would cost a round trip.
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

// planning are settings of our connections, unless the dsn sets them.
//
// The server keeps the plan of a prepared statement until its tables are
// analyzed. A plan that was made while a table was nearly empty would read the
// whole table, and go on to do so when the table has a million rows. So every
// statement uses an index where there is one: then its plan does not depend on
// the parameters, and is made once. Our statements are too short to compile.
var planning = map[string]string{
	"enable_seqscan":  "off",
	"plan_cache_mode": "force_generic_plan",
	"jit":             "off",
}

func unavailable(err error) error {
	return &touch.Error{Class: touch.Unavailable, Message: "the ledger's database cannot be opened", Cause: err}
}
