package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// deadLetter submits a touch and has a worker dead-letter it.
func (f *fixture) deadLetter(key, campaign string) (id string) {
	f.t.Helper()
	id = f.dev(202, "POST", "/v1/touches", `{"key": "`+key+`", "customer": "c1", "category": "service", "campaign": "`+campaign+`",
		"plan": [{"channel": "inbox", "content": {"body": "a secret text"}}]}`).field(f.t, "id").(string)
	ref, _, ok, err := f.Ledger.Work.Feed(f.t.Context(), touch.Lane(touch.Inbox, false), f.Now().Add(time.Second), 10)
	if err != nil || !ok {
		f.t.Fatal(ok, err)
	}
	seg, err := f.Ledger.Work.Claim(f.t.Context(), ref, "w", f.Now(), f.Now().Add(time.Minute))
	if err != nil {
		f.t.Fatal(err)
	}
	p := seg.Touches[0].Progress
	err = f.Ledger.Work.Apply(f.t.Context(), ref, []ledger.Transition{{
		Seq: p.Seq, Version: p.Version, To: touch.StateDead, Reason: "crashed_workers",
		Events: []touch.Event{{Kind: touch.EventDead, At: f.Now(), Touch: seg.Touches[0].Touch.ID, State: touch.StateDead}},
	}})
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

func TestRedrive(t *testing.T) {
	f := newFixture(t, nil)
	one := f.deadLetter("k1", "nov")
	f.deadLetter("k2", "dec")
	ops, other := f.keyWith("admin"), f.keyWith("submit,read")
	for _, path := range []string{"/v1/dead", "/v1/dead:redrive"} {
		method := map[bool]string{true: "POST", false: "GET"}[strings.Contains(path, ":")]
		if a := f.call(method, path, other, `{"all": true}`); a.StatusCode != 403 {
			t.Errorf("%s without the scope: %d", path, a.StatusCode)
		}
	}
	listed := f.call("GET", "/v1/dead?limit=1", ops, "")
	if listed.StatusCode != 200 || listed.field(t, "next") == nil || !strings.Contains(string(listed.body), one) {
		t.Fatalf("%d %s", listed.StatusCode, listed.body)
	}
	if strings.Contains(string(listed.body), "secret") {
		t.Errorf("the text is listed: %s", listed.body)
	}
	if a := f.call("GET", "/v1/dead?campaign=dec&since=2099-01-01T00:00:00Z", ops, ""); string(a.body) != `{"items":[]}`+"\n" {
		t.Errorf("%s", a.body)
	}
	for body, want := range map[string]int{
		`{}`: 422, `{"touch": "x"}`: 422, `{"channel": "fax"}`: 422, `{"dry_run": true}`: 422, `{"day": 1}`: 400,
	} {
		if a := f.call("POST", "/v1/dead:redrive", ops, body); a.StatusCode != want {
			t.Errorf("%s: %d, want %d: %s", body, a.StatusCode, want, a.body)
		}
	}
	for _, c := range []struct{ body, want string }{
		{`{"all": true, "dry_run": true}`, `{"due":2,"asked":0,"expired":0}`},
		{`{"campaign": "nov"}`, `{"due":1,"asked":0,"expired":0}`},
		{`{"campaign": "nov"}`, `{"due":0,"asked":0,"expired":0}`},
		{`{"channel": "inbox", "reason": "crashed_workers"}`, `{"due":1,"asked":0,"expired":0}`},
	} {
		if a := f.call("POST", "/v1/dead:redrive", ops, c.body); a.StatusCode != 200 || string(a.body) != c.want+"\n" {
			t.Errorf("%s: %d %s, want %s", c.body, a.StatusCode, a.body, c.want)
		}
	}
	if v := f.dev(200, "GET", "/v1/touches/"+one, ""); v.field(t, "state") != "due" {
		t.Errorf("%s", v.body)
	}
}
