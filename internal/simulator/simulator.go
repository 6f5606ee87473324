// SPDX-License-Identifier: Apache-2.0

// Package simulator simulates vendors. It serves the vendor API (package vendorapi:
// messages, calls, dispatches) and FCM over real HTTP. It injects faults on command:
// latency, throttling, errors, hangs, connections that are reset after the message was
// accepted, and receipts that are lost, late, early or repeated.
//
// The simulator also logs every message that it receives. With this log a checker
// counts lost and duplicate messages without trusting Touchgate's own tables. The demo,
// serve --dev, the tests of adapters and the fault-injection tests use the simulator.
//
// Paths begin with the provider's name: /sms-a/messages, /dialler/calls, /fcm/token,
// /fcm/v1/projects/p/messages:send, /own/dispatches. The simulator creates a provider
// at its first call. POST /control sets a provider's behaviour. GET /truth returns the
// messages received. What happens to a message depends only on the seed, the provider,
// the message's id and the number of the attempt. It does not depend on the order in
// which calls arrive.
package simulator

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/touch"
)

// Options are the dependencies and settings of a simulator.
type Options struct {
	// Now returns the time for the log and the receipts. The default is time.Now.
	// Delays use real time.
	Now func() time.Time
	// Seed determines every random choice.
	Seed uint64
	// Secret is the key of all providers ("whsec_…"). Callers must sign their calls
	// with it, and the simulator signs its receipts with it. Empty: the simulator
	// does not check signatures and sends no receipts.
	Secret string
	// ReceiptURL is the URL for receipts without the provider's name, which the
	// simulator appends, for example "http://127.0.0.1:8080/v1/receipts". Empty:
	// the simulator sends no receipts. SetReceiptURL changes it.
	ReceiptURL string
	// Transport sends the receipts. The default is a new http.Transport.
	Transport http.RoundTripper
	// Log, if set, receives one line of JSON per message, before the vendor
	// responds. A killed process therefore loses no logged message (see
	// MessageLog.Load). Each Write is one whole line, and writes do not overlap.
	Log io.Writer
}

// Simulator is an http.Handler that simulates any number of vendors. It is safe
// for concurrent use. The caller must call Close.
type Simulator struct {
	o             Options
	key           *vendorhttp.Key
	received      *MessageLog
	receiptSender *receiptSender
	oauth         oauth

	providers sync.Map // name -> *provider
	closed    chan struct{}
	closeOnce sync.Once
}

// New returns a simulator. It returns an error of class Invalid if the secret cannot be
// decoded.
func New(o Options) (*Simulator, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Simulator{o: o, received: newMessageLog(o.Log), closed: make(chan struct{})}
	if o.Secret != "" {
		key, err := vendorhttp.ParseKey(o.Secret)
		if err != nil {
			return nil, err
		}
		s.key = &key
	}
	s.receiptSender = newReceiptSender(s.key, o)
	return s, nil
}

// Close ends hanging calls, drops receipts that are not sent yet, and waits for
// its goroutines.
func (s *Simulator) Close() {
	s.closeOnce.Do(func() { close(s.closed) })
	s.receiptSender.stop()
}

// Received returns the log of the messages that vendors received.
func (s *Simulator) Received() *MessageLog { return s.received }

// provider is one simulated vendor.
type provider struct {
	name      string
	behaviour behaviourHolder
}

// provider returns the provider with this name. It creates one if there is none.
func (s *Simulator) provider(name string) *provider {
	if p, ok := s.providers.Load(name); ok {
		return p.(*provider)
	}
	p := &provider{name: name}
	p.behaviour.set(Behaviour{}, s.o.Now())
	known, _ := s.providers.LoadOrStore(name, p)
	return known.(*provider)
}

// ServeHTTP implements http.Handler. It does not return while a simulated vendor hangs,
// until the caller closes the connection or Close is called.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch name {
	case "":
		http.NotFound(w, r)
		return
	case "control":
		s.serveControl(w, r)
		return
	case "truth":
		s.serveMessages(w, r)
		return
	}
	body, err := readAll(r)
	if err != nil {
		http.Error(w, "cannot read the body", http.StatusBadRequest)
		return
	}
	p := s.provider(name)
	if rest == "token" || strings.HasPrefix(rest, "v1/projects/") {
		s.serveFCM(w, r, p, rest, body)
		return
	}
	if s.key != nil {
		if err := s.key.Verify(r.Header, s.o.Now(), body); err != nil {
			writeJSON(w, http.StatusUnauthorized, vendorapi.Answer{Status: vendorapi.StatusMisconfigured, Code: "signature"})
			return
		}
	}
	s.serveVendorAPI(w, r, p, rest, body)
}

// readAll reads a body. It drops what exceeds 8 MiB.
func readAll(r *http.Request) ([]byte, error) {
	if n := r.ContentLength; n >= 0 && n <= 8<<20 {
		b := make([]byte, n)
		_, err := io.ReadFull(r.Body, b)
		return b, err
	}
	return io.ReadAll(io.LimitReader(r.Body, 8<<20))
}

// message contains the fields of a message that all protocols have.
type message struct {
	id       string
	channel  touch.Channel
	address  string
	customer string
	text     string
	resend   bool
}
