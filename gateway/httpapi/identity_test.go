package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// inboxTouch is a touch of a customer with a key.
func inboxTouch(key, customer string) string {
	return fmt.Sprintf(`{"key":%q,"customer":%q,"category":"service","plan":[{"channel":"inbox","content":{"body":"x"}}]}`, key, customer)
}

// textTouch is a touch of a telephone number.
func textTouch(key, number string) string {
	return fmt.Sprintf(`{"key":%q,"customer":"n","category":"service","plan":[{"channel":"sms","content":{"body":"x"}}],"addresses":{"sms":%q}}`, key, number)
}

func TestPathPlus(t *testing.T) {
	f := newFixture(t, nil)
	consent := func(granted string) string {
		return `{"consents":[{"scope":"marketing","at":"2026-01-01T00:00:00Z","granted":` + granted + `}]}`
	}
	f.dev(http.StatusNoContent, "POST", "/v1/customers/ann%2Bbank@x.example/consents", consent("true"))
	f.dev(http.StatusNoContent, "POST", "/v1/customers/ann+bank@x.example/consents", consent("false"))
	a := f.dev(http.StatusOK, "GET", "/v1/customers/ann%2Bbank@x.example", "")
	if n := len(a.field(t, "consents").([]any)); n != 2 {
		t.Errorf("%d consents, want 2: %s", n, a.body)
	}
	f.dev(http.StatusNotFound, "GET", "/v1/customers/ann%20bank@x.example", "")

	// A verb after the name, and a percent sign in it.
	f.dev(http.StatusOK, "PUT", "/v1/templates/50%25+more", `{"content":{"":{"body":"x"}}}`)
	f.dev(http.StatusOK, "GET", "/v1/templates/50%25%2Bmore", "")
	f.dev(http.StatusOK, "POST", "/v1/campaigns/a+b:pause?ahead=true", "")
	if got := f.dev(http.StatusOK, "GET", "/v1/campaigns/a%2Bb", "").field(t, "status"); got != "paused" {
		t.Errorf("the campaign a+b is %v", got)
	}
}

func TestPathNames(t *testing.T) {
	f := newFixture(t, nil)
	for name, escaped := range map[string]string{
		"NUL":                 "a%00b",
		"broken UTF-8":        "a%FFb",
		"newline":             "a%0Ab",
		"blank before":        "%20a",
		"blank after":         "a%20",
		"no-break space":      "%C2%A0a",
		"ideographic space":   "a%E3%80%80",
		"no width":            "a%E2%80%8Bb",
		"mark of direction":   "a%E2%80%AEb",
		"accent as two signs": "e%CC%81",
		"too long":            strings.Repeat("a", 129),
	} {
		for _, route := range []struct{ method, path, body string }{
			{"PUT", "/v1/templates/%s", `{"content":{"":{"body":"x"}}}`},
			{"GET", "/v1/templates/%s", ""},
			{"PUT", "/v1/customers/%s", `{}`},
			{"GET", "/v1/customers/%s", ""},
			{"POST", "/v1/customers/%s/tokens", `{}`},
			{"POST", "/v1/managers/%s/tokens", `{}`},
			{"POST", "/v1/campaigns/%s:pause", ""},
			{"POST", "/v1/campaigns/%s/touches", inboxTouch("k", "c")},
			{"POST", "/v1/registers/%s", `{"customer":"c"}`},
			{"PUT", "/v1/stops/%s", `{"owner":"o","reason":"r","channel":"sms"}`},
		} {
			a := f.call(route.method, fmt.Sprintf(route.path, escaped), "dev-key", route.body)
			if a.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s in %s %s: %d %s", name, route.method, route.path, a.StatusCode, a.body)
			}
		}
	}
	f.dev(http.StatusUnprocessableEntity, "POST", "/v1/customers/"+url.PathEscape("春")+"/tokens", `{}`)
	f.dev(http.StatusOK, "PUT", "/v1/templates/"+url.PathEscape("春节"), `{"content":{"":{"body":"x"}}}`)
}

func TestBlanksAtNames(t *testing.T) {
	f := newFixture(t, nil)
	for _, id := range []string{"c77 ", " c77", "c77\t", "\u00a0c77", "  "} {
		a := f.dev(http.StatusUnprocessableEntity, "POST", "/v1/touches", inboxTouch("k", id))
		if !strings.Contains(string(a.body), `"customer"`) {
			t.Errorf("customer %q: %s", id, a.body)
		}
		f.dev(http.StatusUnprocessableEntity, "POST", "/v1/touches", inboxTouch(id, "c77"))
		f.dev(http.StatusUnprocessableEntity, "POST", "/v1/suppressions",
			fmt.Sprintf(`{"entries":[{"customer":%q,"owner":"o","reason":"r","for_ever":true}]}`, id))
		f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/customers/c77", fmt.Sprintf(`{"tags":[%q]}`, id))
		f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/customers/c77", fmt.Sprintf(`{"attributes":{%q:1}}`, id))
		f.dev(http.StatusUnprocessableEntity, "POST", "/v1/keys", fmt.Sprintf(`{"caller":%q,"scopes":["read"]}`, id))
		f.dev(http.StatusUnprocessableEntity, "POST", "/v1/managers/m/tokens", fmt.Sprintf(`{"queues":[%q]}`, id))
		f.dev(http.StatusUnprocessableEntity, "POST", "/v1/customers/c77/consents",
			fmt.Sprintf(`{"consents":[{"scope":%q,"granted":true}]}`, id))
	}
}

func TestNumberSpellings(t *testing.T) {
	f := newFixture(t, nil)
	f.Guard.Judge = func(q policies.Question) touch.Verdict {
		if len(q.Listings) > 0 {
			return touch.Verdict{Decision: touch.DecisionRefuse, Rule: "listed", At: q.Now}
		}
		return touch.Verdict{Decision: touch.DecisionAllow, At: q.Now}
	}
	f.dev(http.StatusOK, "POST", "/v1/suppressions",
		`{"entries":[{"channel":"sms","address":"0086 138-0000 0009","owner":"o","reason":"complaint","for_ever":true}]}`)
	list := f.dev(http.StatusOK, "GET", "/v1/suppressions", "")
	if !strings.Contains(string(list.body), `"phone:+8613800000009"`) {
		t.Errorf("the list: %s", list.body)
	}

	for i, number := range []string{"+8613800000009", "008613800000009", "+86 138 0000 0009", "＋８６１３８０００００００９", "+86-138-0000-0009"} {
		a := f.call("POST", "/v1/touches", "dev-key", textTouch(fmt.Sprintf("n%d", i), number))
		if state := a.field(t, "state"); state != "refused" {
			t.Errorf("%q: %v, want refused: %s", number, state, a.body)
		}
	}
	for _, number := range []string{"8613800000009", "+0000000", "07700900001", "95588", "tel:+8613800000009"} {
		f.dev(http.StatusUnprocessableEntity, "POST", "/v1/touches", textTouch("bad", number))
		f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/customers/n", fmt.Sprintf(`{"addresses":{"sms":%q}}`, number))
		f.dev(http.StatusUnprocessableEntity, "POST", "/v1/registers/dnc:end", fmt.Sprintf(`{"channel":"sms","address":%q}`, number))
		f.dev(http.StatusUnprocessableEntity, "POST", "/v1/customers/n/outcomes",
			fmt.Sprintf(`{"outcomes":[{"kind":"refused","channel":"sms","address":%q}]}`, number))
	}

	// The profile and the outcome are stored in the same spelling.
	f.dev(http.StatusOK, "PUT", "/v1/customers/n", `{"addresses":{"sms":"0044 7700 900001"}}`)
	f.dev(http.StatusNoContent, "POST", "/v1/customers/n/outcomes", `{"outcomes":[{"kind":"refused","channel":"sms","address":"0044 7700 900001"}]}`)
	c := f.dev(http.StatusOK, "GET", "/v1/customers/n", "")
	if n := strings.Count(string(c.body), `"+447700900001"`); n != 2 {
		t.Errorf("the customer: %s", c.body)
	}
	f.dev(http.StatusNoContent, "POST", "/v1/suppressions:end", `{"channel":"ai_call","address":"+86 138 0000 0009"}`)
}

func TestCampaignNameLength(t *testing.T) {
	f := newFixture(t, nil)
	for n, want := range map[int]int{43: http.StatusOK, 128: http.StatusOK, 129: http.StatusUnprocessableEntity} {
		path := "/v1/campaigns/" + url.PathEscape(strings.Repeat("春", n))
		a := f.call("POST", path+"/touches", "dev-key", inboxTouch(fmt.Sprintf("k%d", n), "c"))
		if a.StatusCode != want {
			t.Errorf("%d characters: %d, want %d: %s", n, a.StatusCode, want, a.body)
		}
		if want == http.StatusOK {
			f.dev(want, "POST", path+":pause", "")
		}
	}
}

func TestRepeatInOtherSpelling(t *testing.T) {
	f := newFixture(t, nil)
	body := func(from, until, sms string) string {
		return fmt.Sprintf(`{"key":"k","customer":"c","category":"service","not_before":%q,"addresses":{"sms":%q},
			"plan":[{"channel":"sms","content":{"body":"x"}%s}]}`, from, sms, until)
	}
	f.dev(http.StatusAccepted, "POST", "/v1/touches", body("2026-12-24T09:00:00+08:00", "", "+86 138 0000 0009"))
	f.dev(http.StatusOK, "POST", "/v1/touches", body("2026-12-24T01:00:00Z", `,"until":"sent"`, "+8613800000009"))
	f.dev(http.StatusConflict, "POST", "/v1/touches", body("2026-12-24T01:00:00Z", `,"until":"delivered"`, "+8613800000009"))
	f.dev(http.StatusConflict, "POST", "/v1/touches", body("2026-12-24T01:00:01Z", "", "+8613800000009"))
}

func TestConsentNeedsAnAnswer(t *testing.T) {
	f := newFixture(t, nil)
	f.dev(http.StatusNoContent, "POST", "/v1/customers/c/consents", `{"consents":[{"scope":"marketing","granted":true}]}`)
	for _, consent := range []string{`{"scope":"marketing","evidence":"form 18"}`, `{"scope":"marketing","granted":null}`} {
		a := f.dev(http.StatusUnprocessableEntity, "POST", "/v1/customers/c/consents", `{"consents":[`+consent+`]}`)
		if !strings.Contains(string(a.body), `consents[0].granted`) {
			t.Errorf("%s: %s", consent, a.body)
		}
		stream := f.dev(http.StatusOK, "POST", "/v1/consents", `{"customer":"c",`+consent[1:])
		if _, total := reports(t, stream.body); total.Failed != 1 {
			t.Errorf("streamed %s: %s", consent, stream.body)
		}
	}
	if a := f.dev(http.StatusOK, "GET", "/v1/customers/c", ""); len(a.field(t, "consents").([]any)) != 1 {
		t.Errorf("a consent without an answer was stored: %s", a.body)
	}
}
