package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestFacts(t *testing.T) {
	f := newFixture(t, nil)
	f.dev(http.StatusOK, "PUT", "/v1/customers/c1", `{"zones":["Asia/Shanghai"],"addresses":{"sms":"+8613800000000"},"attributes":{"vip":true,"score":1.5}}`)
	zone := f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/customers/c1", `{"zones":["Mars/Olympus"]}`)
	if !strings.Contains(string(zone.body), "tz database") {
		t.Errorf("an unknown zone: %s", zone.body)
	}
	f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/customers/c1", `{"id":"c2"}`)
	f.dev(http.StatusNoContent, "POST", "/v1/customers/c1/consents", `{"consents":[{"scope":"marketing","granted":true,"evidence":"doc-1"}]}`)
	f.dev(http.StatusUnprocessableEntity, "POST", "/v1/customers/c1/consents", `{}`)
	f.dev(http.StatusNoContent, "POST", "/v1/customers/c1/outcomes", `{"outcomes":[{"kind":"refused"}]}`)
	c := f.dev(http.StatusOK, "GET", "/v1/customers/c1", "")
	if len(c.field(t, "consents").([]any)) != 1 || len(c.field(t, "outcomes").([]any)) != 1 {
		t.Errorf("the customer: %s", c.body)
	}
	f.dev(http.StatusNotFound, "GET", "/v1/customers/nobody", "")

	entry := `{"entries":[{"customer":"c1","owner":"o","reason":"r","for_ever":true}]}`
	if dry := f.dev(http.StatusOK, "POST", "/v1/suppressions?dry_run=true", entry); dry.field(t, "saved") != false {
		t.Errorf("dry: %s", dry.body)
	}
	f.dev(http.StatusOK, "POST", "/v1/suppressions", entry)
	if l := f.dev(http.StatusOK, "GET", "/v1/suppressions", ""); len(l.field(t, "items").([]any)) != 1 {
		t.Errorf("suppressions: %s", l.body)
	}
	f.dev(http.StatusNoContent, "POST", "/v1/suppressions:end", `{"customer":"c1"}`)

	f.dev(http.StatusOK, "PUT", "/v1/templates/offer", `{"variables":[{"name":"amount"}],"content":{"":{"body":"${amount}"}}}`)
	if v := f.dev(http.StatusOK, "PUT", "/v1/templates/offer", `{"variables":[{"name":"amount"}],"content":{"":{"body":"now ${amount}"}}}`); v.field(t, "version") != 2.0 {
		t.Errorf("the second version: %s", v.body)
	}
	f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/templates/offer", `{"content":{"":{"body":"${amount}"}}}`)
	f.dev(http.StatusOK, "GET", "/v1/templates/offer?version=1", "")
	f.dev(http.StatusOK, "GET", "/v1/templates", "")
	f.dev(http.StatusNotFound, "GET", "/v1/templates/none", "")

	f.dev(http.StatusOK, "PUT", "/v1/stops/sms", `{"channel":"sms","owner":"o","reason":"r"}`)
	f.dev(http.StatusOK, "GET", "/v1/stops", "")
	f.dev(http.StatusNoContent, "DELETE", "/v1/stops/sms", "")
	f.dev(http.StatusNotFound, "DELETE", "/v1/stops/sms", "")

	s := f.dev(http.StatusCreated, "POST", "/v1/subscriptions", `{"url":"https://e.example/h","kinds":["touch.sent"]}`)
	if l := f.dev(http.StatusOK, "GET", "/v1/subscriptions", ""); strings.Contains(string(l.body), "whsec_") || !strings.Contains(string(s.body), "whsec_") {
		t.Errorf("the secret is shown once: %s then %s", s.body, l.body)
	}
	f.dev(http.StatusNoContent, "DELETE", "/v1/subscriptions/"+s.field(t, "id").(string), "")
	f.dev(http.StatusUnprocessableEntity, "POST", "/v1/subscriptions", `{"url":"http://e.example/h"}`)

	if e := f.dev(http.StatusOK, "GET", "/v1/events?after=0&limit=10&wait=0s", ""); e.field(t, "next") == nil {
		t.Errorf("events: %s", e.body)
	}
	f.dev(http.StatusUnprocessableEntity, "GET", "/v1/events?wait=1h", "")
}
