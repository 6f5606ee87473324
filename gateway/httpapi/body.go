package httpapi

import (
	"compress/gzip"
	"io"

	"touchgate.dev/gateway/httpapi/strictjson"
	"touchgate.dev/touch"
)

// plainBody returns the body without its compression.
func (c *request) plainBody() (io.Reader, error) {
	switch c.GetHeader("Content-Encoding") {
	case "", "identity":
		return c.Request.Body, nil
	case "gzip":
		z, err := gzip.NewReader(c.Request.Body)
		if err != nil {
			return nil, malformed{touch.Errorf(touch.Invalid, "", "the body is not gzip")}
		}
		return z, nil
	}
	return nil, malformed{touch.Errorf(touch.Invalid, "", "the body must be plain or gzip")}
}

// readBody reads the whole body. The limit is on its decompressed size, so
// that a small body cannot expand into a large one.
func (c *request) readBody() ([]byte, error) {
	limit := c.core.limits.Body
	tooLarge := touch.Errorf(touch.TooLarge, "", "a body has at most %d bytes", limit)
	if c.Request.ContentLength > limit {
		return nil, tooLarge
	}
	body, err := c.plainBody()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, malformed{touch.Errorf(touch.Invalid, "", "the body could not be read to its end")}
	}
	if int64(len(data)) > limit {
		return nil, tooLarge
	}
	return data, nil
}

// bind reads the body as a T.
func bind[T any](c *request) (v T, err error) {
	data, err := c.readBody()
	if err != nil {
		return v, err
	}
	if err := strictjson.Decode(data, &v); err != nil {
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
