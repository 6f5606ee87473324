package httpapi

import (
	"context"
	"time"

	"touchgate.dev/gateway/access"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// permitEvery is how often a request that takes long asks whether its key is
// still good. The answer comes from memory for a few seconds, see access.Keys.
const permitEvery = time.Second

// permit says whether the key of a request that takes long is still good. A
// stream that was opened before its key was revoked would otherwise go on for
// as long as it sends something.
type permit struct {
	bearer string
	need   permission
	// good ends when the key is revoked, with that error as its cause, or with
	// the request.
	good context.Context
}

// watchPermit asks again and again until the request has been answered.
func (c *request) watchPermit(need permission) {
	good, refuse := context.WithCancelCause(c.ctx())
	c.permit = permit{bearer: c.bearer(), need: need, good: good}
	watch := loop.NewGroup(c.ctx())
	watch.Go(func(ctx context.Context) {
		for loop.Sleep(ctx, permitEvery) {
			if err := c.stillMay(ctx); err != nil {
				refuse(err)
				return
			}
		}
	})
	c.atEnd(func() {
		watch.Stop()
		refuse(nil)
	})
}

// stillMay returns an error of class Unauthenticated or Forbidden when the key
// is no longer good. A ledger that does not answer ends no stream: the stream
// will find out by itself.
func (c *request) stillMay(ctx context.Context) error {
	_, err := c.core.permitted(ctx, c.permit.bearer, c.permit.need)
	switch touch.ClassOf(err) {
	case touch.Unauthenticated, touch.Forbidden:
		return err
	}
	return nil
}

// refusedMeanwhile returns why the key is no longer good, or nil.
func (c *request) refusedMeanwhile() error {
	err := context.Cause(c.permit.good)
	switch touch.ClassOf(err) {
	case touch.Unauthenticated, touch.Forbidden:
		return err
	}
	return nil
}

// permitted returns the principal of a key that has the scope, or the other
// that will do.
func (co *core) permitted(ctx context.Context, bearer string, need permission) (*access.Principal, error) {
	p, err := co.keys.Authenticate(ctx, bearer)
	if err != nil {
		return nil, err
	}
	if !p.May(need.scope) && (need.or == "" || !p.May(need.or)) {
		return nil, touch.Errorf(touch.Forbidden, "", "the API key lacks the scope %q", need.scope)
	}
	return p, nil
}
