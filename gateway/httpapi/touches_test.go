package httpapi_test

import (
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

func TestSubmitOne(t *testing.T) {
	f := newFixture(t, nil)
	first := f.dev(http.StatusAccepted, "POST", "/v1/touches", body("a"))
	id := first.field(t, "id").(string)
	if again := f.dev(http.StatusOK, "POST", "/v1/touches", body("a")); again.field(t, "repeated") != true || again.field(t, "id") != id {
		t.Errorf("a repeat: %s", again.body)
	}
	conflict := f.dev(http.StatusConflict, "POST", "/v1/touches", strings.Replace(body("a"), "hello", "bye", 1))
	if conflict.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(string(conflict.body), `"field":"key"`) {
		t.Errorf("a conflict: %s", conflict.body)
	}
	got := f.dev(http.StatusOK, "GET", "/v1/touches/"+id, "")
	if got.field(t, "state") != "due" || len(got.field(t, "events").([]any)) != 1 {
		t.Errorf("the touch: %s", got.body)
	}
	if c := f.dev(http.StatusOK, "POST", "/v1/touches/"+id+":cancel", ""); c.field(t, "state") != "cancelled" {
		t.Errorf("cancelled: %s", c.body)
	}
	f.dev(http.StatusConflict, "POST", "/v1/touches/"+id+":cancel", "")
	f.dev(http.StatusNotFound, "GET", "/v1/touches/"+touch.NewID("dev", "none").String(), "")
	f.dev(http.StatusNotFound, "GET", "/v1/touches/nonsense", "")
	if list := f.dev(http.StatusOK, "GET", "/v1/touches?campaign=nov&state=cancelled&limit=1", ""); len(list.field(t, "items").([]any)) != 1 {
		t.Errorf("the list: %s", list.body)
	}
	f.dev(http.StatusUnprocessableEntity, "GET", "/v1/touches?state=lost", "")
	f.dev(http.StatusUnprocessableEntity, "GET", "/v1/touches?limit=x", "")
}

func TestRefusalShowsFindings(t *testing.T) {
	f := newFixture(t, nil)
	f.Guard.Judge = func(q policies.Question) touch.Verdict {
		return touch.Verdict{
			Decision: touch.DecisionRefuse, Rule: "consent", Kind: "consent", Channel: touch.SMS, At: q.Now, Policy: "abc",
			Findings: []touch.Finding{
				{Rule: "consent", Kind: "consent", Decision: touch.DecisionRefuse, Reason: "no consent"},
				{Rule: "weekly", Kind: "cap", Decision: touch.DecisionDefer, Until: gatewaytest.Noon.Add(time.Hour), Count: 3, Limit: 3},
			},
		}
	}
	a := f.dev(http.StatusOK, "POST", "/v1/touches", body("a"))
	var got struct {
		State   string
		Reason  string
		Verdict touch.Verdict
	}
	a.into(t, &got)
	if got.State != "refused" || got.Reason != "consent" || len(got.Verdict.Findings) != 2 {
		t.Errorf("got %s", a.body)
	}
	check := f.dev(http.StatusOK, "POST", "/v1/touches:check", strings.Replace(body("a"), `"key":"a",`, "", 1))
	if check.field(t, "decision") != "refuse" {
		t.Errorf("check: %s", check.body)
	}
}

func TestSubmitBatch(t *testing.T) {
	f := newFixture(t, nil)
	a := f.dev(http.StatusAccepted, "POST", "/v1/touches",
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
	f.dev(http.StatusUnprocessableEntity, "POST", "/v1/touches", `{"touches":[]}`)
	f.dev(http.StatusUnprocessableEntity, "POST", "/v1/touches", `{"key":"a","touches":[`+body("a")+`]}`)
	f.dev(http.StatusRequestEntityTooLarge, "POST", "/v1/touches", `{"touches":[`+strings.Repeat("{},", 1000)+`{}]}`)
}

func TestBadInputProblems(t *testing.T) {
	f := newFixture(t, nil)
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
		a := f.call("POST", "/v1/touches", "dev-key", tc.body)
		if a.StatusCode != tc.status || !strings.Contains(string(a.body), tc.says) || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	if stored, _, err := f.Ledger.Touches.List(t.Context(), ledger.TouchFilter{}); err != nil || len(stored) != 0 {
		t.Errorf("bad input left %v behind, %v", stored, err)
	}
}
