package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// pool is connections to the file, and the statements prepared on them.
type pool struct {
	db       *sql.DB
	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
}

func newPool(db *sql.DB) *pool { return &pool{db: db, prepared: map[string]*sql.Stmt{}} }

// kept gives the statement of a query, nil when there is none yet.
func (p *pool) kept(query string) *sql.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.prepared[query]
}

// keep prepares a query for everybody.
func (p *pool) keep(ctx context.Context, query string) (*sql.Stmt, error) {
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

// keepAll keeps what can be kept: what cannot is prepared again by whoever
// asks next, and then says why.
func (p *pool) keepAll(ctx context.Context, queries []string) {
	for _, query := range queries {
		_, _ = p.keep(ctx, query)
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
