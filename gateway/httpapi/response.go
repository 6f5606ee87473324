package httpapi

import (
	"bytes"
	"encoding/json"
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

// orEmpty turns nil into an empty list, which JSON shows as [] and not null.
func orEmpty[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
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
