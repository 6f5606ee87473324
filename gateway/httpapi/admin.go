package httpapi

import "net/http"

func (a *api) listKeys(c *call) error {
	keys, err := a.svc.Keys(c.ctx())
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{Items: items(keys)})
}

// createKey shows the key once.
func (a *api) createKey(c *call) error {
	body, err := bind(c, a.bodies.key)
	if err != nil {
		return err
	}
	text, k, err := a.svc.CreateKey(c.ctx(), body.Caller, body.Scopes)
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, map[string]any{"key": text, "id": k.ID, "caller": k.Caller, "scopes": k.Scopes})
}

func (a *api) revokeKey(c *call) error { return c.done(a.svc.RevokeKey(c.ctx(), c.Param("id"))) }

func (a *api) listStops(c *call) error {
	stops, err := a.svc.Stops(c.ctx())
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, page{Items: items(stops)})
}

func (a *api) putStop(c *call) error {
	order, err := bind(c, a.bodies.stop)
	if err != nil {
		return err
	}
	stop, err := a.svc.PutStop(c.ctx(), c.principal, c.Param("id"), order)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, stop)
}

func (a *api) endStop(c *call) error {
	return c.done(a.svc.EndStop(c.ctx(), c.principal, c.Param("id")))
}
