package main

import (
	"io"
	"os"
	"sync"

	"github.com/jedib0t/go-pretty/v6/table"
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

// newTable makes a table that reads well in a terminal and in a log.
func newTable(w io.Writer) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleLight
	style.Options.DrawBorder = false
	style.Options.SeparateColumns = false
	t.SetStyle(style)
	return t
}
