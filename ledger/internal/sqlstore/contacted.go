package sqlstore

import (
	"context"
	"fmt"

	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// ContactedCustomers implements ledger.Contacts. Who has touches in a segment is named too,
// for those may be intended.
func (s contactStore) ContactedCustomers(ctx context.Context, after string, limit int) ([]string, error) {
	var customers []string
	err := s.readTx(ctx, func(c *conn) error {
		customers = nil
		return c.each(func(rows sqldb.Rows) error {
			var customer string
			err := rows.Scan(&customer)
			customers = append(customers, customer)
			return err
		}, `SELECT DISTINCT t.customer`+fromProgress+`WHERE t.customer > $1 AND (p.contacts IS NOT NULL OR EXISTS (
				SELECT 1 FROM waits w WHERE w.stage = 2
				AND (w.id = COALESCE(p.wait, t.wait) OR (w.origin <> 0 AND w.origin = COALESCE(p.wait, t.wait)))))
			ORDER BY t.customer`+fmt.Sprintf(` LIMIT %d`, clampLimit(limit, 100, touch.MaxBatch)), after)
	})
	return customers, err
}
