package httpapi

import (
	"net/http"

	"touchgate.dev/gateway"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func (a *api) getCustomer(c *call) error {
	customer, err := a.svc.Customer(c.ctx(), c.Param("id"))
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, customer)
}

func (a *api) putCustomer(c *call) error {
	profile, err := bind(c, a.bodies.profile)
	if err != nil {
		return err
	}
	id := c.Param("id")
	if profile.ID != "" && profile.ID != id {
		return touch.Errorf(touch.Invalid, "id", "is another than the path's")
	}
	profile.ID = id
	wrong, err := a.svc.PutCustomers(c.ctx(), c.principal, []gateway.Profile{profile})
	if err != nil {
		return err
	}
	if wrong[0] != nil {
		return wrong[0]
	}
	return a.getCustomer(c)
}

func (a *api) addConsents(c *call) error {
	body, err := bind(c, a.bodies.consents)
	if err != nil {
		return err
	}
	if err := bounded("consents", len(body.Consents)); err != nil {
		return err
	}
	facts := make([]gateway.ConsentFact, len(body.Consents))
	for i, consent := range body.Consents {
		facts[i] = gateway.ConsentFact{Customer: c.Param("id"), Consent: consent}
	}
	return addAll(c, "consents", facts, a.svc.AddConsents)
}

func (a *api) addOutcomes(c *call) error {
	body, err := bind(c, a.bodies.outcomes)
	if err != nil {
		return err
	}
	if err := bounded("outcomes", len(body.Outcomes)); err != nil {
		return err
	}
	facts := make([]gateway.OutcomeFact, len(body.Outcomes))
	for i, outcome := range body.Outcomes {
		facts[i] = gateway.OutcomeFact{Customer: c.Param("id"), Outcome: outcome}
	}
	return addAll(c, "outcomes", facts, a.svc.AddOutcomes)
}

// addAll stores facts and answers: 204, or everything that was wrong. The good
// ones among them are stored; to store a fact twice does no harm.
func addAll[T any](c *call, list string, facts []T, put store[T]) error {
	wrong, err := put(c.ctx(), c.principal, facts)
	if err != nil {
		return err
	}
	var faults touch.Faults
	for i, err := range wrong {
		if err != nil {
			faults = append(faults, touch.FaultsOf(err).In(list, i)...)
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return c.empty()
}

func bounded(list string, n int) error {
	switch {
	case n == 0:
		return touch.Errorf(touch.Invalid, list, "is required")
	case n > touch.MaxBatch:
		return touch.Errorf(touch.TooLarge, list, "at most %d at once", touch.MaxBatch)
	}
	return nil
}

func (a *api) suppress(c *call) error {
	dry, err := c.flag("dry_run")
	if err != nil {
		return err
	}
	body, err := bind(c, a.bodies.suppressions)
	if err != nil {
		return err
	}
	if err := bounded("entries", len(body.Entries)); err != nil {
		return err
	}
	reach, err := a.svc.Suppress(c.ctx(), c.principal, body.Entries, dry)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, map[string]any{"saved": !dry, "reach": reach})
}

func (a *api) listSuppressions(c *call) error { return a.listListings(c, touch.Suppression) }
func (a *api) listRegister(c *call) error     { return a.listListings(c, c.Param("register")) }

func (a *api) listListings(c *call, list string) error {
	limit, err := c.number("limit", 100)
	if err != nil {
		return err
	}
	if limit < 1 || limit > 1000 {
		return touch.Errorf(touch.Invalid, "limit", "must be 1 to 1000")
	}
	listings, err := a.svc.Listings(c.ctx(), list, c.Query("after"), int(limit))
	if err != nil {
		return err
	}
	p := page{Items: items(listings)}
	if len(listings) == int(limit) {
		p.Next = listings[len(listings)-1].Key
	}
	return c.reply(http.StatusOK, p)
}

func (a *api) checkRegister(c *call) error {
	mark, err := bind(c, a.bodies.mark)
	if err != nil {
		return err
	}
	if err := a.svc.CheckRegister(c.ctx(), c.principal, c.Param("register"), mark.At); err != nil {
		return err
	}
	return c.empty()
}

func (a *api) endSuppression(c *call) error { return a.endListing(c, touch.Suppression) }
func (a *api) endRegister(c *call) error    { return a.endListing(c, c.Param("register")) }

func (a *api) endListing(c *call, list string) error {
	entry, err := bind(c, a.bodies.entry)
	if err != nil {
		return err
	}
	if err := a.svc.EndListing(c.ctx(), c.principal, list, entry); err != nil {
		return err
	}
	return c.empty()
}

func (a *api) listTemplates(c *call) error {
	templates, err := a.svc.Templates(c.ctx())
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{Items: items(templates)})
}

func (a *api) getTemplate(c *call) error {
	version, err := c.number("version", 0)
	if err != nil {
		return err
	}
	t, err := a.svc.Get(c.ctx(), c.Param("name"), int(min(version, 1<<30)))
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, t)
}

func (a *api) putTemplate(c *call) error {
	body, err := bind(c, a.bodies.template)
	if err != nil {
		return err
	}
	name := c.Param("name")
	version, err := a.svc.PutTemplate(c.ctx(), c.principal, ledger.Template{
		Name: name, Variables: body.Variables, Content: body.Content, Duties: body.Duties,
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, map[string]any{"name": name, "version": version})
}
