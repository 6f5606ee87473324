package ledger_test

import (
	"strings"
	"testing"

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
