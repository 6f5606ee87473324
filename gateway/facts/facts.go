// SPDX-License-Identifier: Apache-2.0

// Package facts stores what is known beside the touches: customers with their
// consents and outcomes, the lists on which customers and addresses stand
// (suppressions and outside registers), and templates. Policies judge by these
// facts; who may write them is decided in gateway/access.
//
// Every method is safe for concurrent use. Errors are *touch.Error, or
// touch.Faults where an input has several.
package facts

import (
	"time"

	"touchgate.dev/gateway/validate"
	"touchgate.dev/gateway/vocabulary"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
)

// Options are what the service is built from. The parts of the ledger are
// required.
type Options struct {
	Customers ledger.Customers
	Listings  ledger.Listings
	Templates ledger.Templates
	// TemplateCache, when set, is told of new versions, so that this process
	// uses them at once.
	TemplateCache *lookup.Templates
	// Vocabulary knows the names that mean something; nil knows those of the
	// program itself.
	Vocabulary *vocabulary.Checker
	// Phones writes telephone numbers in E.164; nil knows no region.
	Phones *validate.Phones
	Now    func() time.Time // default time.Now
}

// Service stores facts.
type Service struct {
	customers     ledger.Customers
	listings      ledger.Listings
	templates     ledger.Templates
	templateCache *lookup.Templates
	now           func() time.Time
	tags          *validate.Tags
	zones         *zoneCache
	phones        *validate.Phones
	vocabulary    *vocabulary.Checker
}

// New makes a Service.
func New(o Options) *Service {
	s := &Service{
		customers:     o.Customers,
		listings:      o.Listings,
		templates:     o.Templates,
		templateCache: o.TemplateCache,
		now:           o.Now,
		tags:          validate.NewTags(),
		zones:         newZoneCache(),
		phones:        o.Phones,
		vocabulary:    o.Vocabulary,
	}
	if s.vocabulary == nil {
		s.vocabulary = vocabulary.New(nil)
	}
	if s.phones == nil {
		s.phones = &validate.Phones{}
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}
