package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"touchgate.dev/gateway"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/replay"
	"touchgate.dev/policies/simulate"
	"touchgate.dev/touch"
)

var (
	author   = &gateway.Principal{Caller: "compliance", Key: "ann"}
	approver = &gateway.Principal{Caller: "compliance", Key: "bob"}
)

func documents(limit int) map[string]string {
	return map[string]string{"p.yaml": fmt.Sprintf("policy: p\nrules:\n  - {id: week, cap: {limit: %d, per: 7d}, else: refuse}\n", limit)}
}

// propose drafts and submits documents.
func (h *house) propose(t *testing.T, docs map[string]string, effective *time.Time) *ledger.Proposal {
	t.Helper()
	p, err := h.DraftPolicies(t.Context(), author, gateway.PolicyDraft{Title: "a draft", Documents: docs, EffectiveAt: effective})
	if err != nil {
		t.Fatal(err)
	}
	if p, err = h.SubmitPolicies(t.Context(), author, p.ID, "please"); err != nil || p.State != ledger.ProposalSubmitted {
		t.Fatal(p, err)
	}
	return p
}

// active is the hash in force, as every node's watcher sees it.
func (h *house) active(t *testing.T) string {
	t.Helper()
	c, err := h.ledger.Controls.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.PolicyHash
}

func TestFourEyes(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	p := h.propose(t, documents(3), nil)
	if _, err := h.ApprovePolicies(ctx, author, p.ID, ""); touch.ClassOf(err) != touch.Forbidden {
		t.Fatalf("the author approves: %v", err)
	}
	if h.active(t) != "" {
		t.Fatal("it binds without an approval")
	}
	enacted, err := h.ApprovePolicies(ctx, approver, p.ID, "read and agreed")
	if err != nil || enacted.State != ledger.ProposalActive || h.active(t) != p.Hash {
		t.Fatal(enacted, err)
	}
	for name, do := range map[string]func() (*ledger.Proposal, error){
		"approved twice":        func() (*ledger.Proposal, error) { return h.ApprovePolicies(ctx, approver, p.ID, "") },
		"submitted again":       func() (*ledger.Proposal, error) { return h.SubmitPolicies(ctx, author, p.ID, "") },
		"withdrawn after all":   func() (*ledger.Proposal, error) { return h.WithdrawPolicies(ctx, author, p.ID, "") },
		"rejected after all":    func() (*ledger.Proposal, error) { return h.RejectPolicies(ctx, approver, p.ID, "no") },
		"rolled back to itself": func() (*ledger.Proposal, error) { return h.RollbackPolicies(ctx, approver, p.Hash, "why not") },
		"nothing was before":    func() (*ledger.Proposal, error) { return h.RollbackPolicies(ctx, approver, "", "why not") },
	} {
		if _, err := do(); touch.ClassOf(err) != touch.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Every step has left who and why in the journal.
	events, err := h.ledger.Events.List(ctx, "", 0, 100)
	if err != nil || len(events) != 3 {
		t.Fatal(events, err)
	}
	for i, want := range []string{"ann policy " + p.Hash + " draft", "ann policy " + p.Hash + " submitted", "bob policy " + p.Hash + " enacted"} {
		if got := events[i].Actor + " " + events[i].Reason; !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFaultyAndUnknownProposals(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	bad := gateway.PolicyDraft{Title: "bad", Documents: map[string]string{"p.yaml": "policy: p\nrules:\n  - {id: a, cap: {limit: 0, per: 7d}}\n  - {id: a, hours: {}}\n"}}
	_, err := h.DraftPolicies(ctx, author, bad)
	if touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), "documents.p.yaml:3: the limit") || !strings.Contains(err.Error(), "documents.p.yaml:4") {
		t.Errorf("%v", err)
	}
	check, err := h.CheckPolicies(bad.Documents)
	if err != nil || check.OK || len(check.Faults) < 2 {
		t.Errorf("%+v %v", check, err)
	}
	if check, err := h.CheckPolicies(documents(3)); err != nil || !check.OK || check.Hash == "" || len(check.Rules) != 2 {
		t.Errorf("%+v %v", check, err)
	}
	past := noon.Add(-time.Hour)
	for name, d := range map[string]gateway.PolicyDraft{
		"title":        {Documents: documents(1)},
		"documents":    {Title: "x"},
		"effective_at": {Title: "x", Documents: documents(1), EffectiveAt: &past},
	} {
		if _, err := h.DraftPolicies(ctx, author, d); touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.ApprovePolicies(ctx, approver, "none", ""); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("%v", err)
	}
	p := h.propose(t, documents(3), nil)
	if _, err := h.RejectPolicies(ctx, approver, p.ID, ""); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("rejected without a reason: %v", err)
	}
	if r, err := h.RejectPolicies(ctx, approver, p.ID, "too strict"); err != nil || r.State != ledger.ProposalRejected || h.active(t) != "" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestEffectiveTime(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	tomorrow, later := noon.Add(24*time.Hour), noon.Add(48*time.Hour)
	first := h.propose(t, documents(3), &later)
	second := h.propose(t, documents(2), &tomorrow)
	for _, p := range []*ledger.Proposal{first, second} {
		if a, err := h.ApprovePolicies(ctx, approver, p.ID, ""); err != nil || a.State != ledger.ProposalApproved || h.active(t) != "" {
			t.Fatal(a, err)
		}
	}
	if n, err := h.EnactDue(ctx); n != 0 || err != nil {
		t.Fatal("too early", n, err)
	}
	h.sleep(24 * time.Hour)
	if n, err := h.EnactDue(ctx); n != 1 || err != nil || h.active(t) != second.Hash {
		t.Fatal(n, err)
	}
	// The other was made to replace what was in force before: it does not
	// silently undo what came between.
	h.sleep(24 * time.Hour)
	if n, err := h.EnactDue(ctx); n != 0 || err != nil || h.active(t) != second.Hash {
		t.Fatal(n, err)
	}
	if p, err := h.Proposal(ctx, first.ID); err != nil || p.State != ledger.ProposalStale {
		t.Errorf("%+v %v", p, err)
	}
}

func TestOutdatedDraftIsNotApproved(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	one, two := h.propose(t, documents(3), nil), h.propose(t, documents(2), nil)
	if _, err := h.ApprovePolicies(ctx, approver, one.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ApprovePolicies(ctx, approver, two.ID, ""); touch.ClassOf(err) != touch.Conflict || h.active(t) != one.Hash {
		t.Errorf("%v", err)
	}
}

func TestRollback(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	var hashes []string
	for limit := 3; limit > 0; limit-- {
		p := h.propose(t, documents(limit), nil)
		if _, err := h.ApprovePolicies(ctx, approver, p.ID, ""); err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, p.Hash)
		h.sleep(time.Minute)
	}
	if _, err := h.RollbackPolicies(ctx, approver, "", ""); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	for want := 1; want >= 0; want-- {
		p, err := h.RollbackPolicies(ctx, approver, "", "complaints")
		if err != nil || h.active(t) != hashes[want] || p.RollbackOf != hashes[want+1] {
			t.Fatal(want, p, err)
		}
		h.sleep(time.Minute)
	}
	if _, err := h.RollbackPolicies(ctx, approver, "0000", "x"); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("%v", err)
	}
	if _, err := h.RollbackPolicies(ctx, approver, hashes[2], "it was right after all"); err != nil || h.active(t) != hashes[2] {
		t.Error(err)
	}
}

// judged is a house whose guard is the true one, with documents in force.
func judged(t *testing.T, docs map[string]string) *house {
	h := newHouse(t)
	p := h.propose(t, docs, nil)
	if _, err := h.ApprovePolicies(t.Context(), approver, p.ID, ""); err != nil {
		t.Fatal(err)
	}
	set, err := policies.Compile([]policies.Source{{Name: "p.yaml", Data: []byte(docs["p.yaml"])}}, policies.Options{})
	if err != nil {
		t.Fatal(err)
	}
	guard := policies.NewGuard(contactlog.NewModel(), nil)
	guard.Use(set)
	h.Service, err = gateway.New(gateway.Options{Ledger: h.ledger, Guard: guard, Now: h.clock, AppSecret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// sent records that a submitted touch went out now.
func (h *house) sent(t *testing.T, id touch.ID) {
	t.Helper()
	view, err := h.ledger.Touches.Get(t.Context(), "", id)
	if err != nil {
		t.Fatal(err)
	}
	p := view.Progress
	err = h.ledger.Work.ApplyUnclaimed(t.Context(), []ledger.Transition{{Seq: p.Seq, Version: p.Version, To: touch.StateDelivered,
		Contact: &ledger.Contact{Leg: 0, Channel: touch.SMS, At: h.clock(), Kind: "delivered"},
		Events:  []touch.Event{{Kind: touch.EventDelivered, At: h.clock(), Touch: id, Caller: "engine", Customer: "c1"}}}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSimulateRecordedTraffic(t *testing.T) {
	h := judged(t, documents(100))
	for i := range 6 { // one contact a day; the first two before the span asked about
		a := h.submit(t, sms(fmt.Sprint("k", i)))[0]
		h.sent(t, a.ID)
		h.sleep(24 * time.Hour)
	}
	var stages []string
	report, err := h.Simulate(t.Context(), documents(3), 4*24*time.Hour, func(s gateway.SimulationStage) { stages = append(stages, fmt.Sprint(s)) })
	if err != nil {
		t.Fatal(err)
	}
	// Two contacts before leave one place of three; the others are refused.
	if want := (simulate.Tally{Legs: 4, Sent: 4, WouldSend: 1, WouldRefuse: 3, NewlyRefused: 3}); report.Total != want {
		t.Errorf("%+v, want %+v", report.Total, want)
	}
	if len(report.ByRule) != 1 || report.ByRule[0].Rule != "p/week" || report.ByRule[0].Examples[0].Reason != "3 of 3 in 7d" {
		t.Errorf("%+v", report.ByRule)
	}
	if len(stages) < 2 || !strings.Contains(stages[len(stages)-1], "judging 6 6") {
		t.Errorf("%v", stages)
	}
	for _, span := range []time.Duration{0, 1000 * 24 * time.Hour} {
		if _, err := h.Simulate(t.Context(), documents(3), span, nil); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%v", err)
		}
	}
	if _, err := h.Simulate(t.Context(), map[string]string{"a": "policy: ["}, time.Hour, nil); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("%v", err)
	}
}

// A draft that is milder than what was in force: what a rule refused at intake
// would have gone out; what the gateway refused itself is not asked.
func TestSimulateWhatWasRefused(t *testing.T) {
	h := judged(t, map[string]string{"p.yaml": "policy: p\nrules:\n  - {id: none, when: category == 'marketing', require: 'false'}\n"})
	h.submit(t, sms("k"))
	unreachable := sms("lost")
	unreachable.Addresses = nil
	h.submit(t, unreachable)
	h.sleep(time.Hour)
	report, err := h.Simulate(t.Context(), documents(3), 24*time.Hour, nil)
	if want := (simulate.Tally{Legs: 1, Refused: 1, WouldSend: 1, NewlySent: 1}); err != nil || report.Total != want {
		t.Errorf("%+v %v", report, err)
	}
}

func TestDecisionIsReplayedOffLine(t *testing.T) {
	h := judged(t, documents(2))
	for i := range 2 {
		h.sent(t, h.submit(t, sms(fmt.Sprint("k", i)))[0].ID)
		h.sleep(time.Hour)
	}
	// The guard here has a log of its own, which is empty: refuse as the
	// policy would, with what the ledger knows.
	contacts := func(context.Context, []string, time.Time) (map[string][]contactlog.Entry, error) {
		var entries []contactlog.Entry
		for i := range 2 {
			entries = append(entries, contactlog.Entry{ID: fmt.Sprint(i), At: noon.Add(time.Duration(i) * time.Hour), Channel: touch.SMS, Category: touch.Marketing})
		}
		return map[string][]contactlog.Entry{"c1": entries}, nil
	}
	log := contactlog.NewModel()
	log.Lose()
	guard := policies.NewGuard(log, contacts)
	set, err := policies.Compile([]policies.Source{{Name: "p.yaml", Data: []byte(documents(2)["p.yaml"])}}, policies.Options{})
	if err != nil {
		t.Fatal(err)
	}
	guard.Use(set)
	if h.Service, err = gateway.New(gateway.Options{Ledger: h.ledger, Guard: guard, Now: h.clock, AppSecret: make([]byte, 32)}); err != nil {
		t.Fatal(err)
	}
	capped := h.submit(t, sms("third"))[0]
	if capped.State != touch.StateCapped {
		t.Fatalf("%+v", capped)
	}
	h.sleep(time.Hour)
	d, err := h.Decision(t.Context(), "engine", capped.ID, 0)
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
	c, err := again.Replay(policies.Options{})
	if err != nil || !c.Same || c.Verdict.Decision != touch.DecisionRefuse || c.Verdict.Rule != "p/week" {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := h.Decision(t.Context(), "another", capped.ID, 0); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("another caller's: %v", err)
	}
	if _, err := h.Decision(t.Context(), "engine", capped.ID, 12345678); touch.ClassOf(err) != touch.NotFound {
		t.Errorf("no such event: %v", err)
	}
}
