package httpapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

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
	after, err := parseListingCursor(c.Query("after"))
	if err != nil {
		return err
	}
	listings, err := h.ledger.List(c.ctx(), list, after, limit)
	if err != nil {
		return err
	}
	cursor := func(last int) (string, error) { return formatListingCursor(ledger.CursorOf(&listings[last])), nil }
	return replyPage(c, listings, nextOf(listings, limit, cursor), cursor)
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

// formatListingCursor writes a place in a list as callers hand it back.
func formatListingCursor(c ledger.ListingCursor) string {
	return base64.RawURLEncoding.EncodeToString([]byte(c.Key + "\x00" + c.Scope))
}

// parseListingCursor reads what formatListingCursor has written; "" is the
// beginning.
func parseListingCursor(text string) (ledger.ListingCursor, error) {
	if text == "" {
		return ledger.ListingCursor{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	key, scope, ok := strings.Cut(string(b), "\x00")
	if err != nil || !ok || !utf8.Valid(b) {
		return ledger.ListingCursor{}, touch.Errorf(touch.Invalid, "after", "is not the next of a page of this list")
	}
	return ledger.ListingCursor{Key: key, Scope: scope}, nil
}
