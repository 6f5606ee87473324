package ledger

import (
	"strings"
	"time"
	"unicode/utf8"

	"touchgate.dev/touch"
)

// Template is a text with ${variables}, for some channels.
type Template struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	// Variables declares every ${name} that the content uses. Intake checks the
	// params of a touch against it.
	Variables []TemplateVariable `json:"variables,omitempty"`
	// Content by channel; "" is for every channel without its own.
	Content map[touch.Channel]touch.Content `json:"content"`
	// Obligations names what the text fulfils for rules with the key "duty", for
	// example "opt_out_text".
	Obligations []string  `json:"duties,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	CreatedBy   string    `json:"created_by,omitempty"`
}

// TemplateVariable is one declared variable of a template.
type TemplateVariable struct {
	Name     string `json:"name" validate:"required,max=64,alphanum|contains=_"`
	Optional bool   `json:"optional,omitempty"`
	MaxLen   int    `json:"max_len,omitempty"` // characters; 0 is 256
}

// defaultMaxLen bounds a variable that declares no MaxLen, in characters.
const defaultMaxLen = 256

// Validate checks that the template has content and that it declares every
// ${variable} of the content exactly once. Errors are of class Invalid and name
// the field.
func (t *Template) Validate() error {
	if len(t.Content) == 0 {
		return touch.Errorf(touch.Invalid, "content", "a template needs content for at least one channel")
	}
	declared := make(map[string]bool, len(t.Variables))
	for _, v := range t.Variables {
		if declared[v.Name] {
			return touch.Errorf(touch.Invalid, "variables", "%q is declared twice", v.Name)
		}
		declared[v.Name] = true
	}
	for channel, content := range t.Content {
		if channel != "" && !channel.Valid() {
			return touch.Errorf(touch.Invalid, "content", "%q is not a channel", channel)
		}
		field := "content." + string(channel)
		switch {
		case content.SaysNothing():
			return touch.Errorf(touch.Invalid, field+".body", "content needs a body or a title that is not blank")
		case !channel.SaysTitles() && content.Title != "":
			return touch.Errorf(touch.Invalid, field+".title", "%s cannot say a title: put it into the body", channel)
		}
		for _, part := range partsOf(&content) {
			if err := part.check(field, declared); err != nil {
				return err
			}
		}
	}
	return nil
}

// Check compares a leg's params with the declared variables: none that is not
// optional may be missing, none may be too long or undeclared. Errors are of
// class Invalid; their field is relative to the leg.
func (t *Template) Check(channel touch.Channel, params map[string]string) error {
	if _, ok := t.content(channel); !ok {
		return touch.Errorf(touch.Invalid, "template", "template %q has no content for channel %q", t.Name, channel)
	}

	known := 0
	for _, v := range t.Variables {
		value, ok := params[v.Name]
		switch {
		case !v.Optional && strings.TrimSpace(value) == "":
			return touch.Errorf(touch.Invalid, "params."+v.Name, "template %q needs it, and it is missing or empty", t.Name)
		case !ok:
			continue
		}
		known++
		limit := v.MaxLen
		if limit == 0 {
			limit = defaultMaxLen
		}
		if utf8.RuneCountInString(value) > limit {
			return touch.Errorf(touch.Invalid, "params."+v.Name, "longer than the %d characters that template %q declares", limit, t.Name)
		}
	}

	if known < len(params) {
		for name := range params {
			if !t.declares(name) {
				return touch.Errorf(touch.Invalid, "params."+name, "template %q does not declare it", t.Name)
			}
		}
	}
	return nil
}

func (t *Template) declares(name string) bool {
	for _, v := range t.Variables {
		if v.Name == name {
			return true
		}
	}
	return false
}

// content returns the content for a channel, or that for all channels.
func (t *Template) content(channel touch.Channel) (touch.Content, bool) {
	c, ok := t.Content[channel]
	if !ok {
		c, ok = t.Content[""]
	}
	return c, ok
}
