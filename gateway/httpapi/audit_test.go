package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"touchgate.dev/touch"
)

// TestMakersAreRecorded: keys, templates and tokens let somebody in, or change
// what every customer reads. The record says who made them.
func TestMakersAreRecorded(t *testing.T) {
	f := newFixture(t, nil)
	made := f.dev(http.StatusCreated, "POST", "/v1/keys", `{"caller":"ops","scopes":["admin","templates","customers","desk"]}`)
	ops, id := made.field(t, "key").(string), made.field(t, "id").(string)
	for _, c := range [][3]string{
		{"POST", "/v1/keys", `{"caller":"engine","scopes":["submit","read"]}`},
		{"PUT", "/v1/templates/loan", `{"content":{"sms":{"body":"text"}}}`},
		{"PUT", "/v1/templates/loan", `{"content":{"sms":{"body":"another text"}}}`},
		{"PUT", "/v1/templates/loan", `{"content":{"sms":{"body":"another text"}}}`}, // no news
		{"POST", "/v1/customers/ada/tokens", `{}`},
		{"POST", "/v1/managers/max/tokens", `{"queues":["north"]}`},
	} {
		if a := f.call(c[0], c[1], ops, c[2]); a.StatusCode >= 300 {
			t.Fatalf("%s: %d %s", c[1], a.StatusCode, a.body)
		}
	}
	f.dev(http.StatusNoContent, "DELETE", "/v1/keys/"+id, "")

	events, err := f.Ledger.Events.List(t.Context(), "", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ actor, reason string }{
		{"dev", "key " + id + " made for ops: admin, customers, desk, templates"},
		{id, "made for engine: read, submit"},
		{id, "template loan version 1"},
		{id, "template loan version 2"},
		{id, "app token for customer sha256:"},
		{id, "desk token for manager max"},
		{"dev", "key " + id + " revoked"},
	}
	if len(events) != len(want) {
		t.Fatalf("%d records: %+v", len(events), events)
	}
	for i, e := range events {
		if e.Kind != touch.EventControl || e.Actor != want[i].actor || !strings.Contains(e.Reason, want[i].reason) {
			t.Errorf("record %d: %s by %s, want %+v", i, e.Reason, e.Actor, want[i])
		}
		if e.Customer != "" || strings.Contains(e.Reason, "ada") {
			t.Errorf("record %d names the customer: %+v", i, e)
		}
	}
}

// TestPeopleReadPlainText: a line end in a reason is a forged line in a list of
// records, and an escape sequence hides text in a terminal.
func TestPeopleReadPlainText(t *testing.T) {
	f := newFixture(t, nil)
	for name, bad := range map[string]string{
		"line end": `\n`, "escape": `\u001b[8m`, "right to left": `\u202e`, "null": `\u0000`, "bell": `\u0007`, "C1": `\u0085`, "joiner": `\u200b`,
	} {
		for _, c := range [][3]string{
			{"PUT", "/v1/stops/s", `{"owner":"ann","reason":"storm` + bad + `x"}`},
			{"PUT", "/v1/stops/s", `{"owner":"ann` + bad + `x","reason":"storm"}`},
			{"POST", "/v1/suppressions", `{"entries":[{"customer":"c1","owner":"ann","reason":"x` + bad + `y","for_ever":true}]}`},
			{"POST", "/v1/suppressions", `{"entries":[{"customer":"c1","owner":"ann` + bad + `","reason":"x","for_ever":true}]}`},
			{"POST", "/v1/policies", strings.Replace(goodDraft, "fewer", "few`+bad+`er", 1)},
			{"POST", "/v1/policies:rollback", `{"reason":"too` + bad + `mild"}`},
			{"POST", "/v1/keys", `{"caller":"eng` + bad + `ine","scopes":["read"]}`},
		} {
			c[2] = strings.ReplaceAll(c[2], "`+bad+`", bad)
			if a := f.call(c[0], c[1], "dev-key", c[2]); a.StatusCode != 422 && a.StatusCode != 400 {
				t.Errorf("%s: %s: %d %s", name, c[2], a.StatusCode, a.body)
			}
		}
	}
	f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/stops/s%0Ax", `{"owner":"ann","reason":"storm"}`)
	f.dev(http.StatusOK, "PUT", "/v1/stops/s", `{"owner":"Jürgen 张","reason":"Störung: 停"}`)
}

// TestReservedCallers: records of the program itself bear these names.
func TestReservedCallers(t *testing.T) {
	f := newFixture(t, nil)
	for _, name := range []string{
		"clock", "Touchgate", "configuration", "RETENTION", "dev", "command line", " engine", "engine ", "caller:engine", strings.Repeat("x", 129), "",
	} {
		f.dev(http.StatusUnprocessableEntity, "POST", "/v1/keys", `{"caller":"`+name+`","scopes":["read"]}`)
	}
	for _, name := range []string{"engine", "dev-engine", "Zürich Ops", strings.Repeat("ü", 128)} {
		f.dev(http.StatusCreated, "POST", "/v1/keys", `{"caller":"`+name+`","scopes":["read"]}`)
	}
}
