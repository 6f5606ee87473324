package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
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
