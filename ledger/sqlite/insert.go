package sqlite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"touchgate.dev/ledger/internal/sqldb"
)

// Insert implements sqldb.Database. It runs one statement for each row: a
// statement costs no round trip here, so that is as fast as one for all rows.
func (*database) Insert(s sqldb.Session, ins *sqldb.InsertSpec, columns []any, result *sqldb.InsertResult) {
	query := insertSQL(ins)
	args := make([]any, len(columns))
	for _, row := range rowOrder(ins, columns) {
		for i, column := range columns {
			switch c := column.(type) {
			case []int64:
				args[i] = c[row]
			case []string:
				args[i] = c[row]
			case [][]byte:
				args[i] = c[row]
			}
		}
		s.Queue(sqldb.Statement{Query: query, Args: args, Done: func(n int64) error {
			result.Affected += int(n)
			if result.Written != nil {
				result.Written[row] = n > 0
			}
			return nil
		}})
	}
}

// rowOrder returns the order in which rows are written: by their key, where
// there is one. A table with rising keys then only grows at its end. Rows
// written between others would split its pages.
func rowOrder(ins *sqldb.InsertSpec, columns []any) []int {
	rows := make([]int, rowCount(columns[0]))
	for i := range rows {
		rows[i] = i
	}
	for i, c := range ins.Columns {
		if c.Name == ins.Key {
			keys := columns[i].([]int64)
			slices.SortFunc(rows, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
		}
	}
	return rows
}

func rowCount(column any) int {
	switch c := column.(type) {
	case []int64:
		return len(c)
	case []string:
		return len(c)
	default:
		return len(c.([][]byte))
	}
}

func insertSQL(ins *sqldb.InsertSpec) string {
	names := make([]string, len(ins.Columns))
	params := make([]string, len(ins.Columns))
	for i, c := range ins.Columns {
		names[i] = c.Name
		params[i] = fmt.Sprintf("$%d", i+1)
	}
	query := "INSERT INTO " + ins.Table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(params, ", ") + ")"
	if ins.OnConflict != "" {
		query += " ON CONFLICT " + ins.OnConflict
	}
	return query
}
