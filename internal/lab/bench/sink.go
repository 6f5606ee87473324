package bench

import (
	"bytes"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"touchgate.dev/touch"
)

// sink is a vendor that accepts every message as fast as Go's HTTP server can,
// and keeps a log of them. A measurement trusts that log. The sink implements as
// much of channels/vendorapi as that takes. It is safe for concurrent use.
type sink struct {
	server   *http.Server
	listener net.Listener
	serving  sync.WaitGroup
	total    atomic.Int64
	mu       sync.Mutex
	messages messageLog
}

func startSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{listener: l}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /messages", s.single)
	mux.HandleFunc("POST /messages:batch", s.batch)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s.server = &http.Server{Handler: mux}
	s.serving.Go(func() { _ = s.server.Serve(l) }) // returns when the server is closed
	return s, nil
}

func (s *sink) url() string { return "http://" + s.listener.Addr().String() }

func (s *sink) close() {
	s.server.Close()
	s.serving.Wait()
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// single answers a call with one message.
func (s *sink) single(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, func(out, body []byte) []byte {
		if id, _ := nextID(body); id != nil {
			s.record(id)
			return appendAnswer(out, id)
		}
		return out
	})
}

// batch answers a call with several messages.
func (s *sink) batch(w http.ResponseWriter, r *http.Request) {
	s.serve(w, r, func(out, body []byte) []byte {
		out = append(out, `{"results":[`...)
		var ids [][]byte
		for {
			id, rest := nextID(body)
			if id == nil {
				break
			}
			if len(ids) > 0 {
				out = append(out, ',')
			}
			ids = append(ids, id)
			out = appendAnswer(out, id)
			body = rest
		}
		s.record(ids...)
		return append(out, "]}"...)
	})
}

// serve reads a body and writes the answer that handle appends to out.
func (s *sink) serve(w http.ResponseWriter, r *http.Request, handle func(out, body []byte) []byte) {
	in := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(in)
	in.Reset()
	if _, err := in.ReadFrom(http.MaxBytesReader(w, r.Body, 4<<20)); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header()["Content-Type"] = []string{"application/json"}
	var small [128]byte
	_, _ = w.Write(handle(small[:0], in.Bytes())) // a caller that has gone needs no answer
}

func appendAnswer(out, id []byte) []byte {
	out = append(out, `{"id":"`...)
	out = append(out, id...)
	return append(out, `","status":"accepted"}`...)
}

// record adds messages to the log.
func (s *sink) record(ids ...[]byte) {
	now := time.Now().UnixNano()
	var few [1]message // spares a single message the allocation
	received := few[:0]
	for _, text := range ids {
		if id, leg, err := touch.ParseDispatchID(string(text)); err == nil {
			received = append(received, message{id: id, leg: uint8(leg), at: now})
		}
	}
	s.mu.Lock()
	s.messages.add(received...)
	s.mu.Unlock()
	s.total.Add(int64(len(ids)))
}

// nextID finds the next message's id in a body without decoding the rest.
func nextID(body []byte) (id, rest []byte) {
	const name = `{"id":"`
	i := bytes.Index(body, []byte(name))
	if i < 0 {
		return nil, nil
	}
	body = body[i+len(name):]
	end := bytes.IndexByte(body, '"')
	if end < 0 {
		return nil, nil
	}
	return body[:end], body[end:]
}

// count returns how many messages were received so far.
func (s *sink) count() int { return int(s.total.Load()) }

// takeMessages returns the messages since the last call, and forgets them.
func (s *sink) takeMessages() messageLog {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.messages
	s.messages = messageLog{}
	return log
}
