package httpapi

import (
	"context"
	"net/http"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/facts"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// listHandlers serve the lists on which customers and addresses stand: the
// bank's own suppressions, and outside registers.
type listHandlers struct {
	facts  *facts.Service
	ledger ledger.Listings
}

type suppressionsBody struct {
	Entries []facts.ListEntry `json:"entries"`
}

type checkedBody struct {
	At time.Time `json:"at,omitzero"`
}

func (h listHandlers) suppressions(c *request) error { return h.list(c, touch.Suppression) }
func (h listHandlers) register(c *request) error     { return h.list(c, c.Param("register")) }

func (h listHandlers) list(c *request, list string) error {
	limit, err := c.limit(100, 1000)
	if err != nil {
		return err
	}
	listings, err := h.ledger.List(c.ctx(), list, c.Query("after"), limit)
	if err != nil {
		return err
	}
	key := func(last int) (string, error) { return listings[last].Key, nil }
	return replyPage(c, listings, nextOf(listings, limit, key), key)
}

// suppress answers with the impact of the entries; with dry_run it saves none.
func (h listHandlers) suppress(c *request) error {
	dryRun, err := c.flag("dry_run")
	if err != nil {
		return err
	}
	body, err := bind[suppressionsBody](c)
	if err != nil {
		return err
	}
	if err := checkLength("entries", len(body.Entries)); err != nil {
		return err
	}
	impact, err := h.facts.Suppress(c.ctx(), c.principal, body.Entries, dryRun)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, map[string]any{"saved": !dryRun, "reach": impact})
}

func (h listHandlers) streamRegister(c *request) error {
	register := c.Param("register")
	put := func(ctx context.Context, p *access.Principal, entries []facts.ListEntry) ([]error, error) {
		return h.facts.PutRegister(ctx, p, register, entries)
	}
	return stream(c, commitFacts(c.principal, put))
}

func (h listHandlers) checkRegister(c *request) error {
	body, err := bind[checkedBody](c)
	if err != nil {
		return err
	}
	return c.noContent(h.facts.CheckRegister(c.ctx(), c.principal, c.Param("register"), body.At))
}

func (h listHandlers) endSuppression(c *request) error   { return h.end(c, touch.Suppression) }
func (h listHandlers) endRegisterEntry(c *request) error { return h.end(c, c.Param("register")) }

func (h listHandlers) end(c *request, list string) error {
	entry, err := bind[facts.ListEntry](c)
	if err != nil {
		return err
	}
	return c.noContent(h.facts.EndListEntry(c.ctx(), c.principal, list, entry))
}
