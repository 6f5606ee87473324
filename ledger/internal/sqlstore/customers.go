package sqlstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// Get implements ledger.Customers.
func (s customerStore) Get(ctx context.Context, ids []string) (found map[string]*touch.Customer, err error) {
	err = s.query(ctx, func(c *conn) error {
		found, err = c.customers(ids, "")
		return err
	})
	return found, err
}

// customers reads customers; lock is the end of the query that locks them, or "".
func (c *conn) customers(ids []string, lock string) (map[string]*touch.Customer, error) {
	found := make(map[string]*touch.Customer, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	all, err := queryDocs[touch.Customer](c,
		`SELECT doc FROM customers WHERE `+c.in("id", 1, sqldb.String)+` ORDER BY id`+lock, c.array(ids))
	for i := range all {
		found[all[i].ID] = &all[i]
	}
	return found, err
}

// Put implements ledger.Customers.
func (s customerStore) Put(ctx context.Context, customers []touch.Customer, actor string, now time.Time) error {
	facts := make(map[string]*customerFacts, len(customers))
	for i := range customers {
		id := customers[i].ID
		if id == "" || facts[id] != nil {
			return touch.Errorf(touch.Invalid, "id", "customer %d of the batch has no id, or comes twice", i)
		}
		facts[id] = &customerFacts{profile: &customers[i], at: now}
	}
	return s.update(ctx, func(t *tx) error { return t.changeCustomers(facts, actor) })
}

// AddConsents implements ledger.Customers.
func (s customerStore) AddConsents(ctx context.Context, consents []ledger.CustomerConsent, actor string) error {
	facts := map[string]*customerFacts{}
	for _, c := range consents {
		f, err := factsOf(facts, c.Customer)
		if err != nil {
			return err
		}
		f.consents = append(f.consents, c.Consent)
	}
	return s.update(ctx, func(t *tx) error { return t.changeCustomers(facts, actor) })
}

// AddOutcomes implements ledger.Customers.
func (s customerStore) AddOutcomes(ctx context.Context, outcomes []ledger.CustomerOutcome, actor string) error {
	facts := map[string]*customerFacts{}
	for _, o := range outcomes {
		f, err := factsOf(facts, o.Customer)
		if err != nil {
			return err
		}
		f.outcomes = append(f.outcomes, o.Outcome)
		f.revokeBy(&o.Outcome, "outcome reported by "+actor)
	}
	return s.update(ctx, func(t *tx) error { return t.changeCustomers(facts, actor) })
}

// factsOf returns the facts of one customer, new ones if there are none yet.
func factsOf(facts map[string]*customerFacts, id string) (*customerFacts, error) {
	if id == "" {
		return nil, touch.Errorf(touch.Invalid, "customer", "a fact names no customer")
	}
	f := facts[id]
	if f == nil {
		f = &customerFacts{}
		facts[id] = f
	}
	return f, nil
}

// customerRow is a customer's row with the document already encoded.
type customerRow struct {
	id      string
	version int64
	doc     []byte
}

var customerColumns = sqldb.Columns[customerRow]{
	sqldb.Text("id", func(r customerRow) string { return r.id }),
	sqldb.Int("version", func(r customerRow) int64 { return r.version }),
	sqldb.Blob("doc", func(r customerRow) []byte { return r.doc }),
}

// insertCustomers writes a row only where its version is still the one read.
// A customer who is new cannot be locked when read.
var insertCustomers = sqldb.NewInsert("customers", customerColumns,
	"(id) DO UPDATE SET "+customerColumns.Excluded("id")+" WHERE customers.version = excluded.version - 1", "")

// changeCustomers adds facts to customers, and logs those that are new.
func (t *tx) changeCustomers(facts map[string]*customerFacts, actor string) error {
	ids := slices.Sorted(maps.Keys(facts))
	found, err := t.customers(ids, t.core.db.ForUpdate())
	if err != nil {
		return err
	}

	var changed []customerRow
	for _, id := range ids {
		c := found[id]
		if c == nil {
			c = &touch.Customer{ID: id}
		}
		events, isNew := facts[id].addTo(c)
		if !isNew {
			continue
		}
		c.Version++
		for i := range events {
			events[i].Customer = id
			events[i].Actor = actor
		}
		if _, err := t.log(events); err != nil {
			return err
		}
		doc, err := marshal(c)
		if err != nil {
			return err
		}
		changed = append(changed, customerRow{id: id, version: c.Version, doc: doc})
	}
	return insertAll(&t.conn, insertCustomers, changed)
}
