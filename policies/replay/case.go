// SPDX-License-Identifier: Apache-2.0

// Package replay evaluates policies outside the gateway. A Case is one
// question to the policies in a file, with everything that the answer depends
// on: the touch, the customer's facts, the lists and the earlier contacts. It
// needs no ledger and no Redis. A RecordedDecision is a Case with the verdict
// that was recorded and the documents in force then; Replay evaluates it again
// and compares. All functions are pure and safe for concurrent use.
package replay

import (
	"time"

	"touchgate.dev/touch"
)

// Case is one leg of a touch at one instant, with the facts about it.
type Case struct {
	At     time.Time     `json:"at"`
	Caller string        `json:"caller,omitempty"`
	Touch  touch.Request `json:"touch"`
	Leg    int           `json:"leg,omitempty"`
	// Customer is nil where nothing is known about the customer. Rules then
	// read every fact in the strictest way.
	Customer    *touch.Customer `json:"customer,omitempty"`
	Listings    []touch.Listing `json:"listings,omitempty"`
	Obligations []string        `json:"duties,omitempty"` // those that the leg's template fulfils
	Contacts    []Contact       `json:"contacts,omitempty"`
	// Ahead are the customer's waiting touches. A cap with `start: ranked`
	// reserves room for those of higher priority.
	Ahead []Waiting `json:"ahead,omitempty"`
}

// Waiting is a touch that has not been sent yet.
type Waiting struct {
	Touch  touch.Request `json:"touch"`
	Caller string        `json:"caller,omitempty"`
	Leg    int           `json:"leg,omitempty"`
	Due    time.Time     `json:"due,omitzero"` // absent: now
}

// Contact is one earlier contact with the customer.
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

	pending bool // reserved but not made yet
}
