package cond

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"touchgate.dev/internal/strictyaml"
)

// Problem is why an expression is refused.
type Problem struct {
	// Line is the line within the expression, from 0.
	Line          int
	Message, Hint string
}

func oneProblem(message, hint string) []Problem {
	return []Problem{{Message: message, Hint: hint}}
}

var undeclared = regexp.MustCompile(`undeclared reference to '([^']*)'`)

// commonMistakes are what people write who know other languages: how CEL
// complains about it, and what to write here.
var commonMistakes = []struct{ complaint, hint string }{
	{"token recognition error at: '= ", `compare with two signs, as in category == "marketing"`},
	{"input 'and'", "write && for and"},
	{"input 'or'", "write || for or"},
	{"no matching overload for '_==_' applied to '(double, int)'", "write the number with a point, such as 5.0"},
	{"mismatched input '<EOF>'", "something is missing at its end"},
}

// celNoise removes from CEL's messages what an author cannot know.
var celNoise = strings.NewReplacer("facts.(", "(", " (in container '')", "")

// explain turns CEL's messages into ours, with the nearest known name.
func explain(text string, issues *cel.Issues) []Problem {
	if strings.TrimSpace(text) == "" {
		return oneProblem("the condition is empty", "")
	}
	var problems []Problem
	for _, e := range issues.Errors() {
		message, _, _ := strings.Cut(e.Message, " expecting {")
		p := Problem{Line: max(0, e.Location.Line()-1), Message: celNoise.Replace(message)}
		for _, mistake := range commonMistakes {
			if strings.Contains(e.Message, mistake.complaint) {
				p.Hint = mistake.hint
			}
		}
		if strings.HasPrefix(strings.TrimSpace(text), "not ") {
			p.Hint = "write ! for not"
		}
		if m := undeclared.FindStringSubmatch(e.Message); m != nil {
			p.Message = fmt.Sprintf("%q is not known here", m[1])
			p.Hint = strictyaml.DidYouMean(m[1], vocabulary())
			if slices.Contains(Words(categories), m[1]) || slices.Contains(Words(channels), m[1]) {
				p.Hint = fmt.Sprintf("a text stands in quotes: %q", m[1])
			}
		}
		problems = append(problems, p)
	}
	return problems
}
