package gateway_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/facts"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/internal/priority"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/lookup"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

func TestSubmitAcceptsRepeatsAndConflicts(t *testing.T) {
	f := gatewaytest.New(t)
	first := f.Submit(t, gatewaytest.SMS("a"))[0]
	if !first.New || first.State != touch.StateDue || !first.Due.Equal(gatewaytest.Noon) || first.ID != touch.NewID("engine", "a") {
		t.Fatalf("got %+v", first)
	}
	again := f.Submit(t, gatewaytest.SMS("a"))[0]
	if again.New || again.Err != nil || again.State != touch.StateDue || again.ID != first.ID {
		t.Errorf("a repeat answered %+v", again)
	}
	other := gatewaytest.SMS("a")
	other.Subject = "another"
	if got := f.Submit(t, other)[0]; touch.ClassOf(got.Err) != touch.Conflict {
		t.Errorf("other content under the key answered %+v, want a conflict", got)
	}
	view, err := f.Ledger.Touches.Get(t.Context(), "engine", first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := gatewaytest.Kinds(view.Events); !slices.Equal(got, []touch.EventKind{touch.EventAccepted}) {
		t.Errorf("events %v", got)
	}
	if _, err := f.Ledger.Touches.Get(t.Context(), "stranger", first.ID); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("another caller sees it: %v", err)
	}
}

func TestOneBadTouchSparesTheOthers(t *testing.T) {
	f := gatewaytest.New(t)
	bad := gatewaytest.SMS("bad")
	bad.Plan[0].Channel = "pigeon"
	answers := f.Submit(t, gatewaytest.SMS("a"), bad, gatewaytest.SMS("b"))
	if answers[0].Err != nil || answers[2].Err != nil || !answers[0].New || !answers[2].New {
		t.Errorf("the good ones: %+v", answers)
	}
	var faults touch.Faults
	if !errors.As(answers[1].Err, &faults) || faults[0].Field != "plan[0].channel" {
		t.Errorf("the bad one: %v", answers[1].Err)
	}
}

func TestRequestFaultsNameTheField(t *testing.T) {
	f := gatewaytest.New(t)
	far := gatewaytest.Noon.Add(500 * 24 * time.Hour)
	soon := gatewaytest.Noon.Add(time.Hour)
	for field, spoil := range map[string]func(r *touch.Request){
		"key":                   func(r *touch.Request) { r.Key = "" },
		"customer":              func(r *touch.Request) { r.Customer = strings.Repeat("x", 129) },
		"category":              func(r *touch.Request) { r.Category = "spam" },
		"priority":              func(r *touch.Request) { r.Priority = 10 },
		"plan":                  func(r *touch.Request) { r.Plan = nil },
		"not_before":            func(r *touch.Request) { r.NotBefore = &far },
		"expires_at":            func(r *touch.Request) { r.NotBefore, r.ExpiresAt = &soon, &soon },
		"addresses.sms":         func(r *touch.Request) { r.Addresses[touch.SMS] = "+86 138 0000" },
		"plan[0].template":      func(r *touch.Request) { r.Plan[0].Content = nil },
		"plan[0].content":       func(r *touch.Request) { r.Plan[0].Template = "x" },
		"plan[0].content.body":  func(r *touch.Request) { r.Plan[0].Content = &touch.Content{} },
		"plan[0].content.link":  func(r *touch.Request) { r.Plan[0].Content.Link = "not a link" },
		"plan[0].content.image": func(r *touch.Request) { r.Plan[0].Content.Image = "JavaScript:alert(1)" },
		"plan[0].params":        func(r *touch.Request) { r.Plan[0].Params = map[string]string{"a": "b"} },
		"plan[0].title":         func(r *touch.Request) { r.Plan[0].Title = "x" },
		"plan[0].due_in":        func(r *touch.Request) { r.Plan[0].DueIn = 1 },
		"plan[0].wait":          func(r *touch.Request) { r.Plan[0].Wait = -1 },
		"plan[0].until":         func(r *touch.Request) { r.Plan[0].Until = "read" },
		"plan[0].assign":        func(r *touch.Request) { r.Plan[0].Assign = &touch.Assignee{Queue: "q"} },
		"addresses.carrier":     func(r *touch.Request) { r.Addresses["carrier"] = "x" },
		"plan[0].content.title": func(r *touch.Request) { r.Plan[0].Content.Title = strings.Repeat("x", 257) },
	} {
		r := gatewaytest.SMS("k")
		spoil(&r)
		var faults touch.Faults
		if got := f.Submit(t, r)[0]; !errors.As(got.Err, &faults) || faults[0].Field != field || touch.ClassOf(got.Err) != touch.Invalid {
			t.Errorf("%s: got %v", field, got.Err)
		} else if faults[0].Message == "is not valid" {
			t.Errorf("%s: %v says nothing", field, faults)
		}
	}
	stored, _, err := f.Ledger.Touches.List(t.Context(), ledger.TouchFilter{})
	if err != nil || len(stored) != 0 {
		t.Errorf("bad requests left %v behind, %v", stored, err)
	}
}

func TestTemplatesArePinnedAndParamsChecked(t *testing.T) {
	f := gatewaytest.New(t)
	offer := ledger.Template{
		Name: "offer", Variables: []ledger.TemplateVariable{{Name: "amount"}},
		Content: map[touch.Channel]touch.Content{touch.SMS: {Body: "up to ${amount}"}}, Duties: []string{"opt_out_text"},
	}
	if v, err := f.Facts.PutTemplate(t.Context(), gatewaytest.Engine(), offer); err != nil || v != 1 {
		t.Fatalf("version %d, %v", v, err)
	}
	use := func(key, template string, params map[string]string) touch.Request {
		r := gatewaytest.SMS(key)
		r.Plan[0].Content, r.Plan[0].Template, r.Plan[0].Params = nil, template, params
		return r
	}
	for field, r := range map[string]touch.Request{
		"plan[0].template":      use("1", "nothing", nil),
		"plan[0].params.amount": use("2", "offer", nil),
		"plan[0].params.colour": use("3", "offer", map[string]string{"amount": "1", "colour": "red"}),
	} {
		var faults touch.Faults
		if got := f.Submit(t, r)[0]; !errors.As(got.Err, &faults) || faults[0].Field != field {
			t.Errorf("%s: got %v", field, got.Err)
		}
	}
	var duties []string
	f.Guard.Judge = func(q policies.Question) touch.Verdict {
		duties = q.TemplateDuties
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	good := use("4", "offer", map[string]string{"amount": "5"})
	a := f.Submit(t, good)[0]
	if a.Err != nil || !slices.Equal(duties, offer.Duties) {
		t.Fatalf("got %v with duties %v", a.Err, duties)
	}
	view, _ := f.Ledger.Touches.Get(t.Context(), "engine", a.ID)
	if !slices.Equal(view.Touch.Pins, []int{1}) {
		t.Errorf("pins %v", view.Touch.Pins)
	}
	// The template moves on: a repeat still answers as before.
	offer.Variables = append(offer.Variables, ledger.TemplateVariable{Name: "rate"})
	if _, err := f.Facts.PutTemplate(t.Context(), gatewaytest.Engine(), offer); err != nil {
		t.Fatal(err)
	}
	if got := f.Submit(t, good)[0]; got.Err != nil || got.New {
		t.Errorf("a repeat after the template changed: %+v", got)
	}
	if got := f.Submit(t, use("5", "offer", map[string]string{"amount": "5"}))[0]; touch.ClassOf(got.Err) != touch.Invalid {
		t.Errorf("a new touch with the old params: %+v", got)
	}
}

func byChannel(decisions map[touch.Channel]touch.Verdict) func(policies.Question) touch.Verdict {
	return func(q policies.Question) touch.Verdict {
		v := decisions[q.Touch.Plan[q.Leg].Channel]
		v.Channel, v.At = q.Touch.Plan[q.Leg].Channel, q.Now
		v.Findings = []touch.Finding{{Rule: v.Rule, Kind: v.Kind, Decision: v.Decision}}
		return v
	}
}

func TestTheFirstLegThatIsNotRefusedDecides(t *testing.T) {
	f := gatewaytest.New(t)
	night := gatewaytest.Noon.Add(9 * time.Hour)
	f.Guard.Judge = byChannel(map[touch.Channel]touch.Verdict{
		touch.Push: {Decision: touch.DecisionRefuse, Rule: "consent", Kind: "consent"},
		touch.SMS:  {Decision: touch.DecisionDefer, Until: night, Rule: "night", Kind: "hours"},
	})
	r := gatewaytest.SMS("a")
	r.Addresses[touch.Push] = "device-1"
	r.Plan = []touch.Leg{{Channel: touch.Push, Content: &touch.Content{Body: "b"}}, r.Plan[0], {Channel: touch.RMTask, Title: "call"}}
	a := f.Submit(t, r)[0]
	if a.State != touch.StateDue || a.Leg != 1 || !a.Due.Equal(night) || a.Reason != "night" || len(a.Verdicts) != 2 || f.Guard.Asked != 2 {
		t.Fatalf("got %+v after %d questions", a, f.Guard.Asked)
	}
	view, _ := f.Ledger.Touches.Get(t.Context(), "engine", a.ID)
	if got := gatewaytest.Kinds(view.Events); !slices.Equal(got, []touch.EventKind{touch.EventFallback, touch.EventAccepted, touch.EventDeferred}) {
		t.Errorf("events %v", got)
	}
	if view.Progress.Lane != "sms.bulk" || view.Progress.Leg != 1 {
		t.Errorf("progress %+v", view.Progress)
	}
}

func TestAllLegsRefused(t *testing.T) {
	f := gatewaytest.New(t)
	f.Guard.Judge = byChannel(map[touch.Channel]touch.Verdict{
		touch.Push: {Decision: touch.DecisionRefuse, Rule: "consent", Kind: "consent"},
		touch.SMS:  {Decision: touch.DecisionRefuse, Rule: "weekly", Kind: "cap"},
	})
	r := gatewaytest.SMS("a")
	r.Addresses[touch.Push] = "device-1"
	r.Plan = []touch.Leg{{Channel: touch.Push, Content: &touch.Content{Body: "b"}}, r.Plan[0]}
	a := f.Submit(t, r)[0]
	if a.State != touch.StateCapped || a.Reason != "weekly" || !a.Refused() || len(a.Verdicts) != 2 {
		t.Fatalf("got %+v", a)
	}
	view, _ := f.Ledger.Touches.Get(t.Context(), "engine", a.ID)
	if got := gatewaytest.Kinds(view.Events); !slices.Equal(got, []touch.EventKind{touch.EventFallback, touch.EventRefused}) {
		t.Errorf("events %v", got)
	}
	for i, rule := range []string{"consent", "weekly"} {
		if v := view.Events[i].Verdict; v == nil || v.Findings[0].Rule != rule {
			t.Errorf("event %d does not keep the finding of %s", i, rule)
		}
	}
	// A repeat answers as before, verdicts included, whatever the guard says now.
	f.Guard.Judge = nil
	again := f.Submit(t, r)[0]
	if again.New || again.State != touch.StateCapped || again.Reason != "weekly" || len(again.Verdicts) != 2 || again.Verdicts[1].Rule != "weekly" {
		t.Errorf("a repeat answered %+v", again)
	}
}

func TestWhatNoPolicyNeedsToJudge(t *testing.T) {
	f := gatewaytest.New(t)
	f.Control = &ledger.Control{Campaigns: map[ledger.CampaignRef]ledger.CampaignStatus{{Caller: "engine", Campaign: "stopped"}: ledger.CampaignCancelled}}
	past, later := gatewaytest.Noon.Add(-time.Second), gatewaytest.Noon.Add(time.Hour)
	late, cancelled, nowhere, slow := gatewaytest.SMS("late"), gatewaytest.SMS("cancelled"), gatewaytest.SMS("nowhere"), gatewaytest.SMS("slow")
	late.ExpiresAt, cancelled.Campaign, nowhere.Addresses, slow.ExpiresAt = &past, "stopped", nil, &later
	f.Guard.Judge = func(q policies.Question) touch.Verdict {
		return touch.Verdict{Decision: touch.DecisionDefer, Rule: "night", Kind: "hours", Until: later} // exactly the end: too late
	}
	for i, want := range []struct {
		state  touch.State
		reason string
	}{{touch.StateExpired, touch.ReasonCannotGoInTime}, {touch.StateRefused, touch.ReasonCampaignCancelled}, {touch.StateRefused, touch.ReasonNoAddress}, {touch.StateExpired, touch.ReasonCannotGoInTime}} {
		r := []touch.Request{late, cancelled, nowhere, slow}[i]
		if a := f.Submit(t, r)[0]; a.State != want.state || a.Reason != want.reason || !a.New {
			t.Errorf("%s: got %+v, want %v", r.Key, a, want)
		}
	}
	if f.Guard.Asked != 1 {
		t.Errorf("the guard was asked %d times, want once", f.Guard.Asked)
	}
}

func TestFactsReachTheGuard(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	if wrong, err := f.Facts.PutCustomers(ctx, gatewaytest.Engine(), []facts.Profile{{ID: "c1", Zones: []string{"Asia/Shanghai"}, Addresses: map[touch.Channel]string{touch.SMS: "+8613900000000"}}}); err != nil || wrong[0] != nil {
		t.Fatal(wrong, err)
	}
	if _, err := f.Facts.Suppress(ctx, gatewaytest.Engine(), []facts.ListEntry{
		{Customer: "c1", Scope: "marketing", Owner: "o", Reason: "r", ForEver: true},
		{Channel: touch.SMS, Address: "+8613900000000", Owner: "o", Reason: "r", ForEver: true},
	}, false); err != nil {
		t.Fatal(err)
	}
	var asked []policies.Question
	f.Guard.Judge = func(q policies.Question) touch.Verdict {
		asked = append(asked, q)
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	r := gatewaytest.SMS("a")
	r.Addresses = nil
	tomorrow := gatewaytest.Noon.Add(24 * time.Hour)
	r.NotBefore = &tomorrow
	if a := f.Submit(t, r)[0]; !a.Due.Equal(tomorrow) || !a.Deferred(gatewaytest.Noon) {
		t.Errorf("got %+v, want it due tomorrow", a)
	}
	q := asked[0]
	if q.Customer == nil || q.Customer.Zones[0] != "Asia/Shanghai" || q.Address != "+8613900000000" || len(q.Listings) != 2 || !q.Now.Equal(tomorrow) {
		t.Errorf("the guard was asked %+v", q)
	}
}

func TestUrgentTouchesAreQueuedAtOnce(t *testing.T) {
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

// TestIntakeGoesOnWithoutTheContactLog: nothing is sent by a forecast, so a
// touch is taken and judged later; who only asks gets the error.
func TestIntakeGoesOnWithoutTheContactLog(t *testing.T) {
	f := gatewaytest.New(t)
	f.Guard.Err = touch.Errorf(touch.Unavailable, "", "down")
	if _, err := f.Intake.Check(t.Context(), "engine", []touch.Request{gatewaytest.SMS("a")}); touch.ClassOf(err) != touch.Unavailable {
		t.Errorf("a check was answered without the log: %v", err)
	}
	a := f.Submit(t, gatewaytest.SMS("a"))[0]
	if !a.New || a.State != touch.StateDue || !a.Due.Equal(gatewaytest.Noon) || a.Reason != touch.ReasonNotYetJudged {
		t.Errorf("got %+v", a)
	}
	f.Guard.Err = touch.Errorf(touch.Internal, "", "broken")
	if _, err := f.Intake.Submit(t.Context(), "engine", []touch.Request{gatewaytest.SMS("b")}); err == nil {
		t.Error("a broken guard was passed over")
	}
}

func TestABatchHasALimit(t *testing.T) {
	f := gatewaytest.New(t)
	if _, err := f.Intake.Submit(t.Context(), "engine", make([]touch.Request, touch.MaxBatch+1)); touch.ClassOf(err) != touch.TooLarge {
		t.Errorf("a batch too large: %v", err)
	}
}

func TestCheckJudgesEveryLegAndStoresNothing(t *testing.T) {
	f := gatewaytest.New(t)
	f.Guard.Judge = byChannel(map[touch.Channel]touch.Verdict{
		touch.Push: {Decision: touch.DecisionRefuse, Rule: "consent", Kind: "consent"},
		touch.SMS:  {Decision: touch.DecisionAllow},
	})
	r := gatewaytest.SMS("")
	r.Plan = []touch.Leg{{Channel: touch.AICall, Content: &touch.Content{Body: "b"}}, {Channel: touch.Push, Content: &touch.Content{Body: "b"}}, r.Plan[0]}
	r.Addresses[touch.Push] = "device-1"
	got, err := f.Intake.Check(t.Context(), "engine", []touch.Request{r, {Key: "bad"}})
	if err != nil {
		t.Fatal(err)
	}
	first := got[0]
	if first.Err != nil || first.Decision != touch.DecisionAllow || first.Leg != 2 || !first.Due.Equal(gatewaytest.Noon) || len(first.Verdicts) != 3 {
		t.Errorf("got %+v", first)
	}
	if touch.ClassOf(got[1].Err) != touch.Invalid {
		t.Errorf("the bad one: %+v", got[1])
	}
	if stored, _, err := f.Ledger.Touches.List(t.Context(), ledger.TouchFilter{}); err != nil || len(stored) != 0 {
		t.Errorf("a check left %v behind, %v", stored, err)
	}
}

// recordingFastPath notes the candidates and leaves every touch to the queue.
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

// noFacts is a ledger that knows of no customer; accept runs when touches come.
type noFacts struct {
	ledger.Intake
	accept func()
}

// noCustomers and noListings know nothing.
type (
	noCustomers struct{ ledger.Customers }
	noListings  struct{ ledger.Listings }
)

func (l noFacts) Accept(_ context.Context, touches []ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	l.accept()
	return make([]ledger.Accepted, len(touches)), nil, nil
}

func (noCustomers) Get(context.Context, []string) (map[string]*touch.Customer, error) {
	return nil, nil
}

func (noListings) Live(context.Context, []string, time.Time) (map[string][]touch.Listing, error) {
	return nil, nil
}

func TestBulkStandsBackWhileUrgentIsTakenIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := new(priority.Gate)
		stoodBack := func() bool {
			began := time.Now()
			gate.WaitForUrgent(t.Context())
			return time.Since(began) > 0
		}
		waits := false
		empty := noFacts{accept: func() { waits = stoodBack() }}
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
			if urgent := c == touch.Transactional; waits != urgent || stoodBack() {
				t.Errorf("%s: bulk stood back: %v; and afterwards: %v", c, waits, stoodBack())
			}
		}
	})
}
