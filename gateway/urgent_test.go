package gateway_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

func TestUrgentIsQueuedAtOnce(t *testing.T) {
	f := gatewaytest.New(t)
	urgent, later, bulk := gatewaytest.SMS("u"), gatewaytest.SMS("l"), gatewaytest.SMS("b")
	urgent.Category, later.Category = touch.Transactional, touch.Transactional
	tomorrow := gatewaytest.Noon.Add(24 * time.Hour)
	later.NotBefore = &tomorrow
	f.Submit(t, urgent, later, bulk)
	if len(f.Enqueued) != 1 || f.Enqueued[0].Lane != "sms.urgent" {
		t.Fatalf("queued %+v, want one urgent segment", f.Enqueued)
	}
	seg, err := f.Ledger.Work.Claim(t.Context(), f.Enqueued[0], "w", gatewaytest.Noon, gatewaytest.Noon.Add(time.Minute))
	if err != nil || len(seg.Touches) != 1 || seg.Touches[0].Touch.Key != "u" {
		t.Errorf("the segment holds %+v, %v", seg, err)
	}
}

// recordingFastPath records the candidates and leaves every touch to the queue.
type recordingFastPath struct {
	ledger     ledger.Intake
	touches    []ledger.NewTouch
	candidates []lookup.Candidate
}

func (f *recordingFastPath) Accept(ctx context.Context, touches []ledger.NewTouch, candidates []lookup.Candidate) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	f.touches = touches
	f.candidates = candidates
	return f.ledger.Accept(ctx, touches)
}

// TestFastPathCandidates: only urgent touches that were allowed now are
// candidates, each with the recipient that intake has read.
func TestFastPathCandidates(t *testing.T) {
	f := gatewaytest.New(t)
	fast := &recordingFastPath{ledger: f.Ledger.Intake}
	f.Rebuild(t, func(o *gateway.Options) { o.FastPath = fast })
	if err := f.Ledger.Customers.Put(t.Context(), []touch.Customer{{ID: "c1", Zones: []string{"Asia/Shanghai"}}}, "me", gatewaytest.Noon); err != nil {
		t.Fatal(err)
	}
	urgent := func(key string) touch.Request {
		r := gatewaytest.SMS(key)
		r.Customer, r.Category = "c1", touch.Transactional
		return r
	}
	later := urgent("later")
	soon := gatewaytest.Noon.Add(time.Hour)
	later.NotBefore = &soon
	f.Guard.Judge = func(q policies.Question) touch.Verdict {
		v := touch.Verdict{Decision: touch.DecisionAllow}
		if q.Touch.Key == "unjudged" {
			v = touch.Verdict{Decision: touch.DecisionDefer, Rule: touch.ReasonNotYetJudged, Until: q.Now}
		}
		return v
	}
	answers, err := f.Intake.Submit(t.Context(), "engine", []touch.Request{urgent("now"), gatewaytest.SMS("bulk"), later, urgent("unjudged")})
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if a.Err != nil || !a.New {
			t.Errorf("answer %d: %+v", i, a)
		}
	}
	if len(fast.touches) != 4 || len(fast.candidates) != 1 || fast.touches[fast.candidates[0].Index].Touch.Key != "now" {
		t.Fatalf("candidates %v of %d touches", fast.candidates, len(fast.touches))
	}
	if to := fast.candidates[0].Recipient; to.Customer == nil || !slices.Equal(to.Customer.Zones, []string{"Asia/Shanghai"}) || to.Address == "" {
		t.Errorf("%+v", to)
	}
}

// hookedIntake runs accept when touches come.
type hookedIntake struct {
	ledger.Intake
	accept func()
}

// noCustomers and noListings are empty.
type (
	noCustomers struct{ ledger.Customers }
	noListings  struct{ ledger.Listings }
)

func (l hookedIntake) Accept(_ context.Context, touches []ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	l.accept()
	return make([]ledger.Accepted, len(touches)), nil, nil
}

func (noCustomers) Get(context.Context, []string) (map[string]*touch.Customer, error) {
	return nil, nil
}

func (noListings) Live(context.Context, []string, time.Time) (map[string][]touch.Listing, error) {
	return nil, nil
}

func TestUrgentIntakePreemptsBulk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := new(priority.Gate)
		bulkWaited := func() bool {
			began := time.Now()
			gate.WaitForUrgent(t.Context())
			return time.Since(began) > 0
		}
		waits := false
		empty := hookedIntake{accept: func() { waits = bulkWaited() }}
		svc, err := gateway.New(gateway.Options{
			Ledger: &ledger.Ledger{Intake: empty, Customers: noCustomers{}, Listings: noListings{}},
			Guard:  &gatewaytest.Guard{}, PriorityGate: gate,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []touch.Category{touch.Marketing, touch.Transactional} {
			r := gatewaytest.SMS("k")
			r.Category = c
			if _, err := svc.Submit(t.Context(), "engine", []touch.Request{r}); err != nil {
				t.Fatal(err)
			}
			if urgent := c == touch.Transactional; waits != urgent || bulkWaited() {
				t.Errorf("%s: bulk waited: %v; and afterwards: %v", c, waits, bulkWaited())
			}
		}
	})
}
