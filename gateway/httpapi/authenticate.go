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
	audience string
	public   bool
}

// authenticate finds out who sent the request, and checks that they may use
// the route.
func (co *core) authenticate(c *request, need permission) error {
	if need.public {
		return nil
	}
	bearer, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	if !ok {
		return touch.Errorf(touch.Unauthenticated, "", "send an Authorization: Bearer header")
	}
	if need.audience != "" {
		token, err := co.tokens.Read(bearer, need.audience)
		c.token = token
		return err
	}
	p, err := co.keys.Authenticate(c.ctx(), bearer)
	if err != nil {
		return err
	}
	if !p.May(need.scope) {
		return touch.Errorf(touch.Forbidden, "", "the API key lacks the scope %q", need.scope)
	}
	c.principal = p
	c.Set(keyCaller, p.Caller)
	return nil
}
