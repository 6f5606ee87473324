package ledger

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"touchgate.dev/touch"
)

var placeholder = regexp.MustCompile(`\$\{([A-Za-z0-9_]+)\}`)

// lookalike is what an author takes for a variable and what is none: it would be
// sent to the customer as it stands.
var lookalike = regexp.MustCompile(`\$\{[^}]*\}?|\{\{[^}]*\}\}`)

// linkStart is how a link begins whose host no value can change: a scheme with a
// host, another scheme, or a path of the app itself.
var linkStart = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*://[^/?#]+[/?#]|[A-Za-z][A-Za-z0-9+.-]*:[^/]|/[^/])`)

// part is one text of a content.
type part struct {
	name string
	text string
	set  func(string)
	link bool // a value is encoded for where it stands in a link
}

// partsOf lists every text of a content that may hold variables.
func partsOf(c *touch.Content) []part {
	parts := []part{
		{name: "title", text: c.Title, set: func(s string) { c.Title = s }},
		{name: "body", text: c.Body, set: func(s string) { c.Body = s }},
		{name: "link", text: c.Link, set: func(s string) { c.Link = s }, link: true},
		{name: "image", text: c.Image, set: func(s string) { c.Image = s }, link: true},
		{name: "placement", text: c.Placement, set: func(s string) { c.Placement = s }},
	}
	for _, key := range slices.Sorted(maps.Keys(c.Data)) {
		text := c.Data[key]
		set := func(s string) { c.Data[key] = s }
		parts = append(parts, part{name: "data." + key, text: text, set: set, link: isLink(text)})
	}
	return parts
}

// isLink reports whether a text of the data is a link, such as a deep link into
// the app.
func isLink(text string) bool {
	scheme, rest, ok := strings.Cut(text, "://")
	return ok && scheme != "" && rest != "" && !strings.ContainsAny(scheme, " ${}/?#")
}

// check holds a part against the declared variables.
func (p *part) check(field string, declared map[string]bool) error {
	field += "." + p.name
	for _, m := range placeholder.FindAllStringSubmatch(p.text, -1) {
		if !declared[m[1]] {
			return touch.Errorf(touch.Invalid, "variables", "the content uses ${%s}, which is not declared", m[1])
		}
	}
	plain := placeholder.ReplaceAllString(p.text, "")
	if wrong := lookalike.FindString(plain); wrong != "" {
		return touch.Errorf(touch.Invalid, field, "%q looks like a variable and is none: write ${name} with letters, digits and _", wrong)
	}
	if at := strings.Index(p.text, "${"); p.link && at >= 0 && !linkStart.MatchString(p.text[:at]+"x") {
		return touch.Errorf(touch.Invalid, field, "a variable may not change where a link leads: write its scheme and host in the template")
	}
	return nil
}

// Render returns the template's content for the channel with the params put in;
// false when it has no content for the channel. A value is not searched for
// placeholders itself: a customer named "${amount}" stays that. In a link a value
// is encoded for where it stands, so that it adds no parameter and leads nowhere
// else.
func (t *Template) Render(channel touch.Channel, params map[string]string) (touch.Content, bool) {
	c, ok := t.content(channel)
	if !ok {
		return c, false
	}
	copied := len(c.Data) == 0
	for _, p := range partsOf(&c) {
		if !strings.Contains(p.text, "${") {
			continue
		}
		if strings.HasPrefix(p.name, "data.") && !copied {
			c.Data = maps.Clone(c.Data) // the template's own stays as it is
			copied = true
		}
		p.set(p.fill(params))
	}
	return c, true
}

// fill returns the part's text with the params put in.
func (p *part) fill(params map[string]string) string {
	var b strings.Builder
	rest := p.text
	for {
		m := placeholder.FindStringSubmatchIndex(rest)
		if m == nil {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(rest[:m[0]])
		value := params[rest[m[2]:m[3]]]
		if p.link {
			value = encodeIn(b.String(), value)
		}
		b.WriteString(value)
		rest = rest[m[1]:]
	}
}

// encodeIn encodes a value that follows the head of a link: for the query after a
// question mark, else for the path. A blank is %20 in both.
func encodeIn(head, value string) string {
	if strings.ContainsAny(head, "?#") {
		return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
	}
	if value == "." || value == ".." {
		return "-" // as a part of a path it would lead elsewhere
	}
	return strings.ReplaceAll(url.PathEscape(value), ":", "%3A")
}
