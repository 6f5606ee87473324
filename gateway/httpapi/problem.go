package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"touchgate.dev/touch"
)

// problem is an RFC 9457 document.
type problem struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail,omitempty"`
	Errors    []fieldError `json:"errors,omitempty"`
	RequestID string       `json:"request_id,omitempty"`
}

type fieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// malformed marks an input that could not be read at all, as opposed to one
// that was read and found wrong.
type malformed struct{ error }

func (m malformed) Unwrap() error { return m.error }

// classes is the one table from error class to HTTP.
var classes = map[touch.ErrorClass]struct {
	status int
	title  string
}{
	touch.Invalid:         {http.StatusUnprocessableEntity, "The input is not valid"},
	touch.NotFound:        {http.StatusNotFound, "Not found"},
	touch.Conflict:        {http.StatusConflict, "In conflict with what is there"},
	touch.Unauthenticated: {http.StatusUnauthorized, "Who is asking is unknown"},
	touch.Forbidden:       {http.StatusForbidden, "Not allowed"},
	touch.TooLarge:        {http.StatusRequestEntityTooLarge, "Too large"},
	touch.Unavailable:     {http.StatusServiceUnavailable, "Not available now"},
	touch.Internal:        {http.StatusInternalServerError, "An error of ours"},
}

var (
	noRoute  = touch.Errorf(touch.NotFound, "", "there is no such route")
	noMethod = touch.Errorf(touch.Invalid, "", "the route does not serve this method")
	draining = touch.Errorf(touch.Unavailable, "", "this node is draining")
)

// problemOf describes an error to a caller. Of an outage or a fault of ours it
// says nothing but that; the log has the rest.
func problemOf(err error) problem {
	class := touch.ClassOf(err)
	row, ok := classes[class]
	if !ok {
		class, row = touch.Internal, classes[touch.Internal]
	}
	p := problem{Type: "https://touchgate.dev/problems/" + string(class), Title: row.title, Status: row.status}
	switch class {
	case touch.Internal:
		p.Detail = "The error is logged under the request id."
		return p
	case touch.Unavailable:
		p.Detail = "Try again in a moment."
		return p
	}
	switch {
	case errors.As(err, &malformed{}):
		p.Status, p.Title = http.StatusBadRequest, "The input cannot be read"
	case errors.Is(err, noMethod):
		p.Status, p.Title = http.StatusMethodNotAllowed, "Method not allowed"
	}
	faults := touch.FaultsOf(err)
	p.Detail = faults[0].String()
	for _, f := range faults {
		if f.Field != "" {
			p.Errors = append(p.Errors, fieldError{f.Field, f.Message})
		}
	}
	return p
}

// refuse answers with a problem document.
func (a *api) refuse(c *gin.Context, err error) {
	p := problemOf(err)
	p.RequestID = requestID(c)
	switch p.Status {
	case http.StatusUnauthorized:
		c.Header("WWW-Authenticate", `Bearer realm="touchgate"`)
	case http.StatusServiceUnavailable:
		c.Header("Retry-After", "2")
	}
	if p.Status >= 500 {
		noteError(c, err)
	}
	body, _ := json.Marshal(p)
	c.Abort()
	c.Data(p.Status, "application/problem+json", body)
}

// within puts a list's name and a place in it before the fields.
func (p *problem) within(list string, i int) {
	if p == nil {
		return
	}
	for k := range p.Errors {
		p.Errors[k].Field = fmt.Sprintf("%s[%d].%s", list, i, p.Errors[k].Field)
	}
}
