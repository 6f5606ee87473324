package simulator

import (
	"encoding/json"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"touchgate.dev/channels/contract"
	"touchgate.dev/touch"
)

// contract answers the routes of our HTTP contract.
func (s *Simulator) contract(w http.ResponseWriter, r *http.Request, p *provider, rest string, body []byte) {
	noun, id, _ := strings.Cut(rest, "/")
	noun, batch := strings.CutSuffix(noun, ":batch")
	switch {
	case rest == "health":
		w.WriteHeader(http.StatusNoContent)
		return
	case noun != contract.Messages && noun != contract.Calls && noun != contract.Dispatches:
		http.NotFound(w, r)
		return
	case r.Method == http.MethodGet && id != "":
		s.query(w, p, id)
		return
	case r.Method != http.MethodPost || id != "":
		http.NotFound(w, r)
		return
	}
	messages, err := understand(noun, batch, body)
	if err != nil {
		answer(w, http.StatusBadRequest, contract.Answer{Status: contract.StatusRejected, Reason: "other", Code: "unreadable"})
		return
	}
	s.deliver(w, r, p, messages, noun == contract.Calls, contractVoice{batch})
}

func (s *Simulator) query(w http.ResponseWriter, p *provider, id string) {
	if p.behaviour.get().NoQuery {
		answer(w, http.StatusOK, contract.Answer{ID: id, Status: contract.StatusUnknown})
		return
	}
	if k, ok := s.truth.find(p.name, id); ok {
		answer(w, http.StatusOK, contract.Answer{ID: id, Status: contract.StatusAccepted, VendorID: k.vendorID})
		return
	}
	answer(w, http.StatusNotFound, contract.Answer{ID: id, Status: contract.StatusNotFound})
}

// understand reads a body of any noun.
func understand(noun string, batch bool, body []byte) ([]message, error) {
	switch noun {
	case contract.Calls:
		return read(batch, body, func(c *contract.Call) message {
			return message{id: c.ID, channel: touch.AICall, address: c.To, text: c.Script + c.Text, resend: c.Resend}
		})
	case contract.Dispatches:
		return read(batch, body, func(d *contract.Dispatch) message {
			return message{id: d.ID, channel: d.Channel, address: d.Address, customer: d.Customer, text: d.Content.Body, resend: d.Resend}
		})
	}
	return read(batch, body, func(m *contract.Message) message {
		return message{id: m.ID, channel: touch.SMS, address: m.To, text: m.Text, resend: m.Resend}
	})
}

func read[T any](batch bool, body []byte, word func(*T) message) ([]message, error) {
	if !batch {
		var one T
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, err
		}
		return complete([]message{word(&one)})
	}
	var in contract.Batch[T]
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	out := make([]message, len(in.Items))
	for i := range in.Items {
		out[i] = word(&in.Items[i])
	}
	return complete(out)
}

func complete(ms []message) ([]message, error) {
	for _, m := range ms {
		if m.id == "" || (m.address == "" && m.customer == "") {
			return nil, touch.Errorf(touch.Invalid, "", "a message without id or address")
		}
	}
	if len(ms) == 0 {
		return nil, touch.Errorf(touch.Invalid, "", "no messages")
	}
	return ms, nil
}

// voice is how a vendor words what happened: our contract's, or FCM's.
type voice interface {
	took(w http.ResponseWriter, outs []outcome)
	failed(w http.ResponseWriter, f Fault, id string)
	// window is how long an id is known; negative: for ever.
	window() time.Duration
}

// outcome is what became of one message of a call.
type outcome struct {
	id       string
	vendorID string
	rejected string // the reason, or ""
}

// deliver plays one call: latency, then whichever fault comes first, then the
// messages are taken and their receipts are on their way.
func (s *Simulator) deliver(w http.ResponseWriter, r *http.Request, p *provider, ms []message, calls bool, v voice) {
	b := p.behaviour.get()
	b.calls.Add(1)
	dice := s.dice(p.name, ms[0].id, s.truth.try(p.name, ms[0].id))
	if !s.pause(r, b.Latency.draw(dice)) {
		return
	}
	f, faulty := b.fault(dice, s.o.Now(), false)
	if faulty && !strings.HasPrefix(string(f.Kind), "accept") {
		s.fail(w, r, f, ms[0].id, v)
		return
	}
	window := v.window()
	if b.Idempotency != nil {
		window = b.Idempotency.Std()
	}
	outs := make([]outcome, len(ms))
	for i, m := range ms {
		outs[i].id = m.id
		d := dice
		if i > 0 {
			d = s.dice(p.name, m.id, s.truth.try(p.name, m.id))
		}
		if rejection, ok := b.fault(d, s.o.Now(), true); ok {
			outs[i].rejected = rejection.Reason
			if outs[i].rejected == "" {
				outs[i].rejected = touch.BadTarget
			}
			continue
		}
		taken := s.truth.take(p.name, m, s.o.Now(), window)
		outs[i].vendorID = taken.VendorID
		if !taken.Replay {
			s.report(r, p, b, d, taken, calls)
		}
	}
	if faulty {
		s.fail(w, r, f, ms[0].id, v)
		return
	}
	v.took(w, outs)
}

// pause waits; false: the caller or the simulator gave up first.
func (s *Simulator) pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-s.closed:
	}
	return false
}

func (s *Simulator) fail(w http.ResponseWriter, r *http.Request, f Fault, id string, v voice) {
	switch f.Kind {
	case Hang, AcceptHang:
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
		reset(w)
	case Reset, AcceptReset:
		reset(w)
	case AcceptGarbage:
		w.Header()["Content-Type"] = jsonType
		w.Write([]byte(`{"id": 7, "stat`))
	default:
		v.failed(w, f, id)
	}
}

// reset cuts the connection as a crashed vendor would.
func reset(w http.ResponseWriter) {
	h, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := h.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) // a reset, not a polite end
	}
	conn.Close()
}

// contractVoice answers as our HTTP contract says.
type contractVoice struct{ batch bool }

func (contractVoice) window() time.Duration { return -1 }

func (v contractVoice) took(w http.ResponseWriter, outs []outcome) {
	if !v.batch {
		o := outs[0]
		if o.rejected != "" {
			answer(w, http.StatusUnprocessableEntity, contract.Answer{ID: o.id, Status: contract.StatusRejected, Reason: o.rejected, Code: "R-422"})
			return
		}
		answer(w, http.StatusAccepted, contract.Answer{ID: o.id, Status: contract.StatusAccepted, VendorID: o.vendorID})
		return
	}
	results := contract.Answers{Results: make([]contract.Answer, len(outs))}
	for i, o := range outs {
		results.Results[i] = contract.Answer{ID: o.id, Status: contract.StatusAccepted, VendorID: o.vendorID}
		if o.rejected != "" {
			results.Results[i] = contract.Answer{ID: o.id, Status: contract.StatusRejected, Reason: o.rejected, Code: "R-422"}
		}
	}
	answer(w, http.StatusOK, results)
}

func (contractVoice) failed(w http.ResponseWriter, f Fault, id string) {
	switch f.Kind {
	case Throttle:
		wait := max(f.RetryAfter.Std(), 0)
		if wait == 0 {
			wait = time.Second
		}
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		answer(w, http.StatusTooManyRequests, contract.Answer{Status: contract.StatusThrottled, Code: "T-429", RetryAfter: wait.Seconds()})
	case Misconfigured:
		answer(w, http.StatusUnauthorized, contract.Answer{Status: contract.StatusMisconfigured, Code: "A-401"})
	default:
		status := f.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		http.Error(w, "the vendor is broken", status)
	}
}

var jsonType = []string{"application/json"}

func answer(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic("simulator: an answer always marshals: " + err.Error())
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	w.Write(b)
}

// report decides what the provider says of a message later.
func (s *Simulator) report(r *http.Request, p *provider, b *inForce, dice *rand.Rand, t Taken, calls bool) {
	if b.Receipts.Off || !s.receipts.wanted() || dice.Float64() < b.Receipts.Lost {
		return
	}
	receipt := contract.Receipt{ID: t.Dispatch, VendorID: t.VendorID, Status: "delivered"}
	failed := dice.Float64() < b.Receipts.Failed
	switch {
	case calls:
		receipt.Status = b.outcome(dice)
	case failed:
		receipt.Status, receipt.Reason, receipt.Code = "failed", touch.BadTarget, "F-1"
	}
	delay := b.Receipts.Delay.draw(dice)
	if dice.Float64() < b.Receipts.Late {
		delay += b.Receipts.LateBy.Std()
	}
	if dice.Float64() < b.Receipts.Early {
		s.receipts.now(r.Context(), p.name, receipt)
		return
	}
	s.receipts.later(p.name, receipt, delay)
	if dice.Float64() < b.Receipts.Duplicated {
		s.receipts.later(p.name, receipt, delay)
	}
	if failed && !calls && b.Receipts.ThenDelivered {
		second := contract.Receipt{ID: t.Dispatch, VendorID: t.VendorID, Status: "delivered"}
		s.receipts.later(p.name, second, delay+time.Millisecond)
	}
}

// callOutcomes are the words that Behaviour.Calls may use.
var callOutcomes = map[string]struct{}{
	contract.CallAnswered: {}, contract.CallConversation: {}, contract.CallRefused: {}, contract.CallOptOut: {},
	contract.CallNoAnswer: {}, contract.CallBusy: {}, contract.CallAbandoned: {}, "failed": {},
}
