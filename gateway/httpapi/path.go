package httpapi

import (
	"net/url"

	"touchgate.dev/gateway/validate"
	"touchgate.dev/touch"
)

// readPath reads the names in the request's path. They are held to the same
// rules as names in bodies, so that nothing is stored under a name that no other
// request can spell.
//
// gin would unescape them as form values, where a plus is a blank: a revocation
// for ann+bank@x.example would then be one for another customer.
func (c *request) readPath() error {
	var faults touch.Faults
	for i := range c.Params {
		p := &c.Params[i]
		name, err := url.PathUnescape(p.Value)
		if err != nil {
			return noRoute
		}
		p.Value = name
		if p.Key == "id" {
			validate.ID(p.Key, name, &faults)
		} else {
			validate.Name(p.Key, name, validate.MaxName, &faults)
		}
	}
	return faults.Err()
}
