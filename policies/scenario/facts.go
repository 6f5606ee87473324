package scenario

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// applyFact applies a step that is not a touch.
func (r *runner) applyFact(ctx context.Context, s Step) error {
	customer := r.customer(s.Customer)
	switch s.Do {
	case "customer":
		setProfile(customer, s)
	case "consent", "revoke":
		customer.Consents = append(customer.Consents, touch.Consent{
			Scope:    s.Scope,
			Granted:  s.Do == "consent",
			At:       s.At,
			Until:    s.end(),
			Evidence: cmp.Or(s.Evidence, fmt.Sprintf("%s at %s", s.Do, s.At.Format(time.RFC3339))),
		})
	case "register":
		r.listings[customer.ID] = append(r.listings[customer.ID], touch.Listing{
			List:  s.Scope,
			Key:   touch.CustomerKey(customer.ID),
			Since: s.At,
			Until: s.end(),
		})
	case "unregister":
		for i := range r.listings[customer.ID] {
			l := &r.listings[customer.ID][i]
			if l.List == s.Scope && l.Until == nil {
				at := s.At
				l.Until = &at
			}
		}
	case "outcome":
		return r.addOutcome(ctx, customer, s)
	}
	return nil
}

// addOutcome adds an outcome to the customer. What the step does not say is
// taken from the latest allowed touch on the same channel and subject; the
// contact of that touch gets the kind that the outcome proves.
func (r *runner) addOutcome(ctx context.Context, customer *touch.Customer, s Step) error {
	last, found := r.latest[latestKey(s)]
	customer.Outcomes = append(customer.Outcomes, touch.Outcome{
		Kind:     s.Outcome,
		At:       s.At,
		Channel:  s.Channel,
		Subject:  s.Subject,
		Category: cmp.Or(s.Category, last.outcome.Category),
		Campaign: cmp.Or(s.Campaign, last.outcome.Campaign),
		Caller:   cmp.Or(s.Caller, last.outcome.Caller),
		Template: cmp.Or(s.Template, last.outcome.Template),
		Address:  cmp.Or(s.Address, last.outcome.Address),
	})
	if !found {
		return nil
	}
	return r.guard.Settle(ctx, []contactlog.Settlement{{
		Customer: customer.ID,
		ID:       last.id,
		Kind:     kindOf(s.Outcome),
	}})
}

// kindOf returns the kind of a contact that ended in the outcome, as the ledger
// records it.
func kindOf(outcome string) contactlog.Kind {
	switch outcome {
	case touch.OutcomeNoAnswer:
		return contactlog.FailedAttempt
	case touch.OutcomeConversation, touch.OutcomeRefused, touch.OutcomeCompleted:
		return contactlog.Conversation
	}
	return contactlog.Connected
}

// setProfile sets the facts that a "customer" step names, and leaves the others
// as they are.
func setProfile(c *touch.Customer, s Step) {
	if s.Zones != nil {
		c.Zones = s.Zones
	}
	if s.Jurisdictions != nil {
		c.Jurisdictions = s.Jurisdictions
	}
	if s.Tags != nil {
		c.Tags = s.Tags
	}
	if len(s.Preferences) > 0 {
		if c.Preferences == nil {
			c.Preferences = map[string]string{}
		}
		maps.Copy(c.Preferences, s.Preferences)
	}
	if len(s.Attributes) > 0 {
		if c.Attributes == nil {
			c.Attributes = map[string]any{}
		}
		maps.Copy(c.Attributes, s.Attributes)
	}
}
