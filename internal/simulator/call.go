package simulator

import (
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"touchgate.dev/touch"
)

// handleCall plays one call: latency, then whichever fault comes first, then the
// messages are taken and their receipts are on their way.
func (s *Simulator) handleCall(w http.ResponseWriter, r *http.Request, p *provider, ms []message, calls bool, v responder) {
	b := p.behaviour.get()
	b.calls.Add(1)
	dice := s.random(p.name, ms[0].id, s.received.countAttempt(p.name, ms[0].id))
	if !s.sleep(r, b.Latency.draw(dice)) {
		return
	}
	f, faulty := b.drawFault(dice, s.o.Now(), false)
	if faulty && !strings.HasPrefix(string(f.Kind), "accept") {
		s.respondFault(w, r, f, ms[0].id, v)
		return
	}
	window := v.idempotencyWindow()
	if b.Idempotency != nil {
		window = b.Idempotency.Std()
	}
	outs := make([]messageResult, len(ms))
	for i, m := range ms {
		outs[i].id = m.id
		d := dice
		if i > 0 {
			d = s.random(p.name, m.id, s.received.countAttempt(p.name, m.id))
		}
		if rejection, ok := b.drawFault(d, s.o.Now(), true); ok {
			outs[i].rejected = rejection.Reason
			if outs[i].rejected == "" {
				outs[i].rejected = touch.ReasonBadTarget
			}
			continue
		}
		taken := s.received.add(p.name, m, s.o.Now(), window)
		outs[i].vendorID = taken.VendorID
		if !taken.Replay {
			s.scheduleReceipts(r, p, b, d, taken, calls)
		}
	}
	if faulty {
		s.respondFault(w, r, f, ms[0].id, v)
		return
	}
	v.accepted(w, outs)
}

// sleep waits; false: the caller or the simulator gave up first.
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

func (s *Simulator) respondFault(w http.ResponseWriter, r *http.Request, f Fault, id string, v responder) {
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
		_, _ = io.WriteString(w, `{"id": 7, "stat`) // a caller that has gone needs no answer
	default:
		v.fault(w, f, id)
	}
}

// resetConnection cuts the connection as a crashed vendor would.
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
		_ = tcp.SetLinger(0) // a reset, not a polite end
	}
	conn.Close()
}
