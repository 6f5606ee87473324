package sqldb

// Insert describes a statement that writes many rows of type R. Make it once,
// as a package variable; it is not changed after that.
type Insert[R any] struct {
	InsertSpec
	values Columns[R]
}

// InsertSpec is the part of an Insert that drivers turn into SQL.
type InsertSpec struct {
	Table   string
	Columns []ColumnSpec
	// OnConflict is what follows "ON CONFLICT". Empty: a conflict is an error.
	OnConflict string
	// Key is the integer column that tells which rows were written, see
	// InsertResult. Empty: only their number is known.
	Key string
}

// ColumnSpec is the name and the type of a column.
type ColumnSpec struct {
	Name string
	Type ColumnType
}

// InsertResult is the result of an Insert.
type InsertResult struct {
	// Affected is how many rows were written.
	Affected int
	// Written says for each row whether it was written. The caller sets its
	// length, and only where the Insert has a Key.
	Written []bool
}

// NewInsert returns an Insert into a table. See InsertSpec for onConflict and
// key; both may be empty.
func NewInsert[R any](table string, columns Columns[R], onConflict, key string) *Insert[R] {
	ins := &Insert[R]{
		InsertSpec: InsertSpec{Table: table, OnConflict: onConflict, Key: key},
		values:     columns,
	}
	for _, c := range columns {
		ins.Columns = append(ins.Columns, ColumnSpec{Name: c.name, Type: c.typ})
	}
	return ins
}

// Values returns the rows as columns: one slice for each column.
func (ins *Insert[R]) Values(rows []R) []any {
	all := make([]any, len(ins.values))
	for i := range ins.values {
		all[i] = ins.values[i].values(rows)
	}
	return all
}
