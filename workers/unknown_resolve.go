package workers

import (
	"context"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// resolve finds out what became of jobs with an unknown outcome, and returns
// the jobs to send. These are:
//
//   - jobs that were never tried;
//   - jobs that the same provider may get again under the same id;
//   - jobs that a lost worker did not send after all. They stay in their
//     segment, whose count of lost workers is about them;
//   - urgent jobs that are sent a second time on purpose.
//
// The others get a next step, or wait in the segment.
func (b *batch) resolve(ctx context.Context, jobs []*job) []*job {
	now := b.now()
	send := jobs[:0:0]
	var releases []contactlog.Settlement

	for _, j := range jobs {
		if !j.inFlight() || b.unknowns.mayRepeat(j) {
			send = append(send, j)
			continue
		}

		// While the lost worker may still call the vendor, the vendor's answer
		// means nothing.
		if b.unknowns.callMayBeOpen(j, now) {
			b.waiting = true
			continue
		}

		j.dispatch = queryDispatch(j)
		r, canQuery := b.pool.Query(ctx, j.provider, j.dispatch)
		r.Provider = j.provider
		notReceived := canQuery && r.Class == touch.ResultRetryable

		switch {
		case canQuery && r.Class == touch.ResultAccepted:
			b.results.applyAccepted(j, r)
		case notReceived && j.orphaned():
			releases = append(releases, *j.releaseContact())
			j.events = append(j.events, b.steps.resultEvent(j, touch.EventRetry, touch.StateDue, r))
			j.unknownSince = time.Time{}
			send = append(send, j)
		case notReceived:
			b.unknowns.foundUnsent(j, r)
		case b.unknowns.mayResend(j):
			j.resend = true
			send = append(send, j)
		default:
			b.unknowns.stillUnknown(j)
		}
	}

	b.settleContacts(ctx, releases)
	return send
}

// queryDispatch names a message to its vendor, without its content.
func queryDispatch(j *job) adapter.Dispatch {
	t := j.touch()
	return adapter.Dispatch{
		ID:       j.dispatchID(),
		Touch:    t.ID,
		Leg:      j.leg,
		Channel:  j.channel(),
		Customer: t.Customer,
		Category: t.Category,
		Campaign: t.Campaign,
		Subject:  t.Subject,
		Address:  touch.AddressOn(j.channel(), &t.Request, nil),
	}
}
