// SPDX-License-Identifier: Apache-2.0

// Package operations is what an operator does while touches are going out:
// kill switches, which stop sending, and dead letters, which wait for a person
// to look at them and send them back to the workers.
//
// Every method is safe for concurrent use. Errors are *touch.Error, or
// touch.Faults where an input has several.
package operations

import (
	"time"

	"touchgate.dev/gateway/validate"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Options are what the service is built from. The parts of the ledger are
// required.
type Options struct {
	Controls    ledger.Controls
	Touches     ledger.Touches
	DeadLetters ledger.DeadLetters
	// Providers are the channels that this process's providers serve, by name.
	Providers map[string]touch.Channel
	// Keys, when set, lists the callers that there are.
	Keys ledger.Keys
	// OwnCallers are callers without a key in the ledger, such as that of the key
	// for development.
	OwnCallers []string
	Now        func() time.Time // default time.Now
}

// Service carries out an operator's orders.
type Service struct {
	controls    ledger.Controls
	touches     ledger.Touches
	deadLetters ledger.DeadLetters
	providers   map[string]touch.Channel
	now         func() time.Time
	tags        *validate.Tags
	keys        ledger.Keys
	ownCallers  []string
}

// New makes a Service.
func New(o Options) *Service {
	s := &Service{
		controls:    o.Controls,
		touches:     o.Touches,
		deadLetters: o.DeadLetters,
		providers:   o.Providers,
		keys:        o.Keys,
		ownCallers:  o.OwnCallers,
		now:         o.Now,
		tags:        validate.NewTags(),
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}
