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

// Line is one line of the raw history: what was asked or done, and what came
// of it. Times are on the run's own clock.
type Line struct {
	At   time.Time `json:"at"`
	Took float64   `json:"took_ms,omitempty"`
	Op   string    `json:"op"` // submit, stream, cancel, pause, resume, stop, unstop, fault, heal, behave
	What string    `json:"what,omitempty"`
	// Keys are the touches that it was about.
	Keys   []string    `json:"keys,omitempty"`
	State  touch.State `json:"state,omitempty"`
	Answer any         `json:"answer,omitempty"`
	Error  string      `json:"error,omitempty"`
}

// history writes the raw history. It is safe for concurrent use.
type history struct {
	mu   sync.Mutex
	file *os.File
	out  *bufio.Writer
	enc  *json.Encoder
	err  error
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
	if err := h.enc.Encode(l); err != nil && h.err == nil {
		h.err = err
	}
}

func (h *history) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.out.Flush(); err != nil && h.err == nil {
		h.err = err
	}
	if err := h.file.Close(); err != nil && h.err == nil {
		h.err = err
	}
	return h.err
}
