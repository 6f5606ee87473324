package cond

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// callOf takes a call apart; "" if e is none.
func callOf(e ast.Expr) (function string, args []ast.Expr) {
	if e.Kind() != ast.CallKind {
		return "", nil
	}
	call := e.AsCall()
	return call.FunctionName(), call.Args()
}

// identifier is the name of a variable; "" if e is none.
func identifier(e ast.Expr) string {
	if e.Kind() == ast.IdentKind {
		return e.AsIdent()
	}
	return ""
}

// literal is a written text; false if e is none.
func literal(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}
