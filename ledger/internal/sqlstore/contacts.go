package sqlstore

import (
	"context"
	"fmt"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

func contactsSQL(d sqldb.Dialect) string {
	return `SELECT ` + touchProgressColumns + fromTouchProgress + `WHERE ` + d.In("t.customer", 1, sqldb.String) + `
		AND (p.contacts IS NOT NULL OR COALESCE(p.wait, t.wait) <> 0) ORDER BY t.seq`
}

// Since implements ledger.Contacts.
func (s contactStore) Since(
	ctx context.Context, customers []string, since time.Time,
) (map[string][]ledger.PastContact, error) {
	if len(customers) == 0 {
		return map[string][]ledger.PastContact{}, nil
	}
	r := &contactReader{since: since, found: map[string][]ledger.PastContact{}}
	err := s.readTx(ctx, func(c *conn) error {
		r.touches = map[int64]*touch.Touch{}
		r.rows = map[int64]*progressRow{}
		if err := c.each(r.add, s.sql.contacts, c.array(customers)); err != nil {
			return err
		}
		if err := c.attachSegments(r.rows); err != nil {
			return err
		}
		return r.addIntended(c)
	})
	return r.found, err
}

// contactReader collects the contacts of customers.
type contactReader struct {
	since   time.Time
	touches map[int64]*touch.Touch
	rows    map[int64]*progressRow
	found   map[string][]ledger.PastContact // by customer
}

// add reads a touch and takes its contacts.
func (r *contactReader) add(rows sqldb.Rows) error {
	t, row, err := scanTouchProgress(rows)
	if err != nil {
		return err
	}
	r.touches[row.Seq] = t
	r.rows[row.Seq] = row
	for _, contact := range row.Contacts {
		p := pastContact(t, contact)
		// As long as it is unknown whether the message was sent, it can still
		// reach the customer: it counts however old it is.
		p.Pending = row.State == touch.StateUnknown && contact.Leg == row.Leg
		if p.Pending || !contact.At.Before(r.since) {
			r.found[t.Customer] = append(r.found[t.Customer], p)
		}
	}
	return nil
}

// addIntended adds the messages that a worker meant to send and of which the
// result is not stored. A message of which a receipt has arrived is a contact
// already.
func (r *contactReader) addIntended(c *conn) error {
	var ids []int64
	for _, row := range r.rows {
		if row.Segment != 0 {
			ids = append(ids, row.Segment)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return c.each(func(sqlRows sqldb.Rows) error {
		var id int64
		var packed []byte
		if err := sqlRows.Scan(&id, &packed); err != nil {
			return err
		}
		intents, err := unpackIntents(packed)
		for _, in := range intents {
			r.addIntent(id, in)
		}
		return err
	}, `SELECT id, intents FROM segments WHERE intents IS NOT NULL AND `+c.in("id", 1, sqldb.Integer),
		c.array(sortedSet(ids)))
}

func (r *contactReader) addIntent(segment int64, in ledger.Intent) {
	row, t := r.rows[in.Seq], r.touches[in.Seq]
	if row == nil || row.Segment != segment || in.Leg >= len(t.Plan) {
		return
	}
	if _, made := row.ContactOn(in.Leg); made {
		return
	}
	p := pastContact(t, ledger.Contact{Leg: in.Leg, Channel: t.Plan[in.Leg].Channel, At: in.At})
	p.Pending = true
	r.found[t.Customer] = append(r.found[t.Customer], p)
}

// pastContact returns a contact together with what it was about.
func pastContact(t *touch.Touch, contact ledger.Contact) ledger.PastContact {
	p := ledger.PastContact{
		Contact: contact, Touch: t.ID, Category: t.Category, Subject: t.Subject, Campaign: t.Campaign, Caller: t.Caller,
		Address: touch.AddressOn(contact.Channel, &t.Request, nil),
	}
	if contact.Leg < len(t.Plan) {
		p.Template = t.Plan[contact.Leg].Template
	}
	return p
}

// contactedCustomersSQL also finds customers with touches in a segment: a
// worker may have meant to send them.
var contactedCustomersSQL = `SELECT DISTINCT t.customer` + fromProgress + `WHERE t.customer > $1
	AND (p.contacts IS NOT NULL OR EXISTS (SELECT 1 FROM waits w WHERE ` + isInSegment + `
		AND (w.id = COALESCE(p.wait, t.wait) OR (w.origin <> 0 AND w.origin = COALESCE(p.wait, t.wait)))))
	ORDER BY t.customer`

// ContactedCustomers implements ledger.Contacts.
func (s contactStore) ContactedCustomers(ctx context.Context, after string, limit int) ([]string, error) {
	var customers []string
	query := s.sql.contactedCustomers + fmt.Sprintf(` LIMIT %d`, clampLimit(limit, 100, touch.MaxBatch))
	err := s.readTx(ctx, func(c *conn) error {
		return c.each(func(rows sqldb.Rows) error {
			var customer string
			err := rows.Scan(&customer)
			customers = append(customers, customer)
			return err
		}, query, after)
	})
	return customers, err
}
