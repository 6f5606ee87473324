package ledgertest

import (
	"fmt"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// urgentOn makes a new touch urgent and due at once on a lane.
func urgentOn(lane string) func(*ledger.NewTouch) {
	return func(n *ledger.NewTouch) {
		n.Enqueue = true
		n.Lane = lane
		n.Touch.Category = touch.Transactional
	}
}

// touch returns a new touch that is due now, unless change says otherwise.
func (k *kit) touch(change ...func(*ledger.NewTouch)) ledger.NewTouch {
	k.mu.Lock()
	k.n++
	key := fmt.Sprintf("k%d", k.n)
	k.mu.Unlock()
	n := ledger.NewTouch{
		Touch: touch.Touch{
			ID: touch.NewID("acme", key), Caller: "acme", AcceptedAt: k.now(),
			Request: touch.Request{
				Key: key, Customer: "c" + key, Category: touch.Marketing, Campaign: "nov", Subject: "loan", Priority: 5,
				Plan: []touch.Leg{
					{Channel: touch.SMS, Content: &touch.Content{Body: "hello"}},
					{Channel: touch.Push, Content: &touch.Content{Title: "hi", Data: map[string]string{"a": "b"}}},
				},
				Addresses: map[touch.Channel]string{touch.SMS: "+8613800000000"},
			},
		},
		State: touch.StateDue, Due: k.now(), Lane: bulk,
	}
	for _, c := range change {
		c(&n)
	}
	n.Digest = n.Touch.Digest()
	accepted := n.Touch.Event(touch.EventAccepted, k.now(), n.State, n.Leg)
	accepted.Until = n.Due
	n.Events = []touch.Event{accepted}
	return n
}

func (k *kit) touches(n int, change ...func(*ledger.NewTouch)) []ledger.NewTouch {
	all := make([]ledger.NewTouch, n)
	for i := range all {
		all[i] = k.touch(change...)
	}
	return all
}

// intent is a worker's intent to send a claimed touch on its current leg.
func (k *kit) intent(c ledger.ClaimedTouch) ledger.Intent {
	return ledger.Intent{Seq: c.Progress.Seq, Version: c.Progress.Version, Leg: c.Progress.Leg, Attempt: 1, Provider: "p1", At: k.now()}
}

// sent is the transition of a touch that the vendor accepted.
func (k *kit) sent(c ledger.ClaimedTouch) ledger.Transition {
	p := c.Progress
	return ledger.Transition{
		Seq: p.Seq, Version: p.Version, To: touch.StateSent, Leg: p.Leg, Attempts: p.Attempts + 1, Provider: "p1",
		VendorID: "v-" + touch.DispatchID(c.Touch.ID, p.Leg),
		Contact:  &ledger.Contact{Leg: p.Leg, Channel: c.Touch.Plan[p.Leg].Channel, At: k.now(), Kind: touch.ContactAttempt},
		Events:   []touch.Event{k.event(c, touch.EventSent, touch.StateSent)},
	}
}

// retry is the transition of a touch that shall be sent again later.
func (k *kit) retry(c ledger.ClaimedTouch, due time.Time) ledger.Transition {
	p := c.Progress
	return ledger.Transition{
		Seq: p.Seq, Version: p.Version, To: touch.StateDue, Leg: p.Leg, Attempts: p.Attempts + 1, Due: due, Lane: bulk, Reason: "retryable",
		Events: []touch.Event{k.event(c, touch.EventRetry, touch.StateDue)},
	}
}

func (k *kit) event(c ledger.ClaimedTouch, kind touch.EventKind, state touch.State) touch.Event {
	e := c.Touch.Event(kind, k.now(), state, c.Progress.Leg)
	e.Result = &touch.Result{Class: touch.ResultAccepted, Provider: "p1", RetryAfter: time.Second, NoAttempt: true}
	return e
}
