package main

import (
	"net/http"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// effectiveWithin is how long after its answer a decision is given to show that
// everything else goes on.
const effectiveWithin = time.Second

// inFlight is how long after the answer a call may still reach the vendor that
// began before it.
const inFlight = 200 * time.Millisecond

// TestDecisionsBindOnEveryNode runs two gateways, a feeder and two workers as
// processes over one PostgreSQL and one Redis. Both gateways accept touches all
// the time. Three decisions are made over the API: a policy, a kill switch and a
// pause. By the vendor's clock, no message that a decision forbids is sent after its
// answer, calls in flight apart, and everything else goes on.
func TestDecisionsBindOnEveryNode(t *testing.T) {
	n := startNodes(t)
	n.await("every worker sends", func(sent map[string]int) bool {
		return sent["worker-0"] > 5 && sent["worker-1"] > 5 && sent["collection"] > 5 && sent["service"] > 5 && sent["marketing"] > 5
	})

	var p ledger.Proposal
	n.do(n.author, http.MethodPost, "/v1/policies", map[string]any{"title": "no dunning", "documents": map[string]string{
		"house.yaml": "policy: house\nrules:\n  - {id: none, when: category == \"collection\", require: 'false'}\n"}}, &p)
	n.do(n.author, http.MethodPost, "/v1/policies/"+p.ID+":submit", map[string]string{"reason": "asked for"}, &p)
	n.do(n.approver, http.MethodPost, "/v1/policies/"+p.ID+":approve", map[string]string{"reason": "read"}, &p)
	forbidden := map[string]time.Time{"collection": time.Now()}
	n.goOn("service", "marketing")
	for _, gateway := range n.gateways {
		var answer forecasts
		n.do(gateway, http.MethodPost, "/v1/touches:check", map[string]any{"touches": []touch.Request{request(0, touch.Collection)}}, &answer)
		if len(answer.Answers) != 1 || answer.Answers[0].Decision != touch.DecisionRefuse {
			t.Errorf("a gateway still judges by the old policy: %+v", answer)
		}
	}

	n.do(n.gateways[0], http.MethodPut, "/v1/stops/storm", map[string]any{"category": "service", "owner": "Risk", "reason": "storm", "until": "2030-01-01T00:00:00Z"}, nil)
	forbidden["service"] = time.Now()
	n.goOn("marketing")

	n.do(n.gateways[0], http.MethodPost, "/v1/campaigns/campaign-marketing:pause", map[string]string{"reason": "a wrong text"}, nil)
	forbidden["marketing"] = time.Now()
	n.goOn()

	for _, m := range n.vendor.Received().All() {
		category := categoryOf(m)
		if late := m.At.Sub(forbidden[category]); late > inFlight {
			t.Fatalf("%s sent a message of %s %v after the answer that forbids it", m.Provider, category, late)
		}
	}
}

// forecasts is the answer of /v1/touches:check.
type forecasts struct {
	Answers []forecastAnswer `json:"answers"`
}

// goOn waits until a decision is effective, and then for half that time. In it
// both workers must send messages of all allowed categories.
func (n *nodes) goOn(allowed ...string) {
	n.t.Helper()
	<-time.After(effectiveWithin)
	since := time.Now()
	if len(allowed) == 0 {
		<-time.After(effectiveWithin / 2)
		return
	}
	n.await("what is allowed goes on", func(map[string]int) bool {
		sent := n.sent(since)
		for _, category := range allowed {
			if sent[category] < 3 {
				return false
			}
		}
		return sent["worker-0"] > 0 && sent["worker-1"] > 0 && time.Since(since) > effectiveWithin/2
	})
}
