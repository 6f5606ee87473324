package app

import (
	crand "crypto/rand"

	"touchgate.dev/channels"
	"touchgate.dev/gateway"
	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/changes"
	"touchgate.dev/gateway/facts"
	"touchgate.dev/gateway/feed"
	"touchgate.dev/gateway/firstparty"
	"touchgate.dev/gateway/httpapi"
	"touchgate.dev/gateway/inbound"
	"touchgate.dev/gateway/operations"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
)

// intakeOptions are what the service that takes in touches and receipts is
// built from.
func (a *App) intakeOptions(
	rules *rules, providers *channels.Pool, watcher *ledger.ControlWatcher, gate *priority.Gate,
) gateway.Options {
	return gateway.Options{
		Ledger:       a.ledger,
		Guard:        rules.guard,
		Control:      watcher.Current,
		Enqueue:      a.queue.Enqueue,
		PriorityGate: gate,
		Receipts:     providers.Receipts,
		Now:          a.now,
		Logger:       a.component("intake"),
		Metrics:      a.metrics,
		MaxFuture:    a.cfg.Limits.MaxFuture.Std(),
		Phones:       a.phones,
		Vocabulary:   rules.vocabulary,
	}
}

// newServices makes the gateway's use cases around intake.
func (a *App) newServices(
	intake *gateway.Service, providers *channels.Pool, templates *lookup.Templates, rules *rules,
	gate *priority.Gate, devKey string,
) (httpapi.Services, error) {
	secret, err := tokenSecret(a.cfg)
	if err != nil {
		return httpapi.Services{}, err
	}
	tokens, err := access.NewTokens(secret, a.now)
	if err != nil {
		return httpapi.Services{}, err
	}

	l := a.ledger
	customerFacts := facts.New(facts.Options{
		Customers:     l.Customers,
		Listings:      l.Listings,
		Templates:     l.Templates,
		TemplateCache: templates,
		Vocabulary:    rules.vocabulary,
		Phones:        a.phones,
		Now:           a.now,
	})
	return httpapi.Services{
		Intake:  intake,
		Keys:    access.NewKeys(access.KeyOptions{Store: l.Keys, Now: a.now, DevKey: devKey}),
		Tokens:  tokens.Audited(l.Audit),
		Facts:   customerFacts,
		Inbound: inbound.New(intake, customerFacts, a.now),
		FirstParty: firstparty.New(firstparty.Options{
			Items:      l.Items,
			Receipts:   intake,
			Vocabulary: rules.vocabulary,
			Now:        a.now,
			Logger:     a.component("first-party"),

			WatchesPerCustomer: a.cfg.Limits.MaxCustomerStreams,
			Watches:            a.cfg.Limits.MaxAppStreams,
		}),
		Changes: changes.New(changes.Options{
			Ledger:        l,
			TemplateCache: templates,
			Policies:      rules.options,
			PriorityGate:  gate,
			Now:           a.now,
		}),
		Operations: operations.New(operations.Options{
			Controls:    l.Controls,
			Touches:     l.Touches,
			DeadLetters: l.DeadLetters,
			Keys:        l.Keys,
			Providers:   providers.Channels(),
			OwnCallers:  []string{access.DevCaller},
			Now:         a.now,
		}),
		Feed: feed.New(feed.Options{
			Events:        l.Events,
			Subscriptions: l.Subscriptions,
			Index:         l.EventIndex,
			Guard:         a.webhookGuard,
			MaxWebhooks:   a.cfg.Webhooks.PerCaller,
			Now:           a.now,
		}),
		Ledger: l,
	}, nil
}

// tokenSecret returns the secret that signs the tokens of customers and
// managers. If none is configured it is a new one, and tokens are good for as
// long as this process runs.
func tokenSecret(cfg *Config) ([]byte, error) {
	secret := []byte(cfg.AppSecret.Reveal())
	if len(secret) > 0 {
		return secret, nil
	}
	secret = make([]byte, 32)
	_, err := crand.Read(secret)
	return secret, err
}
