package httpapi_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"touchgate.dev/gateway/httpapi"
	"touchgate.dev/touch"
)

// TestStalledBodiesAreBounded: bodies of one key that stall hold the key's
// share. Its further large bodies wait and are refused; single touches, and
// those of another key, go through.
func TestStalledBodiesAreBounded(t *testing.T) {
	f := newLimitedFixture(t, nil, httpapi.Limits{Body: 64 << 10, Bodies: 1 << 20, Timeout: patience}, nil)
	other := f.keyWith("submit")
	big := strings.Repeat(" ", 60<<10)
	for range 20 {
		f.stall("/v1/touches", "dev-key", []byte(big))
	}
	large := func() answer { return f.call("POST", "/v1/touches", "dev-key", body("big")+big[:50<<10]) }
	a := large()
	for end := time.Now().Add(patience); a.StatusCode != http.StatusTooManyRequests; a = large() {
		if time.Now().After(end) {
			t.Fatalf("one more large body: %d %s", a.StatusCode, a.body)
		}
	}
	if a.Header.Get("Retry-After") == "" || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("the answer: %v", a.Header)
	}
	f.dev(http.StatusAccepted, "POST", "/v1/touches", body("small"))
	if a := f.call("POST", "/v1/touches", other, body("theirs")+big[:50<<10]); a.StatusCode != http.StatusAccepted {
		t.Errorf("of another key: %d %s", a.StatusCode, a.body)
	}
	if m := f.call("GET", "/metrics", "", ""); !strings.Contains(string(m.body), `touchgate_http_limited_total{limit="bodies"}`) {
		t.Error("no metric counts it")
	}
}

// TestReaderIsCutOff: who reads nothing of a large answer does not keep it in
// memory.
func TestReaderIsCutOff(t *testing.T) {
	small := func(c *net.TCPConn) { _ = c.SetWriteBuffer(4 << 10) }
	f := newLimitedFixture(t, nil, httpapi.Limits{Write: 50 * time.Millisecond}, small)
	f.longTouches(100)
	c, err := net.Dial("tcp", f.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
	_, _ = io.WriteString(c, "GET /v1/touches?limit=1000 HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer dev-key\r\n\r\n")
	cut := `touchgate_http_limited_total{limit="reader"} 1`
	for end := time.Now().Add(patience); !strings.Contains(string(f.call("GET", "/metrics", "", "").body), cut); {
		if time.Now().After(end) {
			t.Fatal("the reader is not cut off")
		}
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if n, err := io.Copy(io.Discard, c); n > 1<<20 {
		t.Errorf("%d bytes came, %v", n, err)
	}
}

// longTouches submits touches with a text of 8 KB each.
func (f *fixture) longTouches(n int) {
	f.t.Helper()
	for i := range n {
		long := strings.Replace(body(fmt.Sprintf("long-%03d", i)), "hello", strings.Repeat("hello ", 1400), 1)
		f.dev(http.StatusAccepted, "POST", "/v1/touches", long)
	}
}

// TestPagesEndByBytes: a list of large entries comes in pages of a megabyte at
// most, and none is lost between them.
func TestPagesEndByBytes(t *testing.T) {
	f := newFixture(t, nil)
	f.longTouches(130)
	got, pages, after := 0, 0, ""
	for pages < 20 {
		a := f.dev(http.StatusOK, "GET", "/v1/touches?limit=1000"+after, "")
		if len(a.body) > 1<<20+100 {
			t.Errorf("a page of %d bytes", len(a.body))
		}
		var p struct {
			Items []struct{ Key string }
			Next  string
		}
		a.into(t, &p)
		for _, item := range p.Items {
			if want := fmt.Sprintf("long-%03d", got); item.Key != want {
				t.Fatalf("%s comes instead of %s", item.Key, want)
			}
			got++
		}
		pages++
		if after = "&after=" + p.Next; p.Next == "" {
			break
		}
	}
	if got != 130 || pages < 2 {
		t.Errorf("%d touches on %d pages", got, pages)
	}
}

// TestInboxPagesEndByBytes: as the list of touches, with a cursor that only the
// ledger can make.
func TestInboxPagesEndByBytes(t *testing.T) {
	f := newFixture(t, nil)
	var items []touch.Item
	for i := range 100 {
		items = append(items, touch.Item{ID: dispatch(fmt.Sprint(i)), Channel: touch.Inbox, Customer: "c1", State: touch.ItemUnread,
			Content: touch.Content{Body: strings.Repeat("x", 16<<10)}})
	}
	f.put(items...)
	token := f.token("/v1/customers/c1/tokens", `{}`)
	seen, after := map[string]bool{}, ""
	for range 20 {
		a := f.call("GET", "/v1/app/inbox?limit=200"+after, token, "")
		if len(a.body) > 1<<20+100 {
			t.Errorf("a page of %d bytes", len(a.body))
		}
		var p struct {
			Items []struct{ ID string }
			Next  string
		}
		a.into(t, &p)
		for _, item := range p.Items {
			if seen[item.ID] {
				t.Errorf("%s comes twice", item.ID)
			}
			seen[item.ID] = true
		}
		if after = "&after=" + p.Next; p.Next == "" {
			break
		}
	}
	if len(seen) != 100 {
		t.Errorf("%d messages", len(seen))
	}
}

// TestTemplatesAndKeysArePaged: both lists go on from a cursor.
func TestTemplatesAndKeysArePaged(t *testing.T) {
	f := newFixture(t, nil)
	for i := range 5 {
		f.dev(http.StatusOK, "PUT", fmt.Sprintf("/v1/templates/t%d", i), `{"content":{"sms":{"body":"text"}}}`)
		f.keyWith("read")
	}
	for list, name := range map[string]string{"/v1/templates": "name", "/v1/keys": "id"} {
		seen, after := map[any]bool{}, ""
		for range 10 {
			a := f.dev(http.StatusOK, "GET", list+"?limit=2"+after, "")
			var p struct {
				Items []map[string]any
				Next  string
			}
			a.into(t, &p)
			if len(p.Items) > 2 {
				t.Errorf("%s: %d entries on a page of 2", list, len(p.Items))
			}
			for _, item := range p.Items {
				seen[item[name]] = true
			}
			if after = "&after=" + p.Next; p.Next == "" {
				break
			}
		}
		if len(seen) != 5 {
			t.Errorf("%s: %d entries on all pages", list, len(seen))
		}
		for _, bad := range []string{"0", "1001", "x"} {
			f.dev(http.StatusUnprocessableEntity, "GET", list+"?limit="+bad, "")
		}
	}
}

// TestStreamsOfKeyAreBounded: one key cannot open as many waiting requests as a
// node has room for.
func TestStreamsOfKeyAreBounded(t *testing.T) {
	f := newFixture(t, nil)
	other := f.keyWith("submit,read")
	opened := make([]net.Conn, 16)
	for i := range opened {
		opened[i] = f.stall("/v1/campaigns/nov/touches", "dev-key", []byte(body(fmt.Sprint(i))+"\n"))
		if got := f.status(opened[i]); got != http.StatusOK {
			t.Fatalf("stream %d: %d", i, got)
		}
	}
	for _, c := range [][2]string{{"POST", "/v1/campaigns/nov/touches"}, {"GET", "/v1/events?wait=1s"}} {
		a := f.call(c[0], c[1], "dev-key", "")
		if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s %s: %d %s", c[0], c[1], a.StatusCode, a.body)
		}
		if a := f.call(c[0], c[1], other, ""); a.StatusCode != http.StatusOK {
			t.Errorf("%s %s of another key: %d %s", c[0], c[1], a.StatusCode, a.body)
		}
	}
	_ = opened[0].Close()
	for end := time.Now().Add(patience); f.call("POST", "/v1/campaigns/nov/touches", "dev-key", "").StatusCode != http.StatusOK; {
		if time.Now().After(end) {
			t.Fatal("a stream that ended leaves no place")
		}
	}
}

// TestAppStreamsAreBounded: an app opens one stream. A token that opens
// hundreds, each reading the inbox every second, would take a node down.
func TestAppStreamsAreBounded(t *testing.T) {
	f := newFixture(t, nil)
	open := func(token string) *http.Response {
		t.Helper()
		req, _ := http.NewRequestWithContext(t.Context(), "GET", f.server.URL+"/v1/app/stream", nil)
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	c1, c2 := f.token("/v1/customers/c1/tokens", `{}`), f.token("/v1/customers/c2/tokens", `{}`)
	var first *http.Response
	for i := range 3 {
		res := open(c1)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("stream %d: %s", i, res.Status)
		}
		if i == 0 {
			first = res
		}
	}
	if res := open(c1); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
		t.Errorf("the fourth stream: %s", res.Status)
	}
	if res := open(c2); res.StatusCode != http.StatusOK {
		t.Errorf("another customer: %s", res.Status)
	}
	_ = first.Body.Close()
	for end := time.Now().Add(patience); open(c1).StatusCode != http.StatusOK; {
		if time.Now().After(end) {
			t.Fatal("a stream that ended leaves no place")
		}
	}
}

// TestStreamOfFaultsEnds: two bytes that are wrong must not cost an answer of
// two hundred, eleven million times.
func TestStreamOfFaultsEnds(t *testing.T) {
	f := newFixture(t, nil)
	a := f.dev(http.StatusOK, "POST", "/v1/campaigns/x/touches", strings.Repeat("{}\n", 100_000))
	_, total := reports(t, a.body)
	if total.Error == nil || total.Error.Status != 422 || total.Lines > 3000 || total.LineFrom != total.Lines+1 {
		t.Errorf("the end: %+v", total)
	}
	if len(a.body) > 50_000 {
		t.Errorf("an answer of %d bytes", len(a.body))
	}

	// A tenth of a long stream may be wrong.
	f = newLimitedFixture(t, nil, httpapi.Limits{Faults: 50}, nil)
	var mixed bytes.Buffer
	for i := range 3000 {
		line := body(fmt.Sprintf("m-%05d", i))
		if i%12 == 11 {
			line = "{}"
		}
		mixed.WriteString(line + "\n")
	}
	_, total = reports(t, f.dev(http.StatusOK, "POST", "/v1/campaigns/nov/touches", mixed.String()).body)
	if total.Error != nil || total.Failed != 3000/12 || total.Accepted != 3000-3000/12 {
		t.Errorf("a twelfth of 3,000 lines is wrong: %+v", total)
	}
}

// TestEqualFaultsAreCounted: of many equal faults the first are listed.
func TestEqualFaultsAreCounted(t *testing.T) {
	f := newFixture(t, nil)
	in := strings.Repeat("{}\n", 500) + `{"key":1}` + "\n"
	a := f.dev(http.StatusOK, "POST", "/v1/campaigns/x/touches", in)
	counted := map[string]int{}
	listed := 0
	for _, l := range bytes.Split(bytes.TrimSpace(a.body), []byte("\n")) {
		var r struct {
			Errors []struct {
				Line, More int
				Field      string
			}
		}
		answer{nil, l}.into(t, &r)
		for _, e := range r.Errors {
			listed++
			counted[e.Field] += 1 + e.More
		}
	}
	_, total := reports(t, a.body)
	if total.Failed != 501 || counted["customer"] != 500 || listed > 200 {
		t.Errorf("%d failed; %d listed; by field %v", total.Failed, listed, counted)
	}
}

// TestBlankLinesEndStream: lines without anything cost time and are no answer.
func TestBlankLinesEndStream(t *testing.T) {
	f := newFixture(t, nil)
	in := body("a") + strings.Repeat("\n", 100_000)
	_, total := reports(t, f.dev(http.StatusOK, "POST", "/v1/campaigns/nov/touches", in).body)
	if total.Accepted != 1 || total.Error == nil || total.Error.Status != 422 {
		t.Errorf("%+v", total)
	}
	_, total = reports(t, f.dev(http.StatusOK, "POST", "/v1/campaigns/nov/touches", body("b")+strings.Repeat("\n\r\n", 1000)+body("c")).body)
	if total.Accepted != 2 || total.Error != nil {
		t.Errorf("some blank lines: %+v", total)
	}
}
