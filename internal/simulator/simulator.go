// SPDX-License-Identifier: Apache-2.0

// Package simulator is a vendor that tells the truth. It answers our HTTP
// contract (messages, calls, dispatches) and FCM over real HTTP, misbehaves on
// command (latency, throttling, errors, hangs, resets after the message was
// taken, lost, late, early and repeated receipts), and keeps its own log of
// what it really took, so that a checker can count lost and repeated messages
// without believing our tables. The demo, the benches, the kit and the nemesis
// use it.
//
// Paths begin with the provider's name: /sms-a/messages, /dialler/calls,
// /fcm/token, /fcm/v1/projects/p/messages:send, /own/dispatches. A provider
// exists from its first call. POST /control gives a provider its behaviour;
// GET /truth tells what was taken. What happens to a message depends only on
// the seed, the provider, the message's id and how often it was tried, never on
// the order in which calls arrive.
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

// Options are what the host injects.
type Options struct {
	// Now tells the time, time.Now by default. It stamps the truth and starts
	// receipts; waiting is done in real time.
	Now func() time.Time
	// Seed decides every chance.
	Seed uint64
	// Secret is the key of all providers ("whsec_…"): calls signed otherwise
	// are refused, and receipts are signed with it. Empty: nothing is checked,
	// and receipts can not be sent.
	Secret string
	// ReceiptURL is where receipts go: the provider's name is appended, as in
	// "http://127.0.0.1:8080/v1/receipts". Empty: no receipts. SetReceiptURL
	// changes it.
	ReceiptURL string
	// Transport sends the receipts; a plain one of its own by default.
	Transport http.RoundTripper
	// Log, where set, gets a line of JSON for every message taken, written
	// before the vendor's answer, so that the truth outlives a killed process
	// (see Truth.Load). Writes are whole lines, one at a time.
	Log io.Writer
}

// Simulator is an http.Handler that plays any number of vendors. It is safe
// for concurrent use; Close ends it.
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

// New makes a simulator; the error has class Invalid when the secret can not be read.
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

// Close ends hanging calls, drops receipts that are not sent yet, and waits
// for what it started.
func (s *Simulator) Close() {
	s.closeOnce.Do(func() { close(s.closed) })
	s.receiptSender.stop()
}

// Received is what was really taken.
func (s *Simulator) Received() *MessageLog { return s.received }

// provider is one vendor that is being played.
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

// message is what a vendor understands of any kind of request.
type message struct {
	id       string
	channel  touch.Channel
	address  string
	customer string
	text     string
	resend   bool
}
