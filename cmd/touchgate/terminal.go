package main

import (
	"io"
	"os"
	"sync"
)

// lockedWriter writes one Write at a time. The log, the progress bar and child
// processes share standard error, and none may write into another's line. It is
// safe for concurrent use.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// isTerminal reports whether w is a terminal that can redraw its lines. A file or a
// pipe cannot; neither can a terminal with TERM=dumb, for example within an editor.
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
