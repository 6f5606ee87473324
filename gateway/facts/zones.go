package facts

import (
	"sync"
	"time"
	_ "time/tzdata" // so that every host knows the same time zones

	"touchgate.dev/touch"
)

// zoneCache remembers which time zones exist: loading one reads a file. It is
// safe for concurrent use.
type zoneCache struct {
	mu    sync.Mutex
	known map[string]bool // only zones that exist, so at most some 600
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

// check adds a fault for each zone that does not exist.
func (c *zoneCache) check(zones []string, faults *touch.Faults) {
	for _, zone := range zones {
		if !c.exists(zone) {
			faults.Add("zones", "%q is not a zone of the tz database", zone)
		}
	}
}
