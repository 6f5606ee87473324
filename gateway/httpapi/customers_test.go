package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestCustomers(t *testing.T) {
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
}
