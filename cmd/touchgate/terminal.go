package main

import (
	"io"
	"os"
	"sync"
)

// lockedWriter lets the log, the progress bar and child processes share
// standard error.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// isTerminal reports whether w is a terminal that can redraw its lines.
func isTerminal(w io.Writer) bool {
	if shared, ok := w.(*lockedWriter); ok {
		w = shared.w
	}
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
