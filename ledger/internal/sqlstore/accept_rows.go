package sqlstore

import "touchgate.dev/ledger/internal/sqldb"

// insertTouches writes touches whose id is not stored yet.
var insertTouches = sqldb.NewInsert("touches", sqldb.Columns[*newTouch]{
	sqldb.Int("seq", func(r *newTouch) int64 { return r.seq }),
	sqldb.Blob("id", func(r *newTouch) []byte { return r.Touch.ID[:] }),
	sqldb.Blob("digest", func(r *newTouch) []byte { return r.Digest[:] }),
	sqldb.Int("campaign", func(r *newTouch) int64 { return r.campaign }),
	sqldb.Text("customer", func(r *newTouch) string { return r.Touch.Customer }),
	sqldb.Int("priority", func(r *newTouch) int64 { return int64(r.Touch.Priority) }),
	sqldb.Int("expires", func(r *newTouch) int64 { return optMicros(r.Touch.ExpiresAt) }),
	sqldb.Text("state", func(r *newTouch) string { return string(r.State) }),
	sqldb.Text("reason", func(r *newTouch) string { return r.Reason }),
	sqldb.Int("leg", func(r *newTouch) int64 { return int64(r.Leg) }),
	sqldb.Int("due", func(r *newTouch) int64 { return r.due }),
	sqldb.Text("lane", func(r *newTouch) string { return r.lane }),
	sqldb.Int("wait", func(r *newTouch) int64 { return r.alias }),
	sqldb.Int("record", func(r *newTouch) int64 { return r.record.id }),
	sqldb.Blob("body", func(r *newTouch) []byte { return r.body }),
}, "(id) DO NOTHING", "seq")
