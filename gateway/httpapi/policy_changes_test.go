package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// keyWith creates an API key with scopes over the API.
func (f *fixture) keyWith(scopes string) string {
	f.t.Helper()
	return f.dev(201, "POST", "/v1/keys", `{"caller": "compliance", "scopes": ["`+strings.ReplaceAll(scopes, ",", `","`)+`"]}`).field(f.t, "key").(string)
}

const goodDraft = `{"title": "fewer", "documents": {"p.yaml": "policy: p\nrules:\n  - {id: week, cap: {limit: 3, per: 7d}}\n"}}`

func TestPolicyChange(t *testing.T) {
	f := newFixture(t, nil)
	ann, bob := f.keyWith("policy:write,read"), f.keyWith("policy:approve,read")
	want := func(status int, method, path, key, body string) answer {
		t.Helper()
		a := f.call(method, path, key, body)
		if a.StatusCode != status {
			t.Fatalf("%s %s: %d, want %d: %s", method, path, a.StatusCode, status, a.body)
		}
		return a
	}
	bad := want(422, "POST", "/v1/policies", ann, strings.Replace(goodDraft, "limit: 3", "limit: 0", 1))
	if !strings.Contains(string(bad.body), `"field":"documents.p.yaml:3"`) {
		t.Errorf("%s", bad.body)
	}
	want(403, "POST", "/v1/policies", bob, goodDraft)
	id := want(201, "POST", "/v1/policies", ann, goodDraft).field(t, "id").(string)
	path := "/v1/policies/" + id
	want(409, "POST", path+":approve", bob, `{}`) // a draft is not submitted yet
	want(200, "POST", path+":submit", ann, `{"reason": "complaints"}`)
	want(403, "POST", path+":approve", ann, `{}`)
	want(403, "POST", path+":submit", bob, `{}`)
	want(404, "GET", "/v1/policy-sets/active", bob, "")
	approved := want(200, "POST", path+":approve", bob, `{"reason": "agreed"}`)
	hash := approved.field(t, "hash").(string)
	if approved.field(t, "state") != "enacted" || want(200, "GET", "/v1/policy-sets/active", bob, "").field(t, "hash") != hash {
		t.Errorf("%s", approved.body)
	}
	if a := want(200, "GET", "/v1/policy-sets/"+hash, ann, ""); !strings.Contains(string(a.body), "policy: p") {
		t.Errorf("%s", a.body)
	}
	if a := want(200, "GET", path, bob, ""); len(a.field(t, "history").([]any)) != 3 {
		t.Errorf("%s", a.body)
	}
	second := want(201, "POST", "/v1/policies", ann, strings.Replace(goodDraft, "limit: 3", "limit: 2", 1)).field(t, "id").(string)
	want(200, "POST", "/v1/policies/"+second+":submit", ann, `{}`)
	want(422, "POST", "/v1/policies/"+second+":reject", bob, `{}`)
	want(200, "POST", "/v1/policies/"+second+":reject", bob, `{"reason": "not now"}`)
	third := want(201, "POST", "/v1/policies", ann, strings.Replace(goodDraft, "limit: 3", "limit: 4", 1)).field(t, "id").(string)
	want(200, "POST", "/v1/policies/"+third+":submit", ann, `{}`)
	want(200, "POST", "/v1/policies/"+third+":approve", bob, `{}`)
	want(403, "POST", "/v1/policies:rollback", ann, `{"reason": "x"}`)
	if a := want(200, "POST", "/v1/policies:rollback", bob, `{"reason": "too mild"}`); a.field(t, "hash") != hash {
		t.Errorf("%s", a.body)
	}
	if a := want(200, "GET", "/v1/policies?state=enacted", ann, ""); len(a.field(t, "items").([]any)) != 3 {
		t.Errorf("%s", a.body)
	}
	fourth := want(201, "POST", "/v1/policies", ann, goodDraft).field(t, "id").(string)
	want(200, "POST", "/v1/policies/"+fourth+":withdraw", ann, `{}`)
	want(404, "GET", "/v1/policies/none", ann, "")
	want(422, "GET", "/v1/policies?limit=0", ann, "")
}

func TestCheckAndSimulatePolicies(t *testing.T) {
	f := newFixture(t, nil)
	f.Guard.Judge = func(q policies.Question) touch.Verdict {
		return touch.Verdict{Decision: touch.DecisionRefuse, Rule: "old/never", Kind: "require", Channel: touch.Inbox, At: q.Now, Findings: []touch.Finding{{Rule: "old/never", Decision: touch.DecisionRefuse}}}
	}
	f.dev(200, "POST", "/v1/touches", `{"key": "k", "customer": "c", "category": "service", "plan": [{"channel": "inbox", "content": {"body": "b"}}]}`)
	documents := strings.Replace(goodDraft, `"title": "fewer", `, "", 1)
	if a := f.dev(200, "POST", "/v1/policies:check", documents); a.field(t, "ok") != true {
		t.Errorf("%s", a.body)
	}
	if a := f.dev(200, "POST", "/v1/policies:check", strings.Replace(documents, "7d", "7 dayz", 1)); a.field(t, "ok") != false {
		t.Errorf("%s", a.body)
	}
	f.Advance(24 * time.Hour)
	a := f.dev(200, "POST", "/v1/policies:simulate?since=7d", documents)
	lines := strings.Split(strings.TrimSpace(string(a.body)), "\n")
	var last struct {
		Report struct {
			Total struct {
				Legs      int `json:"legs"`
				NewlySent int `json:"newly_sent"`
			} `json:"total"`
		} `json:"report"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Report.Total.Legs != 1 || last.Report.Total.NewlySent != 1 {
		t.Errorf("%v %s", err, a.body)
	}
	f.dev(422, "POST", "/v1/policies:simulate?since=ages", documents)
	f.dev(422, "POST", "/v1/policies:simulate", `{"documents": {"a": "policy: ["}}`)
}

func TestDecision(t *testing.T) {
	f := newFixture(t, nil)
	id := f.dev(202, "POST", "/v1/touches", `{"key": "k", "customer": "c", "category": "service", "plan": [{"channel": "inbox", "content": {"body": "b"}}]}`).field(t, "id").(string)
	if a := f.dev(200, "GET", "/v1/touches/"+id+"/decision", ""); a.field(t, "id") != id {
		t.Errorf("%s", a.body)
	}
	f.dev(404, "GET", "/v1/touches/"+id+"/decision?event=99999999", "")
	f.dev(404, "GET", "/v1/touches/nonsense/decision", "")
}
