package ruleset_test

import (
	"testing"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

func TestLists(t *testing.T) {
	checkRules(t, []ruleCase{
		{
			name:  "register never checked",
			rules: `  - {id: r, absent_from: {lists: [dnc], checked_within: 31 days}}`,
			want:  touch.DecisionRefuse,
		},
		{
			name:  "checked in time",
			rules: `  - {id: r, absent_from: {lists: [dnc], checked_within: 31 days}}`,
			given: attribute("checked:dnc", "2026-02-10T00:00:00Z"),
			want:  touch.DecisionAllow,
		},
		{
			name:  "checked too long ago",
			rules: `  - {id: r, absent_from: {lists: [dnc], checked_within: 31 days}}`,
			given: attribute("checked:dnc", "2026-01-10T00:00:00Z"),
			want:  touch.DecisionRefuse,
		},
		{
			name:  "listed until",
			rules: `  - {id: r, absent_from: dnc, else: defer}`,
			given: func(q *ruleset.Question, _ *contactlog.Snapshot) {
				l := listing("dnc", q.Now.Add(-day))
				u := q.Now.Add(day)
				l.Until = &u
				q.Listings = []touch.Listing{l}
			},
			want:  touch.DecisionDefer,
			until: "03-03 12:00",
		},
		{
			name:  "consent after the listing lifts it",
			rules: `  - {id: r, absent_from: {lists: [suppression2], lifted_by: marketing}}`,
			given: func(q *ruleset.Question, l *contactlog.Snapshot) {
				q.Listings = []touch.Listing{listing("suppression2", q.Now.Add(-2*day))}
				consent("marketing", true, day, 0)(q, l)
			},
			want: touch.DecisionAllow,
		},
		{
			name:  "consent before it does not",
			rules: `  - {id: r, absent_from: {lists: [suppression2], lifted_by: marketing}}`,
			given: func(q *ruleset.Question, l *contactlog.Snapshot) {
				q.Listings = []touch.Listing{listing("suppression2", q.Now.Add(-2*day))}
				consent("marketing", true, 3*day, 0)(q, l)
			},
			want: touch.DecisionRefuse,
		},
	})
}
