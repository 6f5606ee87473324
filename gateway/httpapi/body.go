package httpapi

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"time"

	"touchgate.dev/gateway/httpapi/strictjson"
	"touchgate.dev/touch"
)

// inflateBytes is what a gzip reader keeps: its window and tables.
const inflateBytes = 48 << 10

// contentEncoding returns how the body is compressed. Its name has no case (RFC
// 9110, 8.4.1).
func (c *request) contentEncoding() string { return strings.ToLower(c.GetHeader("Content-Encoding")) }

// byteOrderMark is what some editors write before UTF-8. RFC 8259 lets readers of
// JSON skip it.
var byteOrderMark = []byte("\xef\xbb\xbf")

// plainBody returns the body without its compression.
func (c *request) plainBody() (io.Reader, error) {
	switch c.contentEncoding() {
	case "", "identity":
		return c.Request.Body, nil
	case "gzip":
		z, err := newInflater(c.Request.Body, c.core.limits.Ratio, c.core.metrics)
		if err != nil {
			return nil, err
		}
		return z, nil
	}
	return nil, malformed{touch.Errorf(touch.Invalid, "", "the body must be plain or gzip")}
}

// readBody reads the whole body. The limit is on its decompressed size, so
// that a small body cannot expand into a large one. The bytes count as held
// until the request has been answered.
func (c *request) readBody() ([]byte, error) {
	if err := c.checkDeclared(); err != nil {
		return nil, err
	}
	c.awaitBody(c.core.limits.Timeout)
	if c.contentEncoding() == "gzip" {
		if err := c.hold(inflateBytes); err != nil {
			return nil, err
		}
	}
	body, err := c.plainBody()
	if err != nil {
		return nil, err
	}
	return c.readAll(body)
}

// readWireBody reads the whole body as it was sent, for a route on which its
// signature shows who calls: nothing of a stranger is decompressed.
func (c *request) readWireBody() ([]byte, error) {
	if encoding := c.contentEncoding(); encoding != "" && encoding != "identity" {
		return nil, malformed{touch.Errorf(touch.Invalid, "", "the body of a callback must not be compressed")}
	}
	if err := c.checkDeclared(); err != nil {
		return nil, err
	}
	c.awaitBody(c.core.limits.Stranger)
	return c.readAll(c.Request.Body)
}

// checkDeclared refuses a body that says that it is too long, before any of it
// is read.
func (c *request) checkDeclared() error {
	if c.Request.ContentLength > c.core.limits.Body {
		return c.tooLarge()
	}
	return nil
}

func (c *request) tooLarge() error {
	return touch.Errorf(touch.TooLarge, "", "a body has at most %d bytes", c.core.limits.Body)
}

// readAll reads r to its end. Beyond the first bytes it takes what it needs
// from the budget before it reads on, so that a body which stalls holds what
// has come of it, and no more.
func (c *request) readAll(r io.Reader) ([]byte, error) {
	limit := c.core.limits.Body
	data := make([]byte, 0, freeBytes)
	if n := c.Request.ContentLength; n >= 0 && n < freeBytes {
		data = make([]byte, 0, n+1) // one more, to see the end
	}
	for {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > limit:
			return nil, c.tooLarge()
		case errors.Is(err, io.EOF):
			c.bodyRead()
			return data, nil
		case touch.ClassOf(err) == touch.TooLarge:
			return nil, err
		case err != nil:
			return nil, malformed{touch.Errorf(touch.Invalid, "", "the body could not be read to its end")}
		}
		if len(data) < cap(data) {
			continue
		}
		size := min(2*int64(cap(data)), limit+1)
		if err := c.hold(size - max(int64(cap(data)), freeBytes)); err != nil {
			return nil, err
		}
		data = append(make([]byte, 0, size), data...)
	}
}

// awaitBody gives the client so long to send its body.
func (c *request) awaitBody(d time.Duration) {
	_ = c.response().SetReadDeadline(time.Now().Add(d))
}

// bodyRead says that the whole body is there: what is read from now on only
// tells whether the client has gone, and takes as long as the answer.
func (c *request) bodyRead() { _ = c.response().SetReadDeadline(time.Time{}) }

// hold takes bytes from the budget of bodies until the request has been
// answered.
func (c *request) hold(n int64) error {
	if n <= 0 {
		return nil
	}
	err := c.account().takeSoon(c.ctx(), n)
	if err != nil {
		c.core.metrics.bite("bodies")
	}
	return err
}

// account is what the request holds of the budget of bodies. Strangers have a
// budget of their own.
func (c *request) account() *account {
	if c.held == nil {
		from := c.core.bodies
		if c.who() == "" {
			from = c.core.strangers
		}
		c.held = from.open(c.who())
		c.atEnd(c.held.close)
	}
	return c.held
}

// bind reads the body as a T.
func bind[T any](c *request) (v T, err error) {
	data, err := c.readBody()
	if err != nil {
		return v, err
	}
	if err := strictjson.Decode(bytes.TrimPrefix(data, byteOrderMark), &v); err != nil {
		return v, malformed{err}
	}
	return v, nil
}

// checkLength checks the length of a required list.
func checkLength(list string, n int) error {
	switch {
	case n == 0:
		return touch.Errorf(touch.Invalid, list, "is required")
	case n > touch.MaxBatch:
		return touch.Errorf(touch.TooLarge, list, "at most %d at once", touch.MaxBatch)
	}
	return nil
}
