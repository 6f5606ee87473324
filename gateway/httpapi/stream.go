package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"touchgate.dev/gateway/httpapi/strictjson"
	"touchgate.dev/touch"
)

const (
	chunkLines  = touch.MaxBatch        // lines committed together
	chunkWait   = 50 * time.Millisecond // how long a chunk waits to be filled
	chunksAhead = 4                     // chunks being committed at once
)

// chunkReport is the answer to one chunk of a stream, and, with Done set, to
// all of it.
type chunkReport struct {
	LineFrom int  `json:"line_from,omitempty"`
	LineTo   int  `json:"line_to,omitempty"`
	Done     bool `json:"done,omitempty"`
	// Lines counts the lines read, empty ones apart.
	Lines int `json:"lines"`
	// Accepted are new; so many of them, Deferred, wait for a later time.
	Accepted int `json:"accepted"`
	Deferred int `json:"deferred,omitempty"`
	Repeated int `json:"repeated,omitempty"` // known already
	Refused  int `json:"refused,omitempty"`
	// Reasons counts the refused by rule.
	Reasons map[string]int `json:"reasons,omitempty"`
	Failed  int            `json:"failed,omitempty"` // lines that were wrong
	Errors  []lineError    `json:"errors,omitempty"`
	// Error says why the stream ended early. The lines from LineFrom on are
	// not known to be stored: send them again.
	Error *problem `json:"error,omitempty"`
}

type lineError struct {
	Line    int    `json:"line"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// fail notes what is wrong with a line.
func (r *chunkReport) fail(line int, err error) {
	r.Failed++
	for _, f := range touch.FaultsOf(err) {
		r.Errors = append(r.Errors, lineError{line, f.Field, f.Message})
	}
}

// add sums a chunk's counts into a total.
func (r *chunkReport) add(c *chunkReport) {
	r.Lines += c.Lines
	r.Accepted += c.Accepted
	r.Deferred += c.Deferred
	r.Repeated += c.Repeated
	r.Refused += c.Refused
	r.Failed += c.Failed
	for rule, n := range c.Reasons {
		if r.Reasons == nil {
			r.Reasons = make(map[string]int)
		}
		r.Reasons[rule] += n
	}
}

// commit stores the good lines of a chunk and fills its report.
type commit[T any] func(ctx context.Context, lines []line[T], report *chunkReport) error

// stream takes NDJSON of any length in constant memory: it reads lines into
// chunks, commits up to four of them at once, reads no further meanwhile, and
// answers with a line for each chunk, in order, as soon as it is committed.
func stream[T any](c *call, d *strictjson.Decoder[T], store commit[T]) error {
	body, err := c.plainBody()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(c.ctx())
	defer cancel()
	s := &streaming[T]{c: c, ctl: http.NewResponseController(c.Writer), store: store, total: chunkReport{Done: true}}
	// A server that can't do either reads and answers in turns: slower, not wrong.
	_ = s.ctl.EnableFullDuplex()
	s.extend()
	c.Header("Content-Type", "application/x-ndjson")
	c.Status(http.StatusOK)

	feed := startFeed(ctx, newLineReader(body, d, c.api.limits.Line), chunkLines)
	heard := s.run(ctx, feed.groups)
	cancel()
	if s.total.Error != nil || !heard {
		_ = s.ctl.SetReadDeadline(time.Unix(1, 0)) // lets go a reader that waits for input
	}
	feed.done.Wait()
	if heard {
		if feed.err != nil && s.total.Error == nil {
			s.stop(malformed{touch.Errorf(touch.Invalid, "", "the stream broke off")})
		}
		s.write(&s.total)
	}
	return nil
}

// streaming is one stream on its way.
type streaming[T any] struct {
	c       *call
	ctl     *http.ResponseController
	store   commit[T]
	pending []*chunk[T] // being committed, oldest first
	total   chunkReport
}

// chunk is so many lines committed together.
type chunk[T any] struct {
	lines  []line[T]
	report chunkReport
	err    error
	done   chan struct{}
}

// run reads groups until their end. It reports whether the peer still listens.
func (s *streaming[T]) run(ctx context.Context, groups <-chan []line[T]) bool {
	var filling []line[T]
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	defer s.settle()
	for groups != nil || len(filling) > 0 || len(s.pending) > 0 {
		full := len(filling) >= chunkLines || (groups == nil && len(filling) > 0)
		if full && len(s.pending) < chunksAhead {
			filling = s.begin(ctx, filling)
			continue
		}
		in := groups
		if full {
			in = nil
		}
		var oldest chan struct{}
		if len(s.pending) > 0 {
			oldest = s.pending[0].done
		}
		select {
		case lines, ok := <-in:
			if !ok {
				groups = nil
				continue
			}
			s.extend()
			if len(filling) == 0 {
				timer.Reset(chunkWait)
			}
			filling = append(filling, lines...)
		case <-timer.C:
			if len(filling) > 0 && len(s.pending) < chunksAhead {
				filling = s.begin(ctx, filling)
			}
		case <-oldest:
			if !s.finish() {
				return false
			}
			if len(filling) > 0 {
				timer.Reset(chunkWait) // it may have rung while there was no room
			}
		}
		if s.total.Error != nil {
			return true
		}
	}
	return true
}

// begin commits up to a chunk of lines in the background; it gives the rest.
func (s *streaming[T]) begin(ctx context.Context, lines []line[T]) (rest []line[T]) {
	n := min(len(lines), chunkLines)
	ch := &chunk[T]{lines: lines[:n:n], done: make(chan struct{})}
	ch.report = chunkReport{LineFrom: lines[0].number, LineTo: lines[n-1].number, Lines: n}
	s.pending = append(s.pending, ch)
	go func() {
		defer close(ch.done)
		defer func() {
			if p := recover(); p != nil { // gin's own guard doesn't reach here
				s.c.api.logPanic(requestID(s.c.Context), p)
				ch.err = touch.Errorf(touch.Internal, "", "panic")
			}
		}()
		if s.c.api.gate.Closed() {
			ch.err = draining
			return
		}
		ch.err = s.store(ctx, ch.lines, &ch.report)
	}()
	return append([]line[T](nil), lines[n:]...)
}

// finish answers for the oldest chunk, which is done. It reports whether the
// peer still listens.
func (s *streaming[T]) finish() bool {
	ch := s.pending[0]
	s.pending = s.pending[1:]
	if ch.err != nil {
		s.stop(ch.err)
		s.total.LineFrom = ch.report.LineFrom
		return true
	}
	s.total.add(&ch.report)
	return s.write(&ch.report)
}

// settle waits for the chunks that are still being committed.
func (s *streaming[T]) settle() {
	for _, ch := range s.pending {
		<-ch.done
	}
}

// stop notes why the stream ends before its end.
func (s *streaming[T]) stop(err error) {
	p := problemOf(err)
	p.RequestID = requestID(s.c.Context)
	if p.Status >= 500 {
		noteError(s.c.Context, err)
	}
	s.total.Error = &p
}

func (s *streaming[T]) write(r *chunkReport) bool {
	b, err := json.Marshal(r)
	if err != nil {
		return false
	}
	_ = s.ctl.SetWriteDeadline(time.Now().Add(s.c.api.limits.Idle))
	if _, err := s.c.Writer.Write(append(b, '\n')); err != nil {
		return false
	}
	return s.ctl.Flush() == nil
}

// extend gives the peer time for its next lines.
func (s *streaming[T]) extend() {
	_ = s.ctl.SetReadDeadline(time.Now().Add(s.c.api.limits.Idle))
}
