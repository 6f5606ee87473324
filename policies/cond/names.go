package cond

import (
	"slices"

	"cel.dev/cel-go/common/ast"
)

// Read is one call by which a condition reads a fact of a name.
type Read struct {
	// Function is the one that is called, such as "consented".
	Function string
	// Names are those that it may ask for. A "*" stands for any text, because
	// the touch decides it: "marketing:" + subject asks for "marketing:*".
	Names []string
	// Line is the line within the expression, from 0.
	Line int
}

// Reads is every fact that the condition reads by a name.
func (c *Condition) Reads() []Read { return c.reads }

// maxNames is how many names one call may ask for before it counts as asking
// for any.
const maxNames = 200

// readOf is what a call reads; false if it is no call that reads a fact.
func (c *literalCheck) readOf(e ast.Expr) (Read, bool) {
	function, args := callOf(e)
	if len(args) == 0 || !slices.Contains(readers, function) {
		return Read{}, false
	}
	return Read{Function: function, Names: namesOf(args[0]), Line: c.line(e)}, true
}

// readers are the functions that read a fact by its name.
var readers = readingFunctions()

func readingFunctions() []string {
	var names []string
	for _, f := range functions() {
		names = append(names, f.name)
	}
	return slices.Compact(names)
}

// namesOf lists the texts that an expression may be.
func namesOf(e ast.Expr) []string {
	if text, ok := literal(e); ok {
		return []string{text}
	}
	switch identifier(e) {
	case "category":
		return Words(categories)
	case "channel":
		return Words(channels)
	}
	switch function, args := callOf(e); function {
	case "_+_":
		var all []string
		for _, a := range namesOf(args[0]) {
			for _, b := range namesOf(args[1]) {
				all = append(all, a+b)
			}
		}
		if len(all) <= maxNames {
			return all
		}
	case "_?_:_":
		return append(namesOf(args[1]), namesOf(args[2])...)
	}
	return []string{"*"}
}
