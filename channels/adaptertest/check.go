// SPDX-License-Identifier: Apache-2.0

// Package adaptertest proves that an adapter keeps the duties of package
// adapter. Run is for a test; Check returns an error, so that a command can
// prove a vendor in its own process. The kit stands between the adapter and a
// good vendor (a handler, or a real address by Forward) and breaks things on
// the way: it answers errors that quote the message, hangs, resets, cuts
// answers short and refuses connections.
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

// Target is what is to be proven.
type Target struct {
	Factory adapter.Factory
	// Config gives a configuration whose vendor is at url; an adapter without
	// HTTP ignores it.
	Config func(url string) any
	// Good is a well-behaved vendor; nil for an adapter without HTTP.
	Good http.Handler
	// Messages counts the messages that the vendor sent for a dispatch; nil:
	// the vendor can't be watched, and its ids are believed.
	Messages func(dispatch string) int
	// Faults are the vendor's own ways to fail, beside those every kit run has.
	Faults []Fault
	// Channel is needed where the factory serves any.
	Channel touch.Channel
	// Address gives the n-th address to send to; made-up ones by default.
	Address func(n int) string
	// Secrets must appear in no result.
	Secrets []string
	// Receipts are callbacks as the vendor sends them, with what they mean.
	Receipts []Golden
	// Sign makes a callback with any body look as the vendor's; nil: bodies
	// are only tried unsigned.
	Sign func(body []byte) adapter.ReceiptRequest
	// Now is the adapter's clock; time.Now by default.
	Now func() time.Time
}

// Fault is one way in which a vendor fails, and the result that it must yield.
type Fault struct {
	Name string
	// Handler answers instead of the good vendor; or Arm makes the fault
	// happen and Disarm ends it.
	Handler     http.Handler
	Arm, Disarm func()

	Want       touch.ResultClass
	Reason     string        // where set, the result's must be equal
	RetryAfter time.Duration // where set, the result's must be equal
}

// Golden is a callback and what it means.
type Golden struct {
	Name    string
	Request adapter.ReceiptRequest
	Want    []touch.Receipt
}

// Forward is a good vendor at a real address: calls are passed on to it.
func Forward(to *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{DisableKeepAlives: true}, // nothing stays behind
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			panic(http.ErrAbortHandler) // the adapter must see a lost connection, not our answer
		},
	}
}

// check is one duty.
type check struct {
	name string
	run  func(context.Context, *fixture) error
}

func checks() []check {
	return []check{
		{"promises", promises},
		{"accepted", accepted},
		{"faults", faults},
		{"one attempt", oneAttempt},
		{"refused connection", refusedConnection},
		{"ends with the context", endsWithContext},
		{"forged calls", forgedCalls},
		{"apart in parallel", parallelSends},
		{"same id twice", sameIDTwice},
		{"batch in order", batch},
		{"asked", queries},
		{"receipts", receipts},
		{"forged receipts", forgedReceipts},
		{"broken receipts", brokenReceipts},
		{"leaks no data", leaks},
	}
}

// Check proves all duties and reports every one that is broken, joined, each
// with the name of the duty. It takes seconds, and sends real messages when
// the vendor is real.
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

// Run is Check as subtests.
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

// try runs one duty; a panic breaks it.
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
