// SPDX-License-Identifier: Apache-2.0

// Package changes is the life of a set of policies: somebody drafts documents
// and submits them, another person approves, they are activated at once or at
// their time, and they may be rolled back. It also says what documents would
// have done to recorded traffic (Simulate), and returns a recorded verdict
// with everything that it can be judged again from (Decision).
//
// Every method is safe for concurrent use. Errors are *touch.Error, or
// touch.Faults where an input has several.
package changes

import (
	"context"
	"crypto/rand"
	"io"
	"slices"
	"strings"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// Options are what the service is built from. Ledger is required.
type Options struct {
	Ledger *ledger.Ledger
	// TemplateCache holds the templates of recorded touches; nil makes one.
	TemplateCache *lookup.Templates
	// Policies are the settings that documents are compiled with: the guard's.
	Policies ruleset.Options
	// PriorityGate, when set, makes simulations wait while urgent touches are
	// under way.
	PriorityGate *priority.Gate
	Now          func() time.Time // default time.Now
	Random       io.Reader        // default crypto/rand
}

// Service carries sets of policies through their life.
type Service struct {
	requests ledger.PolicyChanges
	sets     ledger.PolicySets
	controls ledger.Controls
	leases   ledger.Leases
	turn     simulationTurn
	gate     *priority.Gate
	records  records
	options  ruleset.Options
	now      func() time.Time
	random   io.Reader
	tags     *validate.Tags
}

// New makes a Service.
func New(o Options) *Service {
	s := &Service{
		requests: o.Ledger.PolicyChanges,
		sets:     o.Ledger.PolicySets,
		controls: o.Ledger.Controls,
		leases:   o.Ledger.Leases,
		gate:     o.PriorityGate,
		options:  o.Policies,
		now:      o.Now,
		random:   o.Random,
		tags:     validate.NewTags(),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	s.records = records{
		touches:   o.Ledger.Touches,
		contacts:  o.Ledger.Contacts,
		customers: o.Ledger.Customers,
		listings:  o.Ledger.Listings,
		templates: o.TemplateCache,
	}
	if s.records.templates == nil {
		s.records.templates = lookup.NewTemplates(o.Ledger.Templates, s.now)
	}
	return s
}

// compile compiles documents as the guard would.
func (s *Service) compile(documents map[string]string) (*ruleset.Set, error) {
	if len(documents) == 0 {
		return nil, touch.Errorf(touch.Invalid, "documents", "is empty")
	}
	return ruleset.Compile(sourcesOf(documents), s.options)
}

func sourcesOf(documents map[string]string) []ruleset.Source {
	sources := make([]ruleset.Source, 0, len(documents))
	for name, text := range documents {
		sources = append(sources, ruleset.Source{Name: name, Data: []byte(text)})
	}
	slices.SortFunc(sources, func(a, b ruleset.Source) int { return strings.Compare(a.Name, b.Name) })
	return sources
}

// compileProposed checks that the documents of a proposal compile: the program
// may have changed since they were drafted.
func (s *Service) compileProposed(ctx context.Context, hash string) error {
	documents, err := s.documents(ctx, hash)
	if err != nil {
		return err
	}
	_, err = s.compile(documents)
	return documentFaults(err)
}

// maxRules bounds the rules of a set: each touch is judged by all of them.
const maxRules = 2000

// compileNew is compile for documents that somebody hands in.
func (s *Service) compileNew(documents map[string]string) (*ruleset.Set, error) {
	set, err := s.compile(documents)
	if err != nil {
		return nil, err
	}
	if n := len(set.Rules()); n > maxRules {
		return nil, touch.Errorf(touch.TooLarge, "documents", "have %d rules: a set has at most %d", n, maxRules)
	}
	return set, nil
}

// compileStored checks that documents that were approved still compile. What the
// program found right then stays right.
func (s *Service) compileStored(ctx context.Context, hash string) error {
	documents, err := s.documents(ctx, hash)
	if err != nil {
		return err
	}
	_, err = s.compileInForce(documents)
	return documentFaults(err)
}

// documents returns the documents of a stored set.
func (s *Service) documents(ctx context.Context, hash string) (map[string]string, error) {
	set, err := s.sets.Get(ctx, hash)
	if err != nil {
		return nil, err
	}
	documents := make(map[string]string, len(set.Documents))
	for name, data := range set.Documents {
		documents[name] = string(data)
	}
	return documents, nil
}

// compileInForce compiles documents that were in force, or approved to be.
func (s *Service) compileInForce(documents map[string]string) (*ruleset.Set, error) {
	options := s.options
	options.Stored = true
	return ruleset.Compile(sourcesOf(documents), options)
}

// advance sets a request's next state and appends it to its history.
func advance(request *ledger.Proposal, p *access.Principal, state ledger.ProposalState, reason string, now time.Time) {
	request.State = state
	request.History = append(request.History, ledger.ProposalStep{
		At: now, State: state, Actor: p.Key, Caller: p.Caller, Reason: reason,
	})
}

// store writes a request that has advanced, and its documents when it is new.
func (s *Service) store(ctx context.Context, request *ledger.Proposal, documents map[string][]byte, now time.Time) error {
	if err := s.requests.Put(ctx, *request, documents, now); err != nil {
		return err
	}
	request.Version++ // as the ledger has it now
	return nil
}
