package touch

import "strings"

// The reasons that Touchgate itself gives: why a touch is in its state or
// waits, in answers, events, counts and dead letters. A reason may also be the
// id of the rule that decided, such as "eu/quiet-hours" (see ReasonIsRule), or
// the word of a vendor's receipt. All of them are API: a caller counts by them,
// so a word is never changed. docs/state-machine.md has them in one table.
const (
	// Given at intake.

	ReasonNoAddress = "no_address" // no address is known for the leg; also at dispatch
	// ReasonCannotGoInTime: the time of the touch had run out when it was
	// submitted, or the rules would allow it only later. A touch that was
	// accepted and whose time ran out while it waited has ReasonExpired.
	ReasonCannotGoInTime    = "expires_at"
	ReasonCampaignCancelled = "campaign_cancelled" // its campaign was cancelled; also at dispatch
	ReasonNotYetJudged      = "not_yet_judged"     // the contact log does not answer; judged when it does

	// Given when a worker judges the touch.

	ReasonExpired        = "expired"                 // its time ran out while it waited
	ReasonCampaignPaused = "campaign_paused"         // its campaign is paused
	ReasonKillSwitch     = "stop:"                   // followed by the id of the stop that holds it back
	ReasonNoContactLog   = "contact_log_unavailable" // the contact log does not answer; judged again in a moment
	ReasonNoTemplate     = "no_template"             // the template does not exist, or has no text for the channel
	ReasonNoText         = "no_text"                 // what the channel would say is empty

	// Given by a vendor, in a result or a receipt.

	ReasonBadTarget = "bad_target" // the address does not exist or cannot take the message
	ReasonOptOut    = "opt_out"    // the vendor knows of an opt-out
	ReasonContent   = "content"    // the text is not allowed
	ReasonOther     = "other"      // rejected for another reason; the vendor's code says more

	// Given instead of a call to the vendor: surely not sent, no attempt spent.

	ReasonBreaker    = "breaker_open"        // the circuit breaker is open
	ReasonRate       = "rate_limited"        // the rate limiter has no token in time
	ReasonLate       = "judged_too_long_ago" // the call would begin too long after the verdict; judged again
	ReasonRevoked    = "verdict_revoked"     // a stop, a pause or a policy came before the call; judged again
	ReasonPaused     = "paused"              // the vendor asked for a pause of all messages
	ReasonNoProvider = "no_provider"         // no provider is configured for the channel

	// Given when attempts end.

	ReasonAttemptsSpent = "attempts_spent" // the leg had its last attempt, and the vendor named no reason
	ReasonNoReceipt     = "no_receipt"     // the receipt did not come within the leg's wait

	// Given while it is found out whether a message was sent.

	ReasonWorkerLost     = "worker_lost"     // the worker was lost between intent and result
	ReasonUnknownOutcome = "unknown_outcome" // nobody could tell whether it was sent
	ReasonNotSent        = "not_sent"        // the vendor surely does not have it: it goes again
	ReasonResent         = "resent"          // it was sent again once, after an unknown outcome

	// Given by people and repair.

	ReasonCampaign = "campaign"        // cancelled with its campaign while it waited
	ReasonCrashed  = "crashed_workers" // a dead letter: workers were lost over it several times
	ReasonRedriven = "redriven"        // an operator took it back from the dead letters
)

// Reasons lists the reasons above, in their order.
func Reasons() []string {
	return []string{
		ReasonNoAddress, ReasonCannotGoInTime, ReasonCampaignCancelled, ReasonNotYetJudged,
		ReasonExpired, ReasonCampaignPaused, ReasonKillSwitch, ReasonNoContactLog, ReasonNoTemplate, ReasonNoText,
		ReasonBadTarget, ReasonOptOut, ReasonContent, ReasonOther,
		ReasonBreaker, ReasonRate, ReasonLate, ReasonRevoked, ReasonPaused, ReasonNoProvider,
		ReasonAttemptsSpent, ReasonNoReceipt,
		ReasonWorkerLost, ReasonUnknownOutcome, ReasonNotSent, ReasonResent,
		ReasonCampaign, ReasonCrashed, ReasonRedriven,
	}
}

// ReasonIsRule reports whether a reason is the id of a policy's rule. Such an
// id is "policy/rule"; no other reason of ours has a slash.
func ReasonIsRule(reason string) bool { return strings.Contains(reason, "/") }
