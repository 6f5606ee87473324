package ruleset

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/internal/strictyaml"
	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// text reads a scalar; an absent one is "".
func (r *reader) text(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.fault(n, "", "expected a text")
		return ""
	}
	if !strings.HasPrefix(n.Tag, "!!") { // YAML takes a leading ! for a type
		r.fault(n, "put a condition that begins with ! in quotes", "expected a text")
		return ""
	}
	return n.Value
}

func (r *reader) bool(n *yaml.Node) bool {
	if n == nil {
		return false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		r.fault(n, "", "expected true or false")
		return false
	}
	return n.Value == "true" || n.Value == "True" || n.Value == "TRUE"
}

// number reads a whole number from low to high.
func (r *reader) number(n *yaml.Node, what string, low, high int) int {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil || v < low || v > high {
		r.fault(n, "", "%s is a whole number from %d to %d", what, low, high)
		return low
	}
	return v
}

// percent reads "3%" or "0.5%" as a fraction of one.
func (r *reader) percent(n *yaml.Node, what string) float64 {
	digits, ok := strings.CutSuffix(r.text(n), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if !ok || err != nil || !(v > 0 && v < 100) {
		r.fault(n, "such as 3 or 0.5 with the sign", "%s is a percentage above zero and below one hundred", what)
		return 0.01
	}
	return v / 100
}

// texts reads a list of texts, or one text as a list of one.
func (r *reader) texts(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return []string{r.text(n)}
	}
	if n.Kind != yaml.SequenceNode {
		r.fault(n, "", "expected a list")
		return nil
	}
	var out []string
	for _, item := range n.Content {
		out = append(out, r.text(item))
	}
	return out
}

// words reads a list whose items are all among allowed.
func (r *reader) words(n *yaml.Node, what string, allowed []string) []string {
	list := r.texts(n)
	for _, w := range list {
		if !slices.Contains(allowed, w) {
			r.fault(n, strictyaml.DidYouMean(w, allowed), "%q is not a %s", w, what)
		}
	}
	return list
}

func (r *reader) span(n *yaml.Node, weekStart time.Weekday) calendar.Span {
	s, err := calendar.ParseSpan(r.text(n), weekStart)
	if err != nil {
		r.fault(n, "", "%v", err)
	}
	return s
}

// dateOrInstant reads a date or an RFC 3339 instant.
func (r *reader) dateOrInstant(n *yaml.Node) dateOrInstant {
	if n == nil {
		return dateOrInstant{}
	}
	if t, err := time.Parse(time.RFC3339, n.Value); err == nil {
		return dateOrInstant{at: t.UTC(), set: true}
	}
	d, err := calendar.ParseDay(n.Value)
	if err != nil {
		r.fault(n, "", "%q is neither a date (2026-08-11) nor an instant (2026-08-11T09:00:00+02:00)", n.Value)
	}
	return dateOrInstant{day: d, set: err == nil}
}

// period reads from and until and checks their order.
func (r *reader) period(from, until *yaml.Node) (begin, end dateOrInstant) {
	begin = r.dateOrInstant(from)
	end = r.dateOrInstant(until)
	if begin.set && end.set && !begin.in(time.UTC).Before(end.in(time.UTC)) {
		r.fault(until, "until is the first day on which it no longer holds", "it ends before it begins")
	}
	return begin, end
}

func (r *reader) zone(n *yaml.Node, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		r.fault(n, "use a name of the tz database, such as Europe/Paris", "there is no zone %q", name)
		return nil
	}
	return zone
}

var policyName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

func (r *reader) name(n *yaml.Node, at *yaml.Node, what string) string {
	if n == nil {
		r.fault(at, "", "%s has no name", what)
		return ""
	}
	s := r.text(n)
	if !policyName.MatchString(s) {
		r.fault(n, "", "%q is not a name: use lower-case letters, digits, dots and dashes, at most 64", s)
	}
	return s
}

// decision reads an "else".
func (r *reader) decision(n *yaml.Node, otherwise touch.Decision) touch.Decision {
	if n == nil {
		return otherwise
	}
	d := touch.Decision(r.text(n))
	if d != touch.DecisionDefer && d != touch.DecisionRefuse {
		r.fault(n, "", "else is defer or refuse")
	}
	return d
}

// items are the nodes of a list.
func (r *reader) items(n *yaml.Node, what string) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.fault(n, "", "%s are a list", what)
		return nil
	}
	return n.Content
}
