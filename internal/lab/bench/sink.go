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

// sink is a vendor that takes every message as fast as Go's HTTP server goes,
// and remembers which, and when: the truth of a measurement. It speaks as much
// of channels/contract as that takes. It is safe for concurrent use.
type sink struct {
	server   *http.Server
	listener net.Listener
	serving  sync.WaitGroup
	taken    atomic.Int64
	mu       sync.Mutex
	log      tape
}

func startSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{listener: l}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /messages", s.one)
	mux.HandleFunc("POST /messages:batch", s.several)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s.server = &http.Server{Handler: mux}
	s.serving.Go(func() { _ = s.server.Serve(l) }) // ends when it is closed
	return s, nil
}

func (s *sink) url() string { return "http://" + s.listener.Addr().String() }

func (s *sink) close() {
	s.server.Close()
	s.serving.Wait()
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// one takes a single message.
func (s *sink) one(w http.ResponseWriter, r *http.Request) {
	s.take(w, r, func(out, body []byte) []byte {
		if id, _ := nextID(body); id != nil {
			s.note(id)
			return answer(out, id)
		}
		return out
	})
}

// several takes a batch.
func (s *sink) several(w http.ResponseWriter, r *http.Request) {
	s.take(w, r, func(out, body []byte) []byte {
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
			ids, body, out = append(ids, id), rest, answer(out, id)
		}
		s.note(ids...)
		return append(out, "]}"...)
	})
}

// take reads a body and writes what words make of it.
func (s *sink) take(w http.ResponseWriter, r *http.Request, words func(out, body []byte) []byte) {
	in := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(in)
	in.Reset()
	if _, err := in.ReadFrom(http.MaxBytesReader(w, r.Body, 4<<20)); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header()["Content-Type"] = []string{"application/json"}
	var small [128]byte
	_, _ = w.Write(words(small[:0], in.Bytes())) // a caller that has gone needs no answer
}

func answer(out, id []byte) []byte {
	return append(append(append(out, `{"id":"`...), id...), `","status":"accepted"}`...)
}

func (s *sink) note(ids ...[]byte) {
	now := time.Now().UnixNano()
	var few [1]taken
	ours := few[:0]
	for _, text := range ids {
		if id, leg, err := touch.ParseDispatchID(string(text)); err == nil {
			ours = append(ours, taken{id: id, leg: uint8(leg), at: now})
		}
	}
	s.mu.Lock()
	s.log.add(ours...)
	s.mu.Unlock()
	s.taken.Add(int64(len(ids)))
}

// nextID finds the next message's id in a body, without reading the rest.
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

// count is how many messages were taken so far.
func (s *sink) count() int { return int(s.taken.Load()) }

// truth gives what was taken since the last call, and forgets it.
func (s *sink) truth() tape {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.log
	s.log = tape{}
	return log
}
