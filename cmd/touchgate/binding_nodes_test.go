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
	"touchgate.dev/touch"
)

// nodes are the processes under test, with their vendor and clients.
type nodes struct {
	t                *testing.T
	vendor           *simulator.Server
	gateways         [2]*apiclient.Client
	author, approver *apiclient.Client
}

// startNodes starts two gateways, a feeder and two workers over one PostgreSQL and
// one Redis, and submits touches to them until the test ends.
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

	// Each worker calls the vendor under another name, so that the vendor's log tells
	// them apart.
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

// countries has the prefix of the telephone numbers of each category. The vendor
// sees only the number, and the test finds the category by it.
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

// until waits until ok returns true. The test fails if that takes too long.
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

// sent counts the messages since an instant, by provider and by category.
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
