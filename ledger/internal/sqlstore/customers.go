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

// customerFacts is what is added to one customer.
type customerFacts struct {
	profile  *touch.Customer // replaces all but consents and outcomes
	consents []touch.Consent
	outcomes []touch.Outcome
	at       time.Time
	// logged says that the outcomes are events already, of their touch.
	logged bool
}

// Get implements ledger.Customers.
func (s customerStore) Get(ctx context.Context, ids []string) (found map[string]*touch.Customer, err error) {
	err = s.query(ctx, func(c *conn) error {
		found, err = c.customers(ids, "")
		return err
	})
	return found, err
}

func (c *conn) customers(ids []string, tail string) (map[string]*touch.Customer, error) {
	found := make(map[string]*touch.Customer, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	all, err := queryDocs[touch.Customer](c, `SELECT doc FROM customers WHERE `+c.in("id", 1, sqldb.String)+` ORDER BY id`+tail, c.array(ids))
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
	}
	return s.update(ctx, func(t *tx) error { return t.changeCustomers(facts, actor) })
}

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

var insertCustomers = sqldb.NewInsert("customers", customerColumns,
	"(id) DO UPDATE SET "+customerColumns.Excluded("id")+" WHERE customers.version = excluded.version - 1", "")

// changeCustomers adds facts and logs those that are new.
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
		events, news := facts[id].addTo(c)
		if !news {
			continue
		}
		c.Version++
		for i := range events {
			events[i].Customer, events[i].Actor = id, actor
		}
		if _, err := t.log(events); err != nil {
			return err
		}
		doc, err := marshal(c)
		if err != nil {
			return err
		}
		changed = append(changed, customerRow{id, c.Version, doc})
	}
	return insertAll(&t.conn, insertCustomers, changed)
}

// addTo adds the facts to a customer, gives the events of what was new, and
// reports whether anything was.
func (f *customerFacts) addTo(c *touch.Customer) (events []touch.Event, news bool) {
	if f.profile != nil {
		p := *f.profile
		p.Version, p.Consents, p.Outcomes = c.Version, c.Consents, c.Outcomes
		*c = p
		events = append(events, touch.Event{Kind: touch.EventCustomer, At: f.at})
	}
	for _, n := range f.consents {
		known := func(o touch.Consent) bool {
			return o.Scope == n.Scope && o.Granted == n.Granted && o.At.Equal(n.At) && o.Evidence == n.Evidence
		}
		if slices.ContainsFunc(c.Consents, known) {
			continue
		}
		c.Consents = append(c.Consents, n)
		word := "revoked "
		if n.Granted {
			word = "granted "
		}
		events = append(events, touch.Event{Kind: touch.EventConsent, At: n.At, Reason: word + n.Scope})
	}
	slices.SortStableFunc(c.Consents, func(a, b touch.Consent) int { return a.At.Compare(b.At) })
	for _, n := range f.outcomes {
		known := func(o touch.Outcome) bool { return o.Touch == n.Touch && o.Kind == n.Kind && o.At.Equal(n.At) }
		if slices.ContainsFunc(c.Outcomes, known) {
			continue
		}
		if f.logged && n.Address == "" { // the touch named none: it went to the customer's own
			n.Address = c.AddressOn(n.Channel)
		}
		c.Outcomes = append(c.Outcomes, n)
		news = true
		if !f.logged {
			events = append(events, touch.Event{
				Kind: touch.EventCustomer, At: n.At, Outcome: n.Kind, Channel: n.Channel, Campaign: n.Campaign,
			})
		}
	}
	slices.SortStableFunc(c.Outcomes, func(a, b touch.Outcome) int { return a.At.Compare(b.At) })
	return events, news || len(events) > 0
}
