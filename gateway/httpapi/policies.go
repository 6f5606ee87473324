package httpapi

import (
	"encoding/json"
	"net/http"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/ledger"
	"touchgate.dev/policies/simulate"
	"touchgate.dev/touch"
)

// The bodies of the life of a policy.
type (
	documentsBody struct {
		Documents map[string]string `json:"documents"`
	}
	reasonBody struct {
		Reason string `json:"reason"`
	}
	rollbackBody struct {
		To     string `json:"to"` // a hash; "": the set before
		Reason string `json:"reason"`
	}
)

// policySetView is a stored set as readers see it.
type policySetView struct {
	Hash      string            `json:"hash"`
	Documents map[string]string `json:"documents"`
	CreatedAt time.Time         `json:"created_at"`
	CreatedBy string            `json:"created_by"`
}

func (a *api) checkPolicies(c *call) error {
	body, err := bind(c, a.bodies.documents)
	if err != nil {
		return err
	}
	check, err := a.svc.CheckPolicies(body.Documents)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, check)
}

func (a *api) draftPolicies(c *call) error {
	draft, err := bind(c, a.bodies.draft)
	if err != nil {
		return err
	}
	proposal, err := a.svc.DraftPolicies(c.ctx(), c.principal, draft)
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, proposal)
}

func (a *api) listProposals(c *call) error {
	limit, err := c.number("limit", 100)
	if err != nil {
		return err
	}
	if limit < 1 || limit > 1000 {
		return touch.Errorf(touch.Invalid, "limit", "must be 1 to 1000")
	}
	all, err := a.svc.Proposals(c.ctx(), ledger.ProposalState(c.Query("state")), int(limit))
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{Items: items(all)})
}

func (a *api) getProposal(c *call) error {
	proposal, err := a.svc.Proposal(c.ctx(), c.Param("id"))
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, proposal)
}

func (a *api) getPolicySet(c *call) error {
	hash := c.Param("hash")
	if hash == "active" {
		hash = ""
	}
	set, err := a.svc.PolicySet(c.ctx(), hash)
	if err != nil {
		return err
	}
	view := policySetView{Hash: set.Hash, Documents: make(map[string]string, len(set.Documents)), CreatedAt: set.CreatedAt, CreatedBy: set.CreatedBy}
	for name, data := range set.Documents {
		view.Documents[name] = string(data)
	}
	return c.reply(http.StatusOK, view)
}

func (a *api) submitProposal(c *call) error {
	return a.stepProposal(c, func(id, reason string) (*ledger.Proposal, error) {
		return a.svc.SubmitPolicies(c.ctx(), c.principal, id, reason)
	})
}

func (a *api) approveProposal(c *call) error {
	return a.stepProposal(c, func(id, reason string) (*ledger.Proposal, error) {
		return a.svc.ApprovePolicies(c.ctx(), c.principal, id, reason)
	})
}

func (a *api) rejectProposal(c *call) error {
	return a.stepProposal(c, func(id, reason string) (*ledger.Proposal, error) {
		return a.svc.RejectPolicies(c.ctx(), c.principal, id, reason)
	})
}

func (a *api) withdrawProposal(c *call) error {
	return a.stepProposal(c, func(id, reason string) (*ledger.Proposal, error) {
		return a.svc.WithdrawPolicies(c.ctx(), c.principal, id, reason)
	})
}

func (a *api) stepProposal(c *call, take func(id, reason string) (*ledger.Proposal, error)) error {
	body, err := bind(c, a.bodies.reason)
	if err != nil {
		return err
	}
	proposal, err := take(c.Param("id"), body.Reason)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, proposal)
}

func (a *api) rollbackPolicies(c *call) error {
	body, err := bind(c, a.bodies.rollback)
	if err != nil {
		return err
	}
	proposal, err := a.svc.RollbackPolicies(c.ctx(), c.principal, body.To, body.Reason)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, proposal)
}

// simulationLine is one line of a simulation's answer: how far it is, and at
// the end what it came to.
type simulationLine struct {
	*gateway.SimulationStage
	Report *simulate.Report `json:"report,omitempty"`
	Error  *problem         `json:"error,omitempty"`
}

// simulationTick is how often a simulation says how far it is.
const simulationTick = 500 * time.Millisecond

// simulatePolicies answers with a line now and then, and the report at last. A
// fault that shows before the first line has a status of its own.
func (a *api) simulatePolicies(c *call) error {
	body, err := bind(c, a.bodies.documents)
	if err != nil {
		return err
	}
	span, err := touch.ParseDuration(c.DefaultQuery("since", "30d"))
	if err != nil {
		return touch.Errorf(touch.Invalid, "since", "is not a duration: write 30d")
	}
	ctl := http.NewResponseController(c.Writer)
	enc := json.NewEncoder(c.Writer)
	enc.SetEscapeHTML(false)
	begun := false
	write := func(l simulationLine) {
		if !begun {
			c.Header("Content-Type", "application/x-ndjson")
			c.Status(http.StatusOK)
			begun = true
		}
		_ = enc.Encode(l) // a reader who has gone ends the request's context
		_ = ctl.Flush()
	}
	last := time.Time{}
	report, err := a.svc.Simulate(c.ctx(), body.Documents, span.Std(), func(s gateway.SimulationStage) {
		if now := time.Now(); now.Sub(last) >= simulationTick {
			last = now
			write(simulationLine{SimulationStage: &s})
		}
	})
	switch {
	case err != nil && !begun:
		return err
	case err != nil:
		p := problemOf(err)
		write(simulationLine{Error: &p})
	default:
		write(simulationLine{Report: report})
	}
	return nil
}

// getDecision gives a recorded verdict with all that it can be judged again from.
func (a *api) getDecision(c *call) error {
	id, err := c.touchID()
	if err != nil {
		return err
	}
	event, err := c.number("event", 0)
	if err != nil {
		return err
	}
	d, err := a.svc.Decision(c.ctx(), c.principal.Caller, id, event)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, d)
}
