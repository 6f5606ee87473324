package simulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"touchgate.dev/channels/adapter"
	smshttp "touchgate.dev/channels/sms/http"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func start(t *testing.T, o simulator.Options) (*simulator.Server, adapter.Adapter) {
	t.Helper()
	o.Secret = secret
	s, err := simulator.Start("", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, sms(t, s.URL("sms-a"))
}

func sms(t *testing.T, url string) adapter.Adapter {
	t.Helper()
	rt := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(rt.CloseIdleConnections)
	c := smshttp.Factory().Config().(*smshttp.Config)
	c.URL, c.Secret, c.MaxBatch = url, secret, 100
	a, err := smshttp.Factory().New(c, adapter.Options{Transport: rt, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func dispatch(n int) adapter.Dispatch {
	id := touch.NewID("test", fmt.Sprint(n))
	return adapter.Dispatch{
		ID: touch.DispatchID(id, 0), Touch: id, Channel: touch.SMS,
		Address: fmt.Sprintf("+1555%07d", n), Content: touch.Content{Body: "hello"},
	}
}

// Each fault leads to its result class, and the log shows whether the vendor received
// the message.
func TestFaults(t *testing.T) {
	s, a := start(t, simulator.Options{})
	for i, c := range []struct {
		fault simulator.Fault
		want  touch.ResultClass
		sent  int
	}{
		{simulator.Fault{Kind: simulator.Throttle, RetryAfter: touch.Duration(3 * time.Second)}, touch.ResultThrottled, 0},
		{simulator.Fault{Kind: simulator.ServerError}, touch.ResultUnknown, 0},
		{simulator.Fault{Kind: simulator.Reject, Reason: touch.ReasonOptOut}, touch.ResultRejected, 0},
		{simulator.Fault{Kind: simulator.Misconfigured}, touch.ResultMisconfigured, 0},
		{simulator.Fault{Kind: simulator.Hang}, touch.ResultUnknown, 0},
		{simulator.Fault{Kind: simulator.Reset}, touch.ResultUnknown, 0},
		{simulator.Fault{Kind: simulator.AcceptReset}, touch.ResultUnknown, 1},
		{simulator.Fault{Kind: simulator.AcceptError, Status: 503}, touch.ResultUnknown, 1},
		{simulator.Fault{Kind: simulator.AcceptHang}, touch.ResultUnknown, 1},
		{simulator.Fault{Kind: simulator.AcceptGarbage}, touch.ResultUnknown, 1},
	} {
		c.fault.First = 1
		if err := s.SetBehaviour("sms-a", simulator.Behaviour{Faults: []simulator.Fault{c.fault}}); err != nil {
			t.Fatal(err)
		}
		d := dispatch(i)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		r := a.Send(ctx, d)
		cancel()
		if r.Class != c.want || s.Received().Count(d.ID) != c.sent {
			t.Errorf("%s: result %+v, %d messages, want class %s, %d messages", c.fault.Kind, r, s.Received().Count(d.ID), c.want, c.sent)
		}
		if c.fault.RetryAfter > 0 && r.RetryAfter != c.fault.RetryAfter.Std() {
			t.Errorf("%s: retry after %s, want %s", c.fault.Kind, r.RetryAfter, c.fault.RetryAfter.Std())
		}
		// Only the first call has the fault. The vendor still recognises the id.
		if r := a.Send(t.Context(), d); r.Class != touch.ResultAccepted || s.Received().Count(d.ID) != 1 {
			t.Errorf("%s, sent again: result %+v, %d messages, want accepted, 1 message", c.fault.Kind, r, s.Received().Count(d.ID))
		}
	}
	if c := s.Received().Counts(); c.Duplicated != 0 || c.Replays != 4 || c.Messages != 10 {
		t.Errorf("the counts are %+v, want 10 messages and 4 replays", c)
	}
}

// Without idempotency a repeated call leads to a second message.
func TestDuplicateMessages(t *testing.T) {
	s, a := start(t, simulator.Options{})
	var never touch.Duration
	if err := s.SetBehaviour("sms-a", simulator.Behaviour{Idempotency: &never}); err != nil {
		t.Fatal(err)
	}
	a.Send(t.Context(), dispatch(1))
	a.Send(t.Context(), dispatch(1))
	resent := dispatch(2)
	a.Send(t.Context(), resent)
	resent.Resend = true
	a.Send(t.Context(), resent)
	// The same message through another provider is a duplicate too.
	a.Send(t.Context(), dispatch(3))
	sms(t, s.URL("sms-b")).Send(t.Context(), dispatch(3))
	want := simulator.Counts{Dispatches: 3, Messages: 6, Duplicated: 2, Resent: 1}
	if got := s.Received().Counts(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Random choices depend on the seed and the message, not on the order of calls.
func TestRandomChoicesRepeatable(t *testing.T) {
	run := func(seed uint64, order func(i int) int) string {
		s, a := start(t, simulator.Options{Seed: seed})
		if err := s.SetBehaviour("sms-a", simulator.Behaviour{Faults: []simulator.Fault{{Kind: simulator.Reject, Share: 0.3}}}); err != nil {
			t.Fatal(err)
		}
		out := make([]byte, 100)
		for i := range out {
			n := order(i)
			out[n] = a.Send(t.Context(), dispatch(n)).Class.String()[0]
		}
		return string(out)
	}
	forwards := run(7, func(i int) int { return i })
	if backwards := run(7, func(i int) int { return 99 - i }); backwards != forwards {
		t.Error("the results depend on the order of calls")
	}
	if other := run(8, func(i int) int { return i }); other == forwards {
		t.Error("the results do not depend on the seed")
	}
	if n := strings.Count(forwards, "r"); n < 15 || n > 45 {
		t.Errorf("%d of 100 messages were rejected, want about 30", n)
	}
}

// After a crash and Load, the vendor recognises earlier ids, and the counts continue.
func TestLoadAfterCrash(t *testing.T) {
	var log bytes.Buffer
	_, a := start(t, simulator.Options{Log: &log})
	first := a.Send(t.Context(), dispatch(1))
	log.WriteString(`{"provider":"sms-a","disp`) // the process was killed while it wrote this line
	s, again := start(t, simulator.Options{})
	if err := s.Received().Load(&log); err != nil {
		t.Fatal(err)
	}
	if r := again.Send(t.Context(), dispatch(1)); r.VendorID != first.VendorID || s.Received().Count(dispatch(1).ID) != 1 {
		t.Errorf("the second result is %+v, want a replay of %+v", r, first)
	}
	if err := s.Received().Load(strings.NewReader("{}\nnonsense\n")); touch.ClassOf(err) != touch.Invalid || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("Load of a broken log returned %v, want class Invalid and line 2", err)
	}
}

// receiptReceiver records the receipts that it receives.
type receiptReceiver struct {
	mu     sync.Mutex
	got    map[string][]string // dispatch -> statuses
	calls  int
	refuse int // the number of first calls that get status 503
	came   chan struct{}
	key    vendorhttp.Key
}

func startReceiver(t *testing.T, refuse int) (*receiptReceiver, string) {
	t.Helper()
	key, err := vendorhttp.ParseKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	p := &receiptReceiver{got: map[string][]string{}, refuse: refuse, came: make(chan struct{}, 1000), key: key}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return p, s.URL + "/v1/receipts"
}

func (p *receiptReceiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	var in []struct{ ID, Status string }
	if p.calls <= p.refuse || p.key.Verify(r.Header, time.Now(), body) != nil || json.Unmarshal(body, &in) != nil || r.URL.Path != "/v1/receipts/sms-a" {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	for _, v := range in {
		p.got[v.ID] = append(p.got[v.ID], v.Status)
		p.came <- struct{}{}
	}
}

func (p *receiptReceiver) wait(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-p.came:
		case <-time.After(10 * time.Second):
			t.Fatalf("receipts are missing; received: %v", p.got)
		}
	}
}

func TestReceipts(t *testing.T) {
	p, to := startReceiver(t, 1)
	s, a := start(t, simulator.Options{ReceiptURL: to})
	behave := func(r simulator.Receipts) {
		t.Helper()
		if err := s.SetBehaviour("sms-a", simulator.Behaviour{Receipts: r}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string, n int, want ...string) {
		t.Helper()
		p.wait(t, len(want))
		p.mu.Lock()
		defer p.mu.Unlock()
		if got := p.got[dispatch(n).ID]; strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	a.Send(t.Context(), dispatch(0))
	check("delivered at the second attempt", 0, "delivered")
	behave(simulator.Receipts{Duplicated: 1})
	a.Send(t.Context(), dispatch(1))
	check("duplicated", 1, "delivered", "delivered")
	behave(simulator.Receipts{Failed: 1, ThenDelivered: true})
	a.Send(t.Context(), dispatch(2))
	check("failed, then delivered", 2, "failed", "delivered")
	behave(simulator.Receipts{Early: 1})
	a.Send(t.Context(), dispatch(3))
	if n := len(p.came); n != 1 {
		t.Errorf("%d receipts came before the answer, want 1", n)
	}
	check("early", 3, "delivered")
	behave(simulator.Receipts{Lost: 1})
	a.Send(t.Context(), dispatch(4))
	behave(simulator.Receipts{Late: 1, LateBy: touch.Duration(300 * time.Millisecond)})
	before := time.Now()
	a.Send(t.Context(), dispatch(5))
	check("late", 5, "delivered")
	if took := time.Since(before); took < 300*time.Millisecond {
		t.Errorf("the late receipt came after %s, want at least 300ms", took)
	}
	check("lost", 4)
	a.Send(t.Context(), dispatch(5)) // the vendor sends no receipt for a replay
	if st := s.Receipts(); st.GivenUp != 0 || st.Sent > 7 {
		t.Errorf("the receipts are %+v, want at most 7 sent and none given up", st)
	}
}

func TestBatchWithRejections(t *testing.T) {
	s, a := start(t, simulator.Options{Seed: 3})
	if err := s.SetBehaviour("sms-a", simulator.Behaviour{Faults: []simulator.Fault{{Kind: simulator.Reject, Share: 0.5}}}); err != nil {
		t.Fatal(err)
	}
	ds := make([]adapter.Dispatch, 100)
	for i := range ds {
		ds[i] = dispatch(i)
	}
	n := map[touch.ResultClass]int{}
	for i, r := range a.(adapter.BatchSender).SendBatch(t.Context(), ds) {
		n[r.Class]++
		if want := map[bool]int{true: 1}[r.Class == touch.ResultAccepted]; s.Received().Count(ds[i].ID) != want {
			t.Errorf("message %d: result %s, %d messages, want %d", i, r.Class, s.Received().Count(ds[i].ID), want)
		}
	}
	if n[touch.ResultAccepted] < 30 || n[touch.ResultRejected] < 30 || n[touch.ResultAccepted]+n[touch.ResultRejected] != 100 {
		t.Errorf("the results are %v, want about half of them accepted", n)
	}
}

func TestControl(t *testing.T) {
	s, a := start(t, simulator.Options{})
	base := strings.TrimSuffix(s.URL(""), "/")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	send := func(body string) int {
		resp, err := client.Post(base+"/control", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := send(`{"provider":"sms-a","behaviour":{"faults":[{"kind":"throttle","retry_after":"2s"}]}}`); got != http.StatusNoContent {
		t.Fatalf("status %d", got)
	}
	if r := a.Send(t.Context(), dispatch(1)); r.Class != touch.ResultThrottled || r.RetryAfter != 2*time.Second {
		t.Errorf("the result is %+v, want throttled for 2s", r)
	}
	for _, bad := range []string{
		`{"provider":"sms-a","behaviour":{"faults":[{"kind":"explode"}]}}`, `{"provider":"sms-a","behavior":{}}`,
		`{"provider":"control","behaviour":{}}`, `{"provider":"x","behaviour":{"receipts":{"lost":2}}}`, `{"provider":"x","behaviour":{"calls":{"sang":1}}}`, `{`,
	} {
		if got := send(bad); got != http.StatusBadRequest {
			t.Errorf("%s: status %d", bad, got)
		}
	}
	resp, err := client.Get(base + "/truth/counts")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var c simulator.Counts
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil || c.Messages != 0 {
		t.Errorf("the counts are %+v (%v), want none", c, err)
	}
}

func TestSuspendAndResume(t *testing.T) {
	s, a := start(t, simulator.Options{})
	s.Suspend()
	if r := a.Send(t.Context(), dispatch(1)); r.Class != touch.ResultRetryable {
		t.Errorf("while suspended: %+v, want retryable", r)
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	if r := a.Send(t.Context(), dispatch(1)); r.Class != touch.ResultAccepted {
		t.Errorf("after resuming: %+v, want accepted", r)
	}
}

func TestRecord(t *testing.T) {
	s, err := simulator.New(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	f := s.Record(adapter.Factory{Name: "inbox", New: func(any, adapter.Options) (adapter.Adapter, error) { return evenOnly{}, nil }})
	a, err := f.New(nil, adapter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, odd := dispatch(2), dispatch(3)
	d.Customer, odd.Customer = "even", "odd"
	a.(adapter.BatchSender).SendBatch(t.Context(), []adapter.Dispatch{d, odd})
	a.Send(t.Context(), d)
	if c := s.Received().Counts(); c != (simulator.Counts{Dispatches: 1, Messages: 1, Replays: 1}) {
		t.Errorf("the counts are %+v, want 1 message and 1 replay", c)
	}
	if got := s.Received().All(); got[0].Customer != "even" || got[0].Provider != "inbox" || !got[1].Replay {
		t.Errorf("the log has %+v, want a message of inbox to even, and a replay", got)
	}
}

// evenOnly is an adapter that accepts only the customer "even".
type evenOnly struct{}

func (evenOnly) Send(_ context.Context, d adapter.Dispatch) touch.Result {
	if d.Customer == "even" {
		return touch.Result{Class: touch.ResultAccepted}
	}
	return touch.Result{Class: touch.ResultRejected}
}

func (h evenOnly) SendBatch(ctx context.Context, ds []adapter.Dispatch) (rs []touch.Result) {
	for _, d := range ds {
		rs = append(rs, h.Send(ctx, d))
	}
	return rs
}

func BenchmarkHandler(b *testing.B) {
	s, err := simulator.New(simulator.Options{Secret: secret})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	key, err := vendorhttp.ParseKey(secret)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		body := fmt.Appendf(nil, `{"id":"%d","to":"+15550001","text":"hello there"}`, i)
		r := httptest.NewRequest(http.MethodPost, "/sms-a/messages", bytes.NewReader(body))
		key.Sign(r.Header, "x", time.Now(), body)
		s.ServeHTTP(httptest.NewRecorder(), r)
	}
}

func BenchmarkOverHTTP(b *testing.B) {
	s, err := simulator.Start("", simulator.Options{Secret: secret})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	rt := &http.Transport{MaxIdleConnsPerHost: 256}
	defer rt.CloseIdleConnections()
	c := smshttp.Factory().Config().(*smshttp.Config)
	c.URL, c.Secret = s.URL("sms-a"), secret
	a, err := smshttp.Factory().New(c, adapter.Options{Transport: rt, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if r := a.Send(b.Context(), dispatch(i)); r.Class != touch.ResultAccepted {
				b.Errorf("%+v", r)
				return
			}
		}
	})
}
