package simulator

import (
	"cmp"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// handleCall handles one HTTP call with one or more messages. First it waits for the
// latency. Then it draws a fault. If the fault happens before the vendor accepts
// anything, handleCall ends with it. Otherwise it accepts the messages and schedules
// their receipts. A fault of an "accept" kind then replaces the response, so that the
// caller does not learn that the messages were accepted. calls says that the messages
// are telephone calls.
func (s *Simulator) handleCall(w http.ResponseWriter, r *http.Request, p *provider, ms []message, calls bool, to responder) {
	b := p.behaviour.get()
	b.calls.Add(1)
	random := s.random(p.name, ms[0].id, s.received.countAttempt(p.name, ms[0].id))
	if !s.sleep(r, b.Latency.draw(random)) {
		return
	}
	f, faulty := b.drawFault(random, s.o.Now(), false)
	if faulty && !strings.HasPrefix(string(f.Kind), "accept") {
		s.respondFault(w, r, f, ms[0].id, to)
		return
	}

	window := to.idempotencyWindow()
	if b.Idempotency != nil {
		window = b.Idempotency.Std()
	}
	results := make([]messageResult, len(ms))
	for i, m := range ms {
		results[i].id = m.id
		if i > 0 {
			random = s.random(p.name, m.id, s.received.countAttempt(p.name, m.id))
		}
		if rejection, ok := b.drawFault(random, s.o.Now(), true); ok {
			results[i].rejected = cmp.Or(rejection.Reason, touch.ReasonBadTarget)
			continue
		}
		received := s.received.add(p.name, m, s.o.Now(), window)
		results[i].vendorID = received.VendorID
		if !received.Replay {
			s.scheduleReceipts(r, p, b, random, received, calls)
		}
	}
	if faulty {
		s.respondFault(w, r, f, ms[0].id, to)
		return
	}
	to.accepted(w, results)
}

// sleep waits for d. It returns false if the caller closes the connection or the
// simulator is closed.
func (s *Simulator) sleep(r *http.Request, d time.Duration) bool {
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

// respondFault hangs, resets the connection or responds, as the fault demands.
func (s *Simulator) respondFault(w http.ResponseWriter, r *http.Request, f Fault, id string, to responder) {
	switch f.Kind {
	case Hang, AcceptHang:
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
		resetConnection(w)
	case Reset, AcceptReset:
		resetConnection(w)
	case AcceptGarbage:
		w.Header()["Content-Type"] = jsonType
		_, _ = io.WriteString(w, `{"id": 7, "stat`) // the caller may have closed the connection
	default:
		to.fault(w, f, id)
	}
}

// resetConnection ends the connection with a TCP reset, as a crashing vendor does.
func resetConnection(w http.ResponseWriter) {
	h, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := h.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset instead of an ordinary close
	}
	conn.Close()
}
