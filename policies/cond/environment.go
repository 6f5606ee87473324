package cond

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"touchgate.dev/touch"
)

// groups are the kinds of channels that conditions may name, such as "voice".
var groups = channelGroups()

// Groups are the kinds of channels that conditions may name, and their channels.
// Do not change the map.
func Groups() map[string][]string { return groups }

func channelGroups() map[string][]string {
	groups := map[string][]string{}
	for _, channel := range touch.Channels() {
		for _, group := range channel.Groups() {
			groups[group] = append(groups[group], string(channel))
		}
	}
	return groups
}

// unknownUntilAsked are the variables whose value is not known when a
// condition is compiled: everything but category and channel.
var unknownUntilAsked = []string{"subject", "campaign", "caller", "customer", "template", "priority", "@facts"}

// factVariables are those of them that an author may name.
var factVariables = unknownUntilAsked[:len(unknownUntilAsked)-1]

// vocabulary is every name that a condition may use, sorted.
func vocabulary() []string {
	words := append([]string{"category", "channel"}, factVariables...)
	for name := range groups {
		words = append(words, name)
	}
	for _, f := range functions() {
		words = append(words, f.name)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// celEnvironment declares the vocabulary to CEL. CEL's loops (all, exists,
// map) are left out, so that every condition ends after work in proportion to
// its length. A macro rewrites a call f(x) to @facts.f(x): this is how the
// function finds the customer.
func celEnvironment() []cel.EnvOption {
	options := []cel.EnvOption{
		cel.ClearMacros(),
		cel.CrossTypeNumericComparisons(true),
		cel.Variable("@facts", celFactSet),
		cel.Variable("priority", cel.IntType),
	}
	for _, name := range variableNames {
		options = append(options, cel.Variable(name, celText))
	}
	for name := range groups {
		options = append(options, cel.Variable(name, cel.ListType(celText)))
	}

	overloads := map[string][]cel.FunctionOpt{}
	for _, f := range functions() {
		overloads[f.name] = append(overloads[f.name], overload(f))
		options = append(options, cel.Macros(cel.GlobalMacro(f.name, len(f.args), callOnFacts(f.name))))
	}
	for name, all := range overloads {
		options = append(options, cel.Function(name, all...))
	}
	return options
}

// overload declares one function as a method of the facts.
func overload(f function) cel.FunctionOpt {
	id := fmt.Sprintf("%s_%d", f.name, len(f.args))
	args := append([]*cel.Type{celFactSet}, f.args...)
	return cel.MemberOverload(id, args, f.result, cel.FunctionBinding(func(values ...ref.Val) ref.Val {
		facts, ok := values[0].(activation)
		if !ok {
			return types.NewErr("no facts")
		}
		return f.call(facts.v, values[1:])
	}))
}

// callOnFacts rewrites f(x) to @facts.f(x).
func callOnFacts(name string) cel.MacroFactory {
	return func(h cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
		return h.NewMemberCall(name, h.NewIdent("@facts"), args...), nil
	}
}
