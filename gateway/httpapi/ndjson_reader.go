package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"touchgate.dev/gateway/httpapi/strictjson"
	"touchgate.dev/touch"
)

// line is one line of a stream: a value, or what is wrong with it.
type line[T any] struct {
	number int // from 1, empty lines counted
	size   int // bytes
	value  T
	err    error
}

// maxBlank is how many empty lines a stream may have. After that it may have as
// many as it has others.
const maxBlank = 10_000

// lineReader reads NDJSON into groups of lines. It never holds more than the
// bytes of one line, and returns a group as soon as reading on might wait for
// the client. Not safe for concurrent use.
type lineReader[T any] struct {
	in      *bufio.Reader
	number  int // of the line read last
	blank   int // empty lines so far
	maxLine int // bytes

	// In the background, before is called each time that a group begins to be
	// read, and take before it is handed over: an error of take ends the
	// reading. Both may be nil.
	before func()
	take   func(ctx context.Context, bytes int64) error
}

func newLineReader[T any](r io.Reader, maxLine int) *lineReader[T] {
	return &lineReader[T]{in: bufio.NewReaderSize(r, maxLine), maxLine: maxLine}
}

// group reads lines until there are max of them, or no whole line is left in
// the buffer. io.EOF is returned by itself, after the last group.
func (l *lineReader[T]) group(max int) ([]line[T], error) {
	var lines []line[T]
	for len(lines) < max {
		if l.blank > maxBlank && l.blank > l.number/2 {
			return lines, touch.Errorf(touch.Invalid, "", "more than %d lines are empty", maxBlank)
		}
		raw, err := l.next()
		if errors.Is(err, bufio.ErrBufferFull) {
			tooLong := touch.Errorf(touch.TooLarge, "", "a line has at most %d bytes", l.maxLine)
			lines = append(lines, line[T]{number: l.number, err: tooLong})
			if err := l.skipRest(); err != nil {
				return lines, err
			}
			continue
		}
		if len(raw) > 0 {
			read := line[T]{number: l.number, size: len(raw)}
			if err := strictjson.Decode(raw, &read.value); err != nil {
				read.err = malformed{err}
			}
			lines = append(lines, read)
		} else {
			l.blank++
		}
		if errors.Is(err, io.EOF) && len(lines) > 0 {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		if len(lines) > 0 && !l.hasLine() {
			return lines, nil
		}
	}
	return lines, nil
}

// next reads one line, without its end and the space around it. The bytes are
// valid until the next read.
func (l *lineReader[T]) next() ([]byte, error) {
	raw, err := l.in.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(raw) == 0 {
		return nil, io.EOF
	}
	l.number++
	if l.number == 1 {
		raw = bytes.TrimPrefix(raw, byteOrderMark)
	}
	return bytes.TrimSpace(raw), err
}

// skipRest reads and drops the rest of a line that is too long.
func (l *lineReader[T]) skipRest() error {
	for {
		_, err := l.in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil // the next read returns it again
		default:
			return err
		}
	}
}

// hasLine reports whether a whole line lies in the buffer.
func (l *lineReader[T]) hasLine() bool {
	buffered, _ := l.in.Peek(l.in.Buffered())
	return bytes.IndexByte(buffered, '\n') >= 0
}

// backgroundReader is a lineReader that runs in a goroutine of its own.
type backgroundReader[T any] struct {
	groups chan []line[T]
	err    error // why it ended, nil at the end of the input; read it after groups is closed
	done   sync.WaitGroup
}

// startReader reads ahead by one group. Its goroutine ends at the end of the
// input, at an error, or when ctx has ended and the input returns. Wait for
// done.
func startReader[T any](ctx context.Context, in *lineReader[T], max int) *backgroundReader[T] {
	r := &backgroundReader[T]{groups: make(chan []line[T])}
	r.done.Go(func() {
		defer close(r.groups)
		for {
			if in.before != nil {
				in.before()
			}
			lines, err := in.group(max)
			if len(lines) > 0 {
				if in.take != nil {
					if r.err = in.take(ctx, sizeOf(lines)); r.err != nil {
						return
					}
				}
				select {
				case r.groups <- lines:
				case <-ctx.Done():
					r.err = ctx.Err() // lines were read that nobody will store
					return
				}
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					r.err = err
				}
				return
			}
		}
	})
	return r
}

// sizeOf returns how many bytes lines had.
func sizeOf[T any](lines []line[T]) (size int64) {
	for i := range lines {
		size += int64(lines[i].size)
	}
	return size
}
