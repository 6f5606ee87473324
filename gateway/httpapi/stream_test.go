package httpapi_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

type report struct {
	LineFrom int `json:"line_from"`
	LineTo   int `json:"line_to"`
	Done     bool
	Lines    int
	Accepted int
	Deferred int
	Repeated int
	Refused  int
	Reasons  map[string]int
	Failed   int
	Errors   []struct {
		Line           int
		Field, Message string
	}
	Error *struct{ Status int }
}

func reports(t testing.TB, body []byte) (chunks []report, total report) {
	t.Helper()
	for _, line := range bytes.Split(bytes.TrimSpace(body), []byte("\n")) {
		var r report
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		chunks = append(chunks, r)
	}
	last := len(chunks) - 1
	return chunks[:last], chunks[last]
}

func manyLines(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(body(fmt.Sprintf("k-%06d", i)))
		b.WriteByte('\n')
	}
	return b.String()
}

func TestStreamTakesACampaign(t *testing.T) {
	h := newHouse(t, nil)
	h.guard.judge = func(q policies.Question) touch.Verdict {
		switch q.Touch.Key {
		case "k-000001":
			return touch.Verdict{Decision: touch.Refuse, Rule: "consent"}
		case "k-000002":
			return touch.Verdict{Decision: touch.Defer, Rule: "night", Until: noon.Add(time.Hour)}
		}
		return touch.Verdict{Decision: touch.Allow}
	}
	in := manyLines(2500) + "\n{broken\n" + strings.Replace(body("x"), `"nov"`, `"dec"`, 1) + "\n" + strings.Repeat("x", 5000) + "\n" + body("last")
	for round, want := range []report{
		{Lines: 2504, Accepted: 2500, Deferred: 1, Refused: 1, Failed: 3},
		{Lines: 2504, Repeated: 2501, Failed: 3},
	} {
		a := h.dev(http.StatusOK, "POST", "/v1/campaigns/nov/touches", in)
		chunks, total := reports(t, a.body)
		if !total.Done || total.Error != nil || total.Lines != want.Lines || total.Accepted != want.Accepted || total.Deferred != want.Deferred ||
			total.Refused != want.Refused || total.Repeated != want.Repeated || total.Failed != want.Failed {
			t.Errorf("round %d: total %+v, want %+v", round, total, want)
		}
		at, failed := 1, []int{}
		for _, c := range chunks {
			if c.LineFrom < at || c.Lines > 1000 {
				t.Errorf("chunk %+v after line %d", c, at)
			}
			at = c.LineTo + 1
			for _, e := range c.Errors {
				failed = append(failed, e.Line)
			}
		}
		if fmt.Sprint(failed) != "[2502 2503 2504]" {
			t.Errorf("failed lines %v", failed)
		}
	}
	_, total := reports(t, h.dev(http.StatusOK, "POST", "/v1/campaigns/nov/touches", "").body)
	if !total.Done || total.Lines != 0 {
		t.Errorf("an empty stream: %+v", total)
	}
}

func TestStreamTakesGzip(t *testing.T) {
	h := newHouse(t, nil)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = io.WriteString(w, manyLines(10))
	_ = w.Close()
	a := h.call("POST", "/v1/campaigns/nov/touches", "dev-key", z.String(), "Content-Encoding", "gzip")
	if _, total := reports(t, a.body); total.Accepted != 10 {
		t.Errorf("got %s", a.body)
	}
	if a := h.call("POST", "/v1/campaigns/nov/touches", "dev-key", "x", "Content-Encoding", "gzip"); a.StatusCode != 400 {
		t.Errorf("no gzip: %d", a.StatusCode)
	}
	cut := h.call("POST", "/v1/campaigns/nov/touches", "dev-key", z.String()[:z.Len()-20], "Content-Encoding", "gzip")
	if _, total := reports(t, cut.body); total.Error == nil || total.Error.Status != 400 {
		t.Errorf("cut off: %s", cut.body)
	}
	if a := h.call("POST", "/v1/touches", "dev-key", z.String(), "Content-Encoding", "br"); a.StatusCode != 400 {
		t.Errorf("brotli: %d", a.StatusCode)
	}
}

// TestStreamBombIsNotHeld sends 64 MB of zeros as one line, in 64 kB of gzip.
func TestStreamBombIsNotHeld(t *testing.T) {
	h := newHouse(t, nil)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	for range 64 {
		_, _ = w.Write(make([]byte, 1<<20))
	}
	_, _ = io.WriteString(w, "\n"+body("a")+"\n")
	_ = w.Close()
	a := h.call("POST", "/v1/campaigns/nov/touches", "dev-key", z.String(), "Content-Encoding", "gzip")
	if _, total := reports(t, a.body); total.Accepted != 1 || total.Failed != 1 {
		t.Errorf("got %s", a.body)
	}
	if a := h.call("POST", "/v1/touches", "dev-key", z.String(), "Content-Encoding", "gzip"); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("as a single: %d", a.StatusCode)
	}
}

// conversation opens a stream whose lines the test sends one by one.
func (h *house) conversation(ctx context.Context) (io.WriteCloser, *bufio.Scanner, func()) {
	h.t.Helper()
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, "POST", h.server.URL+"/v1/campaigns/nov/touches", r)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer dev-key")
	go func() { _, _ = io.WriteString(w, body("first")+"\n") }()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	return w, bufio.NewScanner(res.Body), func() { w.Close(); res.Body.Close() }
}

func TestStreamAnswersWhileItIsOpen(t *testing.T) {
	h := newHouse(t, nil)
	w, answers, done := h.conversation(t.Context())
	defer done()
	for i := range 3 {
		if !answers.Scan() || !strings.Contains(answers.Text(), fmt.Sprintf(`"line_from":%d,`, i+1)) {
			t.Fatalf("line %d: %q, %v", i+1, answers.Text(), answers.Err())
		}
		if _, err := io.WriteString(w, body(fmt.Sprint(i))+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	h.gate.Close() // draining ends it after the chunk in hand
	_, _ = io.WriteString(w, body("late")+"\n")
	var last string
	for answers.Scan() {
		last = answers.Text()
	}
	if !strings.Contains(last, `"done":true`) || !strings.Contains(last, `"status":503`) {
		t.Errorf("the last line: %s", last)
	}
}

// gated is a ledger whose Accept waits.
type gated struct {
	ledger.Ledger
	open    chan struct{}
	waiting atomic.Int32
}

func (g *gated) Accept(ctx context.Context, touches []ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	g.waiting.Add(1)
	select {
	case <-g.open:
		return g.Ledger.Accept(ctx, touches)
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// endless gives lines for ever and counts what was taken.
type endless struct {
	line  []byte
	taken atomic.Int64
	rest  []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		e.rest = e.line
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	e.taken.Add(int64(n))
	return n, nil
}

func TestStreamReadsNoFurtherThanItCanStore(t *testing.T) {
	g := &gated{open: make(chan struct{})}
	h := newHouse(t, func(l ledger.Ledger) ledger.Ledger { g.Ledger = l; return g })
	ctx, cancel := context.WithCancel(t.Context())
	src := &endless{line: []byte(body("same") + "\n")}
	req, _ := http.NewRequestWithContext(ctx, "POST", h.server.URL+"/v1/campaigns/nov/touches", src)
	req.Header.Set("Authorization", "Bearer dev-key")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if res, err := http.DefaultClient.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}()
	var last int64 = -1
	for deadline := time.Now().Add(5 * time.Second); ; { // until nothing more is taken
		time.Sleep(100 * time.Millisecond)
		now := src.taken.Load()
		if now == last && g.waiting.Load() == 2 {
			break
		}
		if last = now; time.Now().After(deadline) {
			t.Fatalf("still reading after %d bytes, %d chunks at the ledger", now, g.waiting.Load())
		}
	}
	// Two chunks at the ledger, one filling, one read ahead, and the buffers of
	// the sockets, which the kernel may let grow to some MB.
	if limit := int64(4*1000*len(src.line) + 12<<20); last > limit {
		t.Errorf("took %d bytes, want at most %d", last, limit)
	}
	cancel()
	<-ended
	close(g.open)
}

func TestStreamLeavesNothingRunning(t *testing.T) {
	h := newHouse(t, nil)
	ignore := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(t.Context())
	_, answers, done := h.conversation(ctx)
	if !answers.Scan() {
		t.Fatal(answers.Err())
	}
	cancel() // the client hangs up in mid stream
	done()
	http.DefaultClient.CloseIdleConnections()
	h.server.CloseClientConnections()
	goleak.VerifyNone(t, ignore)
}

func TestStreamsOfFacts(t *testing.T) {
	h := newHouse(t, nil)
	for path, in := range map[string]string{
		"/v1/customers":     `{"id":"c1","zones":["Asia/Tokyo"]}` + "\n" + `{"id":"c2","zones":["Nowhere"]}`,
		"/v1/consents":      `{"customer":"c1","scope":"marketing","granted":true}` + "\n" + `{"customer":"c1"}`,
		"/v1/outcomes":      `{"customer":"c1","kind":"refused"}` + "\n" + `{"kind":"refused"}`,
		"/v1/registers/dnc": `{"channel":"sms","address":"+123456"}` + "\n" + `{"channel":"sms"}`,
	} {
		a := h.dev(http.StatusOK, "POST", path, in)
		chunks, total := reports(t, a.body)
		if total.Accepted != 1 || total.Failed != 1 || chunks[0].Errors[0].Line != 2 || chunks[0].Errors[0].Field == "" {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	if l := h.dev(http.StatusOK, "GET", "/v1/registers/dnc", ""); !strings.Contains(string(l.body), "phone:+123456") {
		t.Errorf("the register: %s", l.body)
	}
	h.dev(http.StatusNoContent, "POST", "/v1/registers/dnc:end", `{"channel":"sms","address":"+123456"}`)
	a := h.dev(http.StatusOK, "POST", "/v1/registers/suppression", `{"customer":"c1"}`)
	if _, total := reports(t, a.body); total.Error == nil || total.Error.Status != 422 {
		t.Errorf("the suppression list by the back door: %s", a.body)
	}
}
