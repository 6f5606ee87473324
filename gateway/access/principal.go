// SPDX-License-Identifier: Apache-2.0

// Package access decides who may use the gateway. Systems of the bank present
// an API key (Keys), which names a caller and has scopes. A customer's app and
// a manager's desk present a signed token (Tokens), which names one person.
//
// Every method is safe for concurrent use. Errors are *touch.Error or
// touch.Faults.
package access

import (
	"encoding/base32"
	"io"
	"slices"

	"touchgate.dev/touch"
)

// Scope is one thing that an API key may do.
type Scope string

// The scopes. Admin is no master key: it only manages keys, kill switches and
// dead letters.
const (
	ScopeSubmit        Scope = "submit"
	ScopeRead          Scope = "read"
	ScopeReceipts      Scope = "receipts"
	ScopeCustomers     Scope = "customers"
	ScopeTemplates     Scope = "templates"
	ScopeDesk          Scope = "desk"
	ScopePolicyWrite   Scope = "policy:write"
	ScopePolicyApprove Scope = "policy:approve"
	ScopeAdmin         Scope = "admin"
)

// Scopes lists every scope.
func Scopes() []Scope {
	return []Scope{
		ScopeSubmit, ScopeRead, ScopeReceipts, ScopeCustomers, ScopeTemplates, ScopeDesk,
		ScopePolicyWrite, ScopePolicyApprove, ScopeAdmin,
	}
}

// Principal is the authenticated holder of an API key.
type Principal struct {
	Caller string // owns the touches that it submits
	Key    string // the key's id: the actor in the journal
	Scopes []string
}

// May reports whether the principal has the scope.
func (p *Principal) May(s Scope) bool { return slices.Contains(p.Scopes, string(s)) }

// textEncoding writes random bytes in lower case without letters that people
// confuse (i, l, o, u).
var textEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns an id of 16 characters, 80 random bits, for keys, webhooks and
// change requests of policies.
func NewID(random io.Reader) (string, error) { return randomText(random, 10) }

// randomText returns n random bytes as text.
func randomText(random io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", touch.Errorf(touch.Internal, "", "no randomness: %w", err)
	}
	return textEncoding.EncodeToString(b), nil
}
