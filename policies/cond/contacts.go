package cond

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// Contacts is one sort of contacts that a condition holds for: those of the
// scopes whose texts are as all terms say.
type Contacts struct {
	Scopes ScopeSet // always categories × channels
	Terms  []TextTerm
}

// TextTerm compares a text of a contact with written ones.
type TextTerm struct {
	Variable Variable // Subject, Campaign, Caller or Template
	Not      bool
	Values   []string
}

// Holds reports whether a text is as the term says.
func (t *TextTerm) Holds(text string) bool { return slices.Contains(t.Values, text) != t.Not }

// maxSorts is how many sorts of contacts a condition may come to, and maxValues
// how many texts a term may hold. What is more complicated counts as holding for
// every contact.
const (
	maxSorts  = 16
	maxValues = 64
)

// Contacts lists the sorts of contacts for which the condition may hold; one of
// them is enough. What a contact does not tell (a customer's facts, a priority)
// may be true of any. It returns false where that is more complicated than can be
// listed: then a contact of any text counts.
func (c *Condition) Contacts() ([]Contacts, bool) { return c.contacts, c.contactsKnown }

// contactsOf works out the sorts of contacts of a condition, in disjunctive form.
func contactsOf(e ast.Expr) (sorts []Contacts, ok bool) {
	f := contactFinder{ok: true}
	sorts = f.find(e, false)
	if !f.ok {
		return nil, false
	}
	return sorts, true
}

type contactFinder struct{ ok bool }

// anyContact is what a condition that a contact does not decide holds for.
func anyContact() []Contacts { return []Contacts{{Scopes: AllScopes}} }

// find returns the sorts for which an expression, or its negation, may hold.
func (f *contactFinder) find(e ast.Expr, negated bool) []Contacts {
	function, args := callOf(e)
	switch function {
	case "!_":
		return f.find(args[0], !negated)
	case "_&&_", "_||_":
		a, b := f.find(args[0], negated), f.find(args[1], negated)
		if (function == "_||_") != negated {
			return f.limited(append(slices.Clone(a), b...))
		}
		var both []Contacts
		for _, x := range a {
			for _, y := range b {
				if scopes := x.Scopes & y.Scopes; scopes != 0 {
					both = append(both, Contacts{Scopes: scopes, Terms: append(slices.Clone(x.Terms), y.Terms...)})
				}
			}
		}
		return f.limited(both)
	case "_==_", "_!=_":
		a, b := args[0], args[1]
		if a.Kind() == ast.LiteralKind {
			a, b = b, a
		}
		if text, ok := literal(b); ok {
			return f.compared(a, []string{text}, negated != (function == "_!=_"))
		}
	case "@in":
		return f.member(args[0], args[1], negated)
	}
	if e.Kind() == ast.LiteralKind {
		if value, ok := e.AsLiteral().(types.Bool); ok && bool(value) == negated {
			return nil // never
		}
	}
	return anyContact()
}

// member is a variable in a list or in a group of channels.
func (f *contactFinder) member(variable, list ast.Expr, negated bool) []Contacts {
	if group, ok := groups[identifier(list)]; ok {
		return f.compared(variable, group, negated)
	}
	if list.Kind() != ast.ListKind {
		return anyContact()
	}
	var values []string
	for _, item := range list.AsList().Elements() {
		text, ok := literal(item)
		if !ok {
			return anyContact()
		}
		values = append(values, text)
	}
	return f.compared(variable, values, negated)
}

// compared is a variable that has, or does not have, one of some values.
func (f *contactFinder) compared(e ast.Expr, values []string, not bool) []Contacts {
	variable, ok := variableOf(identifier(e))
	if !ok {
		return anyContact()
	}
	switch variable {
	case Category, Channel:
		var scopes ScopeSet
		for _, category := range categories {
			for _, channel := range channels {
				text := string(category)
				if variable == Channel {
					text = string(channel)
				}
				if slices.Contains(values, text) != not {
					scopes |= 1 << ScopeOf(category, channel)
				}
			}
		}
		if scopes == 0 {
			return nil
		}
		return []Contacts{{Scopes: scopes}}
	case Customer:
		return anyContact() // every count is one customer's
	}
	if len(values) > maxValues {
		f.ok = false
	}
	return []Contacts{{Scopes: AllScopes, Terms: []TextTerm{{Variable: variable, Not: not, Values: values}}}}
}

// limited gives up on what has too many sorts.
func (f *contactFinder) limited(sorts []Contacts) []Contacts {
	if len(sorts) > maxSorts {
		f.ok = false
		return anyContact()
	}
	return sorts
}
