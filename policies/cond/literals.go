package cond

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"

	"touchgate.dev/policies/calendar"
)

// literalCheck checks what CEL's types cannot: categories, channels and spans
// that a condition writes out must exist.
type literalCheck struct {
	info      *ast.SourceInfo
	weekStart time.Weekday
	spans     map[string]*calendar.Span // that the condition writes out
	reads     []Read
	problems  []Problem
}

// checkLiterals checks a condition. It collects the spans that the condition
// writes out, and what it reads by name.
func checkLiterals(checked *cel.Ast, weekStart time.Weekday) *literalCheck {
	native := checked.NativeRep()
	c := &literalCheck{info: native.SourceInfo(), weekStart: weekStart, spans: map[string]*calendar.Span{}}
	ast.PostOrderVisit(native.Expr(), ast.NewExprVisitor(c.visit))
	return c
}

func (c *literalCheck) visit(e ast.Expr) {
	if read, ok := c.readOf(e); ok {
		c.reads = append(c.reads, read)
	}
	function, args := callOf(e)
	switch function {
	case "_==_", "_!=_":
		c.word(identifier(args[0]), args[1])
		c.word(identifier(args[1]), args[0])
	case "@in":
		if args[1].Kind() == ast.ListKind {
			for _, item := range args[1].AsList().Elements() {
				c.word(identifier(args[0]), item)
			}
		}
	case "within", "had", "consented", "revoked", "listed":
		if len(args) == 2 {
			c.span(args[1])
		}
	}
}

// word checks a text that is compared with category or channel.
func (c *literalCheck) word(variable string, e ast.Expr) {
	var allowed []string
	switch variable {
	case "category":
		allowed = Words(categories)
	case "channel":
		allowed = Words(channels)
	default:
		return
	}
	if s, ok := literal(e); ok && !slices.Contains(allowed, s) {
		c.report(e, fmt.Sprintf("%q is not a %s", s, variable), "one of "+strings.Join(allowed, ", "))
	}
}

func (c *literalCheck) span(e ast.Expr) {
	text, written := literal(e)
	if !written {
		c.report(e, "a span is written out, not computed", `such as "18 months" or "72h"`)
		return
	}
	span, err := calendar.ParseSpan(text, c.weekStart)
	if err != nil {
		c.report(e, err.Error(), "")
		return
	}
	c.spans[text] = &span
}

func (c *literalCheck) report(e ast.Expr, message, hint string) {
	c.problems = append(c.problems, Problem{Line: c.line(e), Message: message, Hint: hint})
}

// line is the line of an expression, from 0.
func (c *literalCheck) line(e ast.Expr) int {
	return max(0, c.info.GetStartLocation(e.ID()).Line()-1)
}

// Words are typed words as plain texts.
func Words[T ~string](typed []T) []string {
	plain := make([]string, len(typed))
	for i, w := range typed {
		plain[i] = string(w)
	}
	return plain
}
