package policies

import (
	"fmt"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"touchgate.dev/touch"
)

// groups are the kinds of channels that conditions may name, such as "voice".
var groups = channelGroups()

func channelGroups() map[string][]string {
	groups := map[string][]string{}
	for _, channel := range touch.Channels() {
		for _, group := range channel.Groups() {
			groups[group] = append(groups[group], string(channel))
		}
	}
	return groups
}

// factVariables are the variables that only a touch and its customer settle.
var factVariables = []string{"subject", "campaign", "caller", "customer", "template", "priority", "@facts"}

// A function that conditions may call: what it takes, gives and does.
type function struct {
	name   string
	args   []*cel.Type
	result *cel.Type
	about  string // for the reference
	call   func(e *evaluation, args []ref.Val) ref.Val
}

var (
	str     = cel.StringType
	factSet = cel.OpaqueType("facts")
)

// functions lists what conditions may ask. All that depends on time notes when
// its answer may change, which is what makes "until" exact.
func functions() []function {
	return []function{
		{"consented", []*cel.Type{str}, cel.BoolType, "the customer has agreed to this scope (a grant of `marketing` covers its channels, such as `marketing:sms`, and nothing else beneath it)", func(e *evaluation, a []ref.Val) ref.Val {
			return e.consented(word(a[0]), time.Time{}, nil).value()
		}},
		{"consented", []*cel.Type{str, str}, cel.BoolType, "the same, and agreed no longer ago than the span", func(e *evaluation, a []ref.Val) ref.Val {
			span := e.span(a[1])
			return e.consented(word(a[0]), time.Time{}, &span).value()
		}},
		{"revoked", []*cel.Type{str}, cel.BoolType, "the last word on this scope, or one above it, is a revocation", func(e *evaluation, a []ref.Val) ref.Val {
			return e.revoked(word(a[0]), nil).value()
		}},
		{"revoked", []*cel.Type{str, str}, cel.BoolType, "the same, and the span that may pass until it binds is over", func(e *evaluation, a []ref.Val) ref.Val {
			span := e.span(a[1])
			return e.revoked(word(a[0]), &span).value()
		}},
		{"had", []*cel.Type{str, str}, cel.BoolType, "an outcome of this kind came within the span", func(e *evaluation, a []ref.Val) ref.Val {
			return e.had(word(a[0]), e.span(a[1])).value()
		}},
		{"within", []*cel.Type{str, str}, cel.BoolType, "the instant in this attribute lies in the past, within the span", func(e *evaluation, a []ref.Val) ref.Val {
			return e.within(word(a[0]), e.span(a[1]))
		}},
		{"passed", []*cel.Type{str}, cel.BoolType, "the instant in this attribute or preference has come", func(e *evaluation, a []ref.Val) ref.Val { return e.passed(word(a[0])) }},
		{"listed", []*cel.Type{str}, cel.BoolType, "the customer or the address is on this list", func(e *evaluation, a []ref.Val) ref.Val {
			return types.Bool(e.listed(word(a[0])))
		}},
		{"tagged", []*cel.Type{str}, cel.BoolType, "the customer has this tag", func(e *evaluation, a []ref.Val) ref.Val {
			if e.q.Customer == nil {
				return missing(word(a[0]))
			}
			return types.Bool(slices.Contains(e.q.Customer.Tags, word(a[0])))
		}},
		{"resident", []*cel.Type{str}, cel.BoolType, "the customer lives in this jurisdiction; `us-ca` lies in `us`", func(e *evaluation, a []ref.Val) ref.Val {
			if e.q.Customer == nil || len(e.q.Customer.Jurisdictions) == 0 {
				return missing("jurisdictions")
			}
			return types.Bool(e.lives(word(a[0])))
		}},
		{"known", []*cel.Type{str}, cel.BoolType, "the customer has this attribute", func(e *evaluation, a []ref.Val) ref.Val {
			_, ok := e.attribute(word(a[0]))
			return types.Bool(ok)
		}},
		{"fact", []*cel.Type{str}, str, "the attribute of this name, a text", func(e *evaluation, a []ref.Val) ref.Val {
			if v, ok := e.attribute(word(a[0])); ok {
				if s, ok := v.(string); ok {
					return types.String(s)
				}
			}
			return missing(word(a[0]))
		}},
		{"number", []*cel.Type{str}, cel.DoubleType, "the attribute of this name, a number", func(e *evaluation, a []ref.Val) ref.Val { return e.number(word(a[0])) }},
		{"flag", []*cel.Type{str}, cel.BoolType, "the attribute of this name, true or false", func(e *evaluation, a []ref.Val) ref.Val {
			if v, ok := e.attribute(word(a[0])); ok {
				if b, ok := v.(bool); ok {
					return types.Bool(b)
				}
			}
			return missing(word(a[0]))
		}},
		{"preference", []*cel.Type{str}, str, "the preference of this name", func(e *evaluation, a []ref.Val) ref.Val {
			if e.q.Customer != nil {
				if s, ok := e.q.Customer.Preferences[word(a[0])]; ok {
					return types.String(s)
				}
			}
			return missing(word(a[0]))
		}},
	}
}

// vocabulary is every name that a condition may use.
func vocabulary() []string {
	words := append([]string{"category", "channel"}, factVariables[:len(factVariables)-1]...)
	for name := range groups {
		words = append(words, name)
	}
	for _, f := range functions() {
		words = append(words, f.name)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// environment declares the vocabulary. CEL's loops (all, exists, map) are left
// out, so that every condition ends after work in proportion to its length. A
// call f(x) is rewritten to @facts.f(x), which is how it finds the customer.
func environment() []cel.EnvOption {
	options := []cel.EnvOption{cel.ClearMacros(), cel.CrossTypeNumericComparisons(true), cel.Variable("@facts", factSet)}
	for _, name := range append([]string{"category", "channel"}, factVariables...) {
		kind := str
		switch name {
		case "@facts":
			continue
		case "priority":
			kind = cel.IntType
		}
		options = append(options, cel.Variable(name, kind))
	}
	for name := range groups {
		options = append(options, cel.Variable(name, cel.ListType(str)))
	}
	byName := map[string][]cel.FunctionOpt{}
	for _, f := range functions() {
		byName[f.name] = append(byName[f.name], cel.MemberOverload(
			fmt.Sprintf("%s_%d", f.name, len(f.args)), append([]*cel.Type{factSet}, f.args...), f.result,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val {
				e, ok := args[0].(*evaluation)
				if !ok {
					return types.NewErr("no facts")
				}
				return f.call(e, args[1:])
			})))
		options = append(options, cel.Macros(cel.GlobalMacro(f.name, len(f.args),
			func(h cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
				return h.NewMemberCall(f.name, h.NewIdent("@facts"), args...), nil
			})))
	}
	for name, overloads := range byName {
		options = append(options, cel.Function(name, overloads...))
	}
	return options
}
