package ruleset_test

import (
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/internal/policytest"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// say evaluates a marketing SMS at noon on Monday, 2 March 2026, in Shanghai,
// after change has edited the question and the log.
func say(t *testing.T, rules string, change func(q *ruleset.Question, log *contactlog.Snapshot)) touch.Verdict {
	t.Helper()
	q := ask("k", "c", touch.Marketing, touch.SMS, at(t, "03-02 12:00"))
	log := contactlog.Snapshot{Known: true}
	if change != nil {
		change(&q, &log)
	}
	return compile(t, "policy: p\nrules:\n"+rules).Evaluate(q, log)
}

// change edits a question and the contact log before they are evaluated.
type change = func(q *ruleset.Question, log *contactlog.Snapshot)

// contact adds an earlier contact like the question's own to the log.
func contact(q *ruleset.Question, log *contactlog.Snapshot, ago time.Duration, edit func(e *contactlog.Entry)) {
	e := q.Entry()
	e.ID, e.At = "earlier"+ago.String(), q.Now.Add(-ago)
	if edit != nil {
		edit(&e)
	}
	log.Entries = append(log.Entries, e)
}

func listing(list string, since time.Time) touch.Listing {
	return touch.Listing{List: list, Key: "customer:c", Since: since}
}

const day = 24 * time.Hour

// ruleCase is one set of rules and what it says about a marketing SMS.
type ruleCase struct {
	name  string
	rules string // the list of a document's rules, and what follows it
	given change // nil: nothing special
	want  touch.Decision
	until string // of a deferral, on Shanghai's clocks; "" is not checked
}

// checkRules evaluates each case at noon on Monday, 2 March 2026, in Shanghai.
func checkRules(t *testing.T, cases []ruleCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := say(t, c.rules+"\n", c.given)
			if v.Decision != c.want {
				t.Fatalf("%s by %s, want %s: %+v", v.Decision, v.Rule, c.want, v.Findings)
			}
			if c.until != "" && !v.Until.Truncate(time.Second).Equal(at(t, c.until)) {
				t.Errorf("until %s, want %s", v.Until.In(mustZone(policytest.Shanghai)), c.until)
			}
			if (v.Decision == touch.DecisionDefer) == v.Until.IsZero() {
				t.Errorf("%s until %s", v.Decision, v.Until)
			}
		})
	}
}

// callInstead makes the leg an AI call.
func callInstead(q *ruleset.Question, _ *contactlog.Snapshot) {
	q.Touch.Plan[0].Channel = touch.AICall
}

// zones are where the customer lives.
func zones(names ...string) change {
	return func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Customer.Zones = names }
}

// was is an earlier contact.
func was(ago time.Duration, edit func(e *contactlog.Entry)) change {
	return func(q *ruleset.Question, log *contactlog.Snapshot) { contact(q, log, ago, edit) }
}

func had(q *ruleset.Question, kind string, ago time.Duration) {
	q.Customer.Outcomes = append(q.Customer.Outcomes, touch.Outcome{Kind: kind, At: q.Now.Add(-ago)})
}

// came is an offer refused yesterday, with what is known about it.
func came(o touch.Outcome) change {
	return func(q *ruleset.Question, _ *contactlog.Snapshot) {
		o.Kind, o.At = touch.OutcomeRefused, q.Now.Add(-day)
		q.Customer.Outcomes, q.Address = []touch.Outcome{o}, "+86"
	}
}

// consent is a statement made some time ago. With ended it ran out that long ago.
func consent(scope string, granted bool, ago, ended time.Duration) change {
	return func(q *ruleset.Question, _ *contactlog.Snapshot) {
		c := touch.Consent{Scope: scope, Granted: granted, At: q.Now.Add(-ago), Evidence: "doc-7"}
		if ended != 0 {
			until := q.Now.Add(-ended)
			c.Until = &until
		}
		q.Customer.Consents = append(q.Customer.Consents, c)
	}
}

func attribute(name string, value any) change {
	return func(q *ruleset.Question, _ *contactlog.Snapshot) {
		q.Customer.Attributes = map[string]any{name: value}
	}
}

func preference(name, value string) change {
	return func(q *ruleset.Question, _ *contactlog.Snapshot) {
		q.Customer.Preferences = map[string]string{name: value}
	}
}

func listed(l touch.Listing) change {
	l.List, l.Key = touch.Suppression, touch.CustomerKey("c")
	return func(q *ruleset.Question, _ *contactlog.Snapshot) { q.Listings = []touch.Listing{l} }
}
