package channels

import (
	"context"

	"touchgate.dev/touch"
)

// Clearance is the right to call the vendor, which may end between the decision
// to send and the call: somebody pauses the campaign. It is about the list of
// dispatches that it is passed with. It is safe for concurrent use.
type Clearance interface {
	// Revoked reports whether the dispatches [lo,hi) must not go out, as far as is
	// known without waiting.
	Revoked(lo, hi int) bool
	// Confirm is asked right before the call. It returns ok when the dispatches
	// [lo,hi) may go out, which is certain; otherwise refusal says why not. It
	// may wait until it is certain.
	Confirm(ctx context.Context, lo, hi int) (refusal touch.Result, ok bool)
}

// RevokedResult is the result of a message whose clearance was revoked: surely
// not sent, and no attempt spent.
func RevokedResult() touch.Result {
	return notTried(touch.ResultRetryable, touch.ReasonRevoked, "")
}

// permit is the clearance of one call; a nil clearance never ends.
type permit struct {
	clearance Clearance
	call      span
}

func (p permit) revoked() bool {
	return p.clearance != nil && p.clearance.Revoked(p.call.lo, p.call.hi)
}

func (p permit) confirm(ctx context.Context) (refusal touch.Result, ok bool) {
	if p.clearance == nil {
		return refusal, true
	}
	return p.clearance.Confirm(ctx, p.call.lo, p.call.hi)
}
