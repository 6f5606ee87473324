package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func TestWebhooks(t *testing.T) {
	f := newFixture(t, nil)
	s := f.dev(http.StatusCreated, "POST", "/v1/subscriptions", `{"url":"https://e.example/h","kinds":["touch.sent"]}`)
	if !strings.Contains(string(s.body), "whsec_") {
		t.Errorf("the new webhook does not show its secret: %s", s.body)
	}
	if l := f.dev(http.StatusOK, "GET", "/v1/subscriptions", ""); strings.Contains(string(l.body), "whsec_") {
		t.Errorf("the list shows a secret: %s", l.body)
	}
	f.dev(http.StatusNoContent, "DELETE", "/v1/subscriptions/"+s.field(t, "id").(string), "")
	f.dev(http.StatusUnprocessableEntity, "POST", "/v1/subscriptions", `{"url":"http://e.example/h"}`)
}

// subscribeAs makes a webhook with a key.
func (f *fixture) subscribeAs(key string) (id string) {
	f.t.Helper()
	a := f.call("POST", "/v1/subscriptions", key, `{"url":"https://e.example/h?token=1"}`)
	if a.StatusCode != http.StatusCreated {
		f.t.Fatalf("%d: %s", a.StatusCode, a.body)
	}
	return a.field(f.t, "id").(string)
}

func (f *fixture) key(caller string, scopes ...string) (text, id string) {
	f.t.Helper()
	text, k, err := f.Keys.Create(f.t.Context(), "test", caller, scopes)
	if err != nil {
		f.t.Fatal(err)
	}
	return text, k.ID
}

func TestWebhookInnerAddress(t *testing.T) {
	f := newFixture(t, nil)
	for _, address := range []string{
		"https://169.254.169.254/latest", "https://10.0.0.1/x", "https://[fd00::1]/", "https://[fe80::1%25eth0]/", "https://0.0.0.0/",
		"https://kubernetes.default.svc/", "https://2130706433/", "https://[::ffff:10.0.0.1]/",
	} {
		a := f.dev(http.StatusUnprocessableEntity, "POST", "/v1/subscriptions", `{"url":"`+address+`"}`)
		if !strings.Contains(string(a.body), `"field":"url"`) {
			t.Errorf("%s: %s", address, a.body)
		}
	}
	id := f.subscribeAs("dev-key")
	f.dev(http.StatusUnprocessableEntity, "PATCH", "/v1/subscriptions/"+id, `{"url":"https://10.0.0.1/x"}`)
}

func TestWebhookRotateMoveAdopt(t *testing.T) {
	f := newFixture(t, nil)
	id := f.subscribeAs("dev-key")
	path := "/v1/subscriptions/" + id
	first := f.dev(http.StatusOK, "POST", path+":rotate", `{}`)
	if !strings.HasPrefix(first.field(t, "secret").(string), "whsec_") {
		t.Errorf("%s", first.body)
	}
	want := []any{gatewaytest.Noon.Add(24 * time.Hour).Format(time.RFC3339)}
	if got := first.field(t, "previous_secrets_until"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("earlier secrets are good until %v, want %v", got, want)
	}
	for range 3 {
		f.dev(http.StatusOK, "POST", path+":rotate", `{"overlap":"7d"}`)
	}
	f.dev(http.StatusConflict, "POST", path+":rotate", `{"overlap":"7d"}`)
	leaked := f.dev(http.StatusOK, "POST", path+":rotate", `{"overlap":"0s"}`)
	if leaked.field(t, "previous_secrets_until") != nil {
		t.Errorf("earlier secrets are good still: %s", leaked.body)
	}
	for _, bad := range []string{`{"overlap":"8d"}`, `{"overlap":"-1s"}`} {
		f.dev(http.StatusUnprocessableEntity, "POST", path+":rotate", bad)
	}
	moved := f.dev(http.StatusOK, "PATCH", path, `{"url":"https://new.example/h"}`)
	if moved.field(t, "url") != "https://new.example/h" || strings.Contains(string(moved.body), "whsec_") {
		t.Errorf("%s", moved.body)
	}
	f.dev(http.StatusNotFound, "PATCH", "/v1/subscriptions/none", `{"url":"https://new.example/h"}`)
	if a := f.dev(http.StatusOK, "POST", path+":adopt", ""); a.field(t, "key") != "dev" {
		t.Errorf("%s", a.body)
	}
}

// A webhook ends with its key; one that another key of the caller has adopted
// stays. Both are in the journal, with who did it.
func TestWebhookEndsWithKey(t *testing.T) {
	f := newFixture(t, nil)
	old, oldID := f.key("engine", "read")
	next, nextID := f.key("engine", "read")
	ends := f.subscribeAs(old)
	stays := f.subscribeAs(old)
	if a := f.call("POST", "/v1/subscriptions/"+stays+":adopt", next, ""); a.StatusCode != http.StatusOK || a.field(t, "key") != nextID {
		t.Fatalf("%d: %s", a.StatusCode, a.body)
	}
	f.dev(http.StatusNoContent, "DELETE", "/v1/keys/"+oldID, "")
	l := f.call("GET", "/v1/subscriptions", next, "")
	if strings.Contains(string(l.body), ends) || !strings.Contains(string(l.body), stays) {
		t.Errorf("after the revocation: %s", l.body)
	}
	events, err := f.Ledger.Events.List(t.Context(), "engine", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range events {
		if e.Kind == touch.EventSubscription || e.Kind == touch.EventSubscriptionEnded {
			told = append(told, string(e.Kind)+" "+e.Actor)
		}
	}
	wanted := []string{
		"subscription.changed " + oldID, "subscription.changed " + oldID, "subscription.changed " + nextID, "subscription.ended dev",
	}
	if fmt.Sprint(told) != fmt.Sprint(wanted) {
		t.Errorf("the journal has %q, want %q", told, wanted)
	}
}

// An administrator lists and ends what others made, and makes none.
func TestWebhookAdministrator(t *testing.T) {
	f := newFixture(t, nil)
	engine, _ := f.key("engine", "read")
	stranger, _ := f.key("stranger", "read")
	admin, _ := f.key("ops", "admin")
	id := f.subscribeAs(engine)
	for path, want := range map[string]int{"?all=true": 403, "?caller=engine": 403, "": 200, "/" + id: 404} {
		if a := f.call("GET", "/v1/subscriptions"+path, stranger, ""); a.StatusCode != want || strings.Contains(string(a.body), id) {
			t.Errorf("a stranger, %s: %d %s", path, a.StatusCode, a.body)
		}
	}
	if a := f.call("DELETE", "/v1/subscriptions/"+id, stranger, ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("a stranger ends it: %d", a.StatusCode)
	}
	for _, path := range []string{"?all=true", "?caller=engine", "/" + id} {
		a := f.call("GET", "/v1/subscriptions"+path, admin, "")
		if a.StatusCode != http.StatusOK || !strings.Contains(string(a.body), id) || strings.Contains(string(a.body), "token=1") {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
	for path, body := range map[string]string{"": `{"url":"https://e.example/h"}`, "/" + id + ":rotate": `{}`, "/" + id + ":adopt": ""} {
		if a := f.call("POST", "/v1/subscriptions"+path, admin, body); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	if a := f.call("DELETE", "/v1/subscriptions/"+id, admin, ""); a.StatusCode != http.StatusNoContent {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestWebhooksAreBounded(t *testing.T) {
	f := newFixture(t, nil)
	engine, _ := f.key("engine", "read")
	other, _ := f.key("other", "read")
	for range 64 {
		f.subscribeAs(engine)
	}
	a := f.call("POST", "/v1/subscriptions", engine, `{"url":"https://e.example/h"}`)
	if a.StatusCode != http.StatusConflict || !strings.Contains(string(a.body), "64") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	f.subscribeAs(other)

	var seen []string
	for after := ""; ; {
		a := f.call("GET", "/v1/subscriptions?limit=10&after="+after, engine, "")
		var page struct {
			Items []ledger.Subscription
			Next  string
		}
		a.into(t, &page)
		for _, s := range page.Items {
			seen = append(seen, s.ID)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(seen) != 64 {
		t.Errorf("the pages have %d webhooks", len(seen))
	}
}

// The state of a webhook: backlog, last calls and next try; and a delivery by
// hand.
func TestWebhookShowsService(t *testing.T) {
	f := newFixture(t, nil)
	engine, _ := f.key("engine", "read")
	id := f.subscribeAs(engine)
	f.Submit(t, gatewaytest.SMS("m1"), gatewaytest.SMS("m2"))
	s, err := f.Ledger.Subscriptions.Get(t.Context(), "engine", id)
	if err != nil {
		t.Fatal(err)
	}
	sent := ledger.Delivery{ID: id + "-1", Through: 1, At: gatewaytest.Noon}
	s.Failures = 3
	s.NextAt = gatewaytest.Noon.Add(time.Minute)
	s.Pending = &ledger.Delivery{ID: id + "-2", After: 1, Through: 2, At: gatewaytest.Noon}
	s.Calls = []ledger.WebhookCall{
		{Delivery: sent, CalledAt: gatewaytest.Noon, Took: 20 * time.Millisecond, Status: 204},
		{Delivery: *s.Pending, CalledAt: gatewaytest.Noon, Took: time.Second, Error: "timeout"},
	}
	if saved, err := f.Ledger.Subscriptions.SaveProgress(t.Context(), s, 0); err != nil || !saved {
		t.Fatal(saved, err)
	}
	f.Advance(90 * time.Second)

	var view struct {
		NextAt  time.Time `json:"next_at"`
		Backlog struct {
			Events int
			Age    string
		}
		Pending struct{ Delivery string }
		Calls   []struct {
			Delivery string
			Status   int
			Error    string
		}
	}
	f.call("GET", "/v1/subscriptions/"+id, engine, "").into(t, &view)
	// Its own making, that of the key, and two touches.
	if view.Backlog.Events != 4 || view.Backlog.Age != "1m30s" || !view.NextAt.Equal(s.NextAt) || view.Pending.Delivery != s.Pending.ID {
		t.Errorf("%+v", view)
	}
	if len(view.Calls) != 2 || view.Calls[0].Error != "timeout" || view.Calls[1].Status != 204 {
		t.Errorf("%+v", view.Calls)
	}

	redeliver := func(delivery string, want int) {
		t.Helper()
		if a := f.call("POST", "/v1/subscriptions/"+id+":redeliver", engine, `{"delivery":"`+delivery+`"}`); a.StatusCode != want {
			t.Errorf("%s: %d %s", delivery, a.StatusCode, a.body)
		}
	}
	redeliver("unknown", http.StatusNotFound)
	redeliver(sent.ID, http.StatusAccepted)
	redeliver(sent.ID, http.StatusAccepted)
	s, _ = f.Ledger.Subscriptions.Get(t.Context(), "engine", id)
	if len(s.Again) != 1 || s.Again[0].ID != sent.ID || !s.NextAt.Equal(gatewaytest.Noon.Add(time.Minute)) {
		t.Errorf("%+v", s)
	}
	redeliver("", http.StatusAccepted)
	if s, _ = f.Ledger.Subscriptions.Get(t.Context(), "engine", id); !s.NextAt.IsZero() || s.Failures != 3 {
		t.Errorf("the next try: %+v", s)
	}
}
