package sqldb

import "strings"

// Field is a column that is read: its SQL expression together with the place in
// a row of type R that it is scanned into.
type Field[R any] struct {
	Expr string
	Dest func(*R) any // a pointer that Rows.Scan understands
}

// Selection is the columns that a SELECT reads into rows of type R. The list in
// the SQL text and the destinations of Scan come from this one list.
type Selection[R any] []Field[R]

// List returns the expressions, for the SELECT.
func (s Selection[R]) List() string {
	exprs := make([]string, len(s))
	for i := range s {
		exprs[i] = s[i].Expr
	}
	return strings.Join(exprs, ", ")
}

// AppendDest appends the destinations of the fields in a row. It is for a SELECT
// that reads the fields of several selections.
func (s Selection[R]) AppendDest(dest []any, row *R) []any {
	for i := range s {
		dest = append(dest, s[i].Dest(row))
	}
	return dest
}

// Scan reads a row of a query that selected List and, after it, as many more
// columns as more has destinations.
func (s Selection[R]) Scan(rows Rows, row *R, more ...any) error {
	dest := s.AppendDest(make([]any, 0, len(s)+len(more)), row)
	return rows.Scan(append(dest, more...)...)
}
