package httpapi

import (
	"context"
	"net/http"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/changes"
	"touchgate.dev/ledger"
)

// policyHandlers serve the life of a set of policies. Its simulation stands in
// policy_simulate.go.
type policyHandlers struct {
	changes  *changes.Service
	requests ledger.PolicyChanges
	sets     ledger.PolicySets
}

type documentsBody struct {
	Documents map[string]string `json:"documents"`
}

type reasonBody struct {
	Reason string `json:"reason"`
}

type rollbackBody struct {
	To     string `json:"to"` // a hash; "": the set before
	Reason string `json:"reason"`
}

// policySetView is a stored set as readers see it.
type policySetView struct {
	Hash      string            `json:"hash"`
	Documents map[string]string `json:"documents"`
	CreatedAt time.Time         `json:"created_at"`
	CreatedBy string            `json:"created_by"`
}

func (h policyHandlers) check(c *request) error {
	body, err := bind[documentsBody](c)
	if err != nil {
		return err
	}
	result, err := h.changes.Check(body.Documents)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, result)
}

func (h policyHandlers) draft(c *request) error {
	draft, err := bind[changes.Draft](c)
	if err != nil {
		return err
	}
	request, err := h.changes.Draft(c.ctx(), c.principal, draft)
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, request)
}

func (h policyHandlers) list(c *request) error {
	limit, err := c.limit(100, 1000)
	if err != nil {
		return err
	}
	all, err := h.requests.List(c.ctx(), ledger.ProposalState(c.Query("state")), limit)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{Items: orEmpty(all)})
}

func (h policyHandlers) get(c *request) error {
	request, err := h.requests.Get(c.ctx(), c.Param("id"))
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, request)
}

// set returns a stored set by its hash, or the active one.
func (h policyHandlers) set(c *request) error {
	hash := c.Param("hash")
	if hash == "active" {
		hash = ""
	}
	set, err := h.sets.Get(c.ctx(), hash)
	if err != nil {
		return err
	}
	view := policySetView{
		Hash:      set.Hash,
		Documents: make(map[string]string, len(set.Documents)),
		CreatedAt: set.CreatedAt,
		CreatedBy: set.CreatedBy,
	}
	for name, data := range set.Documents {
		view.Documents[name] = string(data)
	}
	return c.reply(http.StatusOK, view)
}

func (h policyHandlers) submit(c *request) error   { return moveRequest(c, h.changes.Submit) }
func (h policyHandlers) approve(c *request) error  { return moveRequest(c, h.changes.Approve) }
func (h policyHandlers) reject(c *request) error   { return moveRequest(c, h.changes.Reject) }
func (h policyHandlers) withdraw(c *request) error { return moveRequest(c, h.changes.Withdraw) }

// moveRequest brings the path's change request into its next state, for the
// reason in the body.
func moveRequest(c *request, move func(ctx context.Context, p *access.Principal, id, reason string) (*ledger.Proposal, error)) error {
	body, err := bind[reasonBody](c)
	if err != nil {
		return err
	}
	request, err := move(c.ctx(), c.principal, c.Param("id"), body.Reason)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, request)
}

func (h policyHandlers) rollback(c *request) error {
	body, err := bind[rollbackBody](c)
	if err != nil {
		return err
	}
	request, err := h.changes.Rollback(c.ctx(), c.principal, body.To, body.Reason)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, request)
}
