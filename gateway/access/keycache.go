package access

import (
	"crypto/subtle"
	"sync"
	"time"
)

// maxCachedKeys bounds the cache; when it is full it starts again from empty.
const maxCachedKeys = 10_000

// keyCache remembers for a few seconds which keys were verified, so that a
// request does not read the ledger for its key. The zero keyCache is ready; it
// is safe for concurrent use.
type keyCache struct {
	mu       sync.Mutex
	verified map[string]verifiedKey // by key id
}

type verifiedKey struct {
	hash      [32]byte // of the secret
	principal *Principal
	until     time.Time
}

// get returns the principal of a key that was verified lately, else nil.
func (c *keyCache) get(id string, hash [32]byte, now time.Time) *Principal {
	c.mu.Lock()
	k, ok := c.verified[id]
	c.mu.Unlock()
	if ok && now.Before(k.until) && subtle.ConstantTimeCompare(k.hash[:], hash[:]) == 1 {
		return k.principal
	}
	return nil
}

func (c *keyCache) put(id string, k verifiedKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.verified == nil || len(c.verified) >= maxCachedKeys {
		c.verified = make(map[string]verifiedKey)
	}
	c.verified[id] = k
}

func (c *keyCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.verified)
}
