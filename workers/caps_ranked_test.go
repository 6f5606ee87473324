package workers_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"touchgate.dev/internal/redisembed"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

const oneByPriority = `policy: house
rules:
  - {id: week, when: category == "marketing", cap: {limit: 1, per: 7d, start: ranked}}
`

// newRankedFixture makes a fixture with a real guard over the embedded Redis.
func newRankedFixture(t *testing.T) *fixture {
	t.Helper()
	h := newFixture(t)
	server, err := redisembed.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(server.Options())
	t.Cleanup(func() { client.Close(); server.Close() })
	set, err := ruleset.Compile([]ruleset.Source{{Name: "house.yaml", Data: []byte(oneByPriority)}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	guard := policies.NewGuard(contactlog.NewRedis(client, contactlog.Options{}), noContacts)
	guard.Use(set)
	o := h.options("w1")
	o.Guard = guard
	h.deliverer = workers.NewDeliverer(o)
	return h
}

// TestHigherPriorityKeepsPlace: a touch leaves the last place under a cap to a
// waiting touch of the same customer with a higher priority, until that one is
// sent or needs no place any more.
func TestHigherPriorityKeepsPlace(t *testing.T) {
	const inTenMinutes = 10 * time.Minute
	for name, c := range map[string]struct {
		equal bool // same priority
		// before runs before the first step, meanwhile after it
		before, meanwhile func(h *fixture, high touch.ID) error
		at                time.Duration // when the lower one is sent; 0: never
	}{
		"the higher one is sent": {},
		"it is cancelled": {at: 15 * time.Minute, meanwhile: func(h *fixture, high touch.ID) error {
			_, err := h.ledger.Touches.Cancel(h.ctx, "bank", high, "ann", h.clock())
			return err
		}},
		"it has no higher priority": {at: time.Second, equal: true},
		"its campaign is paused": {at: time.Second, before: func(h *fixture, _ touch.ID) error {
			return h.ledger.Campaigns.SetStatus(h.ctx, "bank", "great", ledger.CampaignPaused, "ann", h.clock())
		}},
		"a stop holds it": {at: time.Second, before: func(h *fixture, _ touch.ID) error {
			return h.ledger.Controls.PutKillSwitch(h.ctx, ledger.KillSwitch{ID: "storm", Channel: touch.Push, Since: h.clock()}, "ann", h.clock())
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newRankedFixture(t)
			ids := h.submit(2, func(i int, t *touch.Touch) {
				t.Customer, t.Priority = "c", 2
				if i == 1 {
					t.Campaign, t.Plan[0].Channel = "great", touch.Push
					if !c.equal {
						t.Priority = 7
					}
				}
			}, 0, inTenMinutes)
			low, high := ids[0], ids[1]
			if c.before != nil {
				if err := c.before(h, high); err != nil {
					t.Fatal(err)
				}
				if err := h.watch.Refresh(h.ctx); err != nil {
					t.Fatal(err)
				}
			}
			begin, sent := h.clock(), map[touch.ID]time.Duration{}
			for i := 0; h.clock().Sub(begin) < 20*time.Minute; i++ {
				h.step()
				for _, id := range ids {
					if _, known := sent[id]; !known && h.view(id).Progress.State == touch.StateSent {
						sent[id] = h.clock().Sub(begin)
					}
				}
				if i == 0 {
					h.judgedFirst(low, c.at > 0 && c.meanwhile == nil)
					if c.meanwhile != nil {
						if err := c.meanwhile(h, high); err != nil {
							t.Fatal(err)
						}
					}
				}
				h.advance(20 * time.Second)
			}
			if at, went := sent[low]; went != (c.at > 0) || at > c.at {
				t.Errorf("the lower one went out: %t, after %v", went, at)
			}
			if at, went := sent[high]; went != (c.at == 0) || (went && at > inTenMinutes+time.Second) {
				t.Errorf("the higher one went out: %t, after %v", went, at)
			}
		})
	}
}

// judgedFirst checks the first verdict on the touch of lower priority.
func (h *fixture) judgedFirst(low touch.ID, sent bool) {
	h.t.Helper()
	if sent {
		h.expect(low, touch.StateSent, touch.EventSent)
		return
	}
	v := h.expect(low, touch.StateDue, touch.EventDeferred)
	if e := v.Events[len(v.Events)-1]; e.Verdict == nil || e.Verdict.Rule != "house/week" || e.Verdict.Kind != ruleset.KindRank {
		h.t.Errorf("%+v", e.Verdict)
	}
}
