package sqlstore

import (
	"fmt"
	"strings"
)

// conditions collects the parts of a WHERE clause and their parameters. The
// zero value selects all rows.
type conditions struct {
	parts []string
	args  []any
}

// add adds a condition, with a %s for each of its parameters. For example:
// add("t.customer = %s", id) adds "t.customer = $3" as the third parameter.
func (q *conditions) add(condition string, args ...any) {
	numbers := make([]any, len(args))
	for i := range args {
		numbers[i] = fmt.Sprintf("$%d", len(q.args)+i+1)
	}
	q.parts = append(q.parts, fmt.Sprintf(condition, numbers...))
	q.args = append(q.args, args...)
}

// where returns the clause, with a space before it.
func (q *conditions) where() string {
	if len(q.parts) == 0 {
		return ""
	}
	return ` WHERE ` + strings.Join(q.parts, ` AND `)
}
