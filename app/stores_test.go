package app

import (
	"context"
	"testing"
	"time"

	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/ledger"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// TestEvictingRedisIsRefused: a Redis that forgets contacts when it is full is
// no place for caps.
func TestEvictingRedisIsRefused(t *testing.T) {
	for policy, want := range map[string]touch.ErrorClass{"noeviction": "", "allkeys-lru": touch.Invalid, "volatile-ttl": touch.Invalid} {
		r, err := openRedis(t.Context(), RedisConfig{Mode: "single", Addresses: []string{servertest.Redis(t, "--maxmemory-policy", policy)}})
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

// told is parts of a ledger that tell of one contact and one customer.
type told struct {
	ledger.Contacts
	ledger.Customers
	contact ledger.PastContact
	known   touch.Customer
}

func (l *told) Since(context.Context, []string, time.Time) (map[string][]ledger.PastContact, error) {
	return map[string][]ledger.PastContact{"c": {l.contact}}, nil
}

func (l *told) Get(context.Context, []string) (map[string]*touch.Customer, error) {
	return map[string]*touch.Customer{"c": &l.known}, nil
}

// TestRebuiltContactsCountByAddressAndTemplate: what a cap counts by is not
// lost with Redis, whosever address it was.
func TestRebuiltContactsCountByAddressAndTemplate(t *testing.T) {
	l := &told{known: touch.Customer{ID: "c", Addresses: map[touch.Channel]string{touch.SMS: "own"}}}
	l.contact.Channel, l.contact.Template = touch.AICall, "invitation" // calls go to the number of texts
	for named, want := range map[string]string{"": "own", "named": "named"} {
		l.contact.Address = named
		logs, err := rehydrate(&ledger.Ledger{Contacts: l, Customers: l})(t.Context(), []string{"c"}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if e := logs["c"][0]; e.Address != contactlog.Hash(want) || e.Template != contactlog.Hash("invitation") {
			t.Errorf("%+v, want the address %q", e, want)
		}
	}
}
