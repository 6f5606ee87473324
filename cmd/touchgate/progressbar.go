package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
)

// progressBar shows the progress of something: as a bar in a terminal, and
// otherwise as a line each second. It is safe for concurrent use. Call stop at
// the end.
type progressBar struct {
	out     io.Writer
	title   string
	writer  progress.Writer // nil: plain lines
	tracker *progress.Tracker

	mu    sync.Mutex
	done  int64
	total int64
	text  string
	began time.Time

	quit     chan struct{}
	rendered chan struct{} // closed when the writer has ended
	running  sync.WaitGroup
}

// newProgress starts a bar with a total, 0 if it is not known yet.
func newProgress(out io.Writer, title string, total int64) *progressBar {
	b := &progressBar{out: out, title: title, total: total, began: time.Now(), quit: make(chan struct{})}
	if isTerminal(out) {
		b.writer = progress.NewWriter()
		b.writer.SetOutputWriter(out)
		b.writer.SetAutoStop(false)
		b.writer.SetMessageLength(64)
		b.writer.SetUpdateFrequency(100 * time.Millisecond)
		b.writer.SetStyle(progress.StyleBlocks)
		b.writer.Style().Visibility.Value = false
		b.writer.Style().Visibility.Speed = false
		b.tracker = &progress.Tracker{Message: title, Total: total}
		b.writer.AppendTracker(b.tracker)
		b.rendered = make(chan struct{})
		b.running.Go(func() {
			defer close(b.rendered)
			b.writer.Render()
		})
		return b
	}
	b.running.Go(b.printLines)
	return b
}

// printLines prints a line each second until stop.
func (b *progressBar) printLines() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-b.quit:
			return
		case <-tick.C:
			b.printLine()
		}
	}
}

// printLine prints the time, the share that is done and the text.
func (b *progressBar) printLine() {
	b.mu.Lock()
	defer b.mu.Unlock()
	percent := ""
	if b.total > 0 {
		percent = fmt.Sprintf(" %3d%%", min(100, 100*b.done/b.total))
	}
	fmt.Fprintf(b.out, "%6.1fs %s%s %s\n", time.Since(b.began).Seconds(), b.title, percent, b.text)
}

// add moves on by n.
func (b *progressBar) add(n int64) {
	b.mu.Lock()
	b.done += n
	b.mu.Unlock()
	if b.tracker != nil {
		b.tracker.Increment(n)
	}
}

// set moves to n of total.
func (b *progressBar) set(n, total int64) {
	b.mu.Lock()
	b.done, b.total = n, total
	b.mu.Unlock()
	if b.tracker != nil {
		b.tracker.UpdateTotal(total)
		b.tracker.SetValue(n)
	}
}

// setText changes the text beside the bar.
func (b *progressBar) setText(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.mu.Lock()
	b.text = text
	b.mu.Unlock()
	if b.tracker != nil {
		b.tracker.UpdateMessage(b.title + " " + text)
	}
}

// print prints a line that stays.
func (b *progressBar) print(format string, args ...any) {
	if b.writer != nil {
		b.writer.Log(format, args...)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintf(b.out, format+"\n", args...)
}

// stop ends the bar and shows its last state.
func (b *progressBar) stop() {
	close(b.quit)
	if b.writer != nil {
		b.tracker.MarkAsDone()
		// The writer ignores a Stop that comes before it has begun to render, so
		// repeat it until the writer has ended.
		for ended := false; !ended; {
			b.writer.Stop()
			select {
			case <-b.rendered:
				ended = true
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	b.running.Wait()
	if b.writer == nil {
		b.printLine()
	}
}
