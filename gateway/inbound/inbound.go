// SPDX-License-Identifier: Apache-2.0

// Package inbound takes in what customers write back by text. An opt-out in
// free text ("STOP", "退订") has the same effect as one that a vendor reports
// with a code: it ends what may be sent by that channel.
package inbound

import (
	"context"
	"fmt"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/facts"
	"touchgate.dev/gateway/validate"
	"touchgate.dev/touch"
)

// Message is one text that a customer has written. It names the dispatch that it
// answers, or the customer, or at least the number that it came from.
type Message struct {
	// Dispatch is the dispatch id of the touch that the text answers.
	Dispatch string        `json:"dispatch,omitempty" validate:"max=64,id"`
	Customer string        `json:"customer,omitempty" validate:"max=128,id"`
	Channel  touch.Channel `json:"channel,omitempty" validate:"omitempty,channel"` // default sms
	From     string        `json:"from,omitempty" validate:"max=512"`              // the customer's number or address
	Text     string        `json:"text" validate:"max=4096"`
	At       time.Time     `json:"at,omitzero"` // default now
}

// Effect is what a text has done.
type Effect string

// The effects.
const (
	OptOut  Effect = "opt_out" // it was an opt-out, and is in force
	Replied Effect = "replied" // the touch that it answers is marked as answered
	Ignored Effect = "ignored" // it is no opt-out, and answers no touch that it names
)

// Result is what became of one message.
type Result struct {
	Effect Effect
	Err    error // what is wrong with it: *touch.Error or touch.Faults
}

// Receipts takes in what is known of a dispatch; *gateway.Service is one.
type Receipts interface {
	ReceiveFrom(ctx context.Context, p *access.Principal, receipts []touch.Receipt) error
}

// Facts takes in outcomes and suppressions; *facts.Service is one.
type Facts interface {
	AddOutcomes(ctx context.Context, p *access.Principal, outcomes []facts.Outcome) ([]error, error)
	Suppress(ctx context.Context, p *access.Principal, entries []facts.ListEntry, dryRun bool) (facts.Impact, error)
}

// Service takes texts in. It is safe for concurrent use.
type Service struct {
	receipts Receipts
	facts    Facts
	now      func() time.Time
	tags     *validate.Tags
}

// New makes a Service; now nil is time.Now.
func New(receipts Receipts, facts Facts, now func() time.Time) *Service {
	if now == nil {
		now = time.Now
	}
	return &Service{receipts: receipts, facts: facts, now: now, tags: validate.NewTags()}
}

// Receive takes texts in, one after the other. A wrong one does not keep the
// others from having their effect. The same text again changes nothing. The
// error means that a store did not answer: send all of them again.
func (s *Service) Receive(ctx context.Context, p *access.Principal, messages []Message) ([]Result, error) {
	results := make([]Result, len(messages))
	for i := range messages {
		effect, err := s.receive(ctx, p, messages[i])
		switch touch.ClassOf(err) {
		case touch.Unavailable, touch.Internal:
			return nil, err
		}
		results[i] = Result{Effect: effect, Err: err}
	}
	return results, nil
}

func (s *Service) receive(ctx context.Context, p *access.Principal, m Message) (Effect, error) {
	if m.Channel == "" {
		m.Channel = touch.SMS
	}
	faults := s.tags.Check(&m)
	if m.Dispatch == "" && m.Customer == "" && m.From == "" {
		faults.Add("from", "name the dispatch, the customer or the number that the text came from")
	}
	validate.Instant(&m.At, s.now(), &faults)
	if err := faults.Err(); err != nil {
		return "", err
	}

	optOut := touch.IsOptOut(m.Text)
	switch {
	case m.Dispatch != "":
		return s.answer(ctx, p, &m, optOut)
	case !optOut:
		return Ignored, nil
	case m.Customer != "":
		return OptOut, s.optOutCustomer(ctx, p, &m)
	}
	return OptOut, s.optOutNumber(ctx, p, &m)
}

// answer reports the text as an answer to a touch, as a vendor's receipt would.
func (s *Service) answer(ctx context.Context, p *access.Principal, m *Message, optOut bool) (Effect, error) {
	receipt := touch.Receipt{Dispatch: m.Dispatch, Kind: touch.ReceiptReplied, At: m.At}
	effect := Replied
	if optOut {
		receipt.Outcome = touch.OutcomeOptOut
		effect = OptOut
	}
	if err := s.receipts.ReceiveFrom(ctx, p, []touch.Receipt{receipt}); err != nil {
		return "", inField(err, "dispatch")
	}
	return effect, nil
}

// optOutCustomer stores the opt-out of a known customer. It names no category:
// the customer wants no text of any.
func (s *Service) optOutCustomer(ctx context.Context, p *access.Principal, m *Message) error {
	wrong, err := s.facts.AddOutcomes(ctx, p, []facts.Outcome{{Customer: m.Customer, Outcome: touch.Outcome{
		Kind: touch.OutcomeOptOut, At: m.At, Channel: m.Channel, Address: m.From,
	}}})
	if err != nil {
		return err
	}
	return inField(wrong[0], "from")
}

// optOutNumber keeps marketing from a number of which nobody has said whose it
// is. Passwords and alarms still reach it: who writes STOP does not ask to be
// locked out of the bank.
func (s *Service) optOutNumber(ctx context.Context, p *access.Principal, m *Message) error {
	_, err := s.facts.Suppress(ctx, p, []facts.ListEntry{{
		Channel: m.Channel, Address: m.From, Scope: fmt.Sprintf("%s:%s", touch.Marketing, m.Channel),
		Since: m.At, ForEver: true, Owner: p.Caller, Reason: "opt-out in a text from this number",
	}}, false)
	return inField(err, "from")
}

// inField says of which field of the message a fault is.
func inField(err error, field string) error {
	class := touch.ClassOf(err)
	if err == nil || class == touch.Unavailable || class == touch.Internal {
		return err
	}
	return touch.Errorf(class, field, "%s", touch.FaultsOf(err)[0].Message)
}
