package httpapi

import (
	"net/http"

	"touchgate.dev/gateway"
)

// route is one line of the API. The path is written as in openapi.yaml.
type route struct {
	method string
	path   string
	access access
	handle handler
	query  []string // the query parameters that it knows
	intake bool     // refused while the node drains
	long   bool     // may take longer than the time limit
}

// routes lists the whole API.
func (a *api) routes() []route {
	key := func(s gateway.Scope) access { return access{scope: s} }
	open := access{public: true} // or proven by a vendor's signature
	app, desk := access{aud: gateway.AudienceApp}, access{aud: gateway.AudienceDesk}
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete

	return []route{
		{method: post, path: "/v1/touches", access: key(gateway.ScopeSubmit), handle: a.submitTouches, intake: true},
		{method: post, path: "/v1/touches:check", access: key(gateway.ScopeSubmit), handle: a.checkTouches},
		{method: get, path: "/v1/touches", access: key(gateway.ScopeRead), handle: a.listTouches, query: []string{"campaign", "customer", "state", "after", "limit"}},
		{method: get, path: "/v1/touches/{id}", access: key(gateway.ScopeRead), handle: a.getTouch},
		{method: get, path: "/v1/touches/{id}/decision", access: key(gateway.ScopeCustomers), handle: a.getDecision, query: []string{"event"}},
		{method: post, path: "/v1/touches/{id}:cancel", access: key(gateway.ScopeSubmit), handle: a.cancelTouch},

		{method: post, path: "/v1/campaigns/{campaign}/touches", access: key(gateway.ScopeSubmit), handle: a.streamTouches, intake: true, long: true},
		{method: get, path: "/v1/campaigns/{campaign}", access: key(gateway.ScopeRead), handle: a.getCampaign},
		{method: post, path: "/v1/campaigns/{campaign}:pause", access: key(gateway.ScopeSubmit), handle: a.pauseCampaign},
		{method: post, path: "/v1/campaigns/{campaign}:resume", access: key(gateway.ScopeSubmit), handle: a.resumeCampaign},
		{method: post, path: "/v1/campaigns/{campaign}:cancel", access: key(gateway.ScopeSubmit), handle: a.cancelCampaign},

		{method: get, path: "/v1/customers/{id}", access: key(gateway.ScopeCustomers), handle: a.getCustomer},
		{method: put, path: "/v1/customers/{id}", access: key(gateway.ScopeCustomers), handle: a.putCustomer},
		{method: post, path: "/v1/customers/{id}/consents", access: key(gateway.ScopeCustomers), handle: a.addConsents},
		{method: post, path: "/v1/customers/{id}/outcomes", access: key(gateway.ScopeCustomers), handle: a.addOutcomes},
		{method: post, path: "/v1/customers/{id}/tokens", access: key(gateway.ScopeCustomers), handle: a.mintAppToken},
		{method: post, path: "/v1/customers", access: key(gateway.ScopeCustomers), handle: a.streamCustomers, long: true},
		{method: post, path: "/v1/consents", access: key(gateway.ScopeCustomers), handle: a.streamConsents, long: true},
		{method: post, path: "/v1/outcomes", access: key(gateway.ScopeCustomers), handle: a.streamOutcomes, long: true},

		{method: get, path: "/v1/suppressions", access: key(gateway.ScopeCustomers), handle: a.listSuppressions, query: []string{"after", "limit"}},
		{method: post, path: "/v1/suppressions", access: key(gateway.ScopeCustomers), handle: a.suppress, query: []string{"dry_run"}},
		{method: post, path: "/v1/suppressions:end", access: key(gateway.ScopeCustomers), handle: a.endSuppression},
		{method: get, path: "/v1/registers/{register}", access: key(gateway.ScopeCustomers), handle: a.listRegister, query: []string{"after", "limit"}},
		{method: post, path: "/v1/registers/{register}", access: key(gateway.ScopeCustomers), handle: a.streamRegister, long: true},
		{method: post, path: "/v1/registers/{register}:checked", access: key(gateway.ScopeCustomers), handle: a.checkRegister},
		{method: post, path: "/v1/registers/{register}:end", access: key(gateway.ScopeCustomers), handle: a.endRegister},

		{method: get, path: "/v1/templates", access: key(gateway.ScopeTemplates), handle: a.listTemplates},
		{method: get, path: "/v1/templates/{name}", access: key(gateway.ScopeTemplates), handle: a.getTemplate, query: []string{"version"}},
		{method: put, path: "/v1/templates/{name}", access: key(gateway.ScopeTemplates), handle: a.putTemplate},

		{method: post, path: "/v1/receipts", access: key(gateway.ScopeReceipts), handle: a.recordReceipts},
		{method: post, path: "/v1/receipts/{provider}", access: open, handle: a.receive},

		{method: get, path: "/v1/app/inbox", access: app, handle: a.inbox, query: []string{"after", "limit"}},
		{method: get, path: "/v1/app/unread", access: app, handle: a.unread},
		{method: post, path: "/v1/app/inbox/{id}:read", access: app, handle: a.readMessage},
		{method: post, path: "/v1/app/inbox/{id}:dismiss", access: app, handle: a.dismissMessage},
		{method: get, path: "/v1/app/popups", access: app, handle: a.popups, query: []string{"placement"}},
		{method: post, path: "/v1/app/popups/{id}:shown", access: app, handle: a.showPopup},
		{method: post, path: "/v1/app/popups/{id}:dismiss", access: app, handle: a.dismissPopup},
		{method: get, path: "/v1/app/stream", access: app, handle: a.streamInbox, long: true},

		{method: post, path: "/v1/managers/{id}/tokens", access: key(gateway.ScopeDesk), handle: a.mintDeskToken},
		{method: get, path: "/v1/desk/tasks", access: desk, handle: a.tasks, query: []string{"queue", "branch", "all", "after", "limit"}},
		{method: post, path: "/v1/desk/tasks/{id}:claim", access: desk, handle: a.claimTask},
		{method: post, path: "/v1/desk/tasks/{id}:release", access: desk, handle: a.releaseTask},
		{method: post, path: "/v1/desk/tasks/{id}:complete", access: desk, handle: a.completeTask},

		{method: get, path: "/v1/events", access: key(gateway.ScopeRead), handle: a.events, query: []string{"after", "limit", "wait"}, long: true},
		{method: get, path: "/v1/subscriptions", access: key(gateway.ScopeRead), handle: a.listSubscriptions},
		{method: post, path: "/v1/subscriptions", access: key(gateway.ScopeRead), handle: a.subscribe},
		{method: del, path: "/v1/subscriptions/{id}", access: key(gateway.ScopeRead), handle: a.unsubscribe},

		{method: get, path: "/v1/policies", access: key(gateway.ScopeRead), handle: a.listProposals, query: []string{"state", "limit"}},
		{method: post, path: "/v1/policies", access: key(gateway.ScopePolicyWrite), handle: a.draftPolicies},
		{method: get, path: "/v1/policies/{id}", access: key(gateway.ScopeRead), handle: a.getProposal},
		{method: post, path: "/v1/policies/{id}:submit", access: key(gateway.ScopePolicyWrite), handle: a.submitProposal},
		{method: post, path: "/v1/policies/{id}:withdraw", access: key(gateway.ScopePolicyWrite), handle: a.withdrawProposal},
		{method: post, path: "/v1/policies/{id}:approve", access: key(gateway.ScopePolicyApprove), handle: a.approveProposal},
		{method: post, path: "/v1/policies/{id}:reject", access: key(gateway.ScopePolicyApprove), handle: a.rejectProposal},
		{method: post, path: "/v1/policies:check", access: key(gateway.ScopePolicyWrite), handle: a.checkPolicies},
		{method: post, path: "/v1/policies:simulate", access: key(gateway.ScopePolicyWrite), handle: a.simulatePolicies, query: []string{"since"}, long: true},
		{method: post, path: "/v1/policies:rollback", access: key(gateway.ScopePolicyApprove), handle: a.rollbackPolicies},
		{method: get, path: "/v1/policy-sets/{hash}", access: key(gateway.ScopeRead), handle: a.getPolicySet},

		{method: get, path: "/v1/keys", access: key(gateway.ScopeAdmin), handle: a.listKeys},
		{method: post, path: "/v1/keys", access: key(gateway.ScopeAdmin), handle: a.createKey},
		{method: del, path: "/v1/keys/{id}", access: key(gateway.ScopeAdmin), handle: a.revokeKey},
		{method: get, path: "/v1/stops", access: key(gateway.ScopeAdmin), handle: a.listStops},
		{method: put, path: "/v1/stops/{id}", access: key(gateway.ScopeAdmin), handle: a.putStop},
		{method: del, path: "/v1/stops/{id}", access: key(gateway.ScopeAdmin), handle: a.endStop},
		{method: get, path: "/v1/dead", access: key(gateway.ScopeAdmin), handle: a.listDead, query: []string{"touch", "caller", "campaign", "reason", "channel", "since", "after", "limit"}},
		{method: post, path: "/v1/dead:redrive", access: key(gateway.ScopeAdmin), handle: a.redrive, long: true},

		{method: get, path: "/healthz", access: open, handle: a.healthz},
		{method: get, path: "/readyz", access: open, handle: a.readyz},
		{method: get, path: "/metrics", access: open, handle: a.serveMetrics},
		{method: get, path: "/openapi.json", access: open, handle: a.openapi},
		{method: get, path: "/docs", access: open, handle: a.docs},
	}
}
