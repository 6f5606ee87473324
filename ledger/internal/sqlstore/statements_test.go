package sqlstore

import (
	"strings"
	"testing"

	"touchgate.dev/ledger/internal/sqldb"
)

// plainDialect is a dialect that shows the parts it adds.
type plainDialect struct{ sqldb.Dialect }

func (plainDialect) In(column string, _ int, _ sqldb.ColumnType) string { return column + " IN $1" }
func (plainDialect) ForUpdate() string                                  { return " FOR UPDATE" }
func (plainDialect) ForShare() string                                   { return " FOR SHARE" }
func (plainDialect) SkipLocked() string                                 { return " SKIP LOCKED" }
func (plainDialect) SkipLockedOf(string) string                         { return " SKIP LOCKED" }

func TestHotStatementsComplete(t *testing.T) {
	for name, query := range HotStatements(plainDialect{}) {
		if !strings.HasPrefix(query, "SELECT ") && !strings.HasPrefix(query, "WITH ") {
			t.Errorf("statement %s is %q", name, query)
		}
	}
}
