package touch_test

import (
	"encoding/hex"
	"testing"
	"time"

	"touchgate.dev/touch"
)

// shortRequest sets only the fields that every request has.
func shortRequest() *touch.Request {
	return &touch.Request{
		Key:      "spring-1",
		Customer: "c1",
		Category: touch.Service,
		Plan:     []touch.Leg{{Channel: touch.SMS, Content: &touch.Content{Body: "hello"}}},
	}
}

// fullRequest sets every field, and those of its first leg.
func fullRequest() *touch.Request {
	notBefore := time.Date(2026, 12, 24, 9, 0, 0, 0, time.FixedZone("", 8*60*60))
	expires := notBefore.Add(24 * time.Hour)
	return &touch.Request{
		Key:       "spring-1",
		Customer:  "c1",
		Category:  touch.Marketing,
		Campaign:  "spring",
		Subject:   "card",
		Priority:  5,
		NotBefore: &notBefore,
		ExpiresAt: &expires,
		Plan: []touch.Leg{
			{
				Channel:  touch.RMTask,
				Template: "offer",
				Params:   map[string]string{"name": "Ada", "amount": "12 €"},
				Content: &touch.Content{
					Title: "Offer", Body: "<b>hello</b>", Link: "https://bank.example/a?b=1&c=2",
					Image: "https://bank.example/i.png", Placement: "home", Data: map[string]string{"k": "v"},
				},
				Title:  "Call Ada",
				DueIn:  touch.Duration(48 * time.Hour),
				Assign: &touch.Assignee{Manager: "m1", Queue: "q1", Branch: "b1"},
				Wait:   touch.Duration(30 * time.Minute),
				Until:  "sent",
			},
			{Channel: touch.SMS, Until: "delivered"},
		},
		Addresses: map[touch.Channel]string{touch.SMS: "+8613800000009", touch.Push: "token"},
	}
}

// TestDigest fixes two digests. The ledger stores digests, so a change of the
// format turns every repeat of an older request into a conflict.
func TestDigest(t *testing.T) {
	for _, c := range []struct {
		name    string
		request *touch.Request
		want    string
	}{
		{"short", shortRequest(), "ab7fd2e8f290a6811fa81ea61c0dd9da"},
		{"full", fullRequest(), "d502d0f689e8d2e734e9655db815a05f"},
	} {
		digest := c.request.Digest()
		if got := hex.EncodeToString(digest[:]); got != c.want {
			t.Errorf("%s request: digest %s, want %s", c.name, got, c.want)
		}
	}
}

// TestDigestOfEveryField changes one field at a time: each is a different touch.
func TestDigestOfEveryField(t *testing.T) {
	later := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	seen := map[[16]byte]string{fullRequest().Digest(): "no change"}
	for _, c := range []struct {
		field  string
		change func(r *touch.Request)
	}{
		{"key", func(r *touch.Request) { r.Key = "x" }},
		{"customer", func(r *touch.Request) { r.Customer = "x" }},
		{"category", func(r *touch.Request) { r.Category = touch.Service }},
		{"campaign", func(r *touch.Request) { r.Campaign = "x" }},
		{"subject", func(r *touch.Request) { r.Subject = "x" }},
		{"priority", func(r *touch.Request) { r.Priority = 6 }},
		{"not before", func(r *touch.Request) { r.NotBefore = &later }},
		{"expires at", func(r *touch.Request) { r.ExpiresAt = &later }},
		{"addresses", func(r *touch.Request) { r.Addresses[touch.SMS] = "x" }},
		{"order of the plan", func(r *touch.Request) { r.Plan[0], r.Plan[1] = r.Plan[1], r.Plan[0] }},
		{"channel", func(r *touch.Request) { r.Plan[0].Channel = touch.AICall }},
		{"template", func(r *touch.Request) { r.Plan[0].Template = "x" }},
		{"params", func(r *touch.Request) { r.Plan[0].Params["name"] = "x" }},
		{"content", func(r *touch.Request) { r.Plan[0].Content.Body = "x" }},
		{"title", func(r *touch.Request) { r.Plan[0].Title = "x" }},
		{"due in", func(r *touch.Request) { r.Plan[0].DueIn = 1 }},
		{"assign", func(r *touch.Request) { r.Plan[0].Assign.Queue = "x" }},
		{"wait", func(r *touch.Request) { r.Plan[0].Wait = 1 }},
		{"until", func(r *touch.Request) { r.Plan[0].Until = "" }},
	} {
		r := fullRequest()
		c.change(r)
		digest := r.Digest()
		if other, taken := seen[digest]; taken {
			t.Errorf("changed %s: the digest is the same as for %s", c.field, other)
		}
		seen[digest] = c.field
	}
}

func TestDigestOfMeaning(t *testing.T) {
	at := func(text string) *time.Time {
		instant, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return &instant
	}
	request := func() touch.Request {
		return touch.Request{
			Key: "k", Customer: "c", Category: touch.Service, NotBefore: at("2026-12-24T01:00:00Z"),
			Plan: []touch.Leg{{Channel: touch.SMS}, {Channel: touch.Push, Wait: touch.Duration(time.Hour)}},
		}
	}
	first := request()
	for name, c := range map[string]struct {
		change func(*touch.Request)
		same   bool
	}{
		"another zone":         {func(r *touch.Request) { r.NotBefore = at("2026-12-24T09:00:00+08:00") }, true},
		"another instant":      {func(r *touch.Request) { r.NotBefore = at("2026-12-24T09:00:00Z") }, false},
		"default without wait": {func(r *touch.Request) { r.Plan[0].Until = "sent" }, true},
		"default with wait":    {func(r *touch.Request) { r.Plan[1].Until = "delivered" }, true},
		"not the default":      {func(r *touch.Request) { r.Plan[1].Until = "sent" }, false},
		"an empty map":         {func(r *touch.Request) { r.Addresses = map[touch.Channel]string{} }, true},
		"another key":          {func(r *touch.Request) { r.Key = "l" }, false},
	} {
		r := request()
		c.change(&r)
		before := r.Plan[0].Until

		if same := r.Digest() == first.Digest(); same != c.same {
			t.Errorf("%s: same digest is %v, want %v", name, same, c.same)
		}
		if r.Plan[0].Until != before {
			t.Errorf("%s: Digest changed the request", name)
		}
	}
}
