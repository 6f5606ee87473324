package httpapi_test

import (
	"net/http"
	"testing"
)

func TestTemplates(t *testing.T) {
	f := newFixture(t, nil)
	f.dev(http.StatusOK, "PUT", "/v1/templates/offer", `{"variables":[{"name":"amount"}],"content":{"":{"body":"${amount}"}}}`)
	if v := f.dev(http.StatusOK, "PUT", "/v1/templates/offer", `{"variables":[{"name":"amount"}],"content":{"":{"body":"now ${amount}"}}}`); v.field(t, "version") != 2.0 {
		t.Errorf("the second version: %s", v.body)
	}
	f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/templates/offer", `{"content":{"":{"body":"${amount}"}}}`)
	f.dev(http.StatusOK, "GET", "/v1/templates/offer?version=1", "")
	f.dev(http.StatusOK, "GET", "/v1/templates", "")
	f.dev(http.StatusNotFound, "GET", "/v1/templates/none", "")
}
