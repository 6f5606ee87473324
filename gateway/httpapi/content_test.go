package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestTemplateLookalikes(t *testing.T) {
	f := newFixture(t, nil)
	for _, text := range []string{
		"Dear ${first-name}", "Dear ${ name }", "Dear ${}", "Dear ${name", "Dear {{name}}", "Dear ${имя}", "a ${name.first}",
	} {
		for _, part := range []string{`"body":%q`, `"body":"x","title":%q`, `"body":"x","data":{"k":%q}`, `"body":"x","placement":%q`} {
			body := `{"variables":[{"name":"name"}],"content":{"":{` + fmt.Sprintf(part, text) + `}}}`
			f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/templates/l", body)
		}
	}
	f.dev(http.StatusOK, "PUT", "/v1/templates/l", `{"variables":[{"name":"name"}],"content":{"":{"body":"Dear ${name}, $5 and {a} cost 100 %"}}}`)
	f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/templates/l", `{"content":{"":{"body":"x","data":{"k":"${undeclared}"}}}}`)
}

func TestTemplateLinks(t *testing.T) {
	f := newFixture(t, nil)
	put := func(want int, part, link string) {
		t.Helper()
		f.dev(want, "PUT", "/v1/templates/l", fmt.Sprintf(`{"variables":[{"name":"x"}],"content":{"push":{"body":"b",%s}}}`, fmt.Sprintf(part, link)))
	}
	for _, link := range []string{"//${x}/a", "https://${x}/a", "https://bank.example${x}", "${x}", "/${x}${x}//"} {
		want := http.StatusUnprocessableEntity
		if strings.HasPrefix(link, "/$") {
			want = http.StatusOK // an escaped slash leads to no other host
		}
		put(want, `"link":%q`, link)
	}
	put(http.StatusUnprocessableEntity, `"data":{"deeplink":%q}`, "https://bank.example${x}")
	put(http.StatusOK, `"link":%q`, "https://bank.example/o?name=${x}&amount=5000")
	put(http.StatusOK, `"data":{"deeplink":%q}`, "bank://loan?amount=${x}")
}

func TestEmptyContent(t *testing.T) {
	f := newFixture(t, nil)
	touchOf := func(key, leg, channel string) string {
		return fmt.Sprintf(`{"key":%q,"customer":"c","category":"service","plan":[{"channel":%q,%s}],"addresses":{"sms":"+447700900001"}}`, key, channel, leg)
	}
	for name, leg := range map[string]string{
		"blank": `"content":{"body":"   "}`, "no-break": `"content":{"body":"\u00a0"}`, "lines": `"content":{"body":"\n\n"}`,
		"title": `"content":{"title":"Your card is blocked"}`, "both": `"content":{"title":"t","body":"b"}`,
	} {
		f.dev(http.StatusUnprocessableEntity, "POST", "/v1/touches", touchOf(name, leg, "sms"))
	}
	f.dev(http.StatusAccepted, "POST", "/v1/touches", touchOf("inbox", `"content":{"title":"t","body":"b"}`, "inbox"))

	for _, content := range []string{`{"sms":{"title":"t"}}`, `{"sms":{"title":"t","body":"b"}}`, `{"":{"body":"  "}}`, `{"":{}}`} {
		f.dev(http.StatusUnprocessableEntity, "PUT", "/v1/templates/e", `{"content":`+content+`}`)
	}
	f.dev(http.StatusOK, "PUT", "/v1/templates/e", `{"variables":[{"name":"amount"}],"content":{"":{"body":"You owe ${amount}"}}}`)
	for _, amount := range []string{`null`, `""`, `"  "`} {
		a := f.dev(http.StatusUnprocessableEntity, "POST", "/v1/touches", touchOf("a", `"template":"e","params":{"amount":`+amount+`}`, "sms"))
		if !strings.Contains(string(a.body), "params.amount") {
			t.Errorf("%s: %s", amount, a.body)
		}
	}
}
