package ledgertest

import (
	"sync"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func testAcceptOnce(k *kit) {
	a, b := k.touch(), k.touch()
	other := a
	other.Digest[0]++
	answers, _, err := k.ledger.Intake.Accept(k.ctx, []ledger.NewTouch{a, b, a, other})
	k.must(err)
	due := k.now()
	k.wantEqual(answers, []ledger.Accepted{
		{New: true, State: touch.StateDue, Due: due}, {New: true, State: touch.StateDue, Due: due},
		{Same: true, State: touch.StateDue, Due: due}, {State: touch.StateDue, Due: due},
	})
	c := k.touch()
	answers, _, err = k.ledger.Intake.Accept(k.ctx, []ledger.NewTouch{other, c, a, a})
	k.must(err)
	k.wantEqual(answers, []ledger.Accepted{
		{State: touch.StateDue, Due: due}, {New: true, State: touch.StateDue, Due: due},
		{Same: true, State: touch.StateDue, Due: due}, {Same: true, State: touch.StateDue, Due: due},
	})
	k.wantState(a, touch.StateDue, touch.EventAccepted)
	k.deliver(bulk, 3)
	answers, _, err = k.ledger.Intake.Accept(k.ctx, []ledger.NewTouch{a})
	k.must(err)
	k.wantEqual(answers, []ledger.Accepted{{Same: true, State: touch.StateSent}})
	k.feed(bulk, 0)
	view, err := k.ledger.Campaigns.Get(k.ctx, "acme", "nov")
	k.must(err)
	k.wantEqual(view.Counts, []ledger.CampaignCount{{State: touch.StateSent, Count: 3}})
	answers, refs, err := k.ledger.Intake.Accept(k.ctx, nil)
	k.must(err)
	k.wantEqual([]int{len(answers), len(refs)}, []int{0, 0})
}

func testAcceptKeepsAll(k *kit) {
	at := k.now().Add(time.Hour)
	n := k.touch(func(n *ledger.NewTouch) {
		n.Touch.NotBefore, n.Touch.ExpiresAt = ptr(at), ptr(at.Add(time.Hour))
		n.Touch.Pins = []int{3, 0}
		n.Touch.Plan = []touch.Leg{
			{Channel: touch.Push, Template: "t", Params: map[string]string{"a": "1", "b": ""}, Wait: touch.Duration(time.Minute), Until: "delivered"},
			{Channel: touch.Popup, Content: &touch.Content{
				Title: "a", Body: "b", Link: "https://c.example", Image: "https://d.example", Placement: "home", Data: map[string]string{"x": "y"},
			}},
			{Channel: touch.RMTask, Title: "call", DueIn: touch.Duration(48 * time.Hour), Assign: &touch.Assignee{Queue: "q", Branch: "b", Manager: "m"}},
		}
		n.Due = at
		n.Leg = 1
		n.Lane = "popup.bulk"
	})
	n.Events[0].Verdict = &touch.Verdict{
		Decision: touch.DecisionDefer, Until: at, Rule: "night", Kind: "hours", Channel: touch.Push, At: k.now(), Policy: "abc", Customer: 7,
		Findings: []touch.Finding{{
			Rule: "night", Kind: "hours", Decision: touch.DecisionDefer, Until: at, Reason: "r", Count: 1, Limit: 3, Since: k.now(),
			Evidence: "e", Shadow: true, Excused: true,
		}},
		Obligations: []string{"opt_out_text"},
	}
	n.Events[0].Attempt = 2
	n.Events[0].Outcome = "o"
	n.Events[0].Actor = "a"
	n.Events[0].Leg = 1
	n.Events[0].Result = &touch.Result{Class: touch.ResultThrottled, Reason: "r", Provider: "p", VendorID: "v", Code: "c", Detail: "d", RetryAfter: time.Second}
	k.accept(n)
	v := k.view(n)
	k.wantEqual(v.Touch, n.Touch)
	seq := v.Progress.Seq
	k.wantEqual(v.Progress, ledger.Progress{Seq: seq, Version: v.Progress.Version, State: touch.StateDue, Leg: 1, Due: at, Lane: "popup.bulk", Priority: 5})
	v.Events[0].Seq = 0
	k.wantEqual(v.Events, n.Events)
	k.advance(2 * time.Hour)
	seg := k.feedAndClaim("popup.bulk", 1)
	k.wantEqual(seg.Touches[0].Touch, n.Touch)
}

func testAcceptRefused(k *kit) {
	n := k.touch(func(n *ledger.NewTouch) {
		n.State = touch.StateRefused
		n.Reason = "consent"
		n.Due = time.Time{}
		n.Lane = ""
	})
	k.accept(n)
	k.wantState(n, touch.StateRefused, touch.EventAccepted)
	k.feed(bulk, 0)
	answers, _, err := k.ledger.Intake.Accept(k.ctx, []ledger.NewTouch{n})
	k.must(err)
	k.wantEqual(answers, []ledger.Accepted{{Same: true, State: touch.StateRefused, Reason: "consent"}})
	view, err := k.ledger.Campaigns.Get(k.ctx, "acme", "nov")
	k.must(err)
	k.wantEqual(view.Counts, []ledger.CampaignCount{{State: touch.StateRefused, Reason: "consent", Count: 1}})
}

func testAcceptInvalid(k *kit) {
	good := k.touch()
	bad := k.touch()
	bad.Lane = ""
	_, _, err := k.ledger.Intake.Accept(k.ctx, []ledger.NewTouch{good, bad})
	k.wantClass(touch.Invalid, err)
	_, err = k.ledger.Touches.Get(k.ctx, "", good.Touch.ID)
	k.wantClass(touch.NotFound, err) // all of a batch or nothing
	many := k.touch()
	many.Events = make([]touch.Event, 5000)
	_, _, err = k.ledger.Intake.Accept(k.ctx, []ledger.NewTouch{many})
	k.wantClass(touch.TooLarge, err)
}

func testAcceptUrgent(k *kit) {
	urgent := func(lane string) func(*ledger.NewTouch) {
		return func(n *ledger.NewTouch) {
			n.Enqueue = true
			n.Lane = lane
			n.Touch.Category = touch.Transactional
		}
	}
	a := k.touch(urgent("sms.urgent"))
	b := k.touch(urgent("push.urgent"))
	c := k.touch(urgent("sms.urgent"))
	refs := k.accept(a, k.touch(), b, c)
	if len(refs) != 2 || refs[0].Lane != "sms.urgent" || refs[1].Lane != "push.urgent" {
		k.t.Fatalf("refs %+v", refs)
	}
	seg := k.claim(refs[0])
	if len(seg.Touches) != 2 || seg.Touches[0].Touch.ID != a.Touch.ID || seg.Touches[1].Touch.ID != c.Touch.ID {
		k.t.Fatalf("segment %+v", seg)
	}
	k.wantEqual(seg.Touches[0].Progress.Due, time.Time{})
	k.feed("sms.urgent", 0)
	k.feed(bulk, 1)
	if open, err := k.ledger.Work.OpenSegments(k.ctx, "sms.urgent"); err != nil || open != 1 {
		k.t.Fatal(open, err)
	}
	_, refs, err := k.ledger.Intake.Accept(k.ctx, []ledger.NewTouch{a})
	k.must(err)
	if len(refs) != 0 {
		k.t.Fatal("a known touch was enqueued again")
	}
}

// testAcceptConcurrently: several callers store the same batch at once; each touch
// is stored once.
func testAcceptConcurrently(k *kit) {
	all := k.touches(50)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var news, same int
	for side := range 4 {
		wg.Go(func() {
			mine := append([]ledger.NewTouch{}, all[side*5:]...)
			mine = append(mine, all[:side*5]...)
			answers, _, err := k.ledger.Intake.Accept(k.ctx, mine)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				k.t.Error(err)
			}
			for _, a := range answers {
				if a.New {
					news++
				} else if a.Same {
					same++
				}
			}
		})
	}
	wg.Wait()
	k.wantEqual([]int{news, same}, []int{50, 150})
	k.feedAndClaim(bulk, 50)
	k.wantCounts()
}
