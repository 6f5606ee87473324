package postgres

import (
	"fmt"
	"slices"
	"strings"

	"touchgate.dev/ledger/internal/sqldb"
)

// Insert implements sqldb.Database. One statement writes all rows: each column
// is one parameter, an array.
func (*database) Insert(s sqldb.Session, ins *sqldb.InsertSpec, columns []any, result *sqldb.InsertResult) {
	st := sqldb.Statement{Query: insertSQL(ins), Args: columns}
	if ins.Key == "" {
		st.Done = func(n int64) error {
			result.Affected = int(n)
			return nil
		}
		s.Queue(st)
		return
	}

	// The statement returns the keys of the rows that it wrote, in any order.
	rowOf := make(map[int64]int, len(result.Written))
	for i, key := range columns[keyIndex(ins)].([]int64) {
		rowOf[key] = i
	}
	st.Row = func(rows sqldb.Rows) error {
		var key int64
		if err := rows.Scan(&key); err != nil {
			return err
		}
		result.Written[rowOf[key]] = true
		result.Affected++
		return nil
	}
	s.Queue(st)
}

func keyIndex(ins *sqldb.InsertSpec) int {
	return slices.IndexFunc(ins.Columns, func(c sqldb.ColumnSpec) bool { return c.Name == ins.Key })
}

// arrayTypes are PostgreSQL's names for arrays of the column types.
var arrayTypes = map[sqldb.ColumnType]string{
	sqldb.Integer: "bigint[]",
	sqldb.String:  "text[]",
	sqldb.Bytes:   "bytea[]",
}

func insertSQL(ins *sqldb.InsertSpec) string {
	names := make([]string, len(ins.Columns))
	arrays := make([]string, len(ins.Columns))
	for i, c := range ins.Columns {
		names[i] = c.Name
		arrays[i] = fmt.Sprintf("$%d::%s", i+1, arrayTypes[c.Type])
	}
	query := "INSERT INTO " + ins.Table + " (" + strings.Join(names, ", ") + ")" +
		" SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ")"
	if ins.OnConflict != "" {
		query += " ON CONFLICT " + ins.OnConflict
	}
	if ins.Key != "" {
		query += " RETURNING " + ins.Key
	}
	return query
}
