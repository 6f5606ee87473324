package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestUnknownQueryParameters: a parameter that is misspelt or doubled is refused by its name
// and never passed over.
func TestUnknownQueryParameters(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		method, path, body string
		status             int
		names              string
	}{
		{"GET", "/v1/touches?campain=nov", "", http.StatusUnprocessableEntity, `"field":"campain"`},
		{"GET", "/v1/touches?limit=1&limit=2", "", http.StatusUnprocessableEntity, `"field":"limit"`},
		{"GET", "/v1/touches?state=%zz", "", http.StatusBadRequest, "the query cannot be read"},
		{"POST", "/v1/suppressions?dryrun=true", `{"entries":[{"customer":"c1","owner":"ann","reason":"x","for_ever":true}]}`, http.StatusUnprocessableEntity, `"field":"dryrun"`},
		{"GET", "/healthz?probe=7", "", http.StatusOK, "ok"},
	} {
		if a := f.dev(c.status, c.method, c.path, c.body); !strings.Contains(string(a.body), c.names) {
			t.Errorf("%s %s: %s", c.method, c.path, a.body)
		}
	}
	if kept := f.dev(http.StatusOK, "GET", "/v1/suppressions", ""); strings.Contains(string(kept.body), "c1") {
		t.Errorf("a misspelt dry_run saved the entry: %s", kept.body)
	}
}
