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

func (b *fixture) parser() (adapter.ReceiptParser, bool) {
	p, ok := b.adapter.(adapter.ReceiptParser)
	return p, ok && len(b.Receipts) > 0
}

// receipts proves that the vendor's callbacks mean what they should.
func receipts(_ context.Context, b *fixture) error {
	p, ok := b.parser()
	if !ok {
		if _, parses := b.adapter.(adapter.ReceiptParser); parses && b.Sign != nil {
			return errors.New("the adapter parses receipts, and the target gives none to prove it by")
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
				broken = append(broken, fmt.Errorf("%q: a receipt that can't be matched", g.Name))
			}
		}
	}
	return errors.Join(broken...)
}

// forgedReceipts proves that a callback which isn't the vendor's is refused
// before it is read.
func forgedReceipts(_ context.Context, b *fixture) error {
	p, ok := b.parser()
	if !ok || b.Sign == nil {
		return nil
	}
	true1 := b.Receipts[0].Request
	forgeries := map[string]adapter.ReceiptRequest{
		"no headers":        {Method: true1.Method, URL: true1.URL, Header: http.Header{}, Body: true1.Body},
		"another body":      {Method: true1.Method, URL: true1.URL, Header: true1.Header, Body: append([]byte(" "), true1.Body...)},
		"another signature": {Method: true1.Method, URL: true1.URL, Header: spoiled(true1.Header), Body: true1.Body},
	}
	for name, f := range forgeries {
		if got, _, err := p.ParseReceipts(f); touch.ClassOf(err) != touch.Unauthenticated || got != nil {
			return fmt.Errorf("%s: %d receipts and class %q, not unauthenticated", name, len(got), touch.ClassOf(err))
		}
	}
	return nil
}

// spoiled changes one character of whatever signs.
func spoiled(h http.Header) http.Header {
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

// brokenReceipts proves that no body makes the parser panic, signed or not.
func brokenReceipts(_ context.Context, b *fixture) error {
	p, ok := b.parser()
	if !ok {
		return nil
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for _, g := range b.Receipts {
		for range 300 {
			body := mutate(dice, g.Request.Body)
			if err := survives(p, b.Sign, g.Request, body); err != nil {
				return err
			}
		}
	}
	return nil
}

// survives tries one body. A signed one may be good or Invalid, nothing else.
func survives(p adapter.ReceiptParser, sign func([]byte) adapter.ReceiptRequest, like adapter.ReceiptRequest, body []byte) error {
	like.Body = body
	_, _, _ = p.ParseReceipts(like) // unsigned it may say anything, and must not panic
	if sign == nil {
		return nil
	}
	got, _, err := p.ParseReceipts(sign(body))
	switch touch.ClassOf(err) {
	case "":
		for _, r := range got {
			if r.Kind == "" {
				return errors.New("a receipt without a kind")
			}
		}
	case touch.Invalid, touch.TooLarge:
	default:
		return fmt.Errorf("a signed and broken body is %q, not invalid", touch.ClassOf(err))
	}
	return nil
}

func mutate(dice *rand.Rand, body []byte) []byte {
	out := append([]byte(nil), body...)
	for range 1 + dice.IntN(4) {
		if len(out) == 0 {
			return out
		}
		at := dice.IntN(len(out))
		switch dice.IntN(4) {
		case 0:
			out[at] = byte(dice.IntN(256))
		case 1:
			out = append(out[:at], out[min(len(out), at+1+dice.IntN(8)):]...)
		case 2:
			out = append(out[:at:at], append([]byte(`[{"":null,9`)[:dice.IntN(11)], out[at:]...)...)
		case 3:
			out = out[:at]
		}
	}
	return out
}

// FuzzReceipts is the parser's fuzz test: call it from a Fuzz function.
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
		f.Fatal("the adapter parses no receipts")
	}
	for _, g := range t.Receipts {
		f.Add(g.Request.Body)
	}
	f.Fuzz(func(t2 *testing.T, body []byte) {
		if err := survives(p, t.Sign, adapter.ReceiptRequest{Method: http.MethodPost, Header: http.Header{}}, body); err != nil {
			t2.Error(err)
		}
	})
}
