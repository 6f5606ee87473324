package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"testing"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// parser returns the adapter's receipt parser. It returns false if there is none or
// if the target has no callbacks to test it with.
func (b *fixture) parser() (adapter.ReceiptParser, bool) {
	p, ok := b.adapter.(adapter.ReceiptParser)
	return p, ok && len(b.Receipts) > 0
}

// receipts checks that the adapter parses the expected receipts from each callback.
func receipts(_ context.Context, b *fixture) error {
	p, ok := b.parser()
	if !ok {
		if _, parses := b.adapter.(adapter.ReceiptParser); parses && b.Sign != nil {
			return errors.New("the adapter parses receipts, but Target.Receipts is empty")
		}
		return nil
	}
	var broken []error
	for _, g := range b.Receipts {
		got, _, err := p.ParseReceipts(g.Request)
		switch {
		case err != nil:
			broken = append(broken, fmt.Errorf("%q: %w", g.Name, err))
		case !reflect.DeepEqual(got, g.Want):
			broken = append(broken, fmt.Errorf("%q: got %+v, want %+v", g.Name, got, g.Want))
		}
		for _, r := range got {
			if b.caps.EchoesID && r.Dispatch == "" || !b.caps.EchoesID && r.VendorID == "" {
				broken = append(broken, fmt.Errorf("%q: a receipt has no id to match it by", g.Name))
			}
		}
	}
	return errors.Join(broken...)
}

// forgedReceipts checks that the parser rejects a callback with a wrong signature as
// Unauthenticated, and returns no receipts.
func forgedReceipts(_ context.Context, b *fixture) error {
	p, ok := b.parser()
	if !ok || b.Sign == nil {
		return nil
	}
	genuine := b.Receipts[0].Request
	forgeries := map[string]adapter.ReceiptRequest{
		"no headers":        {Method: genuine.Method, URL: genuine.URL, Header: http.Header{}, Body: genuine.Body},
		"another body":      {Method: genuine.Method, URL: genuine.URL, Header: genuine.Header, Body: append([]byte(" "), genuine.Body...)},
		"another signature": {Method: genuine.Method, URL: genuine.URL, Header: corrupted(genuine.Header), Body: genuine.Body},
	}
	for name, f := range forgeries {
		if got, _, err := p.ParseReceipts(f); touch.ClassOf(err) != touch.Unauthenticated || got != nil {
			return fmt.Errorf("%s: %d receipts and class %q, not unauthenticated", name, len(got), touch.ClassOf(err))
		}
	}
	return nil
}

// corrupted returns a copy of the headers with one bit changed in each, except in
// Content-Type. One of them contains the signature.
func corrupted(h http.Header) http.Header {
	out := h.Clone()
	for name, values := range out {
		if len(values) == 0 || name == "Content-Type" {
			continue
		}
		v := []byte(values[0])
		v[len(v)/2] ^= 1
		out.Set(name, string(v))
	}
	return out
}

// brokenReceipts checks that no body makes the parser panic, signed or unsigned. It
// tries 300 random changes of each callback, the same ones in every run.
func brokenReceipts(_ context.Context, b *fixture) error {
	p, ok := b.parser()
	if !ok {
		return nil
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, g := range b.Receipts {
		for range 300 {
			body := mutate(random, g.Request.Body)
			if err := tryBody(p, b.Sign, g.Request, body); err != nil {
				return err
			}
		}
	}
	return nil
}

// tryBody parses one body. The parser may return anything for the unsigned body. For
// the signed body it must return receipts, or an error of class Invalid or TooLarge.
func tryBody(p adapter.ReceiptParser, sign func([]byte) adapter.ReceiptRequest, like adapter.ReceiptRequest, body []byte) error {
	like.Body = body
	_, _, _ = p.ParseReceipts(like) // only a panic is wrong here
	if sign == nil {
		return nil
	}
	got, _, err := p.ParseReceipts(sign(body))
	switch touch.ClassOf(err) {
	case "":
		for _, r := range got {
			if r.Kind == "" {
				return errors.New("a receipt has no kind")
			}
		}
	case touch.Invalid, touch.TooLarge:
	default:
		return fmt.Errorf("the error for a signed, broken body has class %q, not invalid", touch.ClassOf(err))
	}
	return nil
}

// mutate returns a copy of the body with one to four random changes.
func mutate(random *rand.Rand, body []byte) []byte {
	out := append([]byte(nil), body...)
	for range 1 + random.IntN(4) {
		if len(out) == 0 {
			return out
		}
		at := random.IntN(len(out))
		switch random.IntN(4) {
		case 0:
			out[at] = byte(random.IntN(256))
		case 1:
			out = append(out[:at], out[min(len(out), at+1+random.IntN(8)):]...)
		case 2:
			out = append(out[:at:at], append([]byte(`[{"":null,9`)[:random.IntN(11)], out[at:]...)...)
		case 3:
			out = out[:at]
		}
	}
	return out
}

// FuzzReceipts fuzzes the adapter's receipt parser. Call it from a Fuzz function of
// the adapter's tests. It fails at once if the adapter is no ReceiptParser.
func FuzzReceipts(f *testing.F, t Target) {
	if t.Now == nil {
		t.Now = time.Now
	}
	a, err := t.Factory.New(t.Config("http://127.0.0.1:1"), adapter.Options{Transport: http.DefaultTransport, Now: t.Now})
	if err != nil {
		f.Fatal(err)
	}
	p, ok := a.(adapter.ReceiptParser)
	if !ok {
		f.Fatal("the adapter is no ReceiptParser")
	}
	for _, g := range t.Receipts {
		f.Add(g.Request.Body)
	}
	f.Fuzz(func(t2 *testing.T, body []byte) {
		if err := tryBody(p, t.Sign, adapter.ReceiptRequest{Method: http.MethodPost, Header: http.Header{}}, body); err != nil {
			t2.Error(err)
		}
	})
}
