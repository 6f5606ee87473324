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
	chunkBytes = 1 << 20               // of lines, after which no more are committed with them
	chunkWait  = 50 * time.Millisecond // how long a chunk waits to be filled
	maxCommits = 4                     // chunks being committed at once
	faultShare = 10                    // the part of the lines that may be wrong in a stream of many
)

// commit stores the lines of a chunk and fills in its report. The lines are
// its own: it may change and reorder them. An error ends the stream.
type commit[T any] func(ctx context.Context, lines []line[T], report *chunkReport) error

// stream reads NDJSON of any length in constant memory: it collects lines into
// chunks, commits up to four chunks at once, and reads no further while those
// are full. For each chunk it answers with a line, in order, as soon as the
// chunk is committed, and with a total at the end.
//
// A stream ends early when its key is revoked, when too many of its lines are
// wrong, and when a client neither sends nor reads for too long. Its lines
// count as held bytes until they are committed.
func stream[T any](c *request, store commit[T]) error {
	if err := c.hold(int64(c.core.limits.Line) + inflateBytes); err != nil {
		return err
	}
	c.awaitBody(c.core.limits.Idle) // the head of a gzip body is read here
	body, err := c.plainBody()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.ctx())
	defer cancel()
	s := &streaming[T]{
		request:  c,
		response: c.response(),
		store:    store,
		total:    chunkReport{Done: true},
		faults:   c.core.limits.Faults,
		mayPend:  maxCommits,
	}
	// A server that can't do full duplex reads and answers in turns: that is
	// slower, not wrong.
	_ = s.response.EnableFullDuplex()
	c.Header("Content-Type", "application/x-ndjson")
	// The rest of a stream that ends early must not be read as the next request.
	c.Header("Connection", "close")
	c.Status(http.StatusOK)

	lines := newLineReader[T](body, c.core.limits.Line)
	lines.before = s.extendReadDeadline
	lines.take = c.account().take
	reader := startReader(ctx, lines, chunkLines)
	connected := s.run(ctx, reader.groups)

	// Stop the reader. When the stream ends before its input, the reader may
	// wait for lines that never come: a read deadline in the past ends that.
	cancel()
	if s.total.Error != nil || !connected {
		_ = s.response.SetReadDeadline(time.Unix(1, 0))
	}
	reader.done.Wait()
	if connected && reader.err != nil && s.total.Error == nil {
		s.fail(brokenOff(reader.err))
		_ = s.response.SetReadDeadline(time.Unix(1, 0)) // the rest is of no use
	}
	if connected {
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
	mayPend  int   // chunks being committed at once: one after a chunk of bad lines
	filling  int64 // bytes of the lines that no chunk has yet
	told     int   // the last line whose report was written
	faults   int   // wrong lines that a stream may have in any case
}

// brokenOff returns why the input ended before its end. Only what is wrong with
// the input itself is told.
func brokenOff(err error) error {
	switch touch.ClassOf(err) {
	case touch.Invalid, touch.TooLarge:
		return err
	}
	return malformed{touch.Errorf(touch.Invalid, "", "the stream broke off")}
}

// chunk is a number of lines that are committed together.
type chunk[T any] struct {
	lines  []line[T]
	size   int64 // bytes of the lines, which count as held
	report chunkReport
	err    error
	done   chan struct{} // closed when report and err may be read
}

// run reads groups of lines until their end or an error. It reports whether
// the client is still connected.
func (s *streaming[T]) run(ctx context.Context, groups <-chan []line[T]) bool {
	var filling []line[T]
	revoked := s.request.permit.good.Done()
	timer := time.NewTimer(time.Hour) // reset when a chunk begins to fill
	defer timer.Stop()
	defer s.waitForCommits()
	for groups != nil || len(filling) > 0 || len(s.pending) > 0 {
		// Commit a full chunk, or the last one, as soon as there is room.
		full := len(filling) >= chunkLines || s.filling >= chunkBytes || (groups == nil && len(filling) > 0)
		if full && len(s.pending) < s.mayPend {
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
				s.request.bodyRead()
				continue
			}
			if len(filling) == 0 {
				timer.Reset(chunkWait)
			}
			s.filling += sizeOf(lines)
			filling = append(filling, lines...)
		case <-timer.C:
			if len(filling) > 0 && len(s.pending) < s.mayPend {
				filling = s.begin(ctx, filling)
			}
		case <-revoked:
			revoked = nil // a client that hung up is noticed by the reader
			if err := s.request.refusedMeanwhile(); err != nil {
				s.end(err)
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
	ch := &chunk[T]{lines: lines[:n:n], size: sizeOf(lines[:n]), done: make(chan struct{})}
	s.filling -= ch.size
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
		if ch.err = s.request.stillMay(ctx); ch.err != nil {
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
	s.request.account().release(ch.size)
	if !s.write(&ch.report) {
		return false
	}
	s.told = ch.report.LineTo
	s.mayPend = maxCommits
	if ch.report.Failed > ch.report.Lines/faultShare {
		s.mayPend = 1
	}
	if failed := s.total.Failed; failed > s.faults && failed > s.total.Lines/faultShare {
		s.request.core.metrics.bite("faults")
		s.end(touch.Errorf(touch.Invalid, "", "%d lines were wrong: the rest is not read", failed))
	}
	return true
}

// end ends the stream before its input. Lines after those that the client was
// told of are not known to be stored.
func (s *streaming[T]) end(err error) {
	s.fail(err)
	s.total.LineFrom = s.told + 1
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
	_ = s.response.SetWriteDeadline(time.Now().Add(s.request.core.limits.Write))
	if _, err := s.request.Writer.Write(append(b, '\n')); err != nil {
		return false
	}
	return s.response.Flush() == nil
}

// extendReadDeadline gives the client time for its next lines.
func (s *streaming[T]) extendReadDeadline() {
	_ = s.response.SetReadDeadline(time.Now().Add(s.request.core.limits.Idle))
}
