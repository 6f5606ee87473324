package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"touchgate.dev/gateway"
	"touchgate.dev/gateway/httpapi/strictjson"
	"touchgate.dev/touch"
)

// call is one request in a handler's hands.
type call struct {
	*gin.Context
	api       *api
	principal *gateway.Principal // where the route asks for an API key
	token     *gateway.Token     // where it asks for a token
}

// handler answers a call; an error becomes a problem document.
type handler func(c *call) error

// serve makes gin's handler of a route.
func (a *api) serve(r route) gin.HandlerFunc {
	return func(g *gin.Context) {
		g.Set(keyRoute, r.path)
		c := &call{Context: g, api: a}
		if err := a.authenticate(c, r.access); err != nil {
			a.refuse(g, err)
			return
		}
		if err := r.knows(g.Request.URL.RawQuery); err != nil {
			a.refuse(g, err)
			return
		}
		if r.intake && a.gate.Closed() {
			a.refuse(g, draining)
			return
		}
		if !r.long {
			ctx, cancel := context.WithTimeout(g.Request.Context(), a.limits.Timeout)
			defer cancel()
			g.Request = g.Request.WithContext(ctx)
		}
		if err := r.handle(c); err != nil {
			a.refuse(g, err)
		}
	}
}

func (c *call) ctx() context.Context { return c.Request.Context() }

// reply answers with JSON.
func (c *call) reply(status int, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	c.Data(status, "application/json", b.Bytes())
	return nil
}

// empty answers 204.
func (c *call) empty() error {
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}

// plainBody is the body without its compression.
func (c *call) plainBody() (io.Reader, error) {
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

// read takes the whole body in, up to the limit, whatever it was compressed to.
func (c *call) read() ([]byte, error) {
	limit := c.api.limits.Body
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
func bind[T any](c *call, d *strictjson.Decoder[T]) (v T, err error) {
	data, err := c.read()
	if err != nil {
		return v, err
	}
	if err := d.Decode(data, &v); err != nil {
		return v, malformed{err}
	}
	return v, nil
}

// number reads a query parameter as a whole number of at least 0.
func (c *call) number(name string, missing int64) (int64, error) {
	text := c.Query(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, touch.Errorf(touch.Invalid, name, "must be a whole number of at least 0")
	}
	return n, nil
}

// flag reads a query parameter as true or false.
func (c *call) flag(name string) (bool, error) {
	switch c.Query(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, touch.Errorf(touch.Invalid, name, "must be true or false")
}

// touchID reads the path's touch id; what is none names no touch.
func (c *call) touchID() (touch.ID, error) {
	id, err := touch.ParseID(c.Param("id"))
	if err != nil {
		return id, touch.Errorf(touch.NotFound, "id", "there is no such touch")
	}
	return id, nil
}
