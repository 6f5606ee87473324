package channels

import (
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// TestNothingIsSentByAnOldJudgement: a process that stood still, or waited for
// its turn too long, finds that its judgement no longer holds.
func TestNothingIsSentByAnOldJudgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool(ProviderConfig{}, class(touch.ResultAccepted), adapter.Capabilities{})
		send := func(d adapter.Dispatch) touch.Result { return p.Send(t.Context(), "p", []adapter.Dispatch{d})[0] }
		d := dispatches(1)[0]
		d.NotAfter = time.Now().Add(time.Second)
		if r := send(d); r.Class != touch.ResultAccepted {
			t.Errorf("in time: %+v", r)
		}
		time.Sleep(2 * time.Second)
		if r := send(d); r.Class != touch.ResultRetryable || r.Reason != touch.ReasonLate || !r.NoAttempt {
			t.Errorf("too late: %+v, want a known non-send that spends no attempt", r)
		}
	})
}
