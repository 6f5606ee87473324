package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// pool is a set of connections to the file and the statements prepared on
// them. It is safe for concurrent use.
type pool struct {
	db       *sql.DB
	mu       sync.RWMutex // guards prepared
	prepared map[string]*sql.Stmt
}

func newPool(db *sql.DB) *pool { return &pool{db: db, prepared: map[string]*sql.Stmt{}} }

// cached returns the prepared statement of a query, nil when there is none yet.
func (p *pool) cached(query string) *sql.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.prepared[query]
}

// prepare prepares a query and caches the statement for all sessions.
func (p *pool) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	stmt, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.prepared[query]; other != nil {
		stmt.Close()
		return other, nil
	}
	p.prepared[query] = stmt
	return stmt, nil
}

// prepareAll prepares queries. It ignores errors: the next session that runs
// such a query prepares it again and then reports the error.
func (p *pool) prepareAll(ctx context.Context, queries []string) {
	for _, query := range queries {
		_, _ = p.prepare(ctx, query)
	}
}

// close closes the statements and the connections.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stmt := range p.prepared {
		stmt.Close()
	}
	clear(p.prepared)
	return p.db.Close()
}
