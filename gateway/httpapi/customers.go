package httpapi

import (
	"context"
	"net/http"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/facts"
	"touchgate.dev/touch"
)

// customerHandlers serve what is known about customers.
type customerHandlers struct{ facts *facts.Service }

type consentsBody struct {
	Consents []facts.ConsentChange `json:"consents"`
}

type outcomesBody struct {
	Outcomes []touch.Outcome `json:"outcomes"`
}

func (h customerHandlers) get(c *request) error {
	customer, err := h.facts.Customer(c.ctx(), c.Param("id"))
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, customer)
}

// put replaces a profile, and answers with everything known about the customer.
func (h customerHandlers) put(c *request) error {
	profile, err := bind[facts.Profile](c)
	if err != nil {
		return err
	}
	id := c.Param("id")
	if profile.ID != "" && profile.ID != id {
		return touch.Errorf(touch.Invalid, "id", "does not match the path")
	}
	profile.ID = id
	wrong, err := h.facts.PutCustomers(c.ctx(), c.principal, []facts.Profile{profile})
	if err != nil {
		return err
	}
	if wrong[0] != nil {
		return wrong[0]
	}
	customer, err := h.facts.Customer(c.ctx(), id)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, storedCustomer{customer, fieldErrors(h.facts.Warnings(&profile))})
}

// storedCustomer is the answer to a profile. The warnings name what was stored
// and is read by no rule, although a rule reads a name much like it.
type storedCustomer struct {
	*touch.Customer
	Warnings []fieldError `json:"warnings,omitempty"`
}

func (h customerHandlers) addConsents(c *request) error {
	body, err := bind[consentsBody](c)
	if err != nil {
		return err
	}
	consents := make([]facts.Consent, len(body.Consents))
	for i, consent := range body.Consents {
		consents[i] = facts.Consent{Customer: c.Param("id"), ConsentChange: consent}
	}
	return storeAll(c, "consents", consents, h.facts.AddConsents)
}

func (h customerHandlers) addOutcomes(c *request) error {
	body, err := bind[outcomesBody](c)
	if err != nil {
		return err
	}
	outcomes := make([]facts.Outcome, len(body.Outcomes))
	for i, outcome := range body.Outcomes {
		outcomes[i] = facts.Outcome{Customer: c.Param("id"), Outcome: outcome}
	}
	return storeAll(c, "outcomes", outcomes, h.facts.AddOutcomes)
}

func (h customerHandlers) stream(c *request) error {
	store := commitFacts(c.principal, h.facts.PutCustomers)
	return stream(c, func(ctx context.Context, lines []line[facts.Profile], report *chunkReport) error {
		for i := range lines {
			if lines[i].err == nil {
				report.warn(lines[i].number, h.facts.Warnings(&lines[i].value))
			}
		}
		return store(ctx, lines, report)
	})
}

func (h customerHandlers) streamConsents(c *request) error {
	return stream(c, commitFacts(c.principal, h.facts.AddConsents))
}

func (h customerHandlers) streamOutcomes(c *request) error {
	return stream(c, commitFacts(c.principal, h.facts.AddOutcomes))
}

// putFacts stores the good ones of some facts. It returns what is wrong with
// each, nil where it was stored.
type putFacts[T any] func(ctx context.Context, p *access.Principal, values []T) ([]error, error)

// storeAll stores the facts of one request and answers: 204, or everything
// that was wrong. The good ones are stored all the same; to store a fact again
// does no harm.
func storeAll[T any](c *request, list string, values []T, put putFacts[T]) error {
	if err := checkLength(list, len(values)); err != nil {
		return err
	}
	wrong, err := put(c.ctx(), c.principal, values)
	if err != nil {
		return err
	}
	var faults touch.Faults
	for i, err := range wrong {
		if err != nil {
			faults = append(faults, touch.FaultsOf(err).In(list, i)...)
		}
	}
	return c.noContent(faults.Err())
}

// commitFacts returns the commit of a stream of facts.
func commitFacts[T any](p *access.Principal, put putFacts[T]) commit[T] {
	return func(ctx context.Context, lines []line[T], report *chunkReport) error {
		good := splitBad(lines, report)
		values := make([]T, len(good))
		for i := range good {
			values[i] = good[i].value
		}
		wrong, err := put(ctx, p, values)
		if err != nil {
			return err
		}
		for i, err := range wrong {
			if err != nil {
				report.fail(good[i].number, err)
			} else {
				report.Accepted++
			}
		}
		return nil
	}
}
