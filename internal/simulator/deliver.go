package simulator

import (
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"touchgate.dev/touch"
)

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
				outs[i].rejected = touch.ReasonBadTarget
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
		_, _ = io.WriteString(w, `{"id": 7, "stat`) // a caller that has gone needs no answer
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
		_ = tcp.SetLinger(0) // a reset, not a polite end
	}
	conn.Close()
}
