package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestKeysAndScopes(t *testing.T) {
	f := newFixture(t, nil)
	made := f.dev(http.StatusCreated, "POST", "/v1/keys", `{"caller":"engine","scopes":["read"]}`)
	key := made.field(t, "key").(string)
	for name, tc := range map[string]struct {
		method, path, bearer string
		status               int
	}{
		"no key":              {"POST", "/v1/touches", "", 401},
		"wrong key":           {"POST", "/v1/touches", "tg_x_y", 401},
		"wrong scope":         {"POST", "/v1/touches", key, 403},
		"right scope":         {"GET", "/v1/touches", key, 200},
		"a key for an app":    {"GET", "/v1/app/inbox", key, 401},
		"admin without":       {"GET", "/v1/keys", key, 403},
		"no such route":       {"GET", "/v1/nothing", key, 404},
		"no such method":      {"DELETE", "/v1/touches", key, 405},
		"verb of no resource": {"POST", "/v1/touches/x:explode", key, 404},
	} {
		if a := f.call(tc.method, tc.path, tc.bearer, "{}"); a.StatusCode != tc.status {
			t.Errorf("%s: %d, want %d: %s", name, a.StatusCode, tc.status, a.body)
		}
	}
	list := f.dev(http.StatusOK, "GET", "/v1/keys", "")
	if strings.Contains(string(list.body), strings.Split(key, "_")[2]) || strings.Contains(strings.ToLower(string(list.body)), "hash") {
		t.Errorf("the list shows a secret: %s", list.body)
	}
	f.dev(http.StatusNoContent, "DELETE", "/v1/keys/"+made.field(t, "id").(string), "")
	if a := f.call("GET", "/v1/touches", key, ""); a.StatusCode != 401 {
		t.Errorf("revoked: %d", a.StatusCode)
	}
	f.dev(http.StatusUnprocessableEntity, "POST", "/v1/keys", `{"caller":"x","scopes":["root"]}`)
}

func TestCallersAreIsolated(t *testing.T) {
	f := newFixture(t, nil)
	id := f.dev(http.StatusAccepted, "POST", "/v1/touches", body("a")).field(t, "id").(string)
	other := f.dev(http.StatusCreated, "POST", "/v1/keys", `{"caller":"other","scopes":["read","submit"]}`).field(t, "key").(string)
	for _, tc := range [][2]string{{"GET", "/v1/touches/" + id}, {"POST", "/v1/touches/" + id + ":cancel"}, {"GET", "/v1/campaigns/nov"}} {
		if a := f.call(tc[0], tc[1], other, ""); a.StatusCode != 404 {
			t.Errorf("%s %s: %d", tc[0], tc[1], a.StatusCode)
		}
	}
	for _, path := range []string{"/v1/touches", "/v1/events"} {
		if a := f.call("GET", path, other, ""); strings.Contains(string(a.body), `"customer":"c1"`) {
			t.Errorf("%s shows another caller's touch: %s", path, a.body)
		}
	}
}
