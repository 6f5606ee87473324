// SPDX-License-Identifier: Apache-2.0

// Package gateway holds the use cases of Touchgate's front door: taking
// touches in, answering for them, taking receipts in, and keeping the facts
// that both need. It knows no HTTP; gateway/httpapi, the demo and the
// operator's commands call it.
//
// Every method is safe for concurrent use. Errors are *touch.Error, or touch.Faults
// where an input has several.
package gateway

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/internal/batcher"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Guard judges touches; *policies.Guard is one.
type Guard interface {
	// Forecast judges without side effect; the verdicts are in order.
	Forecast(ctx context.Context, qs []policies.Question) ([]touch.Verdict, error)
	// Settle corrects contacts in the contact log.
	Settle(ctx context.Context, ss []contactlog.Settlement) error
}

// FastPath accepts touches as ledger.Intake does, and may send candidates at
// once, without the queue between; *workers.Deliver is one. The segments that
// it returns are to be queued.
type FastPath interface {
	Accept(ctx context.Context, touches []ledger.NewTouch, candidates []lookup.Candidate) ([]ledger.Accepted, []ledger.SegmentRef, error)
}

// Options are what the gateway is built from. Ledger, Guard and AppSecret are
// required.
type Options struct {
	Ledger *ledger.Ledger // with group commit, so that single touches coalesce
	Guard  Guard
	// Control is the node's view of stops and pauses; nil, or a nil answer,
	// is read as "nothing is stopped": the workers assert it again at the intent.
	Control func() *ledger.Control
	// FastPath, when set, is offered the batches that have touches to be sent
	// at once; nil leaves every touch to the queue.
	FastPath FastPath
	// Enqueue puts urgent segments into their lanes at once; nil leaves them
	// to the reconciler, and so does an error, which is only logged.
	Enqueue func(ctx context.Context, refs []ledger.SegmentRef) error
	// PriorityGate, when set, is where bulk stands back while urgent touches are taken in.
	PriorityGate *priority.Gate
	// Receipts finds the parser of a provider's callbacks.
	Receipts func(provider string) (adapter.ReceiptParser, bool)
	Now      func() time.Time      // default time.Now
	Rand     io.Reader             // default crypto/rand
	Logger   *slog.Logger          // default: discards
	Metrics  prometheus.Registerer // default: kept nowhere
	// AppSecret signs the tokens of customers and managers: at least 32 bytes.
	AppSecret []byte
	// DevKey, when set, is an API key with every scope; for development only.
	DevKey string
	// Policies are the settings that documents are compiled with, as the guard's are.
	Policies policies.Options
	// MaxFuture is how far ahead a touch may be planned (default 400 days).
	MaxFuture time.Duration
}

// Service is the gateway.
type Service struct {
	ledger       *ledger.Ledger
	guard        Guard
	control      func() *ledger.Control
	fastPath     FastPath
	enqueue      func(ctx context.Context, refs []ledger.SegmentRef) error
	priorityGate *priority.Gate
	receipts     func(provider string) (adapter.ReceiptParser, bool)
	now          func() time.Time
	rand         io.Reader
	log          *slog.Logger
	metrics      *metrics
	secret       []byte
	devKey       string
	maxFuture    time.Duration
	options      policies.Options
	check        *checker
	templates    *lookup.Templates
	keys         *keyCache
	zones        *zoneCache
	intake       *batcher.Batcher[*draft, struct{}]
}

// intakes is how many intakes of small calls are under way at once. Transactions
// of the ledger end one after the other, so that a second one would only make
// both of them smaller.
const intakes = 1

// New makes a gateway. An error says which option is wrong.
func New(o Options) (*Service, error) {
	switch {
	case o.Ledger == nil:
		return nil, touch.Errorf(touch.Invalid, "ledger", "the gateway needs a ledger")
	case o.Guard == nil:
		return nil, touch.Errorf(touch.Invalid, "guard", "the gateway needs a guard")
	case len(o.AppSecret) < 32:
		return nil, touch.Errorf(touch.Invalid, "app_secret", "at least 32 bytes are needed to sign tokens")
	}
	s := &Service{
		ledger: o.Ledger, guard: o.Guard, control: o.Control, fastPath: o.FastPath, enqueue: o.Enqueue, priorityGate: o.PriorityGate, receipts: o.Receipts,
		now: o.Now, rand: o.Rand, log: o.Logger, secret: o.AppSecret, devKey: o.DevKey, maxFuture: o.MaxFuture, options: o.Policies,
		check: newChecker(), keys: newKeyCache(), zones: newZoneCache(),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.maxFuture == 0 {
		s.maxFuture = 400 * 24 * time.Hour
	}
	s.intake = batcher.New(intakes, s.intakeTogether)
	s.templates = lookup.NewTemplates(o.Ledger.Templates, s.now)
	var err error
	s.metrics, err = newMetrics(o.Metrics)
	return s, err
}

// Ping asks whether the ledger answers.
func (s *Service) Ping(ctx context.Context) error { return s.ledger.Ping(ctx) }

// controls reads the control view, never nil.
func (s *Service) controls() *ledger.Control {
	if s.control != nil {
		if c := s.control(); c != nil {
			return c
		}
	}
	return &ledger.Control{}
}
