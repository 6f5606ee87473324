package gateway

import (
	"sync"
	"time"
	_ "time/tzdata" // the same answer on every host

	"touchgate.dev/touch"
)

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
func (c *zoneCache) check(zones []string, faults *touch.Faults) {
	for _, z := range zones {
		if !c.exists(z) {
			faults.Add("zones", "%q is not a zone of the tz database", z)
		}
	}
}
