// SPDX-License-Identifier: Apache-2.0

// Package adaptertest is a test kit for adapters: it checks the duties that
// package adapter documents. A test calls Run. A command calls Check, which
// returns an error and needs no testing.T.
//
// The kit starts an HTTP server between the adapter and a well-behaved vendor,
// which is a handler or, through Forward, a real address. That server injects
// faults: errors that quote the message, calls that hang, resets, truncated
// responses and refused connections. The kit then compares the adapter's result
// with the result that the duty demands.
package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"go.uber.org/goleak"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// Target is the adapter under test, with what the kit needs to test it.
type Target struct {
	// Factory builds the adapter. Required.
	Factory adapter.Factory
	// Config returns a configuration whose vendor is at url. Required. An adapter
	// without HTTP ignores url.
	Config func(url string) any
	// Good is a well-behaved vendor. Many goroutines may call it at once. nil: the
	// adapter does not use HTTP, and the kit skips the checks that need HTTP.
	Good http.Handler
	// Messages returns how many messages the vendor sent for a dispatch id. nil:
	// the kit cannot count them and checks only the vendor's ids.
	Messages func(dispatch string) int
	// Faults are faults of this vendor. The kit tests them in addition to the
	// faults that every HTTP vendor can have.
	Faults []Fault
	// Channel is required if the factory has none, because it serves every
	// channel.
	Channel touch.Channel
	// Address returns the n-th address to send to. The default returns invented
	// telephone numbers. Set it if the vendor is real.
	Address func(n int) string
	// Secrets are the vendor's keys. The kit checks that no result contains one.
	Secrets []string
	// Receipts are callbacks as the vendor sends them, with the expected receipts.
	Receipts []Golden
	// Sign returns a callback with this body and the vendor's signature. nil: the
	// kit tests only unsigned bodies.
	Sign func(body []byte) adapter.ReceiptRequest
	// Now is the adapter's clock. The default is time.Now.
	Now func() time.Time
}

// Fault is one way in which a vendor fails, and the result that the adapter must
// return then.
type Fault struct {
	Name string
	// Handler responds instead of the good vendor. If it is nil, Arm starts the
	// fault and Disarm ends it.
	Handler     http.Handler
	Arm, Disarm func()

	Want       touch.ResultClass
	Reason     string        // the expected reason; "": any
	RetryAfter time.Duration // the expected delay; 0: any
}

// Golden is a callback with the receipts that the adapter must parse from it.
type Golden struct {
	Name    string
	Request adapter.ReceiptRequest
	Want    []touch.Receipt
}

// Forward returns a vendor for Target.Good that passes every call on to a real
// address. It is safe for concurrent use.
func Forward(to *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{DisableKeepAlives: true}, // leave no open connection when the check ends
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			panic(http.ErrAbortHandler) // the adapter must see a lost connection, not a response of the kit
		},
	}
}

// check tests one duty.
type check struct {
	name string
	run  func(context.Context, *fixture) error
}

func checks() []check {
	return []check{
		{"capabilities", capabilities},
		{"accepted", accepted},
		{"faults", faults},
		{"one attempt", oneAttempt},
		{"refused connection", refusedConnection},
		{"context end", contextEnd},
		{"forged calls", forgedCalls},
		{"parallel sends", parallelSends},
		{"repeated id", repeatedID},
		{"batch order", batch},
		{"queries", queries},
		{"receipts", receipts},
		{"forged receipts", forgedReceipts},
		{"broken receipts", brokenReceipts},
		{"data leaks", dataLeaks},
	}
}

// Check tests all duties. It returns nil if the adapter fulfils them all.
// Otherwise it returns one joined error per broken duty, which begins with the
// duty's name, for example "one attempt: the vendor was called 2 times".
//
// Check takes several seconds. If the vendor is real, Check sends real messages.
// It also reports goroutines that were started meanwhile and still run, so do not
// run other work beside it.
func Check(ctx context.Context, t Target) error {
	before := goleak.IgnoreCurrent()
	b, err := newFixture(t)
	if err != nil {
		return err
	}
	var broken []error
	for _, c := range checks() {
		if err := b.try(ctx, c); err != nil {
			broken = append(broken, err)
		}
	}
	b.close()
	if err := goleak.Find(before); err != nil {
		broken = append(broken, fmt.Errorf("goroutines: %w", err))
	}
	return errors.Join(broken...)
}

// Run does what Check does, with one subtest per duty. Do not run it in parallel
// with other tests: it reports goroutines that were started meanwhile.
func Run(t *testing.T, target Target) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	b, err := newFixture(target)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			if err := b.try(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	b.close()
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}

// try runs one check. It returns an error if the duty is broken or if the adapter
// panics.
func (b *fixture) try(ctx context.Context, c check) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s: the adapter panicked: %v", c.name, v)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := c.run(ctx, b); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}
