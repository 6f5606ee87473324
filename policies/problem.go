package policies

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
)

// problem is why an expression is refused: its line within the expression, a
// message and a hint.
type problem struct {
	line          int
	message, hint string
}

var undeclared = regexp.MustCompile(`undeclared reference to '([^']*)'`)

// slips are what people write who know other languages, as CEL complains of
// it, and what to write here.
var slips = []struct{ complaint, hint string }{
	{"token recognition error at: '= ", `compare with two signs, as in category == "marketing"`},
	{"input 'and'", "write && for and"},
	{"input 'or'", "write || for or"},
	{"no matching overload for '_==_' applied to '(double, int)'", "write the number with a point, such as 5.0"},
	{"mismatched input '<EOF>'", "something is missing at its end"},
}

// explain turns CEL's messages into ours, with the nearest known name.
func (l *language) explain(text string, issues *cel.Issues) []problem {
	if strings.TrimSpace(text) == "" {
		return []problem{{message: "the condition is empty"}}
	}
	var found []problem
	for _, e := range issues.Errors() {
		message, _, _ := strings.Cut(e.Message, " expecting {")
		p := problem{line: max(0, e.Location.Line()-1), message: strings.NewReplacer("facts.(", "(", " (in container '')", "").Replace(message)}
		for _, slip := range slips {
			if strings.Contains(e.Message, slip.complaint) {
				p.hint = slip.hint
			}
		}
		if strings.HasPrefix(strings.TrimSpace(text), "not ") {
			p.hint = "write ! for not"
		}
		if m := undeclared.FindStringSubmatch(e.Message); m != nil {
			p.message = fmt.Sprintf("%q is not known here", m[1])
			p.hint = didYouMean(m[1], vocabulary())
			if slices.Contains(names(categories), m[1]) || slices.Contains(names(channels), m[1]) {
				p.hint = fmt.Sprintf("a text stands in quotes: %q", m[1])
			}
		}
		found = append(found, p)
	}
	return found
}
