// SPDX-License-Identifier: Apache-2.0

// Package replay keeps one question to the policies in a file, with
// everything that it is judged by: the touch, the customer's facts, the lists
// and the contacts made before. A Case can be judged anywhere, without
// gateway, ledger or Redis; a RecordedDecision adds what was decided and by which
// documents, so that anybody can judge it again. The functions are pure.
package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Case is one leg of a touch at one instant, with its facts.
type Case struct {
	At     time.Time     `json:"at"`
	Caller string        `json:"caller,omitempty"`
	Touch  touch.Request `json:"touch"`
	Leg    int           `json:"leg,omitempty"`
	// Customer is nil where nothing is known: the strictest reading.
	Customer *touch.Customer `json:"customer,omitempty"`
	Listings []touch.Listing `json:"listings,omitempty"`
	Duties   []string        `json:"duties,omitempty"` // that the leg's template fulfils
	Contacts []Contact       `json:"contacts,omitempty"`
	// Ahead are the customer's touches that wait: those of higher priority
	// are what caps with start: ranked keep places for.
	Ahead []Waiting `json:"ahead,omitempty"`
}

// Waiting is a touch that is to be sent still.
type Waiting struct {
	Touch  touch.Request `json:"touch"`
	Caller string        `json:"caller,omitempty"`
	Leg    int           `json:"leg,omitempty"`
	Due    time.Time     `json:"due,omitzero"` // absent: now
}

// Contact is one contact made with the customer before.
type Contact struct {
	ID       string            `json:"id,omitempty"` // the dispatch id, where it is known
	At       time.Time         `json:"at"`
	Channel  touch.Channel     `json:"channel"`
	Category touch.Category    `json:"category"`
	Subject  string            `json:"subject,omitempty"`
	Campaign string            `json:"campaign,omitempty"`
	Caller   string            `json:"caller,omitempty"`
	Address  string            `json:"address,omitempty"`
	Template string            `json:"template,omitempty"`
	Kind     touch.ContactKind `json:"kind,omitempty"` // attempt, failed, delivered, connected, conversation

	pending bool // reserved, not made yet
}

// ReadCase reads a case. Unknown keys, a wrong word and a missing part are errors
// of class Invalid that name the line or the field.
func ReadCase(data []byte) (*Case, error) {
	var c Case
	if err := decode(data, &c); err != nil {
		return nil, err
	}
	return &c, c.check()
}

// decode is strict JSON with the line of a fault.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		var syntax *json.SyntaxError
		var wrong *json.UnmarshalTypeError
		at := int64(-1) // an unknown key has no place, only a name
		switch {
		case errors.As(err, &syntax):
			at = syntax.Offset
		case errors.As(err, &wrong):
			at = wrong.Offset
		}
		if at < 0 {
			return touch.Errorf(touch.Invalid, "", "%w", err)
		}
		line := 1 + bytes.Count(data[:min(at, int64(len(data)))], []byte("\n"))
		return touch.Errorf(touch.Invalid, fmt.Sprintf("line %d", line), "%w", err)
	}
	if d.More() {
		return touch.Errorf(touch.Invalid, "", "something follows after the end")
	}
	return nil
}

func (c *Case) check() error {
	t := &c.Touch
	switch {
	case c.At.IsZero():
		return touch.Errorf(touch.Invalid, "at", "is required: the instant that is asked about")
	case t.Customer == "":
		return touch.Errorf(touch.Invalid, "touch.customer", "is required")
	case !t.Category.Valid():
		return touch.Errorf(touch.Invalid, "touch.category", "%q is not a category: one of %v", t.Category, touch.Categories())
	case c.Leg < 0 || c.Leg >= len(t.Plan):
		return touch.Errorf(touch.Invalid, "leg", "the plan has %d legs", len(t.Plan))
	}
	for i := range t.Plan {
		if !t.Plan[i].Channel.Valid() {
			return touch.Errorf(touch.Invalid, fmt.Sprintf("touch.plan[%d].channel", i), "%q is not a channel: one of %v", t.Plan[i].Channel, touch.Channels())
		}
	}
	for i := range c.Ahead {
		if w := &c.Ahead[i]; w.Leg < 0 || w.Leg >= len(w.Touch.Plan) || !w.Touch.Category.Valid() || !w.Touch.Plan[w.Leg].Channel.Valid() {
			return touch.Errorf(touch.Invalid, fmt.Sprintf("ahead[%d]", i), "a touch ahead has a category, and a leg with a channel")
		}
	}
	for i, k := range c.Contacts {
		switch {
		case k.At.IsZero() || !k.Channel.Valid() || !k.Category.Valid():
			return touch.Errorf(touch.Invalid, fmt.Sprintf("contacts[%d]", i), "a contact has at, channel and category")
		case k.Kind != touch.ContactUnknown && !k.Kind.Valid():
			return touch.Errorf(touch.Invalid, fmt.Sprintf("contacts[%d].kind", i), "%q is not a kind of contact", k.Kind)
		}
	}
	return nil
}

// Judge puts the case before a set. Contacts that lie after its instant do not
// count.
func (c *Case) Judge(set *policies.Set) touch.Verdict {
	t := &touch.Touch{ID: touch.NewID(c.Caller, c.Touch.Key), Caller: c.Caller, AcceptedAt: c.At, Request: c.Touch}
	q := policies.Question{
		Touch: t, Leg: c.Leg, Customer: c.Customer, Listings: c.Listings, TemplateDuties: c.Duties, Now: c.At,
		Address: touch.AddressOn(t.Plan[c.Leg].Channel, &t.Request, c.Customer),
	}
	for i := range c.Ahead {
		if w := &c.Ahead[i]; w.Touch.Priority > t.Priority {
			ahead := &touch.Touch{ID: touch.NewID(w.Caller, w.Touch.Key), Caller: w.Caller, AcceptedAt: c.At, Request: w.Touch}
			q.Ahead = append(q.Ahead, policies.Ahead{Touch: ahead, Leg: w.Leg, Due: w.Due})
		}
	}
	return set.Evaluate(q, contactlog.Snapshot{Known: true, Entries: c.entries()})
}

func (c *Case) entries() []contactlog.Entry {
	var entries []contactlog.Entry
	for i, k := range c.Contacts {
		if k.At.After(c.At) && !k.pending {
			continue
		}
		if k.ID == "" {
			k.ID = fmt.Sprintf("contact %d", i)
		}
		entries = append(entries, contactlog.Entry{
			ID: k.ID, At: k.At, Pending: k.pending, Kind: contactlog.KindOf(k.Kind), Channel: k.Channel, Category: k.Category,
			Subject: contactlog.Hash(k.Subject), Campaign: contactlog.Hash(k.Campaign), Address: contactlog.Hash(k.Address),
			Caller: contactlog.Hash(k.Caller), Template: contactlog.Hash(k.Template),
		})
	}
	return entries
}
