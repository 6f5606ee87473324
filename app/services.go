package app

import (
	crand "crypto/rand"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/changes"
	"touchgate.dev/gateway/facts"
	"touchgate.dev/gateway/feed"
	"touchgate.dev/gateway/firstparty"
	"touchgate.dev/gateway/httpapi"
	"touchgate.dev/gateway/operations"
	"touchgate.dev/ledger/lookup"
)

// newServices makes the gateway's use cases.
func (a *App) newServices(devKey string) (httpapi.Services, error) {
	secret := []byte(a.cfg.AppSecret.Reveal())
	if len(secret) == 0 {
		// Tokens are then good for as long as this process runs.
		secret = make([]byte, 32)
		if _, err := crand.Read(secret); err != nil {
			return httpapi.Services{}, err
		}
	}
	tokens, err := access.NewTokens(secret, a.now)
	if err != nil {
		return httpapi.Services{}, err
	}
	templates := lookup.NewTemplates(a.ledger.Templates, a.now)
	intake, err := a.newIntake(templates)
	if err != nil {
		return httpapi.Services{}, err
	}

	l := a.ledger
	return httpapi.Services{
		Intake: intake,
		Keys:   access.NewKeys(access.KeyOptions{Store: l.Keys, Now: a.now, DevKey: devKey}),
		Tokens: tokens,
		Facts: facts.New(facts.Options{
			Customers: l.Customers, Listings: l.Listings, Templates: l.Templates, TemplateCache: templates, Now: a.now,
		}),
		FirstParty: firstparty.New(firstparty.Options{Items: l.Items, Receipts: intake, Now: a.now, Logger: a.log}),
		Changes: changes.New(changes.Options{
			Ledger: l, TemplateCache: templates, Policies: a.policyOptions(), Now: a.now,
		}),
		Operations: operations.New(operations.Options{Controls: l.Controls, DeadLetters: l.DeadLetters, Now: a.now}),
		Feed:       feed.New(feed.Options{Events: l.Events, Subscriptions: l.Subscriptions, Now: a.now}),
		Ledger:     l,
	}, nil
}

// newIntake makes the service that takes touches and receipts in. In a process
// that also delivers, urgent touches are sent without the queue between.
func (a *App) newIntake(templates *lookup.Templates) (*gateway.Service, error) {
	o := gateway.Options{
		Ledger:        a.ledger,
		Guard:         a.guard,
		Control:       a.watcher.Current,
		Enqueue:       a.queue.Enqueue,
		PriorityGate:  a.priorityGate,
		Receipts:      a.pool.Receipts,
		TemplateCache: templates,
		Now:           a.now,
		Logger:        a.log,
		Metrics:       a.metrics,
		MaxFuture:     a.cfg.Limits.MaxFuture.Std(),
	}
	if a.deliverer != nil {
		o.FastPath = a.deliverer
	}
	return gateway.New(o)
}
