package scenario

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// StepResult is what came of one touch step.
type StepResult struct {
	Number  int // of the step in the file, from 1
	Step    Step
	Verdict touch.Verdict
	OK      bool
}

// String is a line that says what was expected and what was answered.
func (r StepResult) String() string {
	mark, want, got := "ok  ", r.Step.Expect, string(r.Verdict.Decision)
	if !r.OK {
		mark = "DIFF"
	}
	if !r.Step.Until.IsZero() {
		want += " until " + r.Step.Until.Format(time.RFC3339)
	}
	if !r.Verdict.Until.IsZero() {
		got += " until " + r.Verdict.Until.In(r.Step.At.Location()).Format(time.RFC3339Nano)
	}
	if r.Verdict.Rule != "" {
		got += " by " + r.Verdict.Rule
	}
	return fmt.Sprintf("%s step %d %s %s %s %s %s: expected %s, got %s (%s)", mark, r.Number, r.Step.At.Format(time.RFC3339),
		r.Step.Customer, r.Step.Channel, r.Step.Category, r.Step.Subject, want, got, r.Step.Why)
}

// Report is the results of all touch steps of a file.
type Report struct {
	File  *File
	Steps []StepResult
}

// Differs gives the steps whose answer was not the expected one.
func (r *Report) Differs() []StepResult {
	var out []StepResult
	for _, s := range r.Steps {
		if !s.OK {
			out = append(out, s)
		}
	}
	return out
}

// play is a scenario being played.
type play struct {
	file      *File
	guard     *policies.Guard
	customers map[string]*touch.Customer
	listings  map[string][]touch.Listing
	entries   map[string][]contactlog.Entry // what the ledger would hold
	latest    map[string]latest             // the latest allowed touch, by customer, channel and subject
}

type latest struct {
	id      string
	outcome touch.Outcome // what one of it would say
}

// Run plays file against set with the log given; nil is a fresh
// contactlog.Model. The log is asked about customers whose names begin with
// the file's id, and must not know them yet. An error is the log's.
func Run(ctx context.Context, set *policies.Set, file *File, log contactlog.Log) (*Report, error) {
	if log == nil {
		log = contactlog.NewModel()
	}
	p := &play{file: file, customers: map[string]*touch.Customer{}, listings: map[string][]touch.Listing{},
		entries: map[string][]contactlog.Entry{}, latest: map[string]latest{}}
	p.guard = policies.NewGuard(log, func(_ context.Context, customers []string, since time.Time) (map[string][]contactlog.Entry, error) {
		known := map[string][]contactlog.Entry{}
		for _, c := range customers {
			known[c] = p.entries[c]
		}
		return known, nil
	})
	p.guard.Use(set)
	report := &Report{File: file}
	for i, step := range file.Steps {
		if step.Do != "touch" {
			if err := p.fact(ctx, step); err != nil {
				return report, err
			}
			continue
		}
		v, err := p.touch(ctx, i, step)
		if err != nil {
			return report, err
		}
		report.Steps = append(report.Steps, StepResult{Number: i + 1, Step: step, Verdict: v, OK: matches(step, v)})
	}
	return report, nil
}

// matches compares an answer with the expectation. A file says "deny" where
// the text leaves the release open: an engine may know when it is. Files count
// in seconds: where a contact still counts at its full age, the first lawful
// moment is a blink later, and either second is right.
func matches(s Step, v touch.Verdict) bool {
	switch s.Expect {
	case "allow":
		return v.Decision == touch.DecisionAllow
	case "defer":
		return v.Decision == touch.DecisionDefer && v.Until.Sub(s.Until).Abs() < time.Second
	}
	return v.Decision != touch.DecisionAllow
}

func (p *play) customer(name string) *touch.Customer {
	id := p.file.ID + "/" + name
	c := p.customers[id]
	if c == nil {
		c = &touch.Customer{ID: id, Zones: []string{p.file.TimeZone}, Jurisdictions: p.file.Jurisdictions}
		p.customers[id] = c
	}
	return c
}

func key(s Step) string {
	return strings.Join([]string{s.Customer, string(s.Channel), s.Subject}, "\x00")
}

// touch asks for one touch; an allowed one counts as attempted at its time.
func (p *play) touch(ctx context.Context, i int, s Step) (touch.Verdict, error) {
	c := p.customer(s.Customer)
	t := &touch.Touch{ID: touch.NewID(p.file.ID, fmt.Sprint(i)), Caller: cmp.Or(s.Caller, "scenario"), AcceptedAt: s.At,
		Request: touch.Request{Key: fmt.Sprint(i), Customer: c.ID, Category: s.Category, Subject: s.Subject, Campaign: s.Campaign,
			Plan: []touch.Leg{{Channel: s.Channel, Template: s.Template}}}}
	q := policies.Question{Touch: t, Customer: c, Listings: p.listings[c.ID], Address: cmp.Or(s.Address, "address of "+c.ID), TemplateDuties: s.Duties, Now: s.At}
	verdicts, err := p.guard.Reserve(ctx, []policies.Question{q})
	if err != nil {
		return touch.Verdict{}, err
	}
	if verdicts[0].Decision == touch.DecisionAllow {
		entry := policies.EntryOf(q)
		p.entries[c.ID] = append(p.entries[c.ID], entry)
		p.latest[key(s)] = latest{entry.ID, touch.Outcome{Channel: s.Channel, Category: s.Category, Subject: s.Subject,
			Campaign: s.Campaign, Caller: t.Caller, Template: s.Template, Address: q.Address}}
		err = p.guard.Settle(ctx, []contactlog.Settlement{{Customer: c.ID, ID: entry.ID, At: s.At, Kind: contactlog.Attempt}})
	}
	return verdicts[0], err
}

// kindOf is how far a contact came that ended in an outcome, as the ledger has it.
func kindOf(outcome string) contactlog.Kind {
	switch outcome {
	case touch.OutcomeNoAnswer:
		return contactlog.FailedAttempt
	case touch.OutcomeConversation, touch.OutcomeRefused, touch.OutcomeCompleted:
		return contactlog.Conversation
	}
	return contactlog.Connected
}

// fact notes something that happened beside touches.
func (p *play) fact(ctx context.Context, s Step) error {
	c := p.customer(s.Customer)
	switch s.Do {
	case "customer":
		p.profile(c, s)
	case "consent", "revoke":
		c.Consents = append(c.Consents, touch.Consent{Scope: s.Scope, Granted: s.Do == "consent", At: s.At, Until: s.end(),
			Evidence: cmp.Or(s.Evidence, fmt.Sprintf("%s at %s", s.Do, s.At.Format(time.RFC3339)))})
	case "register":
		p.listings[c.ID] = append(p.listings[c.ID], touch.Listing{List: s.Scope, Key: touch.CustomerKey(c.ID), Since: s.At, Until: s.end()})
	case "unregister":
		for i := range p.listings[c.ID] {
			if l := &p.listings[c.ID][i]; l.List == s.Scope && l.Until == nil {
				at := s.At
				l.Until = &at
			}
		}
	case "outcome":
		last, ok := p.latest[key(s)]
		o := last.outcome
		o.Kind, o.At, o.Channel, o.Subject = s.Outcome, s.At, s.Channel, s.Subject
		o.Category, o.Campaign, o.Caller = cmp.Or(s.Category, o.Category), cmp.Or(s.Campaign, o.Campaign), cmp.Or(s.Caller, o.Caller)
		o.Template, o.Address = cmp.Or(s.Template, o.Template), cmp.Or(s.Address, o.Address)
		c.Outcomes = append(c.Outcomes, o)
		if ok {
			return p.guard.Settle(ctx, []contactlog.Settlement{{Customer: c.ID, ID: last.id, Kind: kindOf(s.Outcome)}})
		}
	}
	return nil
}

// end is when a consent or a listing ends, nil for never.
func (s *Step) end() *time.Time {
	if s.Until.IsZero() {
		return nil
	}
	return &s.Until
}

func (p *play) profile(c *touch.Customer, s Step) {
	if s.Zones != nil {
		c.Zones = s.Zones
	}
	if s.Jurisdictions != nil {
		c.Jurisdictions = s.Jurisdictions
	}
	if s.Tags != nil {
		c.Tags = s.Tags
	}
	for k, v := range s.Preferences {
		if c.Preferences == nil {
			c.Preferences = map[string]string{}
		}
		c.Preferences[k] = v
	}
	for k, v := range s.Attributes {
		if c.Attributes == nil {
			c.Attributes = map[string]any{}
		}
		c.Attributes[k] = v
	}
}
