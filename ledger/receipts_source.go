package ledger

import (
	"strings"

	"touchgate.dev/touch"
)

// callerPrefix begins the provider of a receipt that a system of the bank has
// reported. No provider may be named so.
const callerPrefix = "caller:"

// ReportedBy is the provider of a receipt that a caller's system has reported.
func ReportedBy(caller string) string { return callerPrefix + caller }

// MayReport says whether the source of a receipt may speak about the leg. A
// signature only proves which vendor speaks; without this check the stand-by
// vendor could mark another one's messages as failed, and opt customers out.
//
//   - A caller's system speaks about that caller's touches.
//   - The bank's own channels speak about their own items.
//   - A vendor speaks about a leg that it was given. If the leg that is up has no
//     contact yet, the worker's own report may still be on its way: there a vendor
//     of any name is believed. No vendor speaks about a leg that has not begun.
func MayReport(p Progress, t *touch.Touch, leg int, provider string) bool {
	if caller, ok := strings.CutPrefix(provider, callerPrefix); ok {
		return caller == t.Caller
	}
	if leg >= len(t.Plan) || provider == "" {
		return true // there is nothing to protect, or the host itself speaks
	}
	channel := t.Plan[leg].Channel
	_, sent := p.ContactOn(leg)
	switch {
	case channel.IsFirstParty():
		return provider == string(channel)
	case !sent && leg > p.Leg+1:
		return false
	case sent && leg == p.Leg && p.Provider != "":
		return provider == p.Provider
	}
	return true
}
