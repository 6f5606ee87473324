package policies

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// reader walks one file's YAML tree and takes down every fault.
type reader struct {
	file   string
	faults *touch.Faults
}

func (r *reader) fault(n *yaml.Node, hint, format string, args ...any) {
	line := 0
	if n != nil {
		line = n.Line
	}
	*r.faults = append(*r.faults, touch.Fault{File: r.file, Line: line, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// broken takes down an error of the YAML library or of a calendar.
func (r *reader) broken(err error) {
	f := touch.Fault{File: r.file, Message: strings.ReplaceAll(err.Error(), "yaml: ", "")}
	if m := yamlLine.FindStringSubmatch(f.Message); m != nil {
		f.Line, _ = strconv.Atoi(m[1])
		f.Message = strings.Replace(f.Message, m[0], "", 1)
	}
	if strings.Contains(f.Message, "cannot start any token") {
		f.Hint = "indent with spaces, not with tabs"
	}
	*r.faults = append(*r.faults, f)
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// parse reads the file's one document.
func (r *reader) parse(data []byte) *yaml.Node {
	if len(data) > maxDocument {
		r.fault(nil, "", "the document is larger than %d MiB", maxDocument>>20)
		return nil
	}
	if at := foreign(data); at > 0 {
		r.fault(&yaml.Node{Line: at}, "save the file as UTF-8", "not YAML: a letter in another encoding")
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var root, more yaml.Node
	switch err := d.Decode(&root); {
	case errors.Is(err, io.EOF):
		r.fault(nil, "", "the document is empty")
		return nil
	case err != nil:
		r.broken(fmt.Errorf("not YAML: %w", err))
		return nil
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		r.fault(&more, "", "a file holds one document")
		return nil
	}
	return root.Content[0]
}

// foreign is the line of the first letter that is not UTF-8, 0 where there is
// none. UTF-16 says what it is by its first two bytes.
func foreign(data []byte) int {
	if utf8.Valid(data) || bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return 0
	}
	at := 0
	for at < len(data) {
		letter, size := utf8.DecodeRune(data[at:])
		if letter == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return 1 + bytes.Count(data[:at], []byte("\n"))
}

// fields takes a mapping apart; keys outside known, repeated keys and aliases
// are faults.
func (r *reader) fields(n *yaml.Node, known ...string) map[string]*yaml.Node {
	got := map[string]*yaml.Node{}
	if n.Kind != yaml.MappingNode {
		r.fault(n, "", "expected keys and values, with keys %s", strings.Join(known, ", "))
		return got
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode || v.Kind == yaml.AliasNode || v.Anchor != "":
			r.fault(k, "", "anchors, aliases and merged keys are not allowed: a policy says everything where it stands")
		case !slices.Contains(known, k.Value):
			hint := didYouMean(k.Value, known)
			if strings.ContainsAny(k.Value, `)]"'`) {
				hint = "put a condition with commas in quotes"
			}
			r.fault(k, hint, "unknown key %q", k.Value)
		case got[k.Value] != nil:
			r.fault(k, "", "the key %q stands here twice", k.Value)
		default:
			got[k.Value] = v
		}
	}
	return got
}

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
			r.fault(n, didYouMean(w, allowed), "%q is not a %s", w, what)
		}
	}
	return list
}

func (r *reader) span(n *yaml.Node, doc *document) calendar.Span {
	s, err := calendar.ParseSpan(r.text(n), doc.weekStart)
	if err != nil {
		r.fault(n, "", "%v", err)
	}
	return s
}

// moment reads a date or an RFC 3339 instant.
func (r *reader) moment(n *yaml.Node) moment {
	if n == nil {
		return moment{}
	}
	if t, err := time.Parse(time.RFC3339, n.Value); err == nil {
		return moment{at: t.UTC(), set: true}
	}
	d, err := calendar.ParseDay(n.Value)
	if err != nil {
		r.fault(n, "", "%q is neither a date (2026-08-11) nor an instant (2026-08-11T09:00:00+02:00)", n.Value)
	}
	return moment{day: d, set: err == nil}
}

// period reads from and until and checks their order.
func (r *reader) period(from, until *yaml.Node) (a, b moment) {
	a, b = r.moment(from), r.moment(until)
	if a.set && b.set && !a.in(time.UTC).Before(b.in(time.UTC)) {
		r.fault(until, "until is the first day on which it no longer holds", "it ends before it begins")
	}
	return a, b
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

var week = map[string]time.Weekday{"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 0}

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
