package httpapi

import (
	"net/http"

	"touchgate.dev/gateway/access"
)

// route is one line of the API. The path is written as in openapi.yaml.
type route struct {
	method string
	path   string
	access permission
	handle handler
	query  []string // the query parameters that it knows
	intake bool     // refused while the node drains
	long   bool     // may take longer than the time limit
	large  bool     // may have a large answer, which counts as held
}

// routes lists the whole API.
func (h *handlers) routes() []route {
	key := func(s access.Scope) permission { return permission{scope: s} }
	app := permission{audience: access.AudienceApp}
	desk := permission{audience: access.AudienceDesk}
	open := permission{public: true} // or proven by a vendor's signature
	ownOrAdmin := permission{scope: access.ScopeRead, or: access.ScopeAdmin}
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete

	return []route{
		{method: post, path: "/v1/touches", access: key(access.ScopeSubmit), handle: h.touches.submit, intake: true},
		{method: post, path: "/v1/touches:check", access: key(access.ScopeSubmit), handle: h.touches.check},
		{method: get, path: "/v1/touches", access: key(access.ScopeRead), handle: h.touches.list, query: []string{"campaign", "customer", "state", "after", "limit"}, large: true},
		{method: get, path: "/v1/touches/{id}", access: key(access.ScopeRead), handle: h.touches.get},
		{method: get, path: "/v1/touches/{id}/decision", access: key(access.ScopeCustomers), handle: h.touches.decision, query: []string{"event"}},
		{method: post, path: "/v1/touches/{id}:cancel", access: key(access.ScopeSubmit), handle: h.touches.cancel},

		{method: post, path: "/v1/campaigns/{campaign}/touches", access: key(access.ScopeSubmit), handle: h.campaigns.submit, intake: true, long: true},
		{method: get, path: "/v1/campaigns/{campaign}", access: key(access.ScopeRead), handle: h.campaigns.get},
		{method: post, path: "/v1/campaigns/{campaign}:pause", access: key(access.ScopeSubmit), handle: h.campaigns.pause, query: []string{"ahead"}},
		{method: post, path: "/v1/campaigns/{campaign}:resume", access: key(access.ScopeSubmit), handle: h.campaigns.resume},
		{method: post, path: "/v1/campaigns/{campaign}:cancel", access: key(access.ScopeSubmit), handle: h.campaigns.cancel},

		{method: get, path: "/v1/customers/{id}", access: key(access.ScopeCustomers), handle: h.customers.get},
		{method: put, path: "/v1/customers/{id}", access: key(access.ScopeCustomers), handle: h.customers.put},
		{method: post, path: "/v1/customers/{id}/consents", access: key(access.ScopeCustomers), handle: h.customers.addConsents},
		{method: post, path: "/v1/customers/{id}/outcomes", access: key(access.ScopeCustomers), handle: h.customers.addOutcomes},
		{method: post, path: "/v1/customers/{id}/tokens", access: key(access.ScopeCustomers), handle: h.tokens.mintForApp},
		{method: post, path: "/v1/customers", access: key(access.ScopeCustomers), handle: h.customers.stream, long: true},
		{method: post, path: "/v1/consents", access: key(access.ScopeCustomers), handle: h.customers.streamConsents, long: true},
		{method: post, path: "/v1/outcomes", access: key(access.ScopeCustomers), handle: h.customers.streamOutcomes, long: true},

		{method: get, path: "/v1/suppressions", access: key(access.ScopeCustomers), handle: h.lists.suppressions, query: []string{"after", "limit"}, large: true},
		{method: post, path: "/v1/suppressions", access: key(access.ScopeCustomers), handle: h.lists.suppress, query: []string{"dry_run"}},
		{method: post, path: "/v1/suppressions:end", access: key(access.ScopeCustomers), handle: h.lists.endSuppression},
		{method: get, path: "/v1/registers/{register}", access: key(access.ScopeCustomers), handle: h.lists.register, query: []string{"after", "limit"}, large: true},
		{method: post, path: "/v1/registers/{register}", access: key(access.ScopeCustomers), handle: h.lists.streamRegister, long: true},
		{method: post, path: "/v1/registers/{register}:checked", access: key(access.ScopeCustomers), handle: h.lists.checkRegister},
		{method: post, path: "/v1/registers/{register}:end", access: key(access.ScopeCustomers), handle: h.lists.endRegisterEntry},

		{method: get, path: "/v1/templates", access: key(access.ScopeTemplates), handle: h.templates.list, query: []string{"after", "limit"}, large: true},
		{method: get, path: "/v1/templates/{name}", access: key(access.ScopeTemplates), handle: h.templates.get, query: []string{"version"}, large: true},
		{method: put, path: "/v1/templates/{name}", access: key(access.ScopeTemplates), handle: h.templates.put},

		{method: post, path: "/v1/receipts", access: key(access.ScopeReceipts), handle: h.receipts.fromSystem},
		{method: post, path: "/v1/inbound", access: key(access.ScopeReceipts), handle: h.inbound.receive},
		{method: post, path: "/v1/receipts/{provider}", access: open, handle: h.receipts.callback},

		{method: get, path: "/v1/app/inbox", access: app, handle: h.app.inbox, query: []string{"after", "limit"}, large: true},
		{method: get, path: "/v1/app/unread", access: app, handle: h.app.unread},
		{method: post, path: "/v1/app/inbox/{id}:read", access: app, handle: h.app.readMessage},
		{method: post, path: "/v1/app/inbox/{id}:dismiss", access: app, handle: h.app.dismissMessage},
		{method: get, path: "/v1/app/popups", access: app, handle: h.app.popups, query: []string{"placement"}, large: true},
		{method: post, path: "/v1/app/popups/{id}:shown", access: app, handle: h.app.showPopup},
		{method: post, path: "/v1/app/popups/{id}:dismiss", access: app, handle: h.app.dismissPopup},
		{method: get, path: "/v1/app/stream", access: app, handle: h.app.stream, long: true},

		{method: post, path: "/v1/managers/{id}/tokens", access: key(access.ScopeDesk), handle: h.tokens.mintForDesk},
		{method: get, path: "/v1/desk/tasks", access: desk, handle: h.desk.tasks, query: []string{"queue", "branch", "all", "after", "limit"}, large: true},
		{method: post, path: "/v1/desk/tasks/{id}:claim", access: desk, handle: h.desk.claim},
		{method: post, path: "/v1/desk/tasks/{id}:release", access: desk, handle: h.desk.release},
		{method: post, path: "/v1/desk/tasks/{id}:complete", access: desk, handle: h.desk.complete},

		{method: get, path: "/v1/events", access: key(access.ScopeRead), handle: h.events.list, query: []string{"after", "limit", "wait"}, long: true},
		{method: get, path: "/v1/subscriptions", access: ownOrAdmin, handle: h.events.subscriptions, query: []string{"all", "caller", "after", "limit"}},
		{method: post, path: "/v1/subscriptions", access: key(access.ScopeRead), handle: h.events.subscribe},
		{method: get, path: "/v1/subscriptions/{id}", access: ownOrAdmin, handle: h.events.subscription},
		{method: patch, path: "/v1/subscriptions/{id}", access: key(access.ScopeRead), handle: h.events.moveSubscription},
		{method: del, path: "/v1/subscriptions/{id}", access: ownOrAdmin, handle: h.events.unsubscribe},
		{method: post, path: "/v1/subscriptions/{id}:rotate", access: key(access.ScopeRead), handle: h.events.rotateSecret},
		{method: post, path: "/v1/subscriptions/{id}:redeliver", access: key(access.ScopeRead), handle: h.events.redeliver},
		{method: post, path: "/v1/subscriptions/{id}:adopt", access: key(access.ScopeRead), handle: h.events.adoptSubscription},

		{method: get, path: "/v1/policies", access: key(access.ScopeRead), handle: h.policies.list, query: []string{"state", "limit"}, large: true},
		{method: post, path: "/v1/policies", access: key(access.ScopePolicyWrite), handle: h.policies.draft},
		{method: get, path: "/v1/policies/{id}", access: key(access.ScopeRead), handle: h.policies.get},
		{method: post, path: "/v1/policies/{id}:submit", access: key(access.ScopePolicyWrite), handle: h.policies.submit},
		{method: post, path: "/v1/policies/{id}:withdraw", access: key(access.ScopePolicyWrite), handle: h.policies.withdraw},
		{method: post, path: "/v1/policies/{id}:approve", access: key(access.ScopePolicyApprove), handle: h.policies.approve},
		{method: post, path: "/v1/policies/{id}:reject", access: key(access.ScopePolicyApprove), handle: h.policies.reject},
		{method: post, path: "/v1/policies:check", access: key(access.ScopePolicyWrite), handle: h.policies.check},
		{method: post, path: "/v1/policies:simulate", access: key(access.ScopePolicyWrite), handle: h.policies.simulate, query: []string{"since"}, long: true},
		{method: post, path: "/v1/policies:rollback", access: key(access.ScopePolicyApprove), handle: h.policies.rollback},
		{method: get, path: "/v1/policy-sets/{hash}", access: key(access.ScopeRead), handle: h.policies.set, large: true},

		{method: get, path: "/v1/keys", access: key(access.ScopeAdmin), handle: h.keys.list, query: []string{"after", "limit"}, large: true},
		{method: post, path: "/v1/keys", access: key(access.ScopeAdmin), handle: h.keys.create},
		{method: del, path: "/v1/keys/{id}", access: key(access.ScopeAdmin), handle: h.keys.revoke},
		{method: get, path: "/v1/stops", access: key(access.ScopeAdmin), handle: h.stops.list},
		{method: put, path: "/v1/stops/{id}", access: key(access.ScopeAdmin), handle: h.stops.put},
		{method: del, path: "/v1/stops/{id}", access: key(access.ScopeAdmin), handle: h.stops.release},
		{method: get, path: "/v1/dead", access: key(access.ScopeAdmin), handle: h.deadLetters.list, query: []string{"touch", "caller", "campaign", "reason", "channel", "since", "after", "limit"}, large: true},
		{method: post, path: "/v1/dead:redrive", access: key(access.ScopeAdmin), handle: h.deadLetters.redrive, long: true},

		{method: get, path: "/healthz", access: open, handle: h.health.live},
		{method: get, path: "/readyz", access: open, handle: h.health.ready},
		{method: get, path: "/metrics", access: open, handle: h.health.metrics},
		{method: get, path: "/openapi.json", access: open, handle: h.docs.openapi},
		{method: get, path: "/docs", access: open, handle: h.docs.page},
	}
}
