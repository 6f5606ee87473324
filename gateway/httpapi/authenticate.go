package httpapi

import (
	"strings"

	"touchgate.dev/gateway/access"
	"touchgate.dev/touch"
)

// permission says who may use a route: holders of an API key with a scope, of
// a token for an audience, or everybody.
type permission struct {
	scope    access.Scope
	or       access.Scope // another scope that will do; "" is none
	audience string
	public   bool
}

// bearer returns the key or the token of the request; "" when there is none. The
// name of the scheme has no case (RFC 9110, 11.1).
func (c *request) bearer() string {
	scheme, bearer, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(bearer)
}

// authenticate finds out who sent the request, and checks that they may use
// the route.
func (co *core) authenticate(c *request, need permission) error {
	if need.public {
		return nil
	}
	bearer := c.bearer()
	if bearer == "" {
		return touch.Errorf(touch.Unauthenticated, "", "send an Authorization: Bearer header")
	}
	if need.audience != "" {
		token, err := co.tokens.Read(bearer, need.audience)
		c.token = token
		return err
	}
	p, err := co.permitted(c.ctx(), bearer, need)
	if err != nil {
		return err
	}
	c.principal = p
	c.Set(keyCaller, p.Caller)
	return nil
}
