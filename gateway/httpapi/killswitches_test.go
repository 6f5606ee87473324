package httpapi_test

import (
	"net/http"
	"testing"
)

func TestKillSwitches(t *testing.T) {
	f := newFixture(t, nil)
	f.dev(http.StatusOK, "PUT", "/v1/stops/sms", `{"channel":"sms","owner":"o","reason":"r"}`)
	f.dev(http.StatusOK, "GET", "/v1/stops", "")
	f.dev(http.StatusNoContent, "DELETE", "/v1/stops/sms", "")
	f.dev(http.StatusNotFound, "DELETE", "/v1/stops/sms", "")
}
