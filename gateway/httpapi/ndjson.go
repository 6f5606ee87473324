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
	value  T
	err    error
}

// lineReader reads NDJSON into groups of lines. It never holds more than one
// line's bytes, and hands a group over as soon as reading on might wait.
type lineReader[T any] struct {
	in      *bufio.Reader
	decode  *strictjson.Decoder[T]
	number  int
	maxLine int
}

func newLineReader[T any](r io.Reader, d *strictjson.Decoder[T], maxLine int) *lineReader[T] {
	return &lineReader[T]{in: bufio.NewReaderSize(r, maxLine), decode: d, maxLine: maxLine}
}

// group reads lines until there are max of them, or none is left in the
// buffer. io.EOF comes alone, after the last group.
func (l *lineReader[T]) group(max int) ([]line[T], error) {
	var lines []line[T]
	for len(lines) < max {
		raw, err := l.next()
		if errors.Is(err, bufio.ErrBufferFull) {
			lines = append(lines, line[T]{number: l.number, err: touch.Errorf(touch.TooLarge, "", "a line has at most %d bytes", l.maxLine)})
			if err := l.skip(); err != nil {
				return lines, err
			}
			continue
		}
		if len(raw) > 0 {
			got := line[T]{number: l.number}
			if bad := l.decode.Decode(raw, &got.value); bad != nil {
				got.err = malformed{bad}
			}
			lines = append(lines, got)
		}
		if errors.Is(err, io.EOF) && len(lines) > 0 {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		if len(lines) > 0 && !l.buffered() {
			return lines, nil
		}
	}
	return lines, nil
}

// next reads one line, without its end and the space around it.
func (l *lineReader[T]) next() ([]byte, error) {
	raw, err := l.in.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(raw) == 0 {
		return nil, io.EOF
	}
	l.number++
	return bytes.TrimSpace(raw), err
}

// skip passes over the rest of a line that is too long.
func (l *lineReader[T]) skip() error {
	for {
		if _, err := l.in.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				return nil // the next read says so again
			}
			return err
		}
	}
}

// buffered reports whether a whole line lies in the buffer.
func (l *lineReader[T]) buffered() bool {
	ready, _ := l.in.Peek(l.in.Buffered())
	return bytes.IndexByte(ready, '\n') >= 0
}

// feed is a lineReader at work in a goroutine of its own.
type feed[T any] struct {
	groups chan []line[T]
	err    error // why it ended, nil at the stream's end; read it after groups is closed
	done   sync.WaitGroup
}

// startFeed reads ahead by one group. Its goroutine ends when the input does,
// fails, or ctx ends and the input lets go; wait for done.
func startFeed[T any](ctx context.Context, in *lineReader[T], max int) *feed[T] {
	f := &feed[T]{groups: make(chan []line[T])}
	f.done.Go(func() {
		defer close(f.groups)
		for {
			lines, err := in.group(max)
			if len(lines) > 0 {
				select {
				case f.groups <- lines:
				case <-ctx.Done():
					f.err = ctx.Err() // lines were read that nobody will store
					return
				}
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					f.err = err
				}
				return
			}
		}
	})
	return f
}
