package sqlstore

import (
	"context"

	json "github.com/go-json-experiment/json/v1" // the results of encoding/json in half the time

	"touchgate.dev/ledger/internal/sqldb"
)

// marshal encodes a row that is stored as one JSON document. Only tables of
// few rows, which are read whole, are stored like that.
func marshal(v any) ([]byte, error) { return json.Marshal(v) }

func unmarshal(b []byte, v any) error { return json.Unmarshal(b, v) }

// queryDocs reads documents; the query selects their column and nothing else.
func queryDocs[T any](c *conn, query string, args ...any) ([]T, error) {
	var all []T
	err := c.each(func(rows sqldb.Rows) error {
		var doc []byte
		if err := rows.Scan(&doc); err != nil {
			return err
		}
		var v T
		if err := unmarshal(doc, &v); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	}, query, args...)
	return all, err
}

// getDoc reads the first document that a query finds; class NotFound when
// there is none. what names it in the error.
func getDoc[T any](ctx context.Context, s *core, what, query string, args ...any) (*T, error) {
	var all []T
	err := s.query(ctx, func(c *conn) (err error) {
		all, err = queryDocs[T](c, query, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, notFound(what)
	}
	return &all[0], nil
}
