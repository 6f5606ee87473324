package ledger

import (
	"regexp"
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

var placeholder = regexp.MustCompile(`\$\{([A-Za-z0-9_]+)\}`)

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
		for _, text := range placeholderTexts(&content) {
			for _, m := range placeholder.FindAllStringSubmatch(*text, -1) {
				if !declared[m[1]] {
					return touch.Errorf(touch.Invalid, "variables", "the content uses ${%s}, which is not declared", m[1])
				}
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
		if !ok {
			if !v.Optional {
				return touch.Errorf(touch.Invalid, "params."+v.Name, "template %q needs it", t.Name)
			}
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

// Render returns the template's content for the channel with the params put in;
// false when it has no content for the channel. A value is not searched for
// placeholders itself: a customer named "${amount}" stays that.
func (t *Template) Render(channel touch.Channel, params map[string]string) (touch.Content, bool) {
	c, ok := t.content(channel)
	if !ok {
		return c, false
	}
	for _, text := range placeholderTexts(&c) {
		if strings.Contains(*text, "${") {
			*text = placeholder.ReplaceAllStringFunc(*text, func(m string) string { return params[m[2:len(m)-1]] })
		}
	}
	return c, true
}

// placeholderTexts returns the parts of a content that may hold variables.
func placeholderTexts(c *touch.Content) []*string {
	return []*string{&c.Title, &c.Body, &c.Link, &c.Image}
}
