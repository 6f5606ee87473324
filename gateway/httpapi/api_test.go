package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"touchgate.dev/gateway/internal/gatewaytest"
	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

func body(key string) string {
	return fmt.Sprintf(`{"key":%q,"customer":"c1","category":"marketing","campaign":"nov","plan":[{"channel":"sms","content":{"body":"hello"}}],"addresses":{"sms":"+8613800000000"}}`, key)
}

func TestSingle(t *testing.T) {
	h := newFixture(t, nil)
	first := h.dev(http.StatusAccepted, "POST", "/v1/touches", body("a"))
	id := first.field(t, "id").(string)
	if again := h.dev(http.StatusOK, "POST", "/v1/touches", body("a")); again.field(t, "repeated") != true || again.field(t, "id") != id {
		t.Errorf("a repeat: %s", again.body)
	}
	conflict := h.dev(http.StatusConflict, "POST", "/v1/touches", strings.Replace(body("a"), "hello", "bye", 1))
	if conflict.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(string(conflict.body), `"field":"key"`) {
		t.Errorf("a conflict: %s", conflict.body)
	}
	got := h.dev(http.StatusOK, "GET", "/v1/touches/"+id, "")
	if got.field(t, "state") != "due" || len(got.field(t, "events").([]any)) != 1 {
		t.Errorf("the touch: %s", got.body)
	}
	if c := h.dev(http.StatusOK, "POST", "/v1/touches/"+id+":cancel", ""); c.field(t, "state") != "cancelled" {
		t.Errorf("cancelled: %s", c.body)
	}
	h.dev(http.StatusConflict, "POST", "/v1/touches/"+id+":cancel", "")
	h.dev(http.StatusNotFound, "GET", "/v1/touches/"+touch.NewID("dev", "none").String(), "")
	h.dev(http.StatusNotFound, "GET", "/v1/touches/nonsense", "")
	if list := h.dev(http.StatusOK, "GET", "/v1/touches?campaign=nov&state=cancelled&limit=1", ""); len(list.field(t, "items").([]any)) != 1 {
		t.Errorf("the list: %s", list.body)
	}
	h.dev(http.StatusUnprocessableEntity, "GET", "/v1/touches?state=lost", "")
	h.dev(http.StatusUnprocessableEntity, "GET", "/v1/touches?limit=x", "")
}

func TestARefusalIsAnAnswerWithEveryFinding(t *testing.T) {
	h := newFixture(t, nil)
	h.Guard.Judge = func(q policies.Question) touch.Verdict {
		return touch.Verdict{
			Decision: touch.DecisionRefuse, Rule: "consent", Kind: "consent", Channel: touch.SMS, At: q.Now, Policy: "abc",
			Findings: []touch.Finding{
				{Rule: "consent", Kind: "consent", Decision: touch.DecisionRefuse, Reason: "no consent"},
				{Rule: "weekly", Kind: "cap", Decision: touch.DecisionDefer, Until: gatewaytest.Noon.Add(time.Hour), Count: 3, Limit: 3},
			},
		}
	}
	a := h.dev(http.StatusOK, "POST", "/v1/touches", body("a"))
	var got struct {
		State   string
		Reason  string
		Verdict touch.Verdict
	}
	a.into(t, &got)
	if got.State != "refused" || got.Reason != "consent" || len(got.Verdict.Findings) != 2 {
		t.Errorf("got %s", a.body)
	}
	check := h.dev(http.StatusOK, "POST", "/v1/touches:check", strings.Replace(body("a"), `"key":"a",`, "", 1))
	if check.field(t, "decision") != "refuse" {
		t.Errorf("check: %s", check.body)
	}
}

func TestBatchAnswersForEach(t *testing.T) {
	h := newFixture(t, nil)
	a := h.dev(http.StatusAccepted, "POST", "/v1/touches",
		`{"touches":[`+body("a")+`,{"key":"b","plan":[{"chanel":"sms"}]},`+strings.Replace(body("c"), `"sms"`, `"fax"`, 1)+`,`+body("d")+`]}`)
	var got struct {
		Answers []struct {
			ID, State string
			Error     struct {
				Status int
				Errors []struct{ Field string }
			}
		}
	}
	a.into(t, &got)
	if len(got.Answers) != 4 || got.Answers[0].State != "due" || got.Answers[3].State != "due" {
		t.Fatalf("got %s", a.body)
	}
	if e := got.Answers[1].Error; e.Status != 400 || e.Errors[0].Field != "touches[1].plan[0].chanel" {
		t.Errorf("an unreadable one: %+v", e)
	}
	if e := got.Answers[2].Error; e.Status != 422 || e.Errors[0].Field != "touches[2].plan[0].channel" {
		t.Errorf("an invalid one: %+v", e)
	}
	h.dev(http.StatusUnprocessableEntity, "POST", "/v1/touches", `{"touches":[]}`)
	h.dev(http.StatusUnprocessableEntity, "POST", "/v1/touches", `{"key":"a","touches":[`+body("a")+`]}`)
	h.dev(http.StatusRequestEntityTooLarge, "POST", "/v1/touches", `{"touches":[`+strings.Repeat("{},", 1000)+`{}]}`)
}

func TestBadInputIsToldClearly(t *testing.T) {
	h := newFixture(t, nil)
	for name, tc := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"not JSON":      {`hello`, 400, "broken JSON"},
		"unknown field": {`{"key":"a","color":"red"}`, 400, `"field":"color"`},
		"given twice":   {`{"key":"a","key":"b"}`, 400, "given twice"},
		"wrong type":    {`{"key":5}`, 400, `"field":"key"`},
		"nested":        {`{"touches":[` + strings.Repeat("[", 900_000), 400, "nests too deep"},
		"too large":     {strings.Repeat("[", 2<<20), 413, "at most"},
		"empty":         {`{}`, 422, `"field":"key"`},
		"unknown zone?": {strings.Replace(body("a"), `"sms"`, `"fax"`, 1), 422, `"field":"plan[0].channel"`},
	} {
		a := h.call("POST", "/v1/touches", "dev-key", tc.body)
		if a.StatusCode != tc.status || !strings.Contains(string(a.body), tc.says) || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	if stored, _, err := h.Ledger.Touches.List(t.Context(), ledger.TouchFilter{}); err != nil || len(stored) != 0 {
		t.Errorf("bad input left %v behind, %v", stored, err)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	h := newFixture(t, nil)
	made := h.dev(http.StatusCreated, "POST", "/v1/keys", `{"caller":"engine","scopes":["read"]}`)
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
		if a := h.call(tc.method, tc.path, tc.bearer, "{}"); a.StatusCode != tc.status {
			t.Errorf("%s: %d, want %d: %s", name, a.StatusCode, tc.status, a.body)
		}
	}
	list := h.dev(http.StatusOK, "GET", "/v1/keys", "")
	if strings.Contains(string(list.body), strings.Split(key, "_")[2]) || strings.Contains(strings.ToLower(string(list.body)), "hash") {
		t.Errorf("the list shows a secret: %s", list.body)
	}
	h.dev(http.StatusNoContent, "DELETE", "/v1/keys/"+made.field(t, "id").(string), "")
	if a := h.call("GET", "/v1/touches", key, ""); a.StatusCode != 401 {
		t.Errorf("revoked: %d", a.StatusCode)
	}
	h.dev(http.StatusUnprocessableEntity, "POST", "/v1/keys", `{"caller":"x","scopes":["root"]}`)
}

func TestCallersAreApart(t *testing.T) {
	h := newFixture(t, nil)
	id := h.dev(http.StatusAccepted, "POST", "/v1/touches", body("a")).field(t, "id").(string)
	other := h.dev(http.StatusCreated, "POST", "/v1/keys", `{"caller":"other","scopes":["read","submit"]}`).field(t, "key").(string)
	for _, tc := range [][2]string{{"GET", "/v1/touches/" + id}, {"POST", "/v1/touches/" + id + ":cancel"}, {"GET", "/v1/campaigns/nov"}} {
		if a := h.call(tc[0], tc[1], other, ""); a.StatusCode != 404 {
			t.Errorf("%s %s: %d", tc[0], tc[1], a.StatusCode)
		}
	}
	for _, path := range []string{"/v1/touches", "/v1/events"} {
		if a := h.call("GET", path, other, ""); strings.Contains(string(a.body), "c1") {
			t.Errorf("%s shows another caller's touch: %s", path, a.body)
		}
	}
}

func TestCampaigns(t *testing.T) {
	h := newFixture(t, nil)
	h.dev(http.StatusAccepted, "POST", "/v1/touches", body("a"))
	for _, step := range [][2]string{{"pause", "paused"}, {"resume", "running"}, {"cancel", "cancelled"}} {
		if a := h.dev(http.StatusOK, "POST", "/v1/campaigns/nov:"+step[0], ""); a.field(t, "status") != step[1] {
			t.Errorf("%s: %s", step[0], a.body)
		}
	}
	h.dev(http.StatusConflict, "POST", "/v1/campaigns/nov:resume", "")
	view := h.dev(http.StatusOK, "GET", "/v1/campaigns/nov", "")
	if view.field(t, "status") != "cancelled" || len(view.field(t, "counts").([]any)) == 0 {
		t.Errorf("the campaign: %s", view.body)
	}
	// A colon and a slash in a name are escaped, and are no verb.
	odd := h.dev(http.StatusOK, "POST", "/v1/campaigns/a%2Fb%3Apause:pause", "")
	if odd.field(t, "campaign") != "a/b:pause" {
		t.Errorf("an odd name: %s", odd.body)
	}
}

func TestFacts(t *testing.T) {
	h := newFixture(t, nil)
	h.dev(http.StatusOK, "PUT", "/v1/customers/c1", `{"zones":["Asia/Shanghai"],"addresses":{"sms":"+8613800000000"},"attributes":{"vip":true,"score":1.5}}`)
	zone := h.dev(http.StatusUnprocessableEntity, "PUT", "/v1/customers/c1", `{"zones":["Mars/Olympus"]}`)
	if !strings.Contains(string(zone.body), "tz database") {
		t.Errorf("an unknown zone: %s", zone.body)
	}
	h.dev(http.StatusUnprocessableEntity, "PUT", "/v1/customers/c1", `{"id":"c2"}`)
	h.dev(http.StatusNoContent, "POST", "/v1/customers/c1/consents", `{"consents":[{"scope":"marketing","granted":true,"evidence":"doc-1"}]}`)
	h.dev(http.StatusUnprocessableEntity, "POST", "/v1/customers/c1/consents", `{}`)
	h.dev(http.StatusNoContent, "POST", "/v1/customers/c1/outcomes", `{"outcomes":[{"kind":"refused"}]}`)
	c := h.dev(http.StatusOK, "GET", "/v1/customers/c1", "")
	if len(c.field(t, "consents").([]any)) != 1 || len(c.field(t, "outcomes").([]any)) != 1 {
		t.Errorf("the customer: %s", c.body)
	}
	h.dev(http.StatusNotFound, "GET", "/v1/customers/nobody", "")

	entry := `{"entries":[{"customer":"c1","owner":"o","reason":"r","for_ever":true}]}`
	if dry := h.dev(http.StatusOK, "POST", "/v1/suppressions?dry_run=true", entry); dry.field(t, "saved") != false {
		t.Errorf("dry: %s", dry.body)
	}
	h.dev(http.StatusOK, "POST", "/v1/suppressions", entry)
	if l := h.dev(http.StatusOK, "GET", "/v1/suppressions", ""); len(l.field(t, "items").([]any)) != 1 {
		t.Errorf("suppressions: %s", l.body)
	}
	h.dev(http.StatusNoContent, "POST", "/v1/suppressions:end", `{"customer":"c1"}`)

	h.dev(http.StatusOK, "PUT", "/v1/templates/offer", `{"variables":[{"name":"amount"}],"content":{"":{"body":"${amount}"}}}`)
	if v := h.dev(http.StatusOK, "PUT", "/v1/templates/offer", `{"variables":[{"name":"amount"}],"content":{"":{"body":"now ${amount}"}}}`); v.field(t, "version") != 2.0 {
		t.Errorf("the second version: %s", v.body)
	}
	h.dev(http.StatusUnprocessableEntity, "PUT", "/v1/templates/offer", `{"content":{"":{"body":"${amount}"}}}`)
	h.dev(http.StatusOK, "GET", "/v1/templates/offer?version=1", "")
	h.dev(http.StatusOK, "GET", "/v1/templates", "")
	h.dev(http.StatusNotFound, "GET", "/v1/templates/none", "")

	h.dev(http.StatusOK, "PUT", "/v1/stops/sms", `{"channel":"sms","owner":"o","reason":"r"}`)
	h.dev(http.StatusOK, "GET", "/v1/stops", "")
	h.dev(http.StatusNoContent, "DELETE", "/v1/stops/sms", "")
	h.dev(http.StatusNotFound, "DELETE", "/v1/stops/sms", "")

	s := h.dev(http.StatusCreated, "POST", "/v1/subscriptions", `{"url":"https://e.example/h","kinds":["touch.sent"]}`)
	if l := h.dev(http.StatusOK, "GET", "/v1/subscriptions", ""); strings.Contains(string(l.body), "whsec_") || !strings.Contains(string(s.body), "whsec_") {
		t.Errorf("the secret is shown once: %s then %s", s.body, l.body)
	}
	h.dev(http.StatusNoContent, "DELETE", "/v1/subscriptions/"+s.field(t, "id").(string), "")
	h.dev(http.StatusUnprocessableEntity, "POST", "/v1/subscriptions", `{"url":"http://e.example/h"}`)

	if e := h.dev(http.StatusOK, "GET", "/v1/events?after=0&limit=10&wait=0s", ""); e.field(t, "next") == nil {
		t.Errorf("events: %s", e.body)
	}
	h.dev(http.StatusUnprocessableEntity, "GET", "/v1/events?wait=1h", "")
}

func TestReceipts(t *testing.T) {
	h := newFixture(t, nil)
	id := h.dev(http.StatusAccepted, "POST", "/v1/touches", body("a")).field(t, "id").(string)
	url := h.server.URL + "/v1/receipts/acme"
	if a := h.call("POST", "/v1/receipts/acme", "", id+".0", "Signature", "forged"); a.StatusCode != 401 {
		t.Errorf("forged: %d", a.StatusCode)
	}
	if a := h.call("POST", "/v1/receipts/nobody", "", id+".0"); a.StatusCode != 404 {
		t.Errorf("an unknown provider: %d", a.StatusCode)
	}
	if a := h.call("POST", "/v1/receipts/acme", "", id+".0", "Signature", "good "+url); a.StatusCode != 200 || string(a.body) != "OK" {
		t.Errorf("good: %d %s", a.StatusCode, a.body)
	}
	if got := h.dev(http.StatusOK, "GET", "/v1/touches/"+id, ""); got.field(t, "state") != "delivered" {
		t.Errorf("the touch: %s", got.body)
	}
	h.dev(http.StatusNoContent, "POST", "/v1/receipts", `{"receipts":[{"dispatch":"`+id+`.0","kind":"outcome","outcome":"refused"}]}`)
	h.dev(http.StatusUnprocessableEntity, "POST", "/v1/receipts", `{"receipts":[{"dispatch":"x","kind":"read"}]}`)
	if c := h.dev(http.StatusOK, "GET", "/v1/customers/c1", ""); !strings.Contains(string(c.body), `"refused"`) {
		t.Errorf("the outcome is not on the customer: %s", c.body)
	}
}

// failing is a ledger that names its inside when it fails.
type failing struct {
	ledger.Intake
	err error
}

func (f failing) Accept(context.Context, []ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	return nil, nil, f.err
}

func TestNothingOfTheInsideLeaks(t *testing.T) {
	const inside = "dial tcp 10.1.2.3:5432: password authentication failed"
	for status, err := range map[int]error{
		503: touch.Errorf(touch.Unavailable, "", "the ledger does not answer: %w", errors.New(inside)),
		500: errors.New(inside),
	} {
		h := newFixture(t, func(l *ledger.Ledger) { l.Intake = failing{l.Intake, err} })
		a := h.call("POST", "/v1/touches", "dev-key", body("a"))
		if a.StatusCode != status || strings.Contains(string(a.body), "10.1.2.3") || strings.Contains(string(a.body), "ledger") {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		if status == 503 && a.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if !strings.Contains(h.log.String(), "10.1.2.3") {
			t.Errorf("the log does not have the cause: %s", h.log.String())
		}
		stream := h.call("POST", "/v1/campaigns/nov/touches", "dev-key", body("a")+"\n")
		if strings.Contains(string(stream.body), "10.1.2.3") || !strings.Contains(string(stream.body), `"line_from":1`) || !strings.Contains(string(stream.body), fmt.Sprintf(`"status":%d`, status)) {
			t.Errorf("stream: %s", stream.body)
		}
	}
}

// panicking is a ledger that breaks down, with a customer's number on its lips.
type panicking struct{ ledger.Intake }

func (panicking) Accept(context.Context, []ledger.NewTouch) ([]ledger.Accepted, []ledger.SegmentRef, error) {
	panic("+8613800000000")
}

func TestAPanicIsAnAnswer(t *testing.T) {
	h := newFixture(t, func(l *ledger.Ledger) { l.Intake = panicking{l.Intake} })
	if a := h.call("POST", "/v1/touches", "dev-key", body("a")); a.StatusCode != 500 {
		t.Errorf("single: %d", a.StatusCode)
	}
	a := h.call("POST", "/v1/campaigns/nov/touches", "dev-key", body("a")+"\n")
	if _, total := reports(t, a.body); total.Error == nil || total.Error.Status != 500 {
		t.Errorf("stream: %s", a.body)
	}
	if log := h.log.String(); strings.Contains(log, "+86138") || strings.Count(log, `"msg":"panic"`) != 2 {
		t.Errorf("the log: %s", log)
	}
}

func TestLogsHoldNoPersonalData(t *testing.T) {
	h := newFixture(t, nil)
	h.dev(http.StatusAccepted, "POST", "/v1/touches", body("a"))
	h.dev(http.StatusOK, "PUT", "/v1/customers/secret-customer", `{"addresses":{"sms":"+8613800000000"}}`)
	h.call("POST", "/v1/touches", "dev-key", strings.Replace(body("b"), `"sms"`, `"fax"`, 1))
	for _, canary := range []string{"+8613800000000", "hello", "secret-customer", "c1", "dev-key"} {
		if strings.Contains(h.log.String(), canary) {
			t.Errorf("the log holds %q: %s", canary, h.log.String())
		}
	}
	if !strings.Contains(h.log.String(), `"route":"/v1/customers/{id}"`) {
		t.Errorf("the log lacks the route: %s", h.log.String())
	}
}

func TestOperation(t *testing.T) {
	h := newFixture(t, nil)
	for path, says := range map[string]string{"/healthz": "ok", "/readyz": "queue", "/openapi.json": "3.1.0", "/docs": "<h1>Touchgate API</h1>"} {
		if a := h.call("GET", path, "", ""); a.StatusCode != 200 || !strings.Contains(string(a.body), says) {
			t.Errorf("%s: %d %.200s", path, a.StatusCode, a.body)
		}
	}
	h.drain.Start()
	if a := h.call("GET", "/readyz", "", ""); a.StatusCode != 503 {
		t.Errorf("readyz while draining: %d", a.StatusCode)
	}
	if a := h.call("POST", "/v1/touches", "dev-key", body("a")); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" {
		t.Errorf("intake while draining: %d", a.StatusCode)
	}
	h.dev(http.StatusOK, "GET", "/v1/touches", "")
	h.drain.Stop()
	h.dev(http.StatusAccepted, "POST", "/v1/touches", body("a"))
	h.call("GET", "/v1/stranger/9a8b", "", "")
	m := h.call("GET", "/metrics", "", "")
	for _, want := range []string{`touchgate_submitted_touches_total{result="accepted"} 1`, `touchgate_http_request_duration_seconds_count{code="202",method="POST",route="/v1/touches"} 1`} {
		if !strings.Contains(string(m.body), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(string(m.body), "9a8b") {
		t.Error("a stranger's path is in the metrics")
	}
}
