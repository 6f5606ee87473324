package ledgertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// kit is one test's ledger, and a clock that only the test advances. Its methods
// are safe for concurrent use.
type kit struct {
	t      testing.TB
	ledger *ledger.Ledger
	ctx    context.Context

	mu sync.Mutex
	at time.Time // what the clock shows
	n  int       // touches made, for their keys
}

// start is when the clock of every test begins.
var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func newKit(t testing.TB, open Open) *kit {
	k := &kit{t: t, ctx: context.Background(), at: start}
	k.ledger = open(t, k.now)
	t.Cleanup(func() { k.ledger.Close() })
	return k
}

func (k *kit) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at
}

func (k *kit) advance(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.at = k.at.Add(d)
}

func (k *kit) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatalf("%v (%v)", err, fmt.Sprint(unwrap(err)))
	}
}

func unwrap(err error) error {
	var e *touch.Error
	if errors.As(err, &e) {
		return e.Cause
	}
	return nil
}

// wantClass fails unless err is of a class; "" is no error.
func (k *kit) wantClass(want touch.ErrorClass, err error) {
	k.t.Helper()
	if touch.ClassOf(err) != want {
		k.t.Fatalf("error %v is of class %q, want %q", err, touch.ClassOf(err), want)
	}
}

// bulk is the lane of the kit's touches.
const bulk = "sms.bulk"

// lease is how long the kit's workers lease a segment.
const lease = time.Minute

// wantEqual fails unless both values have the same JSON.
func (k *kit) wantEqual(got, want any) {
	k.t.Helper()
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		k.t.Fatalf("got\n%s\nwant\n%s", g, w)
	}
}

func ptr[T any](v T) *T { return &v }
