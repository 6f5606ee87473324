package cond

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// narrow evaluates a condition for every scope with nothing else known. It
// returns the scopes for which the condition may hold, and those for which it
// holds whatever the facts are. Most conditions then need no evaluation at all
// when a touch comes.
func narrow(env *cel.Env, checked *cel.Ast) (may, must ScopeSet, err error) {
	partial, err := env.Program(checked, cel.EvalOptions(cel.OptPartialEval))
	if err != nil {
		return 0, 0, err
	}
	var unknown []*cel.AttributePatternType
	for _, name := range unknownUntilAsked {
		unknown = append(unknown, cel.AttributePattern(name))
	}

	for _, category := range categories {
		for _, channel := range channels {
			known := map[string]any{"category": string(category), "channel": string(channel)}
			for name, group := range groups {
				known[name] = group
			}
			vars, err := cel.PartialVars(known, unknown...)
			if err != nil {
				return 0, 0, err
			}

			bit := ScopeSet(1) << ScopeOf(category, channel)
			result, _, err := partial.Eval(vars)
			holds, decided := isBool(result)
			switch {
			case err != nil || !decided:
				may |= bit
			case holds:
				may |= bit
				must |= bit
			}
		}
	}
	return may, must, nil
}

// isBool reports whether a value of CEL is true or false, and which.
func isBool(v any) (value, ok bool) {
	b, ok := v.(types.Bool)
	return bool(b), ok
}
