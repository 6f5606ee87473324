package httpapi_test

import (
	"net/http"
	"testing"
)

func TestSuppressions(t *testing.T) {
	f := newFixture(t, nil)
	f.dev(http.StatusOK, "PUT", "/v1/customers/c1", `{}`)

	entry := `{"entries":[{"customer":"c1","owner":"o","reason":"r","for_ever":true}]}`
	if dry := f.dev(http.StatusOK, "POST", "/v1/suppressions?dry_run=true", entry); dry.field(t, "saved") != false {
		t.Errorf("dry: %s", dry.body)
	}
	f.dev(http.StatusOK, "POST", "/v1/suppressions", entry)
	if l := f.dev(http.StatusOK, "GET", "/v1/suppressions", ""); len(l.field(t, "items").([]any)) != 1 {
		t.Errorf("suppressions: %s", l.body)
	}
	f.dev(http.StatusNoContent, "POST", "/v1/suppressions:end", `{"customer":"c1"}`)
}
