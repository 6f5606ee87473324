package bench

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

// The rules of every measurement. At most so many marketing contacts, and a
// limit on contacts of any kind that is looked at and never met.
const (
	weekly = 10
	rules  = `policy: bench
title: What a measurement is held to
zone: UTC
rules:
  - {id: weekly, when: category == "marketing", cap: {limit: 10, per: 7d, by: [customer]}, else: refuse}
  - {id: daily, cap: {limit: 5000, per: 24h, by: [customer]}, else: defer}
  - {id: hours, when: category == "marketing", hours: {mon-sun: ["00:00-24:00"]}, else: defer}
`
)

// proofCaps are the same rules for the checker, which shares no code with the
// engine.
func proofCaps() []oracle.Cap {
	return []oracle.Cap{
		{Rule: "weekly", Limit: weekly, Rolling: 7 * 24 * time.Hour, Match: func(c touch.Category, _ touch.Channel) bool { return c == touch.Marketing }},
		{Rule: "daily", Limit: 5000, Rolling: 24 * time.Hour},
	}
}

const template = "bench-offer"

// work is a made-up set of touches: numbered, so that nothing of it needs to
// be kept in memory while it is sent.
type work struct {
	name      string // begins every key; also the campaign
	n         int
	customers int
	pestered  int // customers who get far too many
	category  touch.Category
	due       time.Time // zero: now
	// clock notes when every clockStep-th touch was streamed, unix nanoseconds.
	clock []int64
}

const clockStep = 100

// streamedAt is about when touch i was handed to the connection.
func (w *work) streamedAt(i int) time.Time { return time.Unix(0, w.clock[i/clockStep]) }

// key names touch i.
func (w *work) key(i int) string { return w.name + "-" + strconv.Itoa(i) }

// customer is whom touch i goes to. Each customer gets as many as fit under
// the weekly cap; but every hundredth touch goes to one of few customers who
// get far too many, so that the cap is seen to hold.
func (w *work) customer(i int) int {
	if w.category == touch.Marketing && i%100 == 99 {
		return i / 100 % w.pestered
	}
	return w.pestered + i%w.customers
}

// newWork makes work for customers who are the same from round to round, as
// a bank's are: their logs grow. A customer gets two touches of each campaign,
// or as many more as customers are too few for.
func newWork(name string, n, customers int, category touch.Category) *work {
	return &work{name: name, n: n, customers: customers, pestered: max(1, n/1000), category: category}
}

// newWork makes work, and stores its customers.
func (e *env) newWork(ctx context.Context, name string, n, customers int, category touch.Category) (*work, error) {
	w := newWork(name, n, customers, category)
	return w, e.customers(ctx, w.pestered+w.customers)
}

// line appends touch i as a line of NDJSON.
func (w *work) line(b []byte, i int) []byte {
	b = append(b, `{"key":"`...)
	b = append(append(b, w.name...), '-')
	b = strconv.AppendInt(b, int64(i), 10)
	b = append(b, `","customer":"`...)
	b = appendCustomer(b, w.customer(i))
	b = append(append(append(b, `","category":"`...), w.category...), `","subject":"auto-loan"`...)
	if !w.due.IsZero() {
		b = append(append(append(b, `,"not_before":"`...), w.due.UTC().Format(time.RFC3339Nano)...), '"')
	}
	b = append(b, `,"plan":[{"channel":"sms","template":"`+template+`","params":{"amount":"`...)
	b = strconv.AppendInt(b, int64(1000+i%50*1000), 10)
	return append(b, "\"}}]}\n"...)
}

func appendCustomer(b []byte, n int) []byte {
	s := strconv.Itoa(n)
	b = append(b, 'c')
	return append(append(b, "00000000"[:max(0, 8-len(s))]...), s...)
}

// lines streams lines 0..n as they are asked for.
type lines struct {
	line func(b []byte, i int) []byte
	n    int
	next int
	buf  []byte
}

// Read implements io.Reader.
func (l *lines) Read(p []byte) (int, error) {
	for len(l.buf) < len(p) && l.next < l.n {
		l.buf = l.line(l.buf, l.next)
		l.next++
	}
	if len(l.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(p, l.buf)
	l.buf = append(l.buf[:0], l.buf[n:]...)
	return n, nil
}

// stream gives all touches as NDJSON, and keeps the clock.
func (w *work) stream() io.Reader {
	w.clock = make([]int64, 0, w.n/clockStep+1)
	return &lines{n: w.n, line: func(b []byte, i int) []byte {
		if i%clockStep == 0 {
			w.clock = append(w.clock, time.Now().UnixNano())
		}
		return w.line(b, i)
	}}
}

// customerLine appends the profile of customer i.
func customerLine(b []byte, i int) []byte {
	b = append(b, `{"id":"`...)
	b = appendCustomer(b, i)
	return fmt.Appendf(b, `","zones":["Europe/Berlin"],"addresses":{"sms":"+49151%08d"},"tags":["retail"]}`+"\n", i)
}
