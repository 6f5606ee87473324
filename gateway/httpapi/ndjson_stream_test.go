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
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"touchgate.dev/gateway/httpapi"
	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

type report struct {
	Warnings []struct{ Field string }
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

func TestStreamCampaign(t *testing.T) {
	f := newFixture(t, nil)
	f.Guard.Judge = func(q policies.Question) touch.Verdict {
		switch q.Touch.Key {
		case "k-000001":
			return touch.Verdict{Decision: touch.DecisionRefuse, Rule: "consent"}
		case "k-000002":
			return touch.Verdict{Decision: touch.DecisionDefer, Rule: "night", Until: gatewaytest.Noon.Add(time.Hour)}
		}
		return touch.Verdict{Decision: touch.DecisionAllow}
	}
	in := manyLines(2500) + "\n{broken\n" + strings.Replace(body("x"), `"nov"`, `"dec"`, 1) + "\n" + strings.Repeat("x", 5000) + "\n" + body("last")
	for round, want := range []report{
		{Lines: 2504, Accepted: 2500, Deferred: 1, Refused: 1, Failed: 3},
		{Lines: 2504, Repeated: 2501, Failed: 3},
	} {
		a := f.dev(http.StatusOK, "POST", "/v1/campaigns/nov/touches", in)
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
	_, total := reports(t, f.dev(http.StatusOK, "POST", "/v1/campaigns/nov/touches", "").body)
	if !total.Done || total.Lines != 0 {
		t.Errorf("an empty stream: %+v", total)
	}
}

func TestStreamGzip(t *testing.T) {
	f := newFixture(t, nil)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = io.WriteString(w, manyLines(10))
	_ = w.Close()
	a := f.call("POST", "/v1/campaigns/nov/touches", "dev-key", z.String(), "Content-Encoding", "gzip")
	if _, total := reports(t, a.body); total.Accepted != 10 {
		t.Errorf("got %s", a.body)
	}
	if a := f.call("POST", "/v1/campaigns/nov/touches", "dev-key", "x", "Content-Encoding", "gzip"); a.StatusCode != 400 {
		t.Errorf("no gzip: %d", a.StatusCode)
	}
	cut := f.call("POST", "/v1/campaigns/nov/touches", "dev-key", z.String()[:z.Len()-20], "Content-Encoding", "gzip")
	if _, total := reports(t, cut.body); total.Error == nil || total.Error.Status != 400 {
		t.Errorf("cut off: %s", cut.body)
	}
	if a := f.call("POST", "/v1/touches", "dev-key", z.String(), "Content-Encoding", "br"); a.StatusCode != 400 {
		t.Errorf("brotli: %d", a.StatusCode)
	}
}

// TestStreamGzipBomb sends 64 MB of zeros as one line, in 64 kB of gzip. No
// bank's text expands like that, so the stream ends.
func TestStreamGzipBomb(t *testing.T) {
	f := newFixture(t, nil)
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	for range 64 {
		_, _ = w.Write(make([]byte, 1<<20))
	}
	_, _ = io.WriteString(w, "\n"+body("a")+"\n")
	_ = w.Close()
	a := f.call("POST", "/v1/campaigns/nov/touches", "dev-key", z.String(), "Content-Encoding", "gzip")
	if _, total := reports(t, a.body); total.Accepted != 0 || total.Error == nil || total.Error.Status != 413 {
		t.Errorf("got %s", a.body)
	}
	if a := f.call("POST", "/v1/touches", "dev-key", z.String(), "Content-Encoding", "gzip"); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("as a single: %d", a.StatusCode)
	}
}

// conversation opens a stream whose lines the test sends one by one.
func (f *fixture) conversation(ctx context.Context) (io.WriteCloser, *bufio.Scanner, func()) {
	f.t.Helper()
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, "POST", f.server.URL+"/v1/campaigns/nov/touches", r)
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer dev-key")
	go func() { _, _ = io.WriteString(w, body("first")+"\n") }()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	return w, bufio.NewScanner(res.Body), func() { w.Close(); res.Body.Close() }
}

func TestStreamAnswersWhileOpen(t *testing.T) {
	f := newFixture(t, nil)
	w, answers, done := f.conversation(t.Context())
	defer done()
	for i := range 3 {
		if !answers.Scan() || !strings.Contains(answers.Text(), fmt.Sprintf(`"line_from":%d,`, i+1)) {
			t.Fatalf("line %d: %q, %v", i+1, answers.Text(), answers.Err())
		}
		if _, err := io.WriteString(w, body(fmt.Sprint(i))+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	f.drain.Start() // draining ends the stream after the chunk being committed
	_, _ = io.WriteString(w, body("late")+"\n")
	var last string
	for answers.Scan() {
		last = answers.Text()
	}
	if !strings.Contains(last, `"done":true`) || !strings.Contains(last, `"status":503`) {
		t.Errorf("the last line: %s", last)
	}
}

// noCustomers and noListings are empty.
type (
	noCustomers struct{ ledger.Customers }
	noListings  struct{ ledger.Listings }
)

// gatedIntake is an intake whose Accept waits until open is closed.
type gatedIntake struct {
	ledger.Intake
	open    chan struct{}
	waiting atomic.Int32
}

func (g *gatedIntake) ledger() *ledger.Ledger {
	return &ledger.Ledger{Intake: g, Customers: noCustomers{}, Listings: noListings{}}
}

func (noCustomers) Get(context.Context, []string) (map[string]*touch.Customer, error) {
	return nil, nil
}

func (noListings) Live(context.Context, []string, time.Time) (map[string][]touch.Listing, error) {
	return nil, nil
}

func (g *gatedIntake) Accept(_ context.Context, touches []ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	g.waiting.Add(1)
	<-g.open
	accepted := make([]ledger.Accepted, len(touches))
	for i := range accepted {
		accepted[i] = ledger.Accepted{New: true, State: touch.StateDue}
	}
	return accepted, nil, nil
}

// countingReader counts the bytes that were read.
type countingReader struct {
	io.Reader
	taken int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.taken += n
	return n, err
}

func TestStreamBackpressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gatedIntake{open: make(chan struct{})}
		f := gatewaytest.NewOn(t, g.ledger())
		f.DevKey = "dev-key"
		f.Rebuild(t, nil)
		const line, maxLine = 200, 4096
		src := &countingReader{Reader: strings.NewReader(strings.Repeat(fmt.Sprintf("%-*s\n", line-1, body("same")), 50_000))}
		req := httptest.NewRequest("POST", "/v1/campaigns/nov/touches", src)
		req.Header.Set("Authorization", "Bearer dev-key")
		rec := httptest.NewRecorder()
		served := make(chan struct{})
		go func() {
			defer close(served)
			httpapi.New(services(f), httpapi.Options{Limits: httpapi.Limits{Line: maxLine}}).ServeHTTP(rec, req)
		}()
		synctest.Wait() // until nothing moves any more
		// Four chunks at the ledger, one filling, one group read ahead, and the buffer.
		if most := 6*1000*line + maxLine; g.waiting.Load() != 4 || src.taken > most {
			t.Errorf("%d chunks at the ledger, %d bytes taken, want 4 and at most %d", g.waiting.Load(), src.taken, most)
		}
		close(g.open)
		<-served
		if _, total := reports(t, rec.Body.Bytes()); total.Accepted != 50_000 {
			t.Errorf("in the end %+v", total)
		}
	})
}

func TestStreamHangUp(t *testing.T) {
	f := newFixture(t, nil)
	ignore := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(t.Context())
	_, answers, done := f.conversation(ctx)
	if !answers.Scan() {
		t.Fatal(answers.Err())
	}
	cancel() // the client hangs up in the middle of the stream
	done()
	http.DefaultClient.CloseIdleConnections()
	f.server.CloseClientConnections()
	goleak.VerifyNone(t, ignore)
}

func TestFactStreams(t *testing.T) {
	f := newFixture(t, nil)
	for path, in := range map[string]string{
		"/v1/customers":     `{"id":"c1","zones":["Asia/Tokyo"]}` + "\n" + `{"id":"c2","zones":["Nowhere"]}`,
		"/v1/consents":      `{"customer":"c1","scope":"marketing","granted":true}` + "\n" + `{"customer":"c1"}`,
		"/v1/outcomes":      `{"customer":"c1","kind":"refused"}` + "\n" + `{"kind":"refused"}`,
		"/v1/registers/dnc": `{"channel":"sms","address":"+447700900001"}` + "\n" + `{"channel":"sms"}`,
	} {
		a := f.dev(http.StatusOK, "POST", path, in)
		chunks, total := reports(t, a.body)
		if total.Accepted != 1 || total.Failed != 1 || chunks[0].Errors[0].Line != 2 || chunks[0].Errors[0].Field == "" {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	if l := f.dev(http.StatusOK, "GET", "/v1/registers/dnc", ""); !strings.Contains(string(l.body), "phone:+447700900001") {
		t.Errorf("the register: %s", l.body)
	}
	f.dev(http.StatusNoContent, "POST", "/v1/registers/dnc:end", `{"channel":"sms","address":"+447700900001"}`)
	a := f.dev(http.StatusOK, "POST", "/v1/registers/suppression", `{"customer":"c1"}`)
	if _, total := reports(t, a.body); total.Error == nil || total.Error.Status != 422 {
		t.Errorf("the suppression list by the back door: %s", a.body)
	}
}
