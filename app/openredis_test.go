package app

import (
	"testing"

	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/touch"
)

// TestRefuseEvicting checks that a Redis that drops keys when it is full is
// refused, and one that does not answer is not.
func TestRefuseEvicting(t *testing.T) {
	for policy, want := range map[string]touch.ErrorClass{
		"noeviction":   "",
		"allkeys-lru":  touch.Invalid,
		"volatile-ttl": touch.Invalid,
	} {
		r := redisAt(t, servertest.Redis(t, "--maxmemory-policy", policy))
		if got := touch.ClassOf(r.refuseEvicting(t.Context())); got != want {
			t.Errorf("%s: class %q, want %q", policy, got, want)
		}
	}
	if err := redisAt(t, "127.0.0.1:1").refuseEvicting(t.Context()); err != nil {
		t.Errorf("no server: %v", err)
	}
}

func redisAt(t *testing.T, address string) *redisStore {
	t.Helper()
	r, err := openRedis(t.Context(), RedisConfig{Mode: "single", Addresses: []string{address}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.close() })
	return r
}
