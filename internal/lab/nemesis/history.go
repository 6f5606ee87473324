package nemesis

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"

	"touchgate.dev/touch"
)

// Line is one line of the raw history: one request, fault or message, and its
// result. Times are those of the run's own clock.
type Line struct {
	At   time.Time `json:"at"`
	Took float64   `json:"took_ms,omitempty"`
	// Op is submit, stream, cancel, pause, stop, "end of …", fault, heal, behave
	// or taken (a message that a vendor received).
	Op   string `json:"op"`
	What string `json:"what,omitempty"`
	// Keys are the touches of the request.
	Keys   []string    `json:"keys,omitempty"`
	State  touch.State `json:"state,omitempty"`
	Answer any         `json:"answer,omitempty"`
	Error  string      `json:"error,omitempty"`
}

// history writes the raw history to a file. It is safe for concurrent use.
type history struct {
	mu   sync.Mutex
	file *os.File
	out  *bufio.Writer
	enc  *json.Encoder
	err  error // the first one
}

func newHistory(dir string) (*history, error) {
	f, err := os.OpenFile(filepath.Join(dir, "history.ndjson"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, touch.Errorf(touch.Unavailable, "dir", "the history cannot be written: %w", err)
	}
	h := &history{file: f, out: bufio.NewWriterSize(f, 1<<20)}
	h.enc = json.NewEncoder(h.out)
	return h, nil
}

func (h *history) add(l Line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keepError(h.enc.Encode(l))
}

// close writes what is buffered, and returns the first error of all writes.
func (h *history) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keepError(h.out.Flush())
	h.keepError(h.file.Close())
	return h.err
}

func (h *history) keepError(err error) {
	if h.err == nil {
		h.err = err
	}
}
