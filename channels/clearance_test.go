package channels

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// scriptedClearance is revoked from some call on.
type scriptedClearance struct {
	asked   atomic.Int64 // how often Confirm was asked
	revoked atomic.Bool
	takes   time.Duration
	onAsk   func(n int64)
}

func (c *scriptedClearance) Revoked(int, int) bool { return c.revoked.Load() }

func (c *scriptedClearance) Confirm(_ context.Context, lo, hi int) (touch.Result, bool) {
	n := c.asked.Add(1)
	time.Sleep(c.takes)
	if c.onAsk != nil {
		c.onAsk(n)
	}
	if c.revoked.Load() {
		return RevokedResult(), false
	}
	return touch.Result{}, true
}

// TestClearanceRevoked: after the clearance is revoked no call begins, and what
// was not called is surely not sent.
func TestClearanceRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		may := &scriptedClearance{}
		vendor := &fake{answer: func(context.Context, adapter.Dispatch) touch.Result {
			if may.revoked.Load() {
				t.Error("a call began")
			}
			time.Sleep(50 * time.Millisecond)
			return touch.Result{Class: touch.ResultAccepted}
		}}
		v := NewProvider(ProviderConfig{Name: "v", Channel: touch.SMS, Weight: 1, Concurrency: 8}, vendor, adapter.Capabilities{}, Options{})
		p := NewPool([]*Provider{v}, Options{})
		time.AfterFunc(175*time.Millisecond, func() { may.revoked.Store(true) })
		began := time.Now()
		var accepted, revoked int
		p.SendEach(t.Context(), "v", dispatches(1000), may, func(_ int, r touch.Result) {
			switch {
			case r.Class == touch.ResultAccepted:
				accepted++
			case r.NoAttempt && r.Class == touch.ResultRetryable && r.Reason == touch.ReasonRevoked:
				revoked++
			default:
				t.Errorf("%+v", r)
			}
		})
		if accepted == 0 || accepted > 32 || accepted+revoked != 1000 || time.Since(began) > 200*time.Millisecond {
			t.Errorf("%d accepted and %d revoked after %v", accepted, revoked, time.Since(began))
		}
	})
}

// TestRevokedTakesNoToken: a braked campaign waits for no slot and no token of
// the rate, which others need.
func TestRevokedTakesNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := NewProvider(ProviderConfig{Name: "v", Channel: touch.SMS, Weight: 1, Rate: 10, Burst: 1}, class(touch.ResultAccepted), adapter.Capabilities{}, Options{})
		p := NewPool([]*Provider{v}, Options{})
		may := &scriptedClearance{}
		may.revoked.Store(true)
		began := time.Now()
		p.SendEach(t.Context(), "v", dispatches(500), may, func(int, touch.Result) {})
		if took := time.Since(began); took > 0 || may.asked.Load() > 0 {
			t.Errorf("500 revoked messages took %v and %d questions", took, may.asked.Load())
		}
		if r := p.Send(t.Context(), "v", dispatches(1))[0]; r.Class != touch.ResultAccepted {
			t.Errorf("the token was gone: %+v", r)
		}
	})
}

// TestConfirmIsTheLastStep: what was asked before a wait for a slot or for the
// rate limiter is worth nothing.
func TestConfirmIsTheLastStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &fake{answer: func(context.Context, adapter.Dispatch) touch.Result {
			time.Sleep(150 * time.Millisecond)
			return touch.Result{Class: touch.ResultAccepted}
		}}
		v := NewProvider(ProviderConfig{Name: "v", Channel: touch.SMS, Weight: 1, Concurrency: 1, Rate: 10, Burst: 1}, vendor, adapter.Capabilities{}, Options{})
		p := NewPool([]*Provider{v}, Options{})
		may := &scriptedClearance{}
		time.AfterFunc(140*time.Millisecond, func() { may.revoked.Store(true) })
		sent := 0
		p.SendEach(t.Context(), "v", dispatches(2), may, func(_ int, r touch.Result) {
			if r.Class == touch.ResultAccepted {
				sent++
			}
		})
		if sent != 1 || vendor.calls.Load() != 1 {
			t.Errorf("%d sent by %d calls", sent, vendor.calls.Load())
		}
	})
}

// TestOldVerdictAfterConfirm: the wait for a confirmation counts for the age of
// the verdict.
func TestOldVerdictAfterConfirm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := class(touch.ResultAccepted)
		v := NewProvider(ProviderConfig{Name: "v", Channel: touch.SMS, Weight: 1}, vendor, adapter.Capabilities{}, Options{})
		p := NewPool([]*Provider{v}, Options{})
		ds := dispatches(1)
		ds[0].NotAfter = time.Now().Add(time.Second)
		p.SendEach(t.Context(), "v", ds, &scriptedClearance{takes: 2 * time.Second}, func(_ int, r touch.Result) {
			if r.Reason != touch.ReasonLate {
				t.Errorf("%+v", r)
			}
		})
		if vendor.calls.Load() != 0 {
			t.Error("a call by an old verdict")
		}
	})
}

// TestRevokedBatch: a batch of which one message is revoked is not called; each
// message of it is judged again.
func TestRevokedBatch(t *testing.T) {
	b := &batching{fake: class(touch.ResultAccepted)}
	v := NewProvider(ProviderConfig{Name: "v", Channel: touch.SMS, Weight: 1, Concurrency: 1}, b, adapter.Capabilities{MaxBatch: 10}, Options{})
	p := NewPool([]*Provider{v}, Options{})
	may := &scriptedClearance{}
	may.onAsk = func(n int64) { may.revoked.Store(n == 2) }
	revoked := 0
	p.SendEach(t.Context(), "v", dispatches(30), may, func(_ int, r touch.Result) {
		if r.Reason == touch.ReasonRevoked {
			revoked++
		}
	})
	if revoked != 20 || len(b.sizes) != 1 {
		t.Errorf("%d revoked, batches %v", revoked, b.sizes)
	}
}
