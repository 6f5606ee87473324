package cond

import (
	"fmt"
	"strings"
)

// Reference is the list of everything that a condition may name, in Markdown,
// made from the declarations themselves.
func Reference() string {
	var b strings.Builder
	fmt.Fprintf(&b, "- `category`: one of %s\n", strings.Join(Words(categories), ", "))
	fmt.Fprintf(&b, "- `channel`: one of %s\n", strings.Join(Words(channels), ", "))
	fmt.Fprintf(&b, "- `%s`: as the touch has them\n", strings.Join(factVariables, "`, `"))
	for _, group := range []string{"voice", "text", "app", "human", "machine"} {
		fmt.Fprintf(&b, "- `%s`: the channels %s, as in `channel in %s`\n", group, strings.Join(groups[group], ", "), group)
	}
	for _, f := range functions() {
		arguments := "name"
		if len(f.args) == 2 {
			arguments = "name, span"
		}
		fmt.Fprintf(&b, "- `%s(%s)`: %s\n", f.name, arguments, f.about)
	}
	return b.String()
}
