package ledger

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"touchgate.dev/touch"
)

// defaultMaxLen bounds a variable that declares no MaxLen, in characters.
const defaultMaxLen = 256

var placeholder = regexp.MustCompile(`\$\{([A-Za-z0-9_]+)\}`)

// Validate checks that the template has content, and that every ${variable}
// in it is declared, once. Errors are of class Invalid and name the field.
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
		for _, text := range texts(&content) {
			for _, m := range placeholder.FindAllStringSubmatch(*text, -1) {
				if !declared[m[1]] {
					return touch.Errorf(touch.Invalid, "variables", "the content uses ${%s}, which is not declared", m[1])
				}
			}
		}
	}
	return nil
}

// Check holds a leg's params against the declaration: every variable that is
// not optional is there, none is too long, none is unknown. Errors are of
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

func (t *Template) content(channel touch.Channel) (touch.Content, bool) {
	c, ok := t.Content[channel]
	if !ok {
		c, ok = t.Content[""]
	}
	return c, ok
}

// Render fills the template's content for the channel with params. A value is
// put in as it is: it is never read as a template again. The bool is false
// where the template has nothing for the channel.
func (t *Template) Render(channel touch.Channel, params map[string]string) (touch.Content, bool) {
	c, ok := t.content(channel)
	if !ok {
		return c, false
	}
	for _, text := range texts(&c) {
		if strings.Contains(*text, "${") {
			*text = placeholder.ReplaceAllStringFunc(*text, func(m string) string { return params[m[2:len(m)-1]] })
		}
	}
	return c, true
}

// texts are the parts of a content that may hold variables.
func texts(c *touch.Content) []*string {
	return []*string{&c.Title, &c.Body, &c.Link, &c.Image}
}
