package httpapi_test

import (
	"net/http"
	"testing"
)

func TestEvents(t *testing.T) {
	f := newFixture(t, nil)
	if e := f.dev(http.StatusOK, "GET", "/v1/events?after=0&limit=10&wait=0s", ""); e.field(t, "next") == nil {
		t.Errorf("events: %s", e.body)
	}
	f.dev(http.StatusUnprocessableEntity, "GET", "/v1/events?wait=1h", "")
}
