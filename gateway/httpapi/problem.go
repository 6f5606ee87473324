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

// fieldErrors lists faults as answers do.
func fieldErrors(faults touch.Faults) []fieldError {
	errs := make([]fieldError, len(faults))
	for i, f := range faults {
		errs[i] = fieldError{Field: f.Field, Message: f.Message}
	}
	return errs
}

// malformed marks an input that could not be read at all (400), as opposed to
// one that was read and found wrong (422).
type malformed struct{ error }

func (m malformed) Unwrap() error { return m.error }

// classes is the table from an error's class to HTTP.
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
	touch.TooMany:         {http.StatusTooManyRequests, "Too many at once"},
	touch.Unavailable:     {http.StatusServiceUnavailable, "Not available now"},
	touch.Internal:        {http.StatusInternalServerError, "An error of ours"},
}

var (
	noRoute  = touch.Errorf(touch.NotFound, "", "there is no such route")
	noMethod = touch.Errorf(touch.Invalid, "", "the route does not serve this method")
	draining = touch.Errorf(touch.Unavailable, "", "this node is draining")
)

// problemOf describes an error to a caller. An outage or an internal error is
// only named: its details are in the log and not for callers.
func problemOf(err error) problem {
	class := touch.ClassOf(err)
	row, ok := classes[class]
	if !ok {
		class = touch.Internal
		row = classes[class]
	}
	p := problem{
		Type:   "https://touchgate.dev/problems/" + string(class),
		Title:  row.title,
		Status: row.status,
	}
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
		p.Status = http.StatusBadRequest
		p.Title = "The input cannot be read"
	case errors.Is(err, noMethod):
		p.Status = http.StatusMethodNotAllowed
		p.Title = "Method not allowed"
	}
	faults := touch.FaultsOf(err)
	p.Detail = faults[0].String()
	for _, f := range faults {
		if f.Field != "" {
			p.Errors = append(p.Errors, fieldError{Field: f.Field, Message: f.Message})
		}
	}
	return p
}

// refuse answers with a problem document.
func (co *core) refuse(c *gin.Context, err error) {
	p := problemOf(err)
	p.RequestID = requestID(c)
	switch p.Status {
	case http.StatusUnauthorized:
		c.Header("WWW-Authenticate", `Bearer realm="touchgate"`)
	case http.StatusServiceUnavailable:
		c.Header("Retry-After", "2")
	case http.StatusTooManyRequests:
		c.Header("Retry-After", "5")
	}
	if p.Status >= 500 {
		logError(c, err)
	}
	body, _ := json.Marshal(p)
	c.Abort()
	c.Data(p.Status, "application/problem+json", body)
}

// in puts the problem's fields below an element of a list: "key" becomes
// "touches[2].key".
func (p *problem) in(list string, index int) {
	if p == nil {
		return
	}
	for i := range p.Errors {
		p.Errors[i].Field = fmt.Sprintf("%s[%d].%s", list, index, p.Errors[i].Field)
	}
}
