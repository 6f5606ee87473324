package bench

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"touchgate.dev/touch"
)

// template is the id of the template of all touches.
const template = "bench-offer"

// streamStep is the distance between touches whose streaming is timed.
const streamStep = 100

// workload is a generated set of touches, numbered from 0. A touch follows from
// its number, so that none is kept in memory.
type workload struct {
	name      string // begins every key; also the campaign
	n         int    // touches
	customers int
	flooded   int // more customers, who get far too many touches
	category  touch.Category
	due       time.Time // zero: at once
	// streamTimes are when every streamStep-th touch was streamed, in unix
	// nanoseconds.
	streamTimes []int64
}

// newWorkload makes a workload. Its customers are the same in every round, as a
// bank's are, so their contact logs grow. A customer gets two touches of each
// campaign, or more if there are few customers.
func newWorkload(name string, n, customers int, category touch.Category) *workload {
	return &workload{name: name, n: n, customers: customers, flooded: max(1, n/1000), category: category}
}

// prepare makes a workload, and stores its customers.
func (e *env) prepare(ctx context.Context, name string, n, customers int, category touch.Category) (*workload, error) {
	w := newWorkload(name, n, customers, category)
	return w, e.storeCustomers(ctx, w.flooded+w.customers)
}

// uniqueName returns a name that no other run or round uses.
func uniqueName(mode string, round int) string {
	return fmt.Sprintf("%s-%d-%d", mode, time.Now().UnixMilli(), round)
}

// key returns the key of touch i.
func (w *workload) key(i int) string { return w.name + "-" + strconv.Itoa(i) }

// customer returns the number of the customer of touch i. Most customers get
// fewer touches than the weekly cap allows. But every hundredth touch of
// marketing goes to one of few customers who get far too many, which shows that
// the cap holds.
func (w *workload) customer(i int) int {
	if w.category == touch.Marketing && i%100 == 99 {
		return i / 100 % w.flooded
	}
	return w.flooded + i%w.customers
}

// streamedAt returns about when touch i was written to the connection.
func (w *workload) streamedAt(i int) time.Time { return time.Unix(0, w.streamTimes[i/streamStep]) }

// line appends touch i as a line of NDJSON.
func (w *workload) line(b []byte, i int) []byte {
	b = append(b, `{"key":"`...)
	b = append(b, w.name...)
	b = append(b, '-')
	b = strconv.AppendInt(b, int64(i), 10)
	b = append(b, `","customer":"`...)
	b = appendCustomer(b, w.customer(i))
	b = append(b, `","category":"`...)
	b = append(b, w.category...)
	b = append(b, `","subject":"auto-loan"`...)
	if !w.due.IsZero() {
		b = append(b, `,"not_before":"`...)
		b = w.due.UTC().AppendFormat(b, time.RFC3339Nano)
		b = append(b, '"')
	}
	b = append(b, `,"plan":[{"channel":"sms","template":"`+template+`","params":{"amount":"`...)
	b = strconv.AppendInt(b, int64(1000+i%50*1000), 10)
	return append(b, "\"}}]}\n"...)
}

// appendCustomer appends the id of customer n.
func appendCustomer(b []byte, n int) []byte {
	s := strconv.Itoa(n)
	b = append(b, 'c')
	return append(append(b, "00000000"[:max(0, 8-len(s))]...), s...)
}

// lineReader generates lines 0 to n while they are read.
type lineReader struct {
	line func(b []byte, i int) []byte
	n    int
	next int
	buf  []byte
}

// Read implements io.Reader.
func (l *lineReader) Read(p []byte) (int, error) {
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

// stream returns all touches as NDJSON, and times them while they are read.
func (w *workload) stream() io.Reader {
	w.streamTimes = make([]int64, 0, w.n/streamStep+1)
	return &lineReader{n: w.n, line: func(b []byte, i int) []byte {
		if i%streamStep == 0 {
			w.streamTimes = append(w.streamTimes, time.Now().UnixNano())
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
