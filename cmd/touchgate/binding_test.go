package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// effectiveWithin is how long after its answer a decision may take to apply on
// every node.
const effectiveWithin = time.Second

// TestDecisionsOnEveryNode runs two gateways, a feeder and two workers as
// processes over one PostgreSQL and one Redis. Both gateways accept touches all
// the time. Three decisions are made over the API: a policy, a kill switch and a
// pause. By the vendor's clock, no message that a decision forbids is sent later
// than a second after its answer, and everything else goes on.
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
		if late := m.At.Sub(forbidden[category]); late > effectiveWithin {
			t.Fatalf("%s sent a message of %s %v after the answer that forbids it", m.Provider, category, late)
		}
	}
}

// forecasts is what :check answers.
type forecasts struct {
	Answers []forecastAnswer `json:"answers"`
}

// nodes is the processes under test with their vendor and clients.
type nodes struct {
	t                *testing.T
	vendor           *simulator.Server
	gateways         [2]*apiclient.Client
	author, approver *apiclient.Client
}

func startNodes(t *testing.T) *nodes {
	t.Helper()
	n := &nodes{t: t}
	dsn, addr := servertest.Postgres(t), servertest.Redis(t)
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	var err error
	if n.vendor, err = simulator.Start("", simulator.Options{Secret: secret}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.vendor.Close)
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "house.yaml"), []byte("policy: house\nrules:\n  - {id: many, cap: {limit: 1000, per: 24h}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Each worker has a vendor of its own name, so that the vendor's log tells them apart.
	config := func(role, listen, provider string) string {
		return write(t, "touchgate.yaml", fmt.Sprintf(`role: %s
listen: %s
data: %s
ledger: {driver: postgres, dsn: %q}
redis: {mode: single, addresses: [%q]}
policies: {dir: %s}
log: {level: warn}
providers:
  - {name: %s, adapter: sms/http, weight: 1, config: {url: %q, secret: %q, from: BANK}}
`, role, listen, t.TempDir(), dsn, addr, dir, provider, n.vendor.URL(provider), secret))
	}
	listen := [2]string{freeAddress(t), freeAddress(t)}
	first := config("gateway", listen[0], "worker-0")
	keys := make(map[string]string)
	for caller, scopes := range map[string]string{"engine": "submit,read,admin", "author": "policy:write,read", "approver": "policy:approve,read"} {
		code, key, stderr := command(t, "key", "create", caller, "--scopes", scopes, "--config", first)
		if code != exitOK {
			t.Fatalf("no key: %s", stderr)
		}
		keys[caller] = strings.TrimSpace(key)
	}
	n.process("gateway-0", first)
	n.process("gateway-1", config("gateway", listen[1], "worker-0"))
	for i := range listen {
		n.gateways[i] = n.client(listen[i], keys["engine"])
		n.until("a gateway is ready", func() bool {
			resp, err := http.Get("http://" + listen[i] + "/readyz")
			if err == nil {
				resp.Body.Close()
			}
			return err == nil && resp.StatusCode == http.StatusOK
		})
	}
	n.author, n.approver = n.client(listen[0], keys["author"]), n.client(listen[1], keys["approver"])
	n.process("feeder", config("feeder", freeAddress(t), "worker-0"))
	n.process("worker-0", config("worker", freeAddress(t), "worker-0"))
	n.process("worker-1", config("worker", freeAddress(t), "worker-1"))
	n.submit()
	return n
}

// process starts this program under a name until the test ends.
func (n *nodes) process(name, config string) {
	n.t.Helper()
	self, err := os.Executable()
	if err != nil {
		n.t.Fatal(err)
	}
	var output bytes.Buffer
	cmd := exec.Command(self, "serve", "--config", config)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), asProgram + "=1"}
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		_ = cmd.Process.Kill() // an error means that it has ended
		_ = cmd.Wait()
		if n.t.Failed() {
			n.t.Logf("%s:\n%s", name, output.String())
		}
	})
}

func (n *nodes) client(listen, key string) *apiclient.Client {
	n.t.Helper()
	c, err := apiclient.New("http://"+listen, key)
	if err != nil {
		n.t.Fatal(err)
	}
	return c
}

func (n *nodes) do(c *apiclient.Client, method, path string, body, out any) {
	n.t.Helper()
	if err := c.Do(n.t.Context(), method, path, body, out); err != nil {
		n.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// countries are the categories' prefixes of numbers: a number tells its category.
var countries = map[touch.Category]string{touch.Collection: "+4915", touch.Service: "+3361", touch.Marketing: "+1202"}

func categoryOf(m simulator.ReceivedMessage) string {
	for category, prefix := range countries {
		if strings.HasPrefix(m.Address, prefix) {
			return string(category)
		}
	}
	return "none"
}

// request is a touch of a campaign of its category.
func request(n int, category touch.Category) touch.Request {
	key := fmt.Sprint(category, "-", n)
	return touch.Request{Key: key, Customer: key, Category: category, Campaign: "campaign-" + string(category),
		Plan:      []touch.Leg{{Channel: touch.SMS, Content: &touch.Content{Body: "hello"}}},
		Addresses: map[touch.Channel]string{touch.SMS: fmt.Sprintf("%s%07d", countries[category], n)}}
}

// submit sends touches of three categories to both gateways until the test ends.
func (n *nodes) submit() {
	ctx, cancel := context.WithCancel(n.t.Context())
	var all sync.WaitGroup
	for g, gateway := range n.gateways {
		all.Go(func() {
			for i := 1; ctx.Err() == nil; i++ {
				var batch []touch.Request
				for _, category := range []touch.Category{touch.Collection, touch.Service, touch.Marketing} {
					batch = append(batch, request(2*i+g, category))
				}
				if err := gateway.Do(ctx, http.MethodPost, "/v1/touches", map[string]any{"touches": batch}, nil); err != nil && ctx.Err() == nil {
					n.t.Errorf("submitting: %v", err)
					return
				}
				select {
				case <-ctx.Done():
				case <-time.After(20 * time.Millisecond):
				}
			}
		})
	}
	n.t.Cleanup(func() { cancel(); all.Wait() })
}

// until waits for something that must come soon.
func (n *nodes) until(what string, ok func() bool) {
	n.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			n.t.Fatalf("%s: not within 30 s", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// await waits until the vendor has received enough, counted by provider and category.
func (n *nodes) await(what string, ok func(sent map[string]int) bool) {
	n.t.Helper()
	n.until(what, func() bool { return ok(n.sent(time.Time{})) })
}

func (n *nodes) sent(since time.Time) map[string]int {
	counts := map[string]int{}
	for _, m := range n.vendor.Received().All() {
		if m.At.After(since) {
			counts[categoryOf(m)]++
			counts[m.Provider]++
		}
	}
	return counts
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
