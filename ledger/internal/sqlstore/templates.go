package sqlstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Put implements ledger.Templates.
func (s templateStore) Put(
	ctx context.Context, tmpl ledger.Template, actor string, now time.Time,
) (version int, err error) {
	if tmpl.Name == "" {
		return 0, touch.Errorf(touch.Invalid, "name", "a template needs a name")
	}
	// The digest is of the content alone, so that the same content put twice
	// is the same version.
	tmpl.Version = 0
	tmpl.CreatedAt = time.Time{}
	tmpl.CreatedBy = ""
	content, err := marshal(tmpl)
	if err != nil {
		return 0, s.classify(err)
	}
	digest := sha256.Sum256(content)

	err = s.update(ctx, func(t *tx) error {
		var last []byte
		version = 0
		_, err := t.one([]any{&version, &last}, `SELECT version, digest FROM templates
			WHERE name = $1 ORDER BY version DESC LIMIT 1`, tmpl.Name)
		if err != nil || bytes.Equal(last, digest[:]) {
			return err
		}
		version++
		tmpl.Version = version
		tmpl.CreatedAt = now.UTC()
		tmpl.CreatedBy = actor
		return saveTemplate(t, &tmpl, digest)
	})
	return version, err
}

// saveTemplate stores a new version; errConflict when another transaction has
// stored that version.
func saveTemplate(t *tx, tmpl *ledger.Template, digest [32]byte) error {
	doc, err := marshal(tmpl)
	if err != nil {
		return err
	}
	n, err := t.exec(`INSERT INTO templates (name, version, digest, doc) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name, version) DO NOTHING`, tmpl.Name, tmpl.Version, digest[:], doc)
	if err == nil && n == 0 {
		return errConflict
	}
	if err != nil {
		return err
	}
	// The digest proves which text it was, without saying it.
	_, err = t.log([]touch.Event{{
		Kind: touch.EventControl, At: tmpl.CreatedAt, Actor: tmpl.CreatedBy,
		Reason: fmt.Sprintf("template %s version %d, digest %x", tmpl.Name, tmpl.Version, digest[:8]),
	}})
	return err
}

// Get implements ledger.Templates.
func (s templateStore) Get(ctx context.Context, name string, version int) (*ledger.Template, error) {
	return getDoc[ledger.Template](ctx, s.core, "this template", `SELECT doc FROM templates
		WHERE name = $1 AND ($2 = 0 OR version = $2) ORDER BY version DESC LIMIT 1`, name, version)
}

// List implements ledger.Templates.
func (s templateStore) List(ctx context.Context, after string, limit int) (all []ledger.Template, err error) {
	err = s.query(ctx, func(c *conn) error {
		all, err = queryDocs[ledger.Template](c, `SELECT doc FROM templates t
			WHERE name > $1 AND version = (SELECT max(version) FROM templates WHERE name = t.name)
			ORDER BY name LIMIT $2`, after, clampLimit(limit, 100, 1000))
		return err
	})
	return all, err
}
