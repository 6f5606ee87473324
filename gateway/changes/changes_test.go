package changes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/access"
	"touchgate.dev/gateway/changes"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/replay"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/policies/simulate"
	"touchgate.dev/touch"
)

var (
	author   = &access.Principal{Caller: "compliance", Key: "ann"}
	approver = &access.Principal{Caller: "compliance", Key: "bob"}
)

func documents(limit int) map[string]string {
	return map[string]string{"p.yaml": fmt.Sprintf("policy: p\nrules:\n  - {id: week, cap: {limit: %d, per: 7d}, else: refuse}\n", limit)}
}

// propose drafts and submits documents.
func propose(t *testing.T, f *gatewaytest.Fixture, docs map[string]string, effective *time.Time) *ledger.Proposal {
	t.Helper()
	p, err := f.Changes.Draft(t.Context(), author, changes.Draft{Title: "a draft", Documents: docs, EffectiveAt: effective})
	if err != nil {
		t.Fatal(err)
	}
	if p, err = f.Changes.Submit(t.Context(), author, p.ID, "please"); err != nil || p.State != ledger.ProposalSubmitted {
		t.Fatal(p, err)
	}
	return p
}

// active is the hash in force, as every node's watcher sees it.
func active(t *testing.T, f *gatewaytest.Fixture) string {
	t.Helper()
	c, err := f.Ledger.Controls.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.PolicyHash
}

func TestFourEyes(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	p := propose(t, f, documents(3), nil)
	if _, err := f.Changes.Approve(ctx, author, p.ID, ""); touch.ClassOf(err) != touch.Forbidden {
		t.Fatalf("the author approves: %v", err)
	}
	if active(t, f) != "" {
		t.Fatal("it is active without an approval")
	}
	activated, err := f.Changes.Approve(ctx, approver, p.ID, "read and agreed")
	if err != nil || activated.State != ledger.ProposalActive || active(t, f) != p.Hash {
		t.Fatal(activated, err)
	}
	for name, do := range map[string]func() (*ledger.Proposal, error){
		"approved twice":        func() (*ledger.Proposal, error) { return f.Changes.Approve(ctx, approver, p.ID, "") },
		"submitted again":       func() (*ledger.Proposal, error) { return f.Changes.Submit(ctx, author, p.ID, "") },
		"withdrawn after all":   func() (*ledger.Proposal, error) { return f.Changes.Withdraw(ctx, author, p.ID, "") },
		"rejected after all":    func() (*ledger.Proposal, error) { return f.Changes.Reject(ctx, approver, p.ID, "no") },
		"rolled back to itself": func() (*ledger.Proposal, error) { return f.Changes.Rollback(ctx, approver, p.Hash, "why not") },
		"nothing was before":    func() (*ledger.Proposal, error) { return f.Changes.Rollback(ctx, approver, "", "why not") },
	} {
		if _, err := do(); touch.ClassOf(err) != touch.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The journal has each step with its actor and reason.
	events, err := f.Ledger.Events.List(ctx, "", 0, 100)
	if err != nil || len(events) != 3 {
		t.Fatal(events, err)
	}
	for i, want := range []string{"ann policy " + p.Hash + " draft", "ann policy " + p.Hash + " submitted", "bob policy " + p.Hash + " enacted"} {
		if got := events[i].Actor + " " + events[i].Reason; !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFaultyAndUnknownRequests(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	bad := changes.Draft{Title: "bad", Documents: map[string]string{"p.yaml": "policy: p\nrules:\n  - {id: a, cap: {limit: 0, per: 7d}}\n  - {id: a, hours: {}}\n"}}
	_, err := f.Changes.Draft(ctx, author, bad)
	if touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), "documents.p.yaml:3: the limit") || !strings.Contains(err.Error(), "documents.p.yaml:4") {
		t.Errorf("%v", err)
	}
	check, err := f.Changes.Check(bad.Documents)
	if err != nil || check.OK || len(check.Faults) < 2 {
		t.Errorf("%+v %v", check, err)
	}
	if check, err := f.Changes.Check(documents(3)); err != nil || !check.OK || check.Hash == "" || len(check.Rules) != 2 {
		t.Errorf("%+v %v", check, err)
	}
	past := gatewaytest.Noon.Add(-time.Hour)
	for name, d := range map[string]changes.Draft{
		"title":        {Documents: documents(1)},
		"documents":    {Title: "x"},
		"effective_at": {Title: "x", Documents: documents(1), EffectiveAt: &past},
	} {
		if _, err := f.Changes.Draft(ctx, author, d); touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.Changes.Approve(ctx, approver, "none", ""); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("%v", err)
	}
	p := propose(t, f, documents(3), nil)
	if _, err := f.Changes.Reject(ctx, approver, p.ID, ""); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("rejected without a reason: %v", err)
	}
	if r, err := f.Changes.Reject(ctx, approver, p.ID, "too strict"); err != nil || r.State != ledger.ProposalRejected || active(t, f) != "" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestEffectiveTime(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	tomorrow, later := gatewaytest.Noon.Add(24*time.Hour), gatewaytest.Noon.Add(48*time.Hour)
	first := propose(t, f, documents(3), &later)
	second := propose(t, f, documents(2), &tomorrow)
	for _, p := range []*ledger.Proposal{first, second} {
		if a, err := f.Changes.Approve(ctx, approver, p.ID, ""); err != nil || a.State != ledger.ProposalApproved || active(t, f) != "" {
			t.Fatal(a, err)
		}
	}
	if n, err := f.Changes.ActivateDue(ctx); n != 0 || err != nil {
		t.Fatal("too early", n, err)
	}
	f.Advance(24 * time.Hour)
	if n, err := f.Changes.ActivateDue(ctx); n != 1 || err != nil || active(t, f) != second.Hash {
		t.Fatal(n, err)
	}
	// The other one was made to replace the set before that: it must not
	// silently undo the one between.
	f.Advance(24 * time.Hour)
	if n, err := f.Changes.ActivateDue(ctx); n != 0 || err != nil || active(t, f) != second.Hash {
		t.Fatal(n, err)
	}
	if p, err := f.Ledger.PolicyChanges.Get(ctx, first.ID); err != nil || p.State != ledger.ProposalStale {
		t.Errorf("%+v %v", p, err)
	}
}

func TestApproveOutdatedDraft(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	one, two := propose(t, f, documents(3), nil), propose(t, f, documents(2), nil)
	if _, err := f.Changes.Approve(ctx, approver, one.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Changes.Approve(ctx, approver, two.ID, ""); touch.ClassOf(err) != touch.Conflict || active(t, f) != one.Hash {
		t.Errorf("%v", err)
	}
}

func TestRollback(t *testing.T) {
	f := gatewaytest.New(t)
	ctx := t.Context()
	var hashes []string
	for limit := 3; limit > 0; limit-- {
		p := propose(t, f, documents(limit), nil)
		if _, err := f.Changes.Approve(ctx, approver, p.ID, ""); err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, p.Hash)
		f.Advance(time.Minute)
	}
	if _, err := f.Changes.Rollback(ctx, approver, "", ""); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	for want := 1; want >= 0; want-- {
		p, err := f.Changes.Rollback(ctx, approver, "", "complaints")
		if err != nil || active(t, f) != hashes[want] || p.RollbackOf != hashes[want+1] {
			t.Fatal(want, p, err)
		}
		f.Advance(time.Minute)
	}
	if _, err := f.Changes.Rollback(ctx, approver, "0000", "x"); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("%v", err)
	}
	if _, err := f.Changes.Rollback(ctx, approver, hashes[2], "it was right after all"); err != nil || active(t, f) != hashes[2] {
		t.Error(err)
	}
}

// newWithPolicies makes a fixture with the real guard and active documents.
func newWithPolicies(t *testing.T, docs map[string]string) *gatewaytest.Fixture {
	t.Helper()
	f := gatewaytest.New(t)
	p := propose(t, f, docs, nil)
	if _, err := f.Changes.Approve(t.Context(), approver, p.ID, ""); err != nil {
		t.Fatal(err)
	}
	useGuard(t, f, docs, policies.NewGuard(contactlog.NewModel(), nil))
	return f
}

// useGuard has intake judge by a guard with the documents.
func useGuard(t *testing.T, f *gatewaytest.Fixture, docs map[string]string, guard *policies.Guard) {
	t.Helper()
	set, err := ruleset.Compile([]ruleset.Source{{Name: "p.yaml", Data: []byte(docs["p.yaml"])}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	guard.Use(set)
	f.Rebuild(t, func(o *gateway.Options) { o.Guard = guard })
}

// deliver records that a submitted touch is delivered now.
func deliver(t *testing.T, f *gatewaytest.Fixture, id touch.ID) {
	t.Helper()
	view, err := f.Ledger.Touches.Get(t.Context(), "", id)
	if err != nil {
		t.Fatal(err)
	}
	p := view.Progress
	err = f.Ledger.Work.ApplyUnclaimed(t.Context(), []ledger.Transition{{Seq: p.Seq, Version: p.Version, To: touch.StateDelivered,
		Contact: &ledger.Contact{Leg: 0, Channel: touch.SMS, At: f.Now(), Kind: "delivered"},
		Events:  []touch.Event{{Kind: touch.EventDelivered, At: f.Now(), Touch: id, Caller: "engine", Customer: "c1"}}}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSimulateRecordedTraffic(t *testing.T) {
	f := newWithPolicies(t, documents(100))
	for i := range 6 { // one contact a day; the first two before the span asked about
		a := f.Submit(t, gatewaytest.SMS(fmt.Sprint("k", i)))[0]
		deliver(t, f, a.ID)
		f.Advance(24 * time.Hour)
	}
	var stages []string
	report, err := f.Changes.Simulate(t.Context(), documents(3), 4*24*time.Hour, func(s changes.SimulationStage) { stages = append(stages, fmt.Sprint(s)) })
	if err != nil {
		t.Fatal(err)
	}
	// Two earlier contacts leave one of three; the others are refused.
	if want := (simulate.Counts{Legs: 4, Sent: 4, WouldSend: 1, WouldRefuse: 3, NewlyRefused: 3}); report.Total != want {
		t.Errorf("%+v, want %+v", report.Total, want)
	}
	if len(report.ByRule) != 1 || report.ByRule[0].Rule != "p/week" || report.ByRule[0].Examples[0].Reason != "3 of 3 in 7d" {
		t.Errorf("%+v", report.ByRule)
	}
	if len(stages) < 2 || !strings.Contains(stages[len(stages)-1], "judging 6 6") {
		t.Errorf("%v", stages)
	}
	for _, span := range []time.Duration{0, 1000 * 24 * time.Hour} {
		if _, err := f.Changes.Simulate(t.Context(), documents(3), span, nil); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%v", err)
		}
	}
	if _, err := f.Changes.Simulate(t.Context(), map[string]string{"a": "policy: ["}, time.Hour, nil); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("%v", err)
	}
}

// TestSimulateRefusedTouches: a draft is milder than the active set. What a
// rule refused at intake would be sent; what the gateway itself refused is not
// judged.
func TestSimulateRefusedTouches(t *testing.T) {
	f := newWithPolicies(t, map[string]string{"p.yaml": "policy: p\nrules:\n  - {id: none, when: category == 'marketing', require: 'false'}\n"})
	f.Submit(t, gatewaytest.SMS("k"))
	unreachable := gatewaytest.SMS("lost")
	unreachable.Addresses = nil
	f.Submit(t, unreachable)
	f.Advance(time.Hour)
	report, err := f.Changes.Simulate(t.Context(), documents(3), 24*time.Hour, nil)
	if want := (simulate.Counts{Legs: 1, Refused: 1, WouldSend: 1, NewlySent: 1}); err != nil || report.Total != want {
		t.Errorf("%+v %v", report, err)
	}
}

func TestDecisionReplay(t *testing.T) {
	f := newWithPolicies(t, documents(2))
	for i := range 2 {
		deliver(t, f, f.Submit(t, gatewaytest.SMS(fmt.Sprint("k", i)))[0].ID)
		f.Advance(time.Hour)
	}
	// The contact log of this guard is empty: it reads the contacts from the
	// ledger, and then refuses.
	contacts := func(context.Context, []string, time.Time) (map[string][]contactlog.Entry, error) {
		var entries []contactlog.Entry
		for i := range 2 {
			entries = append(entries, contactlog.Entry{ID: fmt.Sprint(i), At: gatewaytest.Noon.Add(time.Duration(i) * time.Hour), Channel: touch.SMS, Category: touch.Marketing})
		}
		return map[string][]contactlog.Entry{"c1": entries}, nil
	}
	log := contactlog.NewModel()
	log.Lose()
	useGuard(t, f, documents(2), policies.NewGuard(log, contacts))
	capped := f.Submit(t, gatewaytest.SMS("third"))[0]
	if capped.State != touch.StateCapped {
		t.Fatalf("%+v", capped)
	}
	f.Advance(time.Hour)
	d, err := f.Changes.Decision(t.Context(), "engine", capped.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	file, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	again, err := replay.ReadDecision(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := again.Replay(ruleset.Options{})
	if err != nil || !c.Same || c.Verdict.Decision != touch.DecisionRefuse || c.Verdict.Rule != "p/week" {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := f.Changes.Decision(t.Context(), "another", capped.ID, 0); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("another caller's: %v", err)
	}
	if _, err := f.Changes.Decision(t.Context(), "engine", capped.ID, 12345678); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("no such event: %v", err)
	}
}
