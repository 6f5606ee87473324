package httpapi_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"touchgate.dev/ledger"
)

// TestStreamEndsWithItsKey: a key is revoked because somebody has it who should
// not. The stream that was opened with it takes no further line.
func TestStreamEndsWithItsKey(t *testing.T) {
	for name, say := range map[string]string{"another line": body("late") + "\n", "nothing": ""} {
		f := newFixture(t, nil)
		made := f.dev(http.StatusCreated, "POST", "/v1/keys", `{"caller":"engine","scopes":["submit"]}`)
		c := f.stall("/v1/campaigns/nov/touches", made.field(t, "key").(string), []byte(body("first")+"\n"))
		_ = c.SetReadDeadline(time.Now().Add(patience))
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(res.Body)
		if !lines.Scan() || !strings.Contains(lines.Text(), `"accepted":1`) {
			t.Fatalf("%s: %s", name, lines.Text())
		}
		f.dev(http.StatusNoContent, "DELETE", "/v1/keys/"+made.field(t, "id").(string), "")
		if say != "" {
			_, _ = io.WriteString(c, "5\r\n"+say[:5]+"\r\n")
		}
		last := ""
		for lines.Scan() {
			last = lines.Text()
		}
		if !strings.Contains(last, `"done":true`) || !strings.Contains(last, `"status":401`) || !strings.Contains(last, `"line_from":2`) {
			t.Errorf("%s: the end is %q, %v", name, last, lines.Err())
		}
	}
}

// TestWaitEndsWithItsKey: a request that waits for events tells none once its
// key is revoked.
func TestWaitEndsWithItsKey(t *testing.T) {
	f := newFixture(t, nil)
	made := f.dev(http.StatusCreated, "POST", "/v1/keys", `{"caller":"dev-engine","scopes":["read"]}`)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ended := make(chan int, 1)
	go func() {
		req, _ := http.NewRequestWithContext(ctx, "GET", f.server.URL+"/v1/events?after=1000000&wait=30s", nil)
		req.Header.Set("Authorization", "Bearer "+made.field(t, "key").(string))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			ended <- 0
			return
		}
		_ = res.Body.Close()
		ended <- res.StatusCode
	}()
	waiting := `touchgate_http_requests_in_flight 2`
	for !strings.Contains(string(f.call("GET", "/metrics", "", "").body), waiting) {
		if ctx.Err() != nil {
			t.Fatal("nobody waits")
		}
	}
	f.dev(http.StatusNoContent, "DELETE", "/v1/keys/"+made.field(t, "id").(string), "")
	if got := <-ended; got != http.StatusUnauthorized {
		t.Errorf("status %d", got)
	}
}

// gatedTouches lets List wait until open is closed.
type gatedTouches struct {
	ledger.Touches
	entered, open chan struct{}
}

func (g gatedTouches) List(ctx context.Context, f ledger.TouchFilter) ([]ledger.TouchView, int64, error) {
	select {
	case g.entered <- struct{}{}:
	default:
	}
	select {
	case <-g.open:
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	return g.Touches.List(ctx, f)
}

// TestOneSimulationAtATime: sixteen at once stopped intake. The second is
// refused, until the first has ended or its client has gone.
func TestOneSimulationAtATime(t *testing.T) {
	gate := gatedTouches{entered: make(chan struct{}, 1), open: make(chan struct{})}
	f := newFixture(t, func(l *ledger.Ledger) { gate.Touches, l.Touches = l.Touches, &gate })
	documents := strings.Replace(goodDraft, `"title": "fewer", `, "", 1)
	simulate := func(ctx context.Context) <-chan int {
		status := make(chan int, 1)
		go func() {
			req, _ := http.NewRequestWithContext(ctx, "POST", f.server.URL+"/v1/policies:simulate", strings.NewReader(documents))
			req.Header.Set("Authorization", "Bearer dev-key")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				status <- 0
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			status <- res.StatusCode
		}()
		return status
	}
	first, hangUp := context.WithCancel(t.Context())
	gone := simulate(first)
	<-gate.entered
	a := f.call("POST", "/v1/policies:simulate", "dev-key", documents)
	if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("the second: %d %s", a.StatusCode, a.body)
	}
	hangUp()
	<-gone
	close(gate.open)
	got := 0
	for end := time.Now().Add(patience); got != http.StatusOK; {
		if got = <-simulate(t.Context()); time.Now().After(end) {
			t.Fatalf("after the first has gone: %d", got)
		}
	}
	f.dev(http.StatusOK, "POST", "/v1/policies:simulate", documents)
}
