package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestReceipts(t *testing.T) {
	f := newFixture(t, nil)
	id := f.dev(http.StatusAccepted, "POST", "/v1/touches", body("a")).field(t, "id").(string)
	url := f.server.URL + "/v1/receipts/acme"
	if a := f.call("POST", "/v1/receipts/acme", "", id+".0", "Signature", "forged"); a.StatusCode != 401 {
		t.Errorf("forged: %d", a.StatusCode)
	}
	if a := f.call("POST", "/v1/receipts/nobody", "", id+".0"); a.StatusCode != 404 {
		t.Errorf("an unknown provider: %d", a.StatusCode)
	}
	if a := f.call("POST", "/v1/receipts/acme", "", id+".0", "Signature", "good "+url); a.StatusCode != 200 || string(a.body) != "OK" {
		t.Errorf("good: %d %s", a.StatusCode, a.body)
	}
	if got := f.dev(http.StatusOK, "GET", "/v1/touches/"+id, ""); got.field(t, "state") != "delivered" {
		t.Errorf("the touch: %s", got.body)
	}
	f.dev(http.StatusNoContent, "POST", "/v1/receipts", `{"receipts":[{"dispatch":"`+id+`.0","kind":"outcome","outcome":"refused"}]}`)
	f.dev(http.StatusUnprocessableEntity, "POST", "/v1/receipts", `{"receipts":[{"dispatch":"x","kind":"read"}]}`)
	if c := f.dev(http.StatusOK, "GET", "/v1/customers/c1", ""); !strings.Contains(string(c.body), `"refused"`) {
		t.Errorf("the outcome is not on the customer: %s", c.body)
	}
}

func TestReceiptsInPart(t *testing.T) {
	f := newFixture(t, nil)
	id := f.dev(http.StatusAccepted, "POST", "/v1/touches", body("a")).field(t, "id").(string)
	a := f.dev(http.StatusUnprocessableEntity, "POST", "/v1/receipts", `{"receipts":[
		{"dispatch":"legacy-4711","kind":"delivered"},
		{"dispatch":"`+id+`.0","kind":"delivered"},
		{"dispatch":"`+id+`.0","kind":"buffered"},
		{"dispatch":"`+id+`.0","kind":"outcome","outcome":"refusd"}]}`)
	for _, field := range []string{"receipts[0].dispatch", "receipts[2].kind", "receipts[3].outcome"} {
		if !strings.Contains(string(a.body), field) {
			t.Errorf("%s is not named: %s", field, a.body)
		}
	}
	if got := f.dev(http.StatusOK, "GET", "/v1/touches/"+id, ""); got.field(t, "state") != "delivered" {
		t.Errorf("the good receipt was not stored: %s", got.body)
	}
}

func TestReceiptsOfAnotherCaller(t *testing.T) {
	f := newFixture(t, nil)
	id := f.dev(http.StatusAccepted, "POST", "/v1/touches", body("a")).field(t, "id").(string)
	other := f.dev(http.StatusCreated, "POST", "/v1/keys", `{"caller":"other","scopes":["receipts"]}`).field(t, "key").(string)
	f.call("POST", "/v1/receipts", other, `{"receipts":[{"dispatch":"`+id+`.0","kind":"outcome","outcome":"opt_out"}]}`)
	if got := f.dev(http.StatusOK, "GET", "/v1/touches/"+id, ""); got.field(t, "state") != "due" {
		t.Errorf("another caller's receipt was believed: %s", got.body)
	}
	f.dev(http.StatusNotFound, "GET", "/v1/customers/c1", "")
}
