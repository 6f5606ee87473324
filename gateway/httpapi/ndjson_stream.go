package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"touchgate.dev/touch"
)

const (
	chunkLines = touch.MaxBatch        // lines committed together
	chunkWait  = 50 * time.Millisecond // how long a chunk waits to be filled
	maxCommits = 4                     // chunks being committed at once
)

// commit stores the lines of a chunk and fills in its report. The lines are
// its own: it may change and reorder them. An error ends the stream.
type commit[T any] func(ctx context.Context, lines []line[T], report *chunkReport) error

// stream reads NDJSON of any length in constant memory: it collects lines into
// chunks, commits up to four chunks at once, and reads no further while those
// are full. For each chunk it answers with a line, in order, as soon as the
// chunk is committed, and with a total at the end.
func stream[T any](c *request, store commit[T]) error {
	body, err := c.plainBody()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.ctx())
	defer cancel()
	s := &streaming[T]{
		request:  c,
		response: http.NewResponseController(c.Writer),
		store:    store,
		total:    chunkReport{Done: true},
	}
	// A server that can't do full duplex reads and answers in turns: that is
	// slower, not wrong.
	_ = s.response.EnableFullDuplex()
	s.extendReadDeadline()
	c.Header("Content-Type", "application/x-ndjson")
	c.Status(http.StatusOK)

	reader := startReader(ctx, newLineReader[T](body, c.core.limits.Line), chunkLines)
	connected := s.run(ctx, reader.groups)

	// Stop the reader. When the stream ends before its input, the reader may
	// wait for lines that never come: a read deadline in the past ends that.
	cancel()
	if s.total.Error != nil || !connected {
		_ = s.response.SetReadDeadline(time.Unix(1, 0))
	}
	reader.done.Wait()
	if connected {
		if reader.err != nil && s.total.Error == nil {
			s.fail(malformed{touch.Errorf(touch.Invalid, "", "the stream broke off")})
		}
		s.write(&s.total)
	}
	return nil
}

// streaming is one stream while it runs.
type streaming[T any] struct {
	request  *request
	response *http.ResponseController
	store    commit[T]
	pending  []*chunk[T] // being committed, oldest first
	total    chunkReport
}

// chunk is a number of lines that are committed together.
type chunk[T any] struct {
	lines  []line[T]
	report chunkReport
	err    error
	done   chan struct{} // closed when report and err may be read
}

// run reads groups of lines until their end or an error. It reports whether
// the client is still connected.
func (s *streaming[T]) run(ctx context.Context, groups <-chan []line[T]) bool {
	var filling []line[T]
	timer := time.NewTimer(time.Hour) // reset when a chunk begins to fill
	defer timer.Stop()
	defer s.waitForCommits()
	for groups != nil || len(filling) > 0 || len(s.pending) > 0 {
		// Commit a full chunk, or the last one, as soon as there is room.
		full := len(filling) >= chunkLines || (groups == nil && len(filling) > 0)
		if full && len(s.pending) < maxCommits {
			filling = s.begin(ctx, filling)
			continue
		}

		// A full chunk that must wait stops the reading: a nil channel is
		// never ready.
		input := groups
		if full {
			input = nil
		}
		var oldest chan struct{}
		if len(s.pending) > 0 {
			oldest = s.pending[0].done
		}
		select {
		case lines, ok := <-input:
			if !ok {
				groups = nil
				continue
			}
			s.extendReadDeadline()
			if len(filling) == 0 {
				timer.Reset(chunkWait)
			}
			filling = append(filling, lines...)
		case <-timer.C:
			if len(filling) > 0 && len(s.pending) < maxCommits {
				filling = s.begin(ctx, filling)
			}
		case <-oldest:
			if !s.finish() {
				return false
			}
			if len(filling) > 0 {
				timer.Reset(chunkWait) // it may have fired while there was no room
			}
		}
		if s.total.Error != nil {
			return true
		}
	}
	return true
}

// begin commits up to a chunk of lines in the background, and returns the
// rest.
func (s *streaming[T]) begin(ctx context.Context, lines []line[T]) (rest []line[T]) {
	n := min(len(lines), chunkLines)
	ch := &chunk[T]{lines: lines[:n:n], done: make(chan struct{})}
	ch.report = chunkReport{LineFrom: lines[0].number, LineTo: lines[n-1].number, Lines: n}
	s.pending = append(s.pending, ch)
	go func() {
		defer close(ch.done)
		defer func() {
			if p := recover(); p != nil { // the middleware's recover does not reach this goroutine
				s.request.core.logPanic(requestID(s.request.Context), p)
				ch.err = touch.Errorf(touch.Internal, "", "panic")
			}
		}()
		if s.request.core.drain.Started() {
			ch.err = draining
			return
		}
		ch.err = s.store(ctx, ch.lines, &ch.report)
	}()
	return append([]line[T](nil), lines[n:]...)
}

// finish answers for the oldest chunk, which is done. It reports whether the
// client is still connected.
func (s *streaming[T]) finish() bool {
	ch := s.pending[0]
	s.pending = s.pending[1:]
	if ch.err != nil {
		s.fail(ch.err)
		s.total.LineFrom = ch.report.LineFrom
		return true
	}
	s.total.add(&ch.report)
	return s.write(&ch.report)
}

// waitForCommits waits for the chunks that are still being committed.
func (s *streaming[T]) waitForCommits() {
	for _, ch := range s.pending {
		<-ch.done
	}
}

// fail records why the stream ends before its input.
func (s *streaming[T]) fail(err error) {
	p := problemOf(err)
	p.RequestID = requestID(s.request.Context)
	if p.Status >= 500 {
		logError(s.request.Context, err)
	}
	s.total.Error = &p
}

// write sends one report. It reports whether the client is still connected.
func (s *streaming[T]) write(r *chunkReport) bool {
	b, err := json.Marshal(r)
	if err != nil {
		return false
	}
	_ = s.response.SetWriteDeadline(time.Now().Add(s.request.core.limits.Idle))
	if _, err := s.request.Writer.Write(append(b, '\n')); err != nil {
		return false
	}
	return s.response.Flush() == nil
}

// extendReadDeadline gives the client time for its next lines.
func (s *streaming[T]) extendReadDeadline() {
	_ = s.response.SetReadDeadline(time.Now().Add(s.request.core.limits.Idle))
}
