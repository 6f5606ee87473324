package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

const (
	// writePiece is how much of an answer is written at once. Each piece gets
	// time of its own: a slow client is served, one that does not read is not.
	writePiece = 64 << 10
	// maxWrites is how many times the time for one piece a whole answer may take.
	maxWrites = 6
	// grace is how long a client may go on to send a body that nobody reads.
	grace = time.Second
)

// page is a list with the cursor from which it goes on; "" at the end.
type page struct {
	Items any    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// orEmpty turns nil into an empty list, which JSON shows as [] and not null.
func orEmpty[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// cursor writes a numeric cursor, 0 as "".
func cursor(next int64) string {
	if next == 0 {
		return ""
	}
	return strconv.FormatInt(next, 10)
}

// reply answers with JSON. Texts are written as they are: the answer is never
// read as HTML.
func (c *request) reply(status int, v any) error {
	b, err := encode(v)
	if err != nil {
		return err
	}
	c.send(status, "application/json", b)
	return nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

// replyPage answers with as many of the items as fit into the bytes of a page,
// and at least with one. next is the cursor after all of them; where some do
// not fit, after returns the cursor after the last that does.
func replyPage[T any](c *request, items []T, next string, after func(last int) (string, error)) error {
	b := []byte(`{"items":[`)
	for i := range items {
		item, err := encode(&items[i])
		if err != nil {
			return err
		}
		if i > 0 && len(b)+len(item) > c.core.limits.Page {
			if next, err = after(i - 1); err != nil {
				return err
			}
			break
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, bytes.TrimSuffix(item, []byte("\n"))...)
	}
	b = append(b, ']')
	if next != "" {
		quoted, err := encode(next)
		if err != nil {
			return err
		}
		b = append(append(b, `,"next":`...), bytes.TrimSuffix(quoted, []byte("\n"))...)
	}
	c.send(http.StatusOK, "application/json", append(b, "}\n"...))
	return nil
}

// nextOf returns the cursor after a page: that of its last item when the page is
// full, and there may be more.
func nextOf[T any](items []T, limit int, after func(last int) (string, error)) string {
	if len(items) < limit {
		return ""
	}
	next, _ := after(len(items) - 1)
	return next
}

// send writes an answer. A client that does not read is cut off.
func (c *request) send(status int, contentType string, body []byte) {
	c.Header("Content-Type", contentType)
	c.Status(status)
	end := time.Now().Add(maxWrites * c.core.limits.Write)
	for {
		piece := body[:min(len(body), writePiece)]
		deadline := time.Now().Add(c.core.limits.Write)
		if end.Before(deadline) {
			deadline = end
		}
		_ = c.response().SetWriteDeadline(deadline)
		if _, err := c.Writer.Write(piece); err != nil {
			c.core.metrics.bite("reader")
			return
		}
		if body = body[len(piece):]; len(body) == 0 {
			return
		}
	}
}

// holdAnswer counts a large answer as held until it is written.
func (c *request) holdAnswer() error {
	held := c.core.answers.open(c.who())
	c.atEnd(held.close)
	err := held.takeSoon(c.ctx(), c.core.limits.answer())
	if err != nil {
		c.core.metrics.bite("answers")
	}
	return err
}
