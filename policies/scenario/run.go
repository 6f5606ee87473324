package scenario

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// Run runs the steps of file in order against set and a contact log; a nil log
// stands for a new contactlog.Model. All customers in the log have ids that
// begin with the file's id, and the log must not have contacts of them yet. An
// error comes from the log.
func Run(ctx context.Context, set *ruleset.Set, file *File, log contactlog.Log) (*Report, error) {
	if log == nil {
		log = contactlog.NewModel()
	}
	r := &runner{
		file:      file,
		customers: map[string]*touch.Customer{},
		listings:  map[string][]touch.Listing{},
		entries:   map[string][]contactlog.Entry{},
		latest:    map[string]allowed{},
	}
	r.guard = policies.NewGuard(log, r.pastContacts)
	r.guard.Use(set)

	report := &Report{File: file, Decided: map[string]bool{}}
	zone, err := time.LoadLocation(file.TimeZone)
	if err != nil {
		return report, touch.Errorf(touch.Invalid, "time_zone", "there is no zone %q", file.TimeZone)
	}
	for i, step := range file.Steps {
		if step.Do != "touch" {
			if err := r.applyFact(ctx, step); err != nil {
				return report, err
			}
			continue
		}
		v, err := r.askTouch(ctx, i, step)
		if err != nil {
			return report, err
		}
		report.Steps = append(report.Steps, StepResult{
			Number:  i + 1,
			Step:    step,
			Verdict: v,
			OK:      matches(step, v),
			zone:    zone,
		})
		report.note(v)
	}
	return report, nil
}

// note notes which rules decided a verdict: all that asked for its decision.
func (r *Report) note(v touch.Verdict) {
	if v.Rule != "" {
		r.Decided[v.Rule] = true
	}
	for _, f := range v.Findings {
		if f.Decision == v.Decision && f.Decision != touch.DecisionAllow && !f.Shadow {
			r.Decided[f.Rule] = true
		}
		if by, ok := strings.CutPrefix(f.Evidence, ruleset.UncountedBy); ok && f.Excused {
			r.Decided[by] = true
		}
	}
}

// runner is one run of a scenario: the facts as of the current step.
type runner struct {
	file      *File
	guard     *policies.Guard
	customers map[string]*touch.Customer
	listings  map[string][]touch.Listing
	entries   map[string][]contactlog.Entry // what the ledger would have
	latest    map[string]allowed            // by customer, channel and subject: see latestKey
}

// allowed is the latest allowed touch, for an outcome step that follows it.
type allowed struct {
	id      string        // of its entry in the contact log
	outcome touch.Outcome // its outcome, but for kind and time
}

// pastContacts stands for the ledger: the guard asks it for a customer whom the
// log does not know.
func (r *runner) pastContacts(
	_ context.Context, customers []string, _ time.Time,
) (map[string][]contactlog.Entry, error) {
	past := map[string][]contactlog.Entry{}
	for _, c := range customers {
		past[c] = r.entries[c]
	}
	return past, nil
}

// customer returns the customer of a step, with the file's zone and
// jurisdictions when the step is the customer's first.
func (r *runner) customer(name string) *touch.Customer {
	id := r.file.ID + "/" + name
	c := r.customers[id]
	if c == nil {
		c = &touch.Customer{ID: id, Zones: []string{r.file.TimeZone}, Jurisdictions: r.file.Jurisdictions}
		r.customers[id] = c
	}
	return c
}

func latestKey(s Step) string {
	return strings.Join([]string{s.Customer, string(s.Channel), s.Subject}, "\x00")
}

// askTouch returns the verdict on a touch step, the i-th of the file. An
// allowed touch counts as attempted at once.
func (r *runner) askTouch(ctx context.Context, i int, s Step) (touch.Verdict, error) {
	customer := r.customer(s.Customer)
	t := &touch.Touch{
		ID:         touch.NewID(r.file.ID, fmt.Sprint(i)),
		Caller:     cmp.Or(s.Caller, "scenario"),
		AcceptedAt: s.At,
		Request: touch.Request{
			Key:      fmt.Sprint(i),
			Customer: customer.ID,
			Category: s.Category,
			Subject:  s.Subject,
			Campaign: s.Campaign,
			Plan:     []touch.Leg{{Channel: s.Channel, Template: s.Template}},
		},
	}
	q := policies.Question{
		Touch:               t,
		Customer:            customer,
		Listings:            r.listings[customer.ID],
		Address:             cmp.Or(s.Address, "address of "+customer.ID),
		TemplateObligations: s.Obligations,
		Now:                 s.At,
	}
	verdicts, err := r.guard.Reserve(ctx, []policies.Question{q})
	if err != nil {
		return touch.Verdict{}, err
	}
	if verdicts[0].Decision != touch.DecisionAllow {
		return verdicts[0], nil
	}

	entry := q.Entry()
	r.entries[customer.ID] = append(r.entries[customer.ID], entry)
	r.latest[latestKey(s)] = allowed{
		id: entry.ID,
		outcome: touch.Outcome{
			Channel:  s.Channel,
			Category: s.Category,
			Subject:  s.Subject,
			Campaign: s.Campaign,
			Caller:   t.Caller,
			Template: s.Template,
			Address:  q.Address,
		},
	}
	return verdicts[0], r.guard.Settle(ctx, []contactlog.Settlement{{
		Customer: customer.ID,
		ID:       entry.ID,
		At:       s.At,
		Kind:     contactlog.Attempt,
	}})
}
