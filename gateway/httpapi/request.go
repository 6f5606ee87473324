package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"touchgate.dev/gateway/access"
	"touchgate.dev/touch"
)

// request is one request with the means to read and answer it.
type request struct {
	*gin.Context
	core      *core
	principal *access.Principal // where the route asks for an API key
	token     *access.Token     // where it asks for a token
	permit    permit            // where a request that takes long asks for a key
	held      *account          // the bytes of its body; nil: none are counted
	ends      []func()          // run when the request has been answered
}

// handler answers a request; the error becomes a problem document.
type handler func(c *request) error

// serve makes gin's handler of a route. What is refused before the handler
// runs is refused in this order: who may not, what is not known, what must
// wait. Until then nothing of the body is read.
func (co *core) serve(r route) gin.HandlerFunc {
	return func(g *gin.Context) {
		g.Set(keyRoute, r.path)
		c := &request{Context: g, core: co}
		defer c.end()
		if err := c.admit(&r); err != nil {
			co.refuse(g, err)
			return
		}
		if !r.long {
			ctx, cancel := context.WithTimeout(g.Request.Context(), co.limits.Timeout)
			defer cancel()
			g.Request = g.Request.WithContext(ctx)
		}
		if err := r.handle(c); err != nil {
			co.refuse(g, err)
		}
	}
}

// admit refuses what need not be read.
func (c *request) admit(r *route) error {
	if err := c.core.authenticate(c, r.access); err != nil {
		return err
	}
	if err := c.readPath(); err != nil {
		return err
	}
	if err := r.checkQuery(c.Request.URL.RawQuery); err != nil {
		return err
	}
	if r.intake && c.core.drain.Started() {
		return draining
	}
	if r.long && r.access.scope != "" {
		if err := c.takePlace(); err != nil {
			return err
		}
		c.watchPermit(r.access)
	}
	if r.large {
		return c.holdAnswer()
	}
	return nil
}

// takePlace takes one of the places of the key for requests that take long.
func (c *request) takePlace() error {
	leave, err := c.core.places.enter(c.who())
	if err != nil {
		c.core.metrics.bite("streams")
		return err
	}
	c.atEnd(leave)
	return nil
}

// who names the holder of what the request takes: a key, or a person with a
// token; "" is a stranger.
func (c *request) who() string {
	switch {
	case c.principal != nil:
		return c.principal.Key
	case c.token != nil:
		return "token:" + c.token.Subject
	}
	return ""
}

// atEnd has f run when the request has been answered.
func (c *request) atEnd(f func()) { c.ends = append(c.ends, f) }

func (c *request) end() {
	for _, f := range slices.Backward(c.ends) {
		f()
	}
}

// response sets the deadlines of the connection. A writer without them, as in
// some tests, answers with an error, which nobody needs.
func (c *request) response() *http.ResponseController { return http.NewResponseController(c.Writer) }

func (c *request) ctx() context.Context { return c.Request.Context() }

// number reads a query parameter as a whole number of at least 0.
func (c *request) number(name string, missing int64) (int64, error) {
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
func (c *request) flag(name string) (bool, error) {
	switch c.Query(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, touch.Errorf(touch.Invalid, name, "must be true or false")
}

// limit reads the query parameter "limit" of a list; class Invalid when it is
// not 1 to most.
func (c *request) limit(missing, most int64) (int, error) {
	n, err := c.number("limit", missing)
	if err != nil {
		return 0, err
	}
	if n < 1 || n > most {
		return 0, touch.Errorf(touch.Invalid, "limit", "must be 1 to %d", most)
	}
	return int(n), nil
}

// touchID reads the path's touch id. What is no id names no touch.
func (c *request) touchID() (touch.ID, error) {
	id, err := touch.ParseID(c.Param("id"))
	if err != nil {
		return id, touch.Errorf(touch.NotFound, "id", "there is no such touch")
	}
	return id, nil
}

// noContent answers 204, or returns the error.
func (c *request) noContent(err error) error {
	if err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}
