package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// braked is a development server whose SMS vendors take 50 ms for each call.
type braked struct {
	t                *testing.T
	gateway, vendors string
}

func startBraked(t *testing.T) *braked {
	listen, vendors := freeAddress(t), freeAddress(t)
	stop := startServer(t, "serve", "--dev", "--listen", listen, "--vendors", vendors, "--data", t.TempDir())
	t.Cleanup(stop)
	b := &braked{t: t, gateway: "http://" + listen, vendors: "http://" + vendors}
	for _, provider := range []string{"sms-a", "sms-b"} {
		b.do(http.MethodPost, b.vendors+"/control", `{"provider":"`+provider+`","behaviour":{"latency":{"min":"50ms","max":"50ms"}}}`)
	}
	return b
}

// do makes a call that must succeed, and returns what was answered.
func (b *braked) do(method, url, body string) []byte {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+devKey)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		b.t.Fatalf("%s %s: %d %s %v", method, url, resp.StatusCode, answer, err)
	}
	return answer
}

func (b *braked) submit(campaign string, n int) {
	b.t.Helper()
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, `{"key":"%s%d","customer":"%s%d","category":"service","plan":[{"channel":"sms","content":{"body":"x"}}],"addresses":{"sms":"+4477%08d"}}`+"\n",
			campaign, i, campaign, i, 10_000_000+i)
	}
	b.do(http.MethodPost, b.gateway+"/v1/campaigns/"+campaign+"/touches", lines.String())
}

// sent counts the calls that the vendors took, and those that began after an
// instant.
func (b *braked) sent(after time.Time) (all, later int) {
	b.t.Helper()
	d := json.NewDecoder(bytes.NewReader(b.do(http.MethodGet, b.vendors+"/truth", "")))
	for {
		var m struct{ At time.Time }
		if err := d.Decode(&m); err == io.EOF {
			return all, later
		} else if err != nil {
			b.t.Fatal(err)
		}
		all++
		if m.At.After(after) {
			later++
		}
	}
}

// until waits until the vendors took n messages, and reports whether they did.
func (b *braked) until(n int, within time.Duration) bool {
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if all, _ := b.sent(time.Time{}); all >= n {
			return true
		}
	}
	return false
}

// TestBrakeUnderLoad: 3,000 texts go out by a vendor of 50 ms. After a brake is
// answered no call begins, those in flight apart; when it ends everything goes
// on, also what is submitted just after.
func TestBrakeUnderLoad(t *testing.T) {
	for name, c := range map[string]struct{ brake, end [3]string }{
		"pause":  {[3]string{"POST", "/v1/campaigns/wrong:pause"}, [3]string{"POST", "/v1/campaigns/wrong:resume"}},
		"cancel": {[3]string{"POST", "/v1/campaigns/wrong:cancel"}, [3]string{}},
		"stop": {
			[3]string{"PUT", "/v1/stops/s", `{"channel":"sms","owner":"ann","reason":"wrong text"}`},
			[3]string{"DELETE", "/v1/stops/s"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := startBraked(t)
			b.submit("wrong", 3000)
			if !b.until(100, time.Minute) {
				t.Fatal("nothing goes out")
			}
			b.do(c.brake[0], b.gateway+c.brake[1], c.brake[2])
			answered := time.Now()
			time.Sleep(3 * time.Second)
			all, later := b.sent(answered)
			if later > 64 {
				t.Fatalf("%d of %d calls began after the answer", later, all)
			}
			if all == 3000 {
				t.Skip("this machine was too slow to brake in time")
			}
			if c.end[0] == "" {
				return
			}
			b.do(c.end[0], b.gateway+c.end[1], c.end[2])
			b.submit("later", 300)
			if !b.until(all+64, 5*time.Second) {
				t.Error("nothing goes on within five seconds")
			}
			if !b.until(3300, time.Minute) {
				t.Error("not all went on")
			}
		})
	}
}
