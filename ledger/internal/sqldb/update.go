package sqldb

import (
	"slices"
	"strconv"
	"strings"
)

// Set returns the assignments of an UPDATE and their parameters: all columns
// of the row but the keys. The first parameter is $first. For example, with
// first 3: "state = $3, due = $4".
func (cs Columns[R]) Set(row R, first int, keys ...string) (assignments string, args []any) {
	var sets []string
	for i := range cs {
		c := &cs[i]
		if slices.Contains(keys, c.name) {
			continue
		}
		sets = append(sets, c.name+" = $"+strconv.Itoa(first+len(args)))
		args = append(args, c.Value(row))
	}
	return strings.Join(sets, ", "), args
}
