package policies

import (
	"slices"

	"cel.dev/cel-go/common/ast"
)

// plain is the part of a condition that only compares the touch's own texts
// with written ones, as most conditions do. It is judged without CEL, in a
// twentieth of the time, with the same answer: such a part can't be in doubt,
// and in CEL too what is false makes a conjunction false, whatever the rest.
type plain struct {
	terms []predicate // which hold together
	whole bool        // nothing else is asked
}

type predicate func(e *evaluation) bool

// judge answers as far as the plain part can.
func (p *plain) judge(e *evaluation) (holds truth, settled bool) {
	for _, term := range p.terms {
		if !term(e) {
			return no, true
		}
	}
	return yes, p.whole
}

// plainPart takes the plain terms out of a conjunction.
func plainPart(e ast.Expr) plain {
	if call, args := called(e); call == "_&&_" {
		a, b := plainPart(args[0]), plainPart(args[1])
		return plain{append(a.terms, b.terms...), a.whole && b.whole}
	}
	if term := plainTerm(e); term != nil {
		return plain{[]predicate{term}, true}
	}
	return plain{}
}

// plainTerm compiles an expression; nil where it is not plain.
func plainTerm(e ast.Expr) predicate {
	call, args := called(e)
	switch call {
	case "!_":
		if a := plainTerm(args[0]); a != nil {
			return func(e *evaluation) bool { return !a(e) }
		}
	case "_&&_", "_||_":
		a, b := plainTerm(args[0]), plainTerm(args[1])
		if a == nil || b == nil {
			return nil
		}
		if call == "_&&_" {
			return func(e *evaluation) bool { return a(e) && b(e) }
		}
		return func(e *evaluation) bool { return a(e) || b(e) }
	case "_==_", "_!=_":
		return compares(args[0], args[1], call == "_==_")
	case "@in":
		return among(args[0], args[1])
	}
	return nil
}

// compares is a text against a written one, on either side.
func compares(a, b ast.Expr, equal bool) predicate {
	if a.Kind() == ast.LiteralKind {
		a, b = b, a
	}
	i := textOf(ident(a))
	written, ok := text(b)
	if i < 0 || !ok {
		return nil
	}
	of := texts[i].of
	return func(e *evaluation) bool { return (of(e) == written) == equal }
}

// among is a text in a written list, or in a group of channels.
func among(a, list ast.Expr) predicate {
	i := textOf(ident(a))
	if i < 0 {
		return nil
	}
	of := texts[i].of
	if group, ok := groups[ident(list)]; ok {
		return func(e *evaluation) bool { return slices.Contains(group, of(e)) }
	}
	if list.Kind() != ast.ListKind {
		return nil
	}
	var written []string
	for _, item := range list.AsList().Elements() {
		s, ok := text(item)
		if !ok {
			return nil
		}
		written = append(written, s)
	}
	return func(e *evaluation) bool { return slices.Contains(written, of(e)) }
}

// called takes a call apart; "" where e is none.
func called(e ast.Expr) (function string, args []ast.Expr) {
	if e.Kind() != ast.CallKind {
		return "", nil
	}
	return e.AsCall().FunctionName(), e.AsCall().Args()
}
