package lookup

import (
	"context"
	"maps"
	"sync"
	"time"

	"touchgate.dev/ledger"
)

const (
	// latestFor is how long a latest version may be reused. A campaign of a
	// million touches then reads its template once a second instead of a
	// million times, and a new version is used within a second.
	latestFor = time.Second
	// maxTemplates bounds each of the cache's two maps.
	maxTemplates = 4096
)

// TemplateReader is the part of ledger.Templates that the cache reads from.
type TemplateReader interface {
	Get(ctx context.Context, name string, version int) (*ledger.Template, error)
}

// Templates keeps template versions in memory. The templates it returns are
// shared: do not change them. It is safe for concurrent use.
type Templates struct {
	reader TemplateReader
	now    func() time.Time

	mu       sync.RWMutex
	latest   map[string]latestTemplate
	versions map[templateVersion]*ledger.Template // a version never changes
}

type latestTemplate struct {
	template *ledger.Template
	until    time.Time // read it again from then on
}

type templateVersion struct {
	name    string
	version int
}

// NewTemplates makes an empty cache over a reader.
func NewTemplates(reader TemplateReader, now func() time.Time) *Templates {
	return &Templates{
		reader:   reader,
		now:      now,
		latest:   make(map[string]latestTemplate),
		versions: make(map[templateVersion]*ledger.Template),
	}
}

// Latest returns the newest version, as of at most a second ago; class
// NotFound when there is none.
func (c *Templates) Latest(ctx context.Context, name string) (*ledger.Template, error) {
	now := c.now()
	c.mu.RLock()
	cached, ok := c.latest[name]
	c.mu.RUnlock()
	if ok && now.Before(cached.until) {
		return cached.template, nil
	}

	t, err := c.reader.Get(ctx, name, 0)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.latest) >= maxTemplates {
		maps.DeleteFunc(c.latest, func(_ string, t latestTemplate) bool { return !now.Before(t.until) })
	}
	c.latest[name] = latestTemplate{template: t, until: now.Add(latestFor)}
	return t, nil
}

// Version returns one version; 0 is the latest. Class NotFound.
func (c *Templates) Version(ctx context.Context, name string, version int) (*ledger.Template, error) {
	if version == 0 {
		return c.Latest(ctx, name)
	}
	key := templateVersion{name: name, version: version}
	c.mu.RLock()
	t, ok := c.versions[key]
	c.mu.RUnlock()
	if ok {
		return t, nil
	}

	t, err := c.reader.Get(ctx, name, version)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.versions) >= maxTemplates {
		clear(c.versions)
	}
	c.versions[key] = t
	return t, nil
}

// Forget drops what is known of the latest version, after a new one was
// stored: this process uses it at once, others within a second.
func (c *Templates) Forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.latest, name)
}
