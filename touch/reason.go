package touch

import "strings"

// Reasons say why a touch is in its state or why it waits. They are in answers,
// events, counts and dead letters. Those below are Touchgate's own. A reason may
// also be the id of the rule that decided, such as "eu/quiet-hours" (see
// ReasonIsRule), or a word from a vendor's receipt.
//
// Reasons are API: callers count by them, so a word is never changed.
// docs/state-machine.md has all of them in one table.
const (
	// Set at intake.

	ReasonNoAddress = "no_address" // no address is known for the leg; also set at dispatch
	// ReasonCannotGoInTime means that the time of the touch had run out when it
	// was submitted, or that the rules would allow it only after that. If the
	// time of an accepted touch runs out, the reason is ReasonExpired.
	ReasonCannotGoInTime    = "expires_at"
	ReasonCampaignCancelled = "campaign_cancelled" // its campaign was cancelled; also set at dispatch
	ReasonNotYetJudged      = "not_yet_judged"     // the contact log does not answer; a worker will evaluate it

	// Set when a worker evaluates the touch.

	ReasonExpired        = "expired"                 // its time ran out while it waited
	ReasonCampaignPaused = "campaign_paused"         // its campaign is paused
	ReasonKillSwitch     = "stop:"                   // a prefix: the id of the stop that holds it back follows
	ReasonNoContactLog   = "contact_log_unavailable" // the contact log does not answer; evaluated again soon
	ReasonNoTemplate     = "no_template"             // the template does not exist, or has no text for the channel
	ReasonNoText         = "no_text"                 // the text for the channel is empty

	// Set from a vendor's result or receipt.

	ReasonBadTarget = "bad_target" // the address does not exist or cannot take the message
	ReasonOptOut    = "opt_out"    // the vendor knows of an opt-out
	ReasonContent   = "content"    // the vendor does not allow the text
	ReasonOther     = "other"      // rejected for another reason; the vendor's code says more

	// Set instead of a call to the vendor. Nothing was sent, and no attempt was
	// used.

	ReasonBreaker    = "breaker_open"        // the circuit breaker is open
	ReasonRate       = "rate_limited"        // the rate limiter has no token soon enough
	ReasonLate       = "judged_too_long_ago" // the verdict is too old for a call; evaluated again
	ReasonRevoked    = "verdict_revoked"     // a stop, a pause or a policy came before the call; evaluated again
	ReasonPaused     = "paused"              // the vendor asked for a pause of all messages
	ReasonNoProvider = "no_provider"         // no provider is configured for the channel

	// Set when a leg ends without success.

	ReasonAttemptsSpent = "attempts_spent" // the leg had its last attempt, and the vendor named no reason
	ReasonNoReceipt     = "no_receipt"     // no receipt came within the leg's wait

	// Set while it is not known whether a message was sent.

	ReasonWorkerLost     = "worker_lost"     // the worker was lost between the intent and the result
	ReasonUnknownOutcome = "unknown_outcome" // nobody could say whether it was sent
	ReasonNotSent        = "not_sent"        // the vendor certainly does not have it: it is sent again
	ReasonResent         = "resent"          // it was sent again once, after an unknown outcome

	// Set by operators and by repair.

	ReasonCampaign = "campaign"        // it was cancelled with its campaign while it waited
	ReasonCrashed  = "crashed_workers" // a dead letter: several workers were lost while they worked on it
	ReasonRedriven = "redriven"        // an operator took it back from the dead letters
)

// Reasons returns the reasons above, in their order. The caller may change the
// list.
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

// ReasonIsRule reports whether a reason is the id of a policy's rule. Such an id
// is "policy/rule". No other reason in Reasons has a slash.
func ReasonIsRule(reason string) bool { return strings.Contains(reason, "/") }
