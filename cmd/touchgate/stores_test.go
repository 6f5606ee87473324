package main

import (
	"testing"

	"touchgate.dev/touch"
	"touchgate.dev/workers/redistest"
)

// TestEvictingRedisIsRefused: a Redis that forgets contacts when it is full is
// no place for caps.
func TestEvictingRedisIsRefused(t *testing.T) {
	for policy, want := range map[string]touch.ErrorClass{"noeviction": "", "allkeys-lru": touch.Invalid, "volatile-ttl": touch.Invalid} {
		r, err := openRedis(t.Context(), RedisConfig{Mode: "single", Addresses: []string{redistest.Start(t, "--maxmemory-policy", policy)}})
		if err != nil {
			t.Fatal(err)
		}
		if got := touch.ClassOf(r.refuseEvicting(t.Context())); got != want {
			t.Errorf("%s: class %q, want %q", policy, got, want)
		}
		r.close()
	}
	r, err := openRedis(t.Context(), RedisConfig{Mode: "single", Addresses: []string{"127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if err := r.refuseEvicting(t.Context()); err != nil {
		t.Errorf("a Redis that is not there: %v", err)
	}
}
