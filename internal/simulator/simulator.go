// SPDX-License-Identifier: Apache-2.0

// Package simulator simulates vendors. It answers our HTTP contract (messages,
// calls, dispatches) and FCM over real HTTP. It misbehaves on command: latency,
// throttling, errors, hangs, connections reset after the message was accepted,
// receipts that are lost, late, early or repeated. And it keeps a log of the
// messages that it really received, so that a checker can count lost and repeated
// messages without trusting our tables. The demo, serve --dev, the kit for
// adapters and the nemesis use it.
//
// Paths begin with the provider's name: /sms-a/messages, /dialler/calls,
// /fcm/token, /fcm/v1/projects/p/messages:send, /own/dispatches. A provider
// exists from its first call. POST /control sets a provider's behaviour; GET
// /truth lists the messages received. What happens to a message depends only on
// the seed, the provider, the message's id and the number of the attempt, never
// on the order in which calls arrive.
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
	// Now returns the time that the log and receipts show, time.Now by default.
	// Delays are in real time.
	Now func() time.Time
	// Seed determines every random choice.
	Seed uint64
	// Secret is the key of all providers ("whsec_…"). Calls must be signed with
	// it, and receipts are. Empty: signatures are not checked, and no receipts
	// are sent.
	Secret string
	// ReceiptURL is where receipts go: the provider's name is appended, as in
	// "http://127.0.0.1:8080/v1/receipts". Empty: no receipts. SetReceiptURL
	// changes it.
	ReceiptURL string
	// Transport sends the receipts; a plain one of its own by default.
	Transport http.RoundTripper
	// Log, if set, gets a line of JSON for every message received, before the
	// vendor answers. So the log survives a process that is killed (see
	// MessageLog.Load). Writes are whole lines, one at a time.
	Log io.Writer
}

// Simulator is an http.Handler that simulates any number of vendors. It is safe
// for concurrent use. Close ends it.
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

// New makes a simulator. Class Invalid: the secret cannot be decoded.
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

func (s *Simulator) provider(name string) *provider {
	if p, ok := s.providers.Load(name); ok {
		return p.(*provider)
	}
	p := &provider{name: name}
	p.behaviour.set(Behaviour{}, s.o.Now())
	known, _ := s.providers.LoadOrStore(name, p)
	return known.(*provider)
}

// ServeHTTP implements http.Handler.
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
	s.serveContract(w, r, p, rest, body)
}

func readAll(r *http.Request) ([]byte, error) {
	if n := r.ContentLength; n >= 0 && n <= 8<<20 {
		b := make([]byte, n)
		_, err := io.ReadFull(r.Body, b)
		return b, err
	}
	return io.ReadAll(io.LimitReader(r.Body, 8<<20))
}

// message is what all protocols say about a message.
type message struct {
	id       string
	channel  touch.Channel
	address  string
	customer string
	text     string
	resend   bool
}
