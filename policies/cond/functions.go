package cond

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// function is one that conditions may call.
type function struct {
	name   string
	args   []*cel.Type
	result *cel.Type
	about  string // for the reference
	call   func(v *Evaluator, args []ref.Val) ref.Val
}

var (
	celText    = cel.StringType
	celFactSet = cel.OpaqueType("facts")

	oneName      = []*cel.Type{celText}
	nameWithSpan = []*cel.Type{celText, celText}
)

// functions lists what conditions may ask.
func functions() []function {
	return []function{
		{
			name: "consented", args: oneName, result: cel.BoolType,
			about: "the customer has agreed to this scope (a grant of `marketing` covers its channels, such as `marketing:sms`, and nothing else beneath it)",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				return v.facts.Consented(argument(args[0]), nil, v.clock(), &v.trace).celValue()
			},
		},
		{
			name: "consented", args: nameWithSpan, result: cel.BoolType,
			about: "the same, and agreed no longer ago than the span (of business days, the day of the consent is the first)",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				return v.facts.Consented(argument(args[0]), v.span(args[1]), v.clock(), &v.trace).celValue()
			},
		},
		{
			name: "revoked", args: oneName, result: cel.BoolType,
			about: "the last word on this scope, or one above it, is a revocation, whether or not there was a consent before",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				return v.facts.Revoked(argument(args[0]), nil, false, v.clock(), &v.trace).celValue()
			},
		},
		{
			name: "revoked", args: nameWithSpan, result: cel.BoolType,
			about: "the same, and the span that may pass until it binds is over; it begins with the first revocation since the last consent. Where the condition asks `consented` too, the span is for those only whose consent was revoked: who never agreed and says no is not let in by it",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				return v.facts.Revoked(argument(args[0]), v.span(args[1]), v.running.grants, v.clock(), &v.trace).celValue()
			},
		},
		{
			name: "had", args: nameWithSpan, result: cel.BoolType,
			about: "an outcome of this kind came within the span",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				return v.facts.Had(argument(args[0]), v.span(args[1]), v.clock(), &v.trace).celValue()
			},
		},
		{
			name: "within", args: nameWithSpan, result: cel.BoolType,
			about: "the instant in this attribute lies in the past, within the span",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				return v.facts.Within(argument(args[0]), v.span(args[1]), v.clock(), &v.trace).celValue()
			},
		},
		{
			name: "passed", args: oneName, result: cel.BoolType,
			about: "the instant in this attribute or preference has come",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				return v.facts.Passed(argument(args[0]), v.clock(), &v.trace).celValue()
			},
		},
		{
			name: "listed", args: oneName, result: cel.BoolType,
			about: "the customer or the address is on this list",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				return v.facts.Listed(argument(args[0]), nil, v.clock(), &v.trace).celValue()
			},
		},
		{
			name: "listed", args: nameWithSpan, result: cel.BoolType,
			about: "the same, and listed no longer ago than the span: an entry lapses by its age",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				return v.facts.Listed(argument(args[0]), v.span(args[1]), v.clock(), &v.trace).celValue()
			},
		},
		{
			name: "tagged", args: oneName, result: cel.BoolType,
			about: "the customer has this tag",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				return v.facts.Tagged(argument(args[0])).celValue()
			},
		},
		{
			name: "resident", args: oneName, result: cel.BoolType,
			about: "the customer lives in this jurisdiction; `us-ca` lies in `us`. Of one who is known to live in `us` it is unknown whether that is `us-ca`",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				return v.facts.Resident(argument(args[0])).celValue()
			},
		},
		{
			name: "known", args: oneName, result: cel.BoolType,
			about: "the customer has this attribute",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				_, ok := v.facts.Attribute(argument(args[0]))
				return types.Bool(ok)
			},
		},
		{
			name: "fact", args: oneName, result: celText,
			about: "the attribute of this name, a text",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				value, _ := v.facts.Attribute(argument(args[0]))
				if s, ok := value.(string); ok {
					return types.String(s)
				}
				return missing(argument(args[0]))
			},
		},
		{
			name: "number", args: oneName, result: cel.DoubleType,
			about: "the attribute of this name, a number",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				value, _ := v.facts.Attribute(argument(args[0]))
				switch n := value.(type) {
				case float64:
					return types.Double(n)
				case int:
					return types.Double(n)
				case int64:
					return types.Double(n)
				}
				return missing(argument(args[0]))
			},
		},
		{
			name: "flag", args: oneName, result: cel.BoolType,
			about: "the attribute of this name, true or false",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				value, _ := v.facts.Attribute(argument(args[0]))
				if b, ok := value.(bool); ok {
					return types.Bool(b)
				}
				return missing(argument(args[0]))
			},
		},
		{
			name: "preference", args: oneName, result: celText,
			about: "the preference of this name",
			call: func(v *Evaluator, args []ref.Val) ref.Val {
				if s, ok := v.facts.Preference(argument(args[0])); ok {
					return types.String(s)
				}
				return missing(argument(args[0]))
			},
		},
	}
}

// argument is the text of an argument.
func argument(v ref.Val) string {
	s, _ := v.(types.String)
	return string(s)
}

func missing(fact string) ref.Val { return types.NewErr("the fact %q is missing", fact) }
