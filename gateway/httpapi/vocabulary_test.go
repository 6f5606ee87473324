package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestUnknownScopes(t *testing.T) {
	f := newFixture(t, nil)
	consent := func(scope string) string { return fmt.Sprintf(`{"consents":[{"scope":%q,"granted":false}]}`, scope) }
	for scope, nearest := range map[string]string{
		"Marketing": "marketing", "markting:smss": "marketing:sms", "sms:marketing": "", "all": "", "marketing:fax": "",
	} {
		a := f.dev(http.StatusUnprocessableEntity, "POST", "/v1/customers/r8/consents", consent(scope))
		if nearest != "" && !strings.Contains(string(a.body), "did you mean "+nearest+"?") {
			t.Errorf("%s: %s", scope, a.body)
		}
	}
	f.dev(http.StatusNotFound, "GET", "/v1/customers/r8", "")
	for _, scope := range []string{"marketing", "service:ai_call"} {
		f.dev(http.StatusNoContent, "POST", "/v1/customers/r8/consents", consent(scope))
	}
}

func TestOutcomeWords(t *testing.T) {
	f := newFixture(t, nil)
	for word, stored := range map[string]string{
		"refused": "refused", "Refused": "refused", "Opt_Out": "opt_out", "NO ANSWER": "no_answer", "opt-out": "opt_out",
		"unsubscribe": "opt_out", "STOP": "opt_out", "退订": "opt_out", "promised": "promised", "Promised": "promised",
	} {
		customer := "/v1/customers/" + strings.ReplaceAll(fmt.Sprintf("%x", word), " ", "")
		f.dev(http.StatusNoContent, "POST", customer+"/outcomes", fmt.Sprintf(`{"outcomes":[{"kind":%q}]}`, word))
		a := f.dev(http.StatusOK, "GET", customer, "")
		if !strings.Contains(string(a.body), fmt.Sprintf(`"kind":%q`, stored)) {
			t.Errorf("%s: %s, want %s", word, a.body, stored)
		}
	}
	for word, nearest := range map[string]string{"refusd": "refused", "hung_up": ""} {
		a := f.dev(http.StatusUnprocessableEntity, "POST", "/v1/customers/o/outcomes", fmt.Sprintf(`{"outcomes":[{"kind":%q}]}`, word))
		if nearest != "" && !strings.Contains(string(a.body), "did you mean "+nearest+"?") {
			t.Errorf("%s: %s", word, a.body)
		}
	}
}

func TestOptOutRevokes(t *testing.T) {
	f := newFixture(t, nil)
	revoked := func(customer string) string {
		f.t.Helper()
		a := f.dev(http.StatusOK, "GET", "/v1/customers/"+customer, "")
		var c struct {
			Consents []struct {
				Scope   string `json:"scope"`
				Granted bool   `json:"granted"`
			} `json:"consents"`
		}
		a.into(t, &c)
		var scopes []string
		for _, consent := range c.Consents {
			if !consent.Granted {
				scopes = append(scopes, consent.Scope)
			}
		}
		return strings.Join(scopes, " ")
	}
	for customer, c := range map[string]struct{ outcome, want string }{
		"o1": {`{"kind":"opt_out","channel":"sms","category":"marketing"}`, "marketing:sms"},
		"o2": {`{"kind":"opt_out","category":"marketing"}`, "marketing"},
		"o3": {`{"kind":"Opt_Out","channel":"sms"}`, "transactional:sms service:sms collection:sms marketing:sms"},
		"o4": {`{"kind":"refused","channel":"sms","category":"marketing"}`, ""},
	} {
		for range 2 { // a repeat adds nothing
			f.dev(http.StatusNoContent, "POST", "/v1/customers/"+customer+"/outcomes",
				`{"outcomes":[`+strings.Replace(c.outcome, "{", `{"at":"2026-11-20T12:00:00Z",`, 1)+`]}`)
		}
		got := strings.Fields(revoked(customer))
		for _, scope := range strings.Fields(c.want) {
			if !strings.Contains(" "+strings.Join(got, " ")+" ", " "+scope+" ") {
				t.Errorf("%s: %v, want %s", customer, got, c.want)
			}
		}
		if len(got) != len(strings.Fields(c.want)) {
			t.Errorf("%s: %v, want %s", customer, got, c.want)
		}
	}
}

func TestProfileValues(t *testing.T) {
	f := newFixture(t, nil)
	for body, field := range map[string]string{
		`{"preferences":{"quiet":"22:00–07:00"}}`:     "preferences.quiet", // an en dash
		`{"preferences":{"quiet":"10pm-7am"}}`:        "preferences.quiet",
		`{"preferences":{"quiet":"none"}}`:            "preferences.quiet",
		`{"attributes":{"member_since":"yesterday"}}`: "attributes.member_since",
		`{"attributes":{"member_since":20260811}}`:    "attributes.member_since",
		`{"jurisdictions":["italy"]}`:                 "jurisdictions[0]",
		`{"jurisdictions":["cn","xx"]}`:               "jurisdictions[1]",
	} {
		a := f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/customers/v", body)
		if !strings.Contains(string(a.body), field) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	f.dev(http.StatusOK, "PUT", "/v1/customers/v",
		`{"preferences":{"quiet":"22:00-07:00; sat,sun 00:00-12:00"},"attributes":{"member_since":"2026-08-11"},"jurisdictions":["us-fl","CN"]}`)

	// A slip in an open vocabulary is stored, and told.
	a := f.dev(http.StatusOK, "PUT", "/v1/customers/v", `{"preferences":{"quite":"22:00-07:00"},"attributes":{"scores":1,"salary":9},"tags":["VIP"]}`)
	for _, want := range []string{"preferences.quite", "did you mean quiet?", "attributes.scores", "did you mean score?"} {
		if !strings.Contains(string(a.body), want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	if strings.Contains(string(a.body), "attributes.salary") {
		t.Errorf("a warning about a name of the bank's own: %s", a.body)
	}
	stream := f.dev(http.StatusOK, "POST", "/v1/customers", `{"id":"w","preferences":{"quite":"x"}}`)
	if chunks, total := reports(t, stream.body); total.Accepted != 1 || len(chunks[0].Warnings) != 1 {
		t.Errorf("the stream: %s", stream.body)
	}
}

func TestUnknownRegister(t *testing.T) {
	f := newFixture(t, nil)
	a := f.dev(http.StatusOK, "POST", "/v1/registers/dncc", `{"customer":"c"}`)
	if !strings.Contains(string(a.body), "did you mean dnc?") {
		t.Errorf("a register that no rule reads: %s", a.body)
	}
	f.dev(http.StatusUnprocessableEntity, "POST", "/v1/registers/dncc:checked", `{}`)
	f.dev(http.StatusNoContent, "POST", "/v1/registers/dnc:checked", `{}`)
}

func TestStopNames(t *testing.T) {
	f := newFixture(t, nil)
	f.dev(http.StatusCreated, "POST", "/v1/keys", `{"caller":"crm","scopes":["submit"]}`)
	for caller, warning := range map[string]string{"crmm": `did you mean \"crm\"?`, "crm": "", "dev": ""} {
		a := f.dev(http.StatusOK, "PUT", "/v1/stops/s", fmt.Sprintf(`{"caller":%q,"owner":"o","reason":"r"}`, caller))
		if warned := strings.Contains(string(a.body), `"warning"`); warned != (warning != "") || !strings.Contains(string(a.body), warning) {
			t.Errorf("a stop of %s: %s", caller, a.body)
		}
	}
}

func TestInboundOptOut(t *testing.T) {
	f := newFixture(t, nil)
	id := f.dev(http.StatusAccepted, "POST", "/v1/touches", textTouch("k", "+447700900001")).field(t, "id").(string)
	a := f.dev(http.StatusOK, "POST", "/v1/inbound", fmt.Sprintf(`{"messages":[
		{"dispatch":"%s.0","text":"STOP"},
		{"customer":"c9","text":"退订"},
		{"from":"0044 7700 900002","text":"Td."},
		{"from":"+447700900003","text":"thank you"},
		{"from":"call me","text":"STOP"},
		{"text":"STOP"}]}`, id))
	var answers struct {
		Items []struct {
			Effect string
			Errors []struct{ Field string }
		}
	}
	a.into(t, &answers)
	for i, want := range []string{"opt_out", "opt_out", "opt_out", "ignored", "", ""} {
		got := answers.Items[i]
		if got.Effect != want || (want == "") != (len(got.Errors) == 1 && got.Errors[0].Field == "from") {
			t.Errorf("message %d: %+v, want %q", i, got, want)
		}
	}
	if c := f.dev(http.StatusOK, "GET", "/v1/customers/c9", ""); !strings.Contains(string(c.body), `"marketing:sms"`) {
		t.Errorf("the customer: %s", c.body)
	}
	if c := f.dev(http.StatusOK, "GET", "/v1/customers/n", ""); !strings.Contains(string(c.body), `"service:sms"`) {
		t.Errorf("the customer of the touch: %s", c.body)
	}
	list := f.dev(http.StatusOK, "GET", "/v1/suppressions", "")
	if !strings.Contains(string(list.body), `"phone:+447700900002"`) || strings.Contains(string(list.body), "900003") {
		t.Errorf("the list: %s", list.body)
	}
}
