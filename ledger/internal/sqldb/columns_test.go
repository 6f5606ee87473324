package sqldb

import (
	"reflect"
	"testing"
)

type account struct {
	id    int64
	owner string
	seal  []byte
}

var accountColumns = Columns[*account]{
	Int("id", func(a *account) int64 { return a.id }),
	Text("owner", func(a *account) string { return a.owner }),
	Blob("seal", func(a *account) []byte { return a.seal }),
}

func TestInsertValues(t *testing.T) {
	ins := NewInsert("accounts", accountColumns, "(id) DO NOTHING", "id")
	want := []ColumnSpec{{"id", Integer}, {"owner", String}, {"seal", Bytes}}
	if !reflect.DeepEqual(ins.Columns, want) {
		t.Errorf("columns are %v, want %v", ins.Columns, want)
	}
	got := ins.Values([]*account{{1, "ann", []byte{1}}, {2, "bob", nil}})
	values := []any{[]int64{1, 2}, []string{"ann", "bob"}, [][]byte{{1}, nil}}
	if !reflect.DeepEqual(got, values) {
		t.Errorf("values are %v, want %v", got, values)
	}
}

func TestColumnsSet(t *testing.T) {
	sets, args := accountColumns.Set(&account{7, "ann", []byte{1}}, 3, "id")
	if sets != "owner = $3, seal = $4" {
		t.Errorf("assignments are %q", sets)
	}
	if !reflect.DeepEqual(args, []any{"ann", []byte{1}}) {
		t.Errorf("parameters are %v", args)
	}
	if got := accountColumns.Excluded("id"); got != "owner = excluded.owner, seal = excluded.seal" {
		t.Errorf("upsert is %q", got)
	}
}

// oneRow is a result of one row.
type oneRow []any

func (r oneRow) Scan(dest ...any) error {
	for i, d := range dest {
		reflect.ValueOf(d).Elem().Set(reflect.ValueOf(r[i]))
	}
	return nil
}

func TestSelectionScan(t *testing.T) {
	s := Selection[account]{
		{"a.owner", func(a *account) any { return &a.owner }},
		{"a.id", func(a *account) any { return &a.id }},
	}
	if s.List() != "a.owner, a.id" {
		t.Errorf("list is %q", s.List())
	}
	var a account
	var extra string
	if err := s.Scan(oneRow{"ann", int64(7), "more"}, &a, &extra); err != nil {
		t.Fatal(err)
	}
	if a.owner != "ann" || a.id != 7 || extra != "more" {
		t.Errorf("scanned %+v and %q", a, extra)
	}
}
