package sqlstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Put implements ledger.Templates.
func (s templateStore) Put(ctx context.Context, t ledger.Template, actor string, now time.Time) (version int, err error) {
	if t.Name == "" {
		return 0, touch.Errorf(touch.Invalid, "name", "a template needs a name")
	}
	t.Version, t.CreatedAt, t.CreatedBy = 0, time.Time{}, ""
	content, err := marshal(t)
	if err != nil {
		return 0, s.classify(err)
	}
	digest := sha256.Sum256(content)
	err = s.update(ctx, func(tx *tx) error {
		var last []byte
		version = 0
		_, err := tx.one([]any{&version, &last}, `SELECT version, digest FROM templates WHERE name = $1 ORDER BY version DESC LIMIT 1`, t.Name)
		if err != nil || bytes.Equal(last, digest[:]) {
			return err
		}
		version++
		t.Version, t.CreatedAt, t.CreatedBy = version, now.UTC(), actor
		doc, err := marshal(t)
		if err != nil {
			return err
		}
		n, err := tx.exec(`INSERT INTO templates (name, version, digest, doc) VALUES ($1, $2, $3, $4) ON CONFLICT (name, version) DO NOTHING`,
			t.Name, version, digest[:], doc)
		if err == nil && n == 0 {
			return errConflict
		}
		return err
	})
	return version, err
}

// Get implements ledger.Templates.
func (s templateStore) Get(ctx context.Context, name string, version int) (*ledger.Template, error) {
	var all []ledger.Template
	err := s.query(ctx, func(c *conn) (err error) {
		all, err = queryDocs[ledger.Template](c, `SELECT doc FROM templates WHERE name = $1 AND ($2 = 0 OR version = $2)
			ORDER BY version DESC LIMIT 1`, name, version)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, notFound("this template")
	}
	return &all[0], nil
}

// List implements ledger.Templates.
func (s templateStore) List(ctx context.Context) (all []ledger.Template, err error) {
	err = s.query(ctx, func(c *conn) error {
		all, err = queryDocs[ledger.Template](c, `SELECT doc FROM templates t
			WHERE version = (SELECT max(version) FROM templates WHERE name = t.name) ORDER BY name`)
		return err
	})
	return all, err
}
