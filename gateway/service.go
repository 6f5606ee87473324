// SPDX-License-Identifier: Apache-2.0

// Package gateway takes touches and receipts in. It checks a submitted touch,
// asks the policies for a forecast, stores it, and queues it when it is urgent
// (Submit); it stores receipts of vendors and of the bank's own systems
// (Receive). The packages below it hold the other use cases by subject:
//
//	access      who may call: API keys, tokens, scopes
//	facts       customers, consents, outcomes, lists, templates
//	firstparty  the app's inbox and pop-ups, the managers' desk
//	changes     the life of a set of policies
//	operations  kill switches, dead letters
//	feed        events and webhooks for callers
//	inbound     texts that customers write back
//	validate    names, telephone numbers and the tags of requests
//	vocabulary  names that mean something under the policies in force
//	httpapi     all of this over HTTP
//
// Every method is safe for concurrent use. Errors are *touch.Error, or
// touch.Faults where an input has several.
package gateway

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/gateway/vocabulary"
	"touchgate.dev/internal/batcher"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// defaultMaxFuture is how far ahead a touch may be planned.
const defaultMaxFuture = 400 * 24 * time.Hour

// admissionsAtOnce is how many batches of small calls are admitted at the same
// time. The ledger commits one transaction after the other, so a second batch
// would only make both of them smaller.
const admissionsAtOnce = 1

// Guard judges touches; *policies.Guard is one.
type Guard interface {
	// Forecast judges without reserving anything. The verdicts are in the
	// order of the questions.
	Forecast(ctx context.Context, qs []policies.Question) ([]touch.Verdict, error)
	// Settle corrects contacts in the contact log.
	Settle(ctx context.Context, ss []contactlog.Settlement) error
}

// FastPath accepts touches as ledger.Intake does, and may send candidates at
// once, without the queue between; *workers.Deliverer is one. The caller must
// queue the segments that it returns.
type FastPath interface {
	Accept(ctx context.Context, touches []ledger.NewTouch, candidates []lookup.Candidate) ([]ledger.Accepted, []ledger.SegmentRef, error)
}

// Options are what the service is built from. Ledger and Guard are required.
type Options struct {
	// Ledger should batch concurrent writes, so that single touches share
	// transactions.
	Ledger *ledger.Ledger
	Guard  Guard
	// Control returns this node's view of campaigns and kill switches. Nil, or
	// a nil result, means that nothing is stopped: workers check again before
	// they send.
	Control func() *ledger.Control
	// FastPath, when set, is offered the batches that have touches to be sent
	// at once; nil leaves every touch to the queue.
	FastPath FastPath
	// Enqueue puts urgent segments into their queues at once. Nil leaves them
	// to the reconciler; so does an error, which is only logged.
	Enqueue func(ctx context.Context, refs []ledger.SegmentRef) error
	// PriorityGate, when set, makes bulk work wait while urgent touches are
	// admitted.
	PriorityGate *priority.Gate
	// Receipts returns the parser of a provider's callbacks.
	Receipts func(provider string) (adapter.ReceiptParser, bool)
	// TemplateCache holds the latest templates; nil makes one.
	TemplateCache *lookup.Templates
	Now           func() time.Time      // default time.Now
	Logger        *slog.Logger          // default: discards
	Metrics       prometheus.Registerer // default: registers nothing
	// MaxFuture is how far ahead a touch may be planned (default 400 days).
	MaxFuture time.Duration
	// Vocabulary knows the outcomes that receipts report; nil knows those of the
	// program itself.
	Vocabulary *vocabulary.Checker
	// Phones writes telephone numbers in E.164; nil knows no region.
	Phones *validate.Phones
}

// Service takes touches and receipts in.
type Service struct {
	ledger       *ledger.Ledger
	guard        Guard
	control      func() *ledger.Control
	fastPath     FastPath
	enqueue      func(ctx context.Context, refs []ledger.SegmentRef) error
	priorityGate *priority.Gate
	parsers      func(provider string) (adapter.ReceiptParser, bool)
	templates    *lookup.Templates
	now          func() time.Time
	log          *slog.Logger
	metrics      *metrics
	maxFuture    time.Duration
	tags         *validate.Tags
	phones       *validate.Phones
	vocabulary   *vocabulary.Checker
	admissions   *batcher.Batcher[*pending, struct{}]
}

// New makes a Service. The error says which option is wrong.
func New(o Options) (*Service, error) {
	switch {
	case o.Ledger == nil:
		return nil, touch.Errorf(touch.Invalid, "ledger", "the gateway needs a ledger")
	case o.Guard == nil:
		return nil, touch.Errorf(touch.Invalid, "guard", "the gateway needs a guard")
	}
	s := &Service{
		ledger:       o.Ledger,
		guard:        o.Guard,
		control:      o.Control,
		fastPath:     o.FastPath,
		enqueue:      o.Enqueue,
		priorityGate: o.PriorityGate,
		parsers:      o.Receipts,
		templates:    o.TemplateCache,
		now:          o.Now,
		log:          o.Logger,
		maxFuture:    o.MaxFuture,
		tags:         validate.NewTags(),
		phones:       o.Phones,
		vocabulary:   o.Vocabulary,
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
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.maxFuture == 0 {
		s.maxFuture = defaultMaxFuture
	}
	if s.templates == nil {
		s.templates = lookup.NewTemplates(o.Ledger.Templates, s.now)
	}
	s.admissions = batcher.New(admissionsAtOnce, s.admitBatch)
	var err error
	s.metrics, err = newMetrics(o.Metrics)
	return s, err
}

// campaignStatus returns the status of a touch's campaign in this node's view.
func (s *Service) campaignStatus(t *touch.Touch) ledger.CampaignStatus {
	if s.control == nil {
		return ledger.CampaignRunning
	}
	control := s.control()
	if control == nil {
		return ledger.CampaignRunning
	}
	return control.Campaigns.Of(ledger.CampaignRef{Caller: t.Caller, Campaign: t.Campaign})
}
