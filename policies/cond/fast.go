package cond

import (
	"slices"

	"cel.dev/cel-go/common/ast"
)

// fastPart is the part of a condition that only compares the touch's own texts
// with written ones, as most conditions do. It is evaluated without CEL, in a
// twentieth of the time and with the same answer. Such a part is never
// Unknown, and in CEL, too, one false term makes a conjunction false whatever
// the other terms are.
type fastPart struct {
	terms []predicate // all must hold
	whole bool        // the condition has no other terms
}

type predicate func(f Facts) bool

// evaluate answers if the fast part alone decides the condition.
func (p *fastPart) evaluate(f Facts) (value Tri, decided bool) {
	for _, term := range p.terms {
		if !term(f) {
			return False, true
		}
	}
	return True, p.whole
}

// fastPartOf collects the fast terms of a conjunction.
func fastPartOf(e ast.Expr) fastPart {
	if function, args := callOf(e); function == "_&&_" {
		a, b := fastPartOf(args[0]), fastPartOf(args[1])
		return fastPart{terms: append(a.terms, b.terms...), whole: a.whole && b.whole}
	}
	if term := fastTerm(e); term != nil {
		return fastPart{terms: []predicate{term}, whole: true}
	}
	return fastPart{}
}

// fastTerm compiles an expression; nil if CEL has to evaluate it.
func fastTerm(e ast.Expr) predicate {
	function, args := callOf(e)
	switch function {
	case "!_":
		if a := fastTerm(args[0]); a != nil {
			return func(f Facts) bool { return !a(f) }
		}
	case "_&&_", "_||_":
		a, b := fastTerm(args[0]), fastTerm(args[1])
		if a == nil || b == nil {
			return nil
		}
		if function == "_&&_" {
			return func(f Facts) bool { return a(f) && b(f) }
		}
		return func(f Facts) bool { return a(f) || b(f) }
	case "_==_":
		return fastEquals(args[0], args[1], true)
	case "_!=_":
		return fastEquals(args[0], args[1], false)
	case "@in":
		return fastIn(args[0], args[1])
	}
	return nil
}

// fastEquals compares a variable with a written text, on either side.
func fastEquals(a, b ast.Expr, equal bool) predicate {
	if a.Kind() == ast.LiteralKind {
		a, b = b, a
	}
	variable, isVariable := variableOf(identifier(a))
	written, isText := literal(b)
	if !isVariable || !isText {
		return nil
	}
	return func(f Facts) bool { return (f.Text(variable) == written) == equal }
}

// fastIn looks a variable up in a written list, or in a group of channels.
func fastIn(a, list ast.Expr) predicate {
	variable, ok := variableOf(identifier(a))
	if !ok {
		return nil
	}
	if group, ok := groups[identifier(list)]; ok {
		return func(f Facts) bool { return slices.Contains(group, f.Text(variable)) }
	}
	if list.Kind() != ast.ListKind {
		return nil
	}
	var written []string
	for _, item := range list.AsList().Elements() {
		text, ok := literal(item)
		if !ok {
			return nil
		}
		written = append(written, text)
	}
	return func(f Facts) bool { return slices.Contains(written, f.Text(variable)) }
}
