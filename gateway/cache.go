package gateway

import (
	"context"
	"maps"
	"strconv"
	"sync"
	"time"
	_ "time/tzdata" // the same answer on every host

	"touchgate.dev/ledger"
)

// templateFresh is how long a latest template version may be reused.
const templateFresh = time.Second

// templateCache keeps the latest versions of templates for a moment, so that a
// campaign doesn't read its template for every touch.
type templateCache struct {
	store ledger.Templates
	now   func() time.Time
	mu    sync.Mutex
	byKey map[string]cachedTemplate
}

type cachedTemplate struct {
	template *ledger.Template
	until    time.Time
}

func newTemplateCache(store ledger.Templates, now func() time.Time) *templateCache {
	return &templateCache{store: store, now: now, byKey: make(map[string]cachedTemplate)}
}

// latest gives the newest version; class NotFound.
func (c *templateCache) latest(ctx context.Context, name string) (*ledger.Template, error) {
	now := c.now()
	c.mu.Lock()
	hit, ok := c.byKey[name]
	c.mu.Unlock()
	if ok && now.Before(hit.until) {
		return hit.template, nil
	}
	t, err := c.store.Template(ctx, name, 0)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byKey) >= 1024 {
		maps.DeleteFunc(c.byKey, func(_ string, t cachedTemplate) bool { return !now.Before(t.until) })
	}
	c.byKey[name] = cachedTemplate{t, now.Add(templateFresh)}
	return t, nil
}

// version gives one version, which never changes; class NotFound.
func (c *templateCache) version(ctx context.Context, name string, version int) (*ledger.Template, error) {
	if version == 0 {
		return c.latest(ctx, name)
	}
	key := name + "\x00" + strconv.Itoa(version)
	c.mu.Lock()
	hit, ok := c.byKey[key]
	c.mu.Unlock()
	if ok {
		return hit.template, nil
	}
	t, err := c.store.Template(ctx, name, version)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byKey) >= 1024 {
		clear(c.byKey)
	}
	c.byKey[key] = cachedTemplate{template: t}
	return t, nil
}

func (c *templateCache) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byKey, name)
}

// zoneCache remembers which zones exist: to load one reads a file.
type zoneCache struct {
	mu    sync.Mutex
	known map[string]bool // true only; there are some 600
}

func newZoneCache() *zoneCache { return &zoneCache{known: make(map[string]bool)} }

func (c *zoneCache) exists(name string) bool {
	c.mu.Lock()
	known := c.known[name]
	c.mu.Unlock()
	if known {
		return true
	}
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		return false
	}
	c.mu.Lock()
	c.known[name] = true
	c.mu.Unlock()
	return true
}

// check notes the zones that do not exist.
func (c *zoneCache) check(zones []string, faults *Faults) {
	for _, z := range zones {
		if !c.exists(z) {
			faults.add("zones", "%q is not a zone of the tz database", z)
		}
	}
}
