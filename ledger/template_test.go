package ledger_test

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

func offer() ledger.Template {
	return ledger.Template{
		Name:      "offer",
		Variables: []ledger.TemplateVariable{{Name: "amount"}, {Name: "note", Optional: true, MaxLen: 3}},
		Content: map[touch.Channel]touch.Content{
			"":        {Body: "Up to ${amount}. ${note}"},
			touch.SMS: {Body: "${amount}!"},
		},
	}
}

func TestTemplateRender(t *testing.T) {
	tpl := offer()
	for channel, want := range map[touch.Channel]string{touch.SMS: "${note}!", touch.Push: "Up to ${note}. ok"} {
		got, ok := tpl.Render(channel, map[string]string{"amount": "${note}", "note": "ok"})
		if !ok || got.Body != want {
			t.Errorf("%s: got %q, want %q: a value is never read as a template", channel, got.Body, want)
		}
	}
	delete(tpl.Content, "")
	if _, ok := tpl.Render(touch.Push, nil); ok {
		t.Error("rendered for a channel without content")
	}
}

func TestTemplateCheck(t *testing.T) {
	tpl := offer()
	for name, tc := range map[string]struct {
		params map[string]string
		field  string
	}{
		"complete":   {map[string]string{"amount": "1"}, ""},
		"missing":    {map[string]string{"note": "a"}, "params.amount"},
		"too long":   {map[string]string{"amount": "1", "note": "四个字符"}, "params.note"},
		"undeclared": {map[string]string{"amount": "1", "colour": "red"}, "params.colour"},
	} {
		err := tpl.Check(touch.SMS, tc.params)
		if tc.field == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if touch.ClassOf(err) != touch.Invalid || !strings.HasPrefix(err.Error(), tc.field+":") {
			t.Errorf("%s: got %v, want an invalid %s", name, err, tc.field)
		}
	}
}

func TestTemplateValidate(t *testing.T) {
	good := offer()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	undeclared := offer()
	undeclared.Variables = undeclared.Variables[1:]
	twice := offer()
	twice.Variables = append(twice.Variables, twice.Variables[0])
	empty := ledger.Template{Name: "empty"}
	for _, bad := range []ledger.Template{undeclared, twice, empty} {
		if touch.ClassOf(bad.Validate()) != touch.Invalid {
			t.Errorf("%+v passed", bad)
		}
	}
}

func TestTemplateEncodesValues(t *testing.T) {
	tpl := ledger.Template{
		Name:      "links",
		Variables: []ledger.TemplateVariable{{Name: "name"}},
		Content: map[touch.Channel]touch.Content{"": {
			Body:      "Dear ${name}",
			Link:      "https://bank.example/o?name=${name}&amount=5000",
			Image:     "https://bank.example/${name}/a.png",
			Placement: "top-${name}",
			Data:      map[string]string{"deeplink": "bank://loan?for=${name}", "note": "for ${name}"},
		}},
	}
	if err := tpl.Validate(); err != nil {
		t.Fatal(err)
	}
	got, _ := tpl.Render(touch.Inbox, map[string]string{"name": "Smith & Sons#1&amount=9/.."})
	const query = "Smith%20%26%20Sons%231%26amount%3D9%2F.."
	for part, want := range map[string]string{
		got.Body:             "Dear Smith & Sons#1&amount=9/..",
		got.Link:             "https://bank.example/o?name=" + query + "&amount=5000",
		got.Image:            "https://bank.example/Smith%20&%20Sons%231&amount=9%2F../a.png",
		got.Placement:        "top-Smith & Sons#1&amount=9/..",
		got.Data["deeplink"]: "bank://loan?for=" + query,
		got.Data["note"]:     "for Smith & Sons#1&amount=9/..",
	} {
		if part != want {
			t.Errorf("got %s, want %s", part, want)
		}
	}
	if tpl.Content[""].Data["note"] != "for ${name}" {
		t.Error("Render changed the template")
	}
}

// TestTemplateLinksStay renders values of any kind. A link keeps its scheme, host
// and parameters, and no placeholder is left.
func TestTemplateLinksStay(t *testing.T) {
	tpl := ledger.Template{
		Name:      "links",
		Variables: []ledger.TemplateVariable{{Name: "a"}, {Name: "b"}},
		Content: map[touch.Channel]touch.Content{"": {
			Body: "x", Link: "https://bank.example/p/${a}/q?x=${b}&y=1", Image: "/img/${a}", Data: map[string]string{"go": "bank://${a}"},
		}},
	}
	tpl.Content[""].Data["go"] = "bank://open/${a}?b=${b}"
	if err := tpl.Validate(); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		params := map[string]string{"a": rapid.String().Draw(t, "a"), "b": rapid.String().Draw(t, "b")}
		got, _ := tpl.Render(touch.Push, params)
		link, err := url.Parse(got.Link)
		if err != nil {
			t.Fatalf("%q is no link: %v", got.Link, err)
		}
		if link.Scheme != "https" || link.Host != "bank.example" || link.Fragment != "" || len(link.Query()) != 2 || link.Query().Get("y") != "1" {
			t.Fatalf("%q leads elsewhere", got.Link)
		}
		if link.Query().Get("x") != params["b"] {
			t.Fatalf("%q says %q, want %q", got.Link, link.Query().Get("x"), params["b"])
		}
		deep, err := url.Parse(got.Data["go"])
		if err != nil || deep.Scheme != "bank" || deep.Host != "open" {
			t.Fatalf("%q leads elsewhere (%v)", got.Data["go"], err)
		}
		if image, err := url.Parse(got.Image); err != nil || image.Host != "" || !strings.HasPrefix(got.Image, "/img/") {
			t.Fatalf("%q leads elsewhere (%v)", got.Image, err)
		}
	})
}
