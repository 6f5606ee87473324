package httpapi

import "sync"

// handlers holds the handlers of each subject, for the table of routes.
type handlers struct {
	touches     touchHandlers
	campaigns   campaignHandlers
	customers   customerHandlers
	lists       listHandlers
	templates   templateHandlers
	receipts    receiptHandlers
	inbound     inboundHandlers
	tokens      tokenHandlers
	app         appHandlers
	desk        deskHandlers
	events      eventHandlers
	policies    policyHandlers
	keys        keyHandlers
	stops       killSwitchHandlers
	deadLetters deadLetterHandlers
	health      healthHandlers
	docs        docsHandlers
}

func newHandlers(s Services, o Options, c *core) *handlers {
	l := s.Ledger
	return &handlers{
		touches:     touchHandlers{intake: s.Intake, changes: s.Changes, ledger: l.Touches, now: c.now},
		campaigns:   campaignHandlers{intake: s.Intake, now: c.now},
		customers:   customerHandlers{facts: s.Facts},
		lists:       listHandlers{facts: s.Facts, ledger: l.Listings},
		templates:   templateHandlers{facts: s.Facts, ledger: l.Templates},
		receipts:    receiptHandlers{intake: s.Intake, publicURL: o.PublicURL},
		inbound:     inboundHandlers{inbound: s.Inbound},
		tokens:      tokenHandlers{tokens: s.Tokens},
		app:         appHandlers{items: s.FirstParty, now: c.now},
		desk:        deskHandlers{items: s.FirstParty},
		events:      eventHandlers{feed: s.Feed},
		policies:    policyHandlers{changes: s.Changes, requests: l.PolicyChanges, sets: l.PolicySets},
		keys:        keyHandlers{keys: s.Keys, ledger: l.Keys},
		stops:       killSwitchHandlers{operations: s.Operations, ledger: l.Controls, now: c.now},
		deadLetters: deadLetterHandlers{operations: s.Operations},
		health:      healthHandlers{ledger: l.Store, checks: o.Ready, drain: c.drain, gatherer: o.Gatherer},
		docs:        docsHandlers{render: sync.OnceValues(renderPublication)},
	}
}
